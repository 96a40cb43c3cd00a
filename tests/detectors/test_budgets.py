"""Levels: the budget of false triggers is kept, whatever the policy and however small the reference."""

import numpy as np
import pytest
from scipy.special import ndtri

from detectors.budgets import LEAST, MOST, WAYS, alpha_for
from detectors.overlapping import TRIALS

MONTH_OF_5_MIN = 8_640


@pytest.mark.parametrize(
    ("windows", "k", "n_of", "level"),
    [
        (MONTH_OF_5_MIN, 1, 1, 7.7e-7),
        (720, 1, 1, 9.3e-6),
        (30, 1, 1, 2.2e-4),
        (MONTH_OF_5_MIN, 2, 3, 6.2e-4),
        (720, 2, 3, 2.2e-3),
        (30, 2, 3, 1.1e-2),
    ],
)
def test_known_levels(windows: int, k: int, n_of: int, level: float) -> None:
    """Fifty features and a third of a trigger per month, against figures computed by another route."""
    assert abs(alpha_for(1 / 3, windows, 50, k, n_of, 0.0) / level - 1) < 0.06


@pytest.mark.parametrize(
    ("k", "n_of", "rho", "contrasts"),
    [(1, 1, 0.0, 1), (2, 3, 0.0, 1), (2, 3, 0.3, 1), (3, 5, 0.1, 1), (3, 3, 0.5, 1), (2, 3, 0.5, 16), (3, 5, 0.5, 4)],
)
def test_simulated_windows_keep_the_budget(k: int, n_of: int, rho: float, contrasts: int) -> None:
    """Scores that share a part with their reference run into "k of n" as often as the budget says."""
    rng = np.random.default_rng(5)
    features, windows, budget = 20_000, 100, 200.0
    level = alpha_for(budget, windows, features, k, n_of, rho, 1, contrasts)
    limit = -ndtri((1 - (1 - level) ** (1 / contrasts)) / 2)
    alarms = np.zeros((features, windows + n_of), np.bool_)
    for _ in range(contrasts):
        shared = np.sqrt(rho) * rng.standard_normal((features, 1))
        alarms |= np.abs(shared + np.sqrt(1 - rho) * rng.standard_normal(alarms.shape)) > limit
    held = np.lib.stride_tricks.sliding_window_view(alarms, n_of, axis=1).sum(axis=2) >= k
    runs = (held[:, 1:] & ~held[:, :-1]).sum() + held[:, 0].sum()
    assert 0.7 * budget < runs < 1.3 * budget


@pytest.mark.parametrize(("overlap", "k", "n_of"), [(2, 1, 1), (12, 1, 1), (60, 1, 1), (3, 2, 3), (12, 2, 3)])
def test_windows_that_overlap_keep_the_budget(overlap: int, k: int, n_of: int) -> None:
    """Moving sums of panes, of which the strongest of TRIALS contrasts judges, open as many incidents as promised.

    One is confirmed by windows a whole length apart, and over when nothing has alarmed for `n_of` of these.
    """
    rng, series, windows, budget = np.random.default_rng(3), 150, 60, 100.0
    level = alpha_for(budget, windows, series, k, n_of, 0.0, overlap)
    limit = -ndtri((1 - (1 - level) ** (1 / TRIALS)) / 2)
    alarms = np.zeros((series, windows * overlap), np.bool_)
    for _ in range(TRIALS):
        panes = rng.standard_normal((series, (windows + 1) * overlap)).cumsum(axis=1)
        alarms |= np.abs(panes[:, overlap:] - panes[:, :-overlap]) > limit * np.sqrt(overlap)
    before = np.pad(alarms, ((0, 0), ((n_of - 1) * overlap, 0)))
    held = sum(before[:, i * overlap :][:, : alarms.shape[1]].astype(int) for i in range(n_of)) >= k
    incidents = 0
    for alarm, confirmed in zip(alarms, held & alarms, strict=True):
        at = np.flatnonzero(alarm)
        incidents += len({*np.cumsum(np.diff(at, prepend=at[:1]) > n_of * overlap)[confirmed[at]].tolist()})
    assert 0.6 * budget < incidents < 1.4 * budget


@pytest.mark.parametrize("k", [1, 2])
def test_overlap_costs_more_than_nothing_and_less_than_as_many_windows(k: int) -> None:
    """The finer the steps the stricter, but never as if all windows were apart."""
    levels = [alpha_for(1, 720, 50, k, 3, 0.1, overlap) for overlap in (1, 2, 12, 288)]
    assert sorted(set(levels), reverse=True) == levels
    assert alpha_for(1, 720 * 12, 50, k, 3, 0.1) < levels[2]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_more_budget_allows_more_and_more_comparisons_less(k: int) -> None:
    """The level rises with the budget, falls with windows, comparisons and a noisier reference, and has two ends."""
    by_budget = [alpha_for(budget, 720, 50, k, 3, 0.1) for budget in (1e-3, 0.1, 1, 10)]
    assert sorted(set(by_budget)) == by_budget
    by_size = [alpha_for(1, 720 * size, 50 * size, k, 3, 0.1) for size in (1, 10, 100)]
    assert sorted(set(by_size), reverse=True) == by_size
    by_ways = [alpha_for(1, 720, 50, k, 3, 0.3, 1, contrasts) for contrasts in WAYS]
    by_noise = [alpha_for(1, 720, 50, k, 3, rho) for rho in (0.0, 0.1, 0.3, 0.5)]
    assert k == 1 or sorted(by_noise, reverse=True) == by_noise
    assert k == 1 or sorted(by_ways) == by_ways
    assert MOST == alpha_for(1e6, 720, 50, k, 3, 0.0)
    assert LEAST == alpha_for(1e-60, 720, 50, k, 3, 0.0)


@pytest.mark.parametrize("overlap", [2, 12])
def test_windows_that_slide_may_be_far_larger_than_their_reference(overlap: int) -> None:
    """Of a reference that is nearly all of the chance, some levels are 0; the budget is kept all the same."""
    assert LEAST < alpha_for(1, 720, 50, 2, 3, 1.0, overlap) < alpha_for(1, 720, 50, 2, 3, 1.0)
