"""Distances: closed forms, SciPy's numbers, and laws for every entry of the table."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.spatial.distance import jensenshannon

from detectors.distances import DISTANCES

PLACES = np.array([-3.0, -1.0, 0.0, 0.5, 4.0, 10.0])
EVERY = pytest.mark.parametrize("name", DISTANCES)
UNORDERED = [name for name, distance in DISTANCES.items() if distance.sees == "cells"]
SUMS = [name for name, distance in DISTANCES.items() if distance.cells is not None]
PRIOR = ["psi", "kl", "kl_reverse", "kl_symmetric", "bhattacharyya"]  # half a count per cell sees the sample size
SIZED = [*PRIOR, "chi_square", "g"]  # a statistic of 0 is one at any size; beyond, it grows with the samples
DIRECTED = ["kl", "kl_reverse", "wasserstein_by_deviation"]
COUNTS = arrays(np.int64, (3, 6), elements=st.integers(0, 10**9) | st.integers(0, 3))
PSI_PRIOR = (3.5 / 5 - 1.5 / 5) * np.log(3.5 / 1.5)  # [1, 3] against [3, 1]: two equal terms of this

KNOWN = [
    ("psi", [3, 1], [1, 3], 2 * PSI_PRIOR),
    ("psi", [10**9, 10**9], [10**9, 3 * 10**9], 0.25 * np.log(3)),  # (.75 - .5) ln 1.5 + (.25 - .5) ln .5
    ("psi", [0, 4], [4, 0], 2 * (4.5 / 5 - 0.5 / 5) * np.log(9)),
    ("kl", [10**9, 10**9], [10**9, 3 * 10**9], 0.5 * np.log(2) + 0.5 * np.log(2 / 3)),
    ("kl", [0, 4], [4, 0], 0.8 * np.log(9)),
    ("kl_reverse", [10**9, 10**9], [10**9, 3 * 10**9], 0.25 * np.log(0.5) + 0.75 * np.log(1.5)),
    ("kl_symmetric", [3, 1], [1, 3], PSI_PRIOR),
    ("bhattacharyya", [0, 4], [4, 0], -np.log(2 * np.sqrt(0.9 * 0.1))),
    ("bhattacharyya", [5, 5], [5, 5], 0.0),
    ("jensen_shannon", [7, 0], [0, 9], 1.0),
    ("jensen_shannon", [1, 1], [1, 0], np.sqrt(1.5 - 0.75 * np.log2(3))),  # H(3/4, 1/4) - H(1/2, 1/2) / 2, root
    ("jensen_shannon", [5, 5], [500, 500], 0.0),
    ("jensen_shannon_divergence", [1, 1], [1, 0], 1.5 - 0.75 * np.log2(3)),
    ("jensen_shannon_natural", [7, 0], [0, 9], np.sqrt(np.log(2))),
    ("jensen_shannon_divergence_natural", [7, 0], [0, 9], np.log(2)),
    ("hellinger", [7, 0], [0, 9], 1.0),
    ("hellinger", [1, 1], [1, 0], np.sqrt(1 - np.sqrt(0.5))),
    ("total_variation", [2, 1, 1], [0, 1, 3], 0.5),
    ("histogram_intersection", [2, 1, 1], [0, 1, 3], 0.5),
    ("l_infinity", [4, 3, 3], [1, 4, 5], 0.3),
    ("chi_square", [10, 20], [20, 10], 20 / 3),  # 60 (10 * 10 - 20 * 20)^2 / 30^4
    ("chi_square", [3, 0], [0, 3], 6.0),
    ("g", [3, 0], [0, 3], 12 * np.log(2)),
    ("kolmogorov_smirnov", [1, 1, 1, 1], [0, 0, 2, 2], 0.5),
    ("kolmogorov_smirnov", [9, 0], [0, 4], 1.0),
    ("kolmogorov_smirnov", [1, 2, 1], [2, 0, 2], 0.25),
    ("kuiper", [1, 2, 1], [2, 0, 2], 0.5),
    ("kuiper", [9, 0], [0, 4], 1.0),
    ("cramer_von_mises", [9, 0], [0, 4], 0.25),  # both middles are half of the way apart
    ("cramer_von_mises", [1, 2, 1], [2, 0, 2], 3 / 256),  # both ends: a weight of 3/8, and a middle of 1/8
    ("energy", [1, 0], [0, 1], np.sqrt(2 * 2.0)),
    ("wasserstein", [1, 1, 0], [0, 1, 1], 1.5),  # half of the events go from -3 to 0
    ("wasserstein_by_deviation", [1, 1], [0, 1], 1.0),  # half of them go 2, and the deviation is 1
    ("wasserstein_by_range", [1, 1, 0], [0, 1, 1], 0.5),
]


def value(name: str, expected: np.ndarray, observed: np.ndarray, positions: np.ndarray = PLACES) -> np.ndarray:
    """The distance of rows of up to six cells."""
    return DISTANCES[name](expected, observed, positions[: expected.shape[-1]])


@pytest.mark.parametrize(("name", "expected", "observed", "known"), KNOWN)
def test_known_values(name: str, expected: list[int], observed: list[int], known: float) -> None:
    """Closed forms worked out by hand."""
    found = value(name, np.array([expected]), np.array([observed]))
    np.testing.assert_allclose([known], found, rtol=1e-8, atol=1e-12)


def test_every_distance_has_a_known_value() -> None:
    """A new distance comes with a row in the table of known values."""
    assert set(DISTANCES) == {name for name, *_ in KNOWN}


def _scipy(e: np.ndarray, o: np.ndarray) -> dict[str, float]:
    """What SciPy computes of two rows without empty cells."""
    table = np.array([e, o])
    return {
        "psi": stats.entropy(e + 0.5, o + 0.5) + stats.entropy(o + 0.5, e + 0.5),
        "kl": stats.entropy(e + 0.5, o + 0.5),
        "kl_reverse": stats.entropy(o + 0.5, e + 0.5),
        "jensen_shannon": jensenshannon(e, o, base=2),
        "jensen_shannon_natural": jensenshannon(e, o),
        "jensen_shannon_divergence": jensenshannon(e, o, base=2) ** 2,
        "jensen_shannon_divergence_natural": jensenshannon(e, o) ** 2,
        "chi_square": stats.chi2_contingency(table, correction=False).statistic,
        "g": stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic,
        "energy": stats.energy_distance(PLACES, PLACES, e, o),
        "wasserstein": stats.wasserstein_distance(PLACES, PLACES, e, o),
    }


@pytest.mark.parametrize("sizes", [(40, 30), (1000, 50), (3, 100_000)])
@pytest.mark.parametrize("seed", range(5))
def test_scipy_computes_the_same(seed: int, sizes: tuple[int, int]) -> None:
    """Where SciPy has the distance, or its parts."""
    rng = np.random.default_rng(seed)
    e, o = (rng.multinomial(n, rng.dirichlet(np.ones(6))) + 1 for n in sizes)
    for name, known in _scipy(e, o).items():
        np.testing.assert_allclose(value(name, e, o), known, rtol=1e-7, atol=1e-9, err_msg=name)


def test_kolmogorov_smirnov_equals_scipys() -> None:
    """On values that are their own cells, SciPy's two-sample statistic is the same."""
    rng = np.random.default_rng(1)
    expected, observed = rng.integers(0, 8, 300), rng.integers(1, 9, 200)
    counts = [np.bincount(values, minlength=9)[None] for values in (expected, observed)]
    found = DISTANCES["kolmogorov_smirnov"](*counts)
    np.testing.assert_allclose([stats.ks_2samp(expected, observed).statistic], found, rtol=1e-12)


