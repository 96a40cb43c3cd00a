"""Limits: chance stays below them as often as promised, real changes do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom, norm, poisson

from detectors import grids, parts
from detectors.rare import RARE, merged, targets
from detectors.significance import SMALLEST, Judgement, judge

DRAWS = 6_000
SPECIAL = [0.0, 0.002, 0.0]  # odd, missing, wrong type
QUANTILES = [0.0, *[1 / 32] * 32, 0.0]
SHAPES = {  # name -> chances of the regular cells, whether they are ordered
    "quantile cells": (QUANTILES, True),
    "integers": ([0.0, *poisson.pmf(np.arange(9), 3), poisson.sf(8, 3), 0.0], True),
    "mostly zero": ([0.0, 0.9, *[0.1 / 24] * 24, 0.0], True),
    "three categories": ([0.6, 0.3, 0.1], False),
    "fifty categories": ([1 / rank for rank in range(1, 51)], False),
}


def chances(regular: list[float], *, ordered: bool) -> tuple[np.ndarray, np.ndarray]:
    """Chances of all cells that are compared, and which are ordered."""
    p = np.array([*regular, *SPECIAL])
    return p / p.sum(), np.arange(len(p)) < (len(regular) if ordered else 0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("n", "m"), [(100, 4_000), (1_000, 100_000), (20_000, 4_000)])
def test_chance_drifts_as_often_as_promised(shape: str, n: int, m: int) -> None:
    """Of samples of one distribution, between a fifth and one and a half times the level drift, at 1e-2 and at 1e-3.

    The bounds are those that a rate inside this range leaves once in 10,000 times.
    """
    rng = np.random.default_rng(2026)
    p, ordered = chances(SHAPES[shape][0], ordered=SHAPES[shape][1])
    expected, observed = rng.multinomial(m, p, DRAWS), rng.multinomial(n, p, DRAWS)
    for alpha in (1e-2, 1e-3):
        drifted = judge(expected, observed, np.broadcast_to(ordered, expected.shape), alpha, 0.0).drifted.sum()
        assert binom.ppf(1e-4, DRAWS, 0.2 * alpha) <= drifted <= binom.isf(1e-4, DRAWS, 1.5 * alpha)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_tolerated_change_does_not_drift(shape: str) -> None:
    """A change of 0.03 in one place, new cells included, stays within a tolerance of 0.05 at any sample size."""
    rng = np.random.default_rng(9)
    p, ordered = chances(SHAPES[shape][0], ordered=SHAPES[shape][1])
    changed = np.stack([0.97 * p + 0.03 * np.eye(len(p))[i] for i in range(len(p))])
    for n in (300, 3_000, 300_000):
        expected, observed = rng.multinomial(100_000, p, len(p)), rng.multinomial(n, changed)
        found = judge(expected, observed, np.broadcast_to(ordered, expected.shape), 1e-4, 0.05)
        assert not found.drifted.any()


CHANGES = {
    "a unit mistake": lambda values, _: values * 100,
    "half a deviation": lambda values, _: values + 0.5,
    "a tenth missing": lambda values, rng: np.where(rng.random(len(values)) < 0.1, np.nan, values),
    "twice the spread": lambda values, _: values * 2,
    "one value": lambda values, rng: np.where(rng.random(len(values)) < 0.2, 0.0, values),
}


@pytest.mark.parametrize("change", CHANGES)
def test_real_changes_of_a_number_are_found(change: str) -> None:
    """500 events against 20,000 are enough, with a tolerance of 0.05 at level 1e-4, in 16 of 20 worlds."""
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        reference, window = rng.normal(0, 1, 20_000), CHANGES[change](rng.normal(0, 1, 500), rng)
        grid = grids.build({"x": reference[:4_000]}, {})
        counts = [
            parts.of(grid, v[:, None], np.zeros((len(v), 0), np.uint16), np.zeros((len(v), 0), np.int64), 1).counts
            for v in (reference, window)
        ]
        ordered = (np.arange(grid.widths[0]) < grid.regular[0])[None]
        found += int(judge(counts[0], counts[1], ordered, 1e-4, 0.05).drifted[0])
    assert found >= 16


def test_a_new_category_is_found() -> None:
    """A tenth of 500 events carries a category that the reference never saw: drift, and the unseen cell says why."""
    expected, observed = np.array([[6_000, 3_000, 1_000, 0]]), np.array([[270, 135, 45, 50]])
    found = judge(expected, observed, np.zeros((1, 4), bool), 1e-4, 0.05)
    assert found.drifted.all()
    assert 3 == found.contributions[0].argmax()
    assert np.isnan(found.values["kolmogorov_smirnov"]).all()


def test_few_values_are_unknown_not_drifted() -> None:
    """Below the smallest sample there is no verdict, however far apart the counts are."""
    expected = np.array([[10_000, 0], [10_000, 0]])
    observed = np.array([[0, SMALLEST - 1], [0, SMALLEST]])
    found = judge(expected, observed, np.zeros((2, 2), bool), 1e-3, 0.0)
    assert [True, False] == found.unknown.tolist()
    assert [False, True] == found.drifted.tolist()


COUNTS = arrays(np.int64, (4, 7), elements=st.integers(0, 3) | st.integers(0, 10_000))
ALPHAS = st.sampled_from([1e-12, 1e-4, 0.05])


def judged(expected: np.ndarray, observed: np.ndarray, alpha: float, tolerate: float) -> Judgement:
    """Judge with the first five cells on a line."""
    return judge(expected, observed, np.broadcast_to(np.arange(expected.shape[1]) < 5, expected.shape), alpha, tolerate)


@given(expected=COUNTS, observed=COUNTS, alpha=ALPHAS, tolerate=st.sampled_from([0.0, 0.05, 0.5]))
def test_a_judgement_is_complete(expected: np.ndarray, observed: np.ndarray, alpha: float, tolerate: float) -> None:
    """Any counts give finite values and limits. Drift is a value above its limit, and contributes all of its psi."""
    found = judged(expected, observed, alpha, tolerate)
    assert all(np.isfinite(array).all() for array in (*found.values.values(), *found.limits.values()))
    told = np.where(found.drifted, found.values["psi"], 0.0)
    np.testing.assert_allclose(told, found.contributions.sum(axis=1), atol=1e-9)
    above = np.any([found.values[name] > found.limits[name] for name in found.values], axis=0)
    np.testing.assert_array_equal(above & ~found.unknown, found.drifted)


@given(expected=COUNTS, observed=COUNTS)
def test_a_series_is_judged_alone(expected: np.ndarray, observed: np.ndarray) -> None:
    """Other series, and padding with empty cells, change nothing; levels and tolerances may differ by series."""
    alphas, tolerances = np.array([1e-3, 1e-4, 1e-5, 1e-2]), np.array([0.0, 0.1, 0.0, 0.02])
    together = judge(expected, observed, np.broadcast_to(np.arange(7) < 5, (4, 7)), alphas, tolerances)
    for i in range(4):
        wide = [np.pad(counts[i : i + 1], [(0, 0), (0, 3)]) for counts in (expected, observed)]
        alone = judged(*wide, alphas[i], tolerances[i])
        for name, value in together.values.items():
            np.testing.assert_allclose(value[i], alone.values[name][0], atol=1e-9)
            np.testing.assert_allclose(together.limits[name][i], alone.limits[name][0], rtol=1e-7)


@given(expected=COUNTS, observed=COUNTS)
def test_merged_cells_keep_their_counts(expected: np.ndarray, observed: np.ndarray) -> None:
    """Merging loses no count, and leaves at most one occupied cell rare."""
    target = targets(expected, observed)
    both = [merged(counts, target) for counts in (expected, observed)]
    np.testing.assert_array_equal(expected.sum(axis=1), both[0].sum(axis=1))
    np.testing.assert_array_equal(observed.sum(axis=1), both[1].sum(axis=1))
    m, n = (counts.sum(axis=1) for counts in (expected, observed))
    means = (both[0] + both[1]) * (np.minimum(m, n) / np.maximum(m + n, 1))[:, None]
    for series in means:
        occupied = series[series > 0]
        assert (occupied < RARE * (1 - 1e-9)).sum() <= 1


def test_more_values_make_closer_limits() -> None:
    """With the sample size the limits fall, as chance does: psi like 1/n, the others like its root."""
    expected = np.array([[25_000] * 4, [25_000] * 4])
    limits = judged(expected, np.array([[250] * 4, [1_000] * 4]), 1e-3, 0.0).limits
    for name, factor in (("psi", 4), ("jensen_shannon", 2), ("kolmogorov_smirnov", 2)):
        assert abs(limits[name][0] / limits[name][1] / factor - 1) < 0.05, name


def test_the_limit_of_two_even_cells_is_that_of_a_normal() -> None:
    """With two cells the distance is a squared z-score: a closed form for the limit."""
    found = judge(np.array([[500_000] * 2]), np.array([[500_000] * 2]), np.zeros((1, 2), bool), 2e-3, 0.0)
    assert abs(found.limits["psi"][0] / (norm.isf(5e-4) ** 2 / 500_000) - 1) < 1e-3
