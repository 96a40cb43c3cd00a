"""Roots of likelihood ratios against a search for the restricted maximum."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import norm

from detectors.verdict.shares import roots

CASES = [(0, 7, 1_000, 100), (30, 40, 300, 200), (990, 40, 1_000, 50), (5, 5, 10, 5), (100_000, 300, 1_000_000, 1_000)]


def _log_likelihood(k: float, n: float, share: float) -> float:
    return float(xlogy(k, share) + xlogy(n - k, 1 - share))


@pytest.mark.parametrize("tolerate", [0.0, 0.02, 0.05])
@pytest.mark.parametrize(("x", "y", "m", "n"), CASES)
def test_a_root_is_that_of_the_restricted_maximum(x: int, y: int, m: int, n: int, tolerate: float) -> None:
    """The cubic's root is where a search ends."""
    (found,) = roots(*(np.array([float(each)]) for each in (x, y, m, n, tolerate)))
    gap = y / n - x / m
    if abs(gap) <= tolerate:
        assert found == 0
        return
    if gap < 0:
        x, y = m - x, n - y
    search = minimize_scalar(
        lambda share: -_log_likelihood(x, m, share) - _log_likelihood(y, n, share + tolerate),
        bounds=(0, 1 - tolerate),
        method="bounded",
        options={"xatol": 1e-12},
    )
    free = _log_likelihood(x, m, x / m) + _log_likelihood(y, n, y / n)
    wanted = np.sign(gap) * np.sqrt(max(2 * (free + search.fun), 0))
    assert found == pytest.approx(wanted, rel=1e-4, abs=1e-4)


def test_a_change_of_what_is_tolerated_is_beyond_it_as_often_as_a_normal_deviate() -> None:
    """At the boundary the level is kept."""
    rng, tolerate = np.random.default_rng(1), 0.05
    x, y = rng.binomial(20_000, 0.3, 200_000), rng.binomial(2_000, 0.35, 200_000)
    found = roots(x.astype(float), y.astype(float), np.array(20_000.0), np.array(2_000.0), np.array(tolerate))
    for level in (0.1, 0.01):
        assert (found > norm.isf(level)).mean() == pytest.approx(level, rel=0.1)