@given(expected=COUNTS, observed=COUNTS)
def test_kuiper_and_cramer_von_mises_equal_a_loop(expected: np.ndarray, observed: np.ndarray) -> None:
    """Cell after cell, from the definition."""
    for e, o in zip(expected + 1, observed + 1, strict=True):
        gap, up, down, mean = 0.0, 0.0, 0.0, 0.0
        for share, now in zip(e / e.sum(), o / o.sum(), strict=True):
            mean += (share + now) / 2 * (gap + (share - now) / 2) ** 2
            gap += share - now
            up, down = max(up, gap), max(down, -gap)
        np.testing.assert_allclose(value("kuiper", e, o), up + down, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(value("cramer_von_mises", e, o), mean, rtol=1e-9, atol=1e-12)


@EVERY
@settings(max_examples=30)
@given(counts=COUNTS, factor=st.integers(1, 5))
def test_a_distance_is_zero_on_itself(name: str, counts: np.ndarray, factor: int) -> None:
    """Equal shares are no distance; where the prior sees the sample size, equal counts."""
    other = counts if name in PRIOR else counts * factor
    found = np.nan_to_num(value(name, counts, other))  # nan: all in one cell, of which no deviation is a multiple
    np.testing.assert_allclose(np.zeros(3), found, atol=1e-7)


@EVERY
@settings(max_examples=30)
@given(expected=COUNTS, observed=COUNTS)
def test_a_distance_stays_in_its_range(name: str, expected: np.ndarray, observed: np.ndarray) -> None:
    """Empty cells, empty rows and great counts included: never negative, never infinite."""
    found = value(name, expected, observed)
    assert found.shape == (3,)
    some = (expected.sum(axis=1) > 0) & (observed.sum(axis=1) > 0)
    undefined = (np.count_nonzero(expected, axis=1) == 1) & (name == "wasserstein_by_deviation") & some
    assert np.isfinite(found[~undefined]).all()
    assert np.isnan(found[undefined]).all()
    assert (found[~undefined] >= 0).all()
    assert (found[~undefined] <= DISTANCES[name].greatest).all()
    assert (found[~some] == 0).all()


@pytest.mark.parametrize("name", [name for name in DISTANCES if np.isfinite(DISTANCES[name].greatest)])
def test_the_end_of_the_range_is_reached(name: str) -> None:
    """By sides that share nothing."""
    cells = 6 if name == "wasserstein_by_range" else 4_000
    expected, observed = np.zeros(cells), np.zeros(cells)
    half = 1 if name in {"wasserstein_by_range", "l_infinity"} else cells // 2
    expected[:half], observed[-half:] = 3, 5
    found = DISTANCES[name](expected, observed, np.linspace(0, 1, cells))
    np.testing.assert_allclose(DISTANCES[name].greatest, found, rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in DISTANCES if name not in DIRECTED])
