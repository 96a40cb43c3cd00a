"""Estimate and truth: differences are told, and only what chance does not explain is held against the estimate."""

import numpy as np
import pytest
from scipy.stats import binom

from detectors.estimation.estimate import between
from detectors.estimation.reconciliation import reconcile, shifted

LEVEL = 0.95


def reconciled(off: np.ndarray, chance: float, shared: float) -> tuple[np.ndarray, float]:
    """What lay outside, and how likely that is, of estimates that are off by so much."""
    value = np.full(len(off), 0.8)
    errors = np.full(len(off), chance), np.full(len(off), shared)
    found = reconcile(between((value, value), errors, LEVEL), value - off, LEVEL)
    np.testing.assert_allclose(found.difference, off, atol=1e-12)
    return found.outside, found.chance


@pytest.mark.parametrize("k", [1, 3, 10])
def test_windows_of_their_own_have_a_binomial_tail(k: int) -> None:
    """Where nothing is shared."""
    off = np.zeros(40)
    off[:k] = 0.1
    outside, chance = reconciled(off, 0.01, 0.0)
    assert k == outside.sum()
    assert chance == pytest.approx(binom.sf(k - 1, 40, 0.05))


@pytest.mark.parametrize("shared", [0.0, 0.005, 0.02])
def test_a_finding_at_a_level_is_as_rare(shared: float) -> None:
    """Estimates as good as they say are blamed at most so often, though all windows share an error."""
    rng = np.random.default_rng(1)
    runs = 2_000
    off = rng.normal(0, shared, (runs, 1)) + rng.normal(0, 0.01, (runs, 30))
    blamed = np.mean([reconciled(each, 0.01, shared)[1] <= 0.05 for each in off])
    assert blamed <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / runs)


def test_a_broken_assumption_is_found() -> None:
    """Estimates that are two of their errors too high, window after window."""
    rng = np.random.default_rng(2)
    error = np.hypot(0.01, 0.004)
    found = [reconciled(2 * error + rng.normal(0, 0.01, 24), 0.01, 0.004)[1] < 0.01 for _ in range(200)]
    assert np.mean(found) > 0.9


def test_what_is_unknown_is_neither_in_nor_out() -> None:
    """Windows without labels or without estimate do not count; of none nothing is said."""
    outside, chance = reconciled(np.array([np.nan, 0.1, 0.0]), 0.01, 0.0)
    assert outside.tolist() == [False, True, False]
    assert chance == pytest.approx(binom.sf(0, 2, 0.05))
    assert 1.0 == reconciled(np.array([np.nan]), 0.01, 0.0)[1]
    assert 1.0 == reconciled(np.empty(0), 0.01, 0.0)[1]


def test_a_mean_difference_is_as_rare_as_it_says() -> None:
    """Accuracies of estimates that are as good as they say, of windows that share an error."""
    rng, runs = np.random.default_rng(3), 4_000
    true = 0.9 + rng.normal(0, 0.01, (runs, 1))
    truths = rng.binomial(200, true, (runs, 12)) / 200
    chance, shared = np.full(12, np.sqrt(0.9 * 0.1 / 200)), np.full(12, 0.01)
    told = between((np.full(12, 0.9),) * 2, (chance, shared), 0.95)
    for level in (0.05, 0.01):
        share = np.mean([shifted(told, each) < level for each in truths])
        assert share <= level + 4 * np.sqrt(level / runs)


def test_far_off_is_found_where_all_windows_share_a_large_error() -> None:
    """By counting, twelve windows outside of as many are no more surprising than one."""
    told = between((np.full(12, 0.9),) * 2, (np.full(12, 0.001), np.full(12, 0.02)), 0.95)
    truth = np.full(12, 0.7)
    assert reconcile(told, truth, 0.95).chance > 1e-3
    assert shifted(told, truth) < 1e-9


def test_few_errors_are_no_surprise() -> None:
    """Three of thirty where one of a hundred was expected come about once in 300 windows; no normal law knows that."""
    one = between((np.array([0.99]),) * 2, (np.array([np.sqrt(0.99 * 0.01 / 30)]), np.zeros(1)), 0.95)
    assert shifted(one, np.array([0.9])) > binom.sf(2, 30, 0.01)
    assert shifted(one, np.array([np.nan])) == 1.0
