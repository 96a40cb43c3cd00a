"""Distances: closed forms, SciPy's numbers, and laws for every entry of the table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from detectors.distances import DISTANCES, jensen_shannon_cells, psi_cells

EVERY = pytest.mark.parametrize("name", DISTANCES)
UNORDERED = ["psi", "jensen_shannon"]
COUNTS = arrays(np.int64, (3, 6), elements=st.integers(0, 10**9) | st.integers(0, 3))
PSI_PRIOR = (3.5 / 5 - 1.5 / 5) * np.log(3.5 / 1.5)  # [1, 3] against [3, 1]: two equal terms of this

KNOWN = [
    ("psi", [3, 1], [1, 3], 2 * PSI_PRIOR),
    ("psi", [10**9, 10**9], [10**9, 3 * 10**9], 0.25 * np.log(3)),  # (.75 - .5) ln 1.5 + (.25 - .5) ln .5
    ("psi", [0, 4], [4, 0], 2 * (4.5 / 5 - 0.5 / 5) * np.log(9)),
    ("jensen_shannon", [7, 0], [0, 9], 1.0),
    ("jensen_shannon", [1, 1], [1, 0], np.sqrt(1.5 - 0.75 * np.log2(3))),  # H(3/4, 1/4) - H(1/2, 1/2) / 2, root
    ("jensen_shannon", [5, 5], [500, 500], 0.0),
    ("kolmogorov_smirnov", [1, 1, 1, 1], [0, 0, 2, 2], 0.5),
    ("kolmogorov_smirnov", [9, 0], [0, 4], 1.0),
    ("kolmogorov_smirnov", [1, 2, 1], [2, 0, 2], 0.25),
]


@pytest.mark.parametrize(("name", "expected", "observed", "value"), KNOWN)
def test_known_values(name: str, expected: list[int], observed: list[int], value: float) -> None:
    """Closed forms worked out by hand."""
    found = DISTANCES[name](np.array([expected]), np.array([observed]))
    np.testing.assert_allclose([value], found, rtol=1e-8, atol=1e-12)


def test_every_distance_has_a_known_value() -> None:
    """A new distance comes with a row in the table of known values."""
    assert set(DISTANCES) == {name for name, *_ in KNOWN}


@given(COUNTS, COUNTS)
def test_jensen_shannon_equals_scipys(expected: np.ndarray, observed: np.ndarray) -> None:
    """SciPy computes the same distance to base 2."""
    expected, observed = expected + 1, observed + 1
    found = DISTANCES["jensen_shannon"](expected, observed)
    np.testing.assert_allclose(jensenshannon(expected, observed, base=2, axis=1), found, atol=2e-8)


def test_kolmogorov_smirnov_equals_scipys() -> None:
    """On values that are their own cells, SciPy's two-sample statistic is the same."""
    rng = np.random.default_rng(1)
    expected, observed = rng.integers(0, 8, 300), rng.integers(1, 9, 200)
    counts = [np.bincount(values, minlength=9)[None] for values in (expected, observed)]
    found = DISTANCES["kolmogorov_smirnov"](*counts)
    np.testing.assert_allclose([ks_2samp(expected, observed).statistic], found, rtol=1e-12)


@EVERY
@given(counts=COUNTS, factor=st.integers(1, 5))
def test_a_distance_is_zero_on_itself(name: str, counts: np.ndarray, factor: int) -> None:
    """Equal shares are no distance; for psi, whose prior sees the sample size, equal counts."""
    other = counts if name == "psi" else counts * factor
    np.testing.assert_allclose(np.zeros(3), DISTANCES[name](counts, other), atol=1e-7)


@EVERY
@given(expected=COUNTS, observed=COUNTS)
def test_a_distance_is_finite_and_not_negative(name: str, expected: np.ndarray, observed: np.ndarray) -> None:
    """Empty cells, empty rows and great counts included; all but psi end at 1."""
    found = DISTANCES[name](expected, observed)
    assert found.shape == (3,)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert name == "psi" or (found <= 1).all()


@EVERY
@given(expected=COUNTS, observed=COUNTS)
def test_rows_and_padding_do_not_matter(name: str, expected: np.ndarray, observed: np.ndarray) -> None:
    """A series alone, or with empty cells after its own, has the distance it has among others."""
    together = DISTANCES[name](expected, observed)
    alone = DISTANCES[name](np.pad(expected[1:2], [(0, 0), (0, 4)]), np.pad(observed[1:2], [(0, 0), (0, 4)]))
    np.testing.assert_allclose(together[1:2], alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", UNORDERED)
@given(expected=COUNTS, observed=COUNTS, order=st.permutations(range(6)))
def test_the_order_of_cells_does_not_matter(
    name: str, expected: np.ndarray, observed: np.ndarray, order: list[int]
) -> None:
    """Distances between categories know no order."""
    straight = DISTANCES[name](expected, observed)
    np.testing.assert_allclose(straight, DISTANCES[name](expected[:, order], observed[:, order]), rtol=1e-9, atol=1e-7)


@given(expected=COUNTS, observed=COUNTS)
def test_contributions_add_up(expected: np.ndarray, observed: np.ndarray) -> None:
    """Cells explain psi and the Jensen-Shannon divergence completely, none of them negatively."""
    by_cell = psi_cells(expected, observed)
    np.testing.assert_allclose(DISTANCES["psi"](expected, observed), by_cell.sum(axis=1))
    divergence = jensen_shannon_cells(expected, observed)
    np.testing.assert_allclose(DISTANCES["jensen_shannon"](expected, observed) ** 2, divergence.sum(axis=1), atol=1e-12)
    assert (by_cell >= 0).all()
    assert (divergence >= -1e-15).all()