@settings(max_examples=30)
@given(expected=COUNTS, observed=COUNTS)
def test_sides_may_be_exchanged(name: str, expected: np.ndarray, observed: np.ndarray) -> None:
    """Of all but those that have a direction, which have one."""
    straight = value(name, expected, observed)
    np.testing.assert_allclose(straight, value(name, observed, expected), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", DIRECTED)
def test_a_direction_is_one(name: str) -> None:
    """The other way gives another number."""
    expected, observed = np.array([5, 3, 1, 1, 0, 0]), np.array([1, 1, 1, 1, 1, 50])
    assert abs(value(name, expected, observed) - value(name, observed, expected)) > 0.1


@pytest.mark.parametrize("name", [name for name in DISTANCES if name not in SIZED])
@settings(max_examples=30)
@given(expected=COUNTS, observed=COUNTS, factor=st.integers(2, 50))
def test_only_shares_count(name: str, expected: np.ndarray, observed: np.ndarray, factor: int) -> None:
    """Ten times as many events of the same shares are as far away."""
    found = value(name, expected, observed * factor)
    np.testing.assert_allclose(value(name, expected, observed), found, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", SIZED)
def test_sizes_count(name: str) -> None:
    """A prior fades and evidence grows: the same shares of more events are further away."""
    expected, observed = np.array([5, 3, 1, 1, 0, 0]), np.array([1, 1, 1, 1, 1, 50])
    assert value(name, expected * 100, observed * 100) > 1.1 * value(name, expected, observed)


@EVERY
@settings(max_examples=30)
@given(expected=COUNTS, observed=COUNTS)
def test_rows_and_padding_do_not_matter(name: str, expected: np.ndarray, observed: np.ndarray) -> None:
    """A series alone, or with empty cells after its own, has the distance it has among others, in any shape."""
    together = value(name, expected, observed)
    padded = np.pad(expected[1:2], [(0, 0), (0, 4)]), np.pad(observed[1:2], [(0, 0), (0, 4)])
    alone = DISTANCES[name](*padded, np.pad(PLACES, (0, 4), "edge"))
    np.testing.assert_allclose(together[1:2], alone, rtol=1e-9, atol=1e-12)
    stacked = value(name, np.stack([expected, observed]), np.stack([observed, observed]))
    assert stacked.shape == (2, 3)
    np.testing.assert_array_equal(together, stacked[0])


@pytest.mark.parametrize("name", UNORDERED)
@settings(max_examples=30)
@given(expected=COUNTS, observed=COUNTS, order=st.permutations(range(6)))
def test_the_order_of_cells_does_not_matter(
    name: str, expected: np.ndarray, observed: np.ndarray, order: list[int]
) -> None:
    """Distances between categories know no order."""
    straight = value(name, expected, observed)
    np.testing.assert_allclose(straight, value(name, expected[:, order], observed[:, order]), rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("name", SUMS)
@settings(max_examples=30)
@given(expected=COUNTS, observed=COUNTS)
def test_contributions_add_up(name: str, expected: np.ndarray, observed: np.ndarray) -> None:
    """Cells explain the whole distance, or its square, none of them negatively."""
    distance = DISTANCES[name]
    by_cell = distance.contributions(expected, observed, PLACES)
    assert (3, 6) == by_cell.shape
    assert not (by_cell < 0).any()
    whole = value(name, expected, observed) ** distance.power
    np.testing.assert_allclose(whole, by_cell.sum(axis=1), rtol=1e-9, atol=1e-12)


@given(expected=COUNTS, observed=COUNTS)
def test_both_directions_together_are_psi(expected: np.ndarray, observed: np.ndarray) -> None:
    """Jeffreys' divergence."""
    both = value("kl", expected, observed) + value("kl_reverse", expected, observed)
    np.testing.assert_allclose(value("psi", expected, observed), both, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(2 * value("kl_symmetric", expected, observed), both, rtol=1e-7, atol=1e-9)


@given(expected=COUNTS, observed=COUNTS)
def test_what_is_not_shared_is_what_would_have_to_move(expected: np.ndarray, observed: np.ndarray) -> None:
    """Two names of one number, whose cells say different things."""
    moved, lost = (value(name, expected, observed) for name in ("total_variation", "histogram_intersection"))
    np.testing.assert_allclose(moved, lost, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [name for name, distance in DISTANCES.items() if distance.sees == "positions"])
@pytest.mark.parametrize("unit", [1e-300, 1e-9, 1e9, 2.0**968 / 10])
def test_any_unit_will_do(name: str, unit: float) -> None:
    """From the smallest numbers to the largest ones, nothing overflows and nothing is lost."""
    expected, observed = np.array([5, 3, 1, 1, 0, 0]), np.array([1, 1, 1, 1, 1, 50])
    scale: dict[str, Callable[[float], float]] = {"wasserstein": lambda one: one, "energy": np.sqrt}
    known = scale.get(name, lambda _: 1.0)(unit) * value(name, expected, observed)
    np.testing.assert_allclose(known, value(name, expected, observed, PLACES * unit), rtol=1e-9)


@EVERY
def test_no_cells_are_no_distance(name: str) -> None:
    """A feature that only has missing values has no cells of numbers."""
    nothing = np.zeros((2, 0))
    np.testing.assert_array_equal(np.zeros(2), DISTANCES[name](nothing, nothing, np.zeros(0)))


@EVERY
def test_one_event_more_is_a_small_step(name: str) -> None:
    """One value of a cell that the reference does not know moves a window of 3,000 by little.

    Other tools' chi-square and floored ratios become infinite there, or ten times as large.
    """
    expected = np.array([6000, 3000, 600, 300, 100, 0])
    before, after = np.array([3010, 1490, 302, 149, 49, 0]), np.array([3010, 1490, 302, 149, 49, 1])
    bounds = {"chi_square": 2.1, "g": 2.3}  # 10,000 / 5,000, and 2 ln(15,000 / 5,000): less than what is by chance
    assert value(name, expected, after) - value(name, expected, before) < bounds.get(name, 0.02)
