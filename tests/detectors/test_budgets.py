"""Levels: the budget of false triggers is kept, whatever the policy and however small the reference."""

import numpy as np
import pytest
from scipy.special import ndtri

from detectors.budgets import LEAST, MOST, alpha_for

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


@pytest.mark.parametrize(("k", "n_of", "rho"), [(1, 1, 0.0), (2, 3, 0.0), (2, 3, 0.3), (3, 5, 0.1), (3, 3, 0.5)])
def test_simulated_windows_keep_the_budget(k: int, n_of: int, rho: float) -> None:
    """Scores that share a part with their reference run into "k of n" as often as the budget says."""
    rng = np.random.default_rng(5)
    features, windows, budget = 20_000, 100, 200.0
    limit = -ndtri(alpha_for(budget, windows, features, k, n_of, rho) / 2)
    shared = np.sqrt(rho) * rng.standard_normal((features, 1))
    alarms = np.abs(shared + np.sqrt(1 - rho) * rng.standard_normal((features, windows + n_of))) > limit
    held = np.lib.stride_tricks.sliding_window_view(alarms, n_of, axis=1).sum(axis=2) >= k
    runs = (held[:, 1:] & ~held[:, :-1]).sum() + held[:, 0].sum()
    assert 0.7 * budget < runs < 1.3 * budget


@pytest.mark.parametrize("k", [1, 2, 3])
def test_more_budget_allows_more_and_more_comparisons_less(k: int) -> None:
    """The level rises with the budget, falls with windows, comparisons and a noisier reference, and has two ends."""
    by_budget = [alpha_for(budget, 720, 50, k, 3, 0.1) for budget in (1e-3, 0.1, 1, 10)]
    assert sorted(set(by_budget)) == by_budget
    by_size = [alpha_for(1, 720 * size, 50 * size, k, 3, 0.1) for size in (1, 10, 100)]
    assert sorted(set(by_size), reverse=True) == by_size
    by_noise = [alpha_for(1, 720, 50, k, 3, rho) for rho in (0.0, 0.1, 0.3, 0.5)]
    assert k == 1 or sorted(by_noise, reverse=True) == by_noise
    assert MOST == alpha_for(1e6, 720, 50, k, 3, 0.0)
    assert LEAST == alpha_for(1e-60, 720, 50, k, 3, 0.0)
