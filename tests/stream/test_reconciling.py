"""Estimates are blamed as seldom as is promised; `python -m tests.honesty.reconciling` says it of more worlds."""

import numpy as np
import pytest

from tests.honesty.reconciling import NUMBERS, blamed, blamed_numbers

RUNS = 60


@pytest.mark.parametrize("name", ["same", "rare"])
def test_estimates_as_good_as_they_say_are_seldom_blamed(name: str) -> None:
    """Though labels are missing, and windows small: of RUNS at a level of 5 % at most what chance allows."""
    rng = np.random.default_rng(5)
    assert sum(blamed(name, (10_000, 50), rng) < 0.05 for _ in range(RUNS)) <= 8  # of more, one in 300 such tests


@pytest.mark.parametrize("name", NUMBERS.values())
def test_estimates_of_errors_are_seldom_blamed_either(name: str) -> None:
    """The same of regressions."""
    rng = np.random.default_rng(6)
    assert sum(blamed_numbers(name, (1_000, 50), rng) < 0.05 for _ in range(RUNS)) <= 8
