"""Limits of shares: scipy's exact ones, and never missed more often than promised where shares are rare."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom, binomtest

from detectors.proportions import least_difference, least_ratio, limits, share


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (5, 5), (1, 20), (37, 400), (9_999, 10_000)])
def test_limits_are_those_of_the_exact_test(successes: int, n: int) -> None:
    """As scipy's, which inverts the binomial test."""
    low, high = limits(np.array(successes), np.array(n), 0.025)
    expected = binomtest(successes, n).proportion_ci(0.95, method="exact")
    np.testing.assert_allclose([expected.low, expected.high], [low, high], rtol=1e-9, atol=1e-12)


def test_nothing_is_known_of_nothing() -> None:
    """No share, and limits that exclude nothing."""
    none = np.array([0])
    assert np.isnan(share(none, none)).all()
    assert [[0.0], [1.0]] == [limit.tolist() for limit in limits(none, none, 0.025)]


def test_a_ratio_has_its_limit_where_the_difference_has_none() -> None:
    """The limit r solves one - r other = 0 in the limit of differences, zeros included."""
    for one, low, other, high in ((0.7, 0.5, 0.9, 0.95), (0.1, 0.01, 0.1, 0.4), (0.3, 0.2, 0.0, 0.1)):

        def away(ratio: float, one: float = one, low: float = low, other: float = other, high: float = high) -> float:
            return float(least_difference(*map(np.array, (one, low, ratio * other, ratio * high))))

        expected = brentq(away, 0.0, 100.0)
        assert expected == pytest.approx(float(least_ratio(*map(np.array, (one, low, other, high)))))
    assert 0.0 == least_ratio(*map(np.array, (0.0, 0.0, 0.0, 0.3)))


@pytest.mark.parametrize(("n", "m"), [(20, 20), (20, 400), (400, 20), (150, 150)])
@pytest.mark.parametrize("rate", [0.002, 0.02, 0.2, 0.5, 0.98])
@pytest.mark.parametrize("level", [0.025, 1e-4])
def test_a_limit_of_equal_shares_is_missed_as_seldom_as_promised(n: int, m: int, rate: float, level: float) -> None:
    """Summed over all outcomes of two samples; at a level of 1e-6, 1.08 times as often is the worst that was seen."""
    ones, others = np.arange(n + 1)[:, None], np.arange(m + 1)[None]
    chances = binom.pmf(ones, n, rate) * binom.pmf(others, m, rate)
    low, _ = limits(ones, np.array(n), level)
    _, high = limits(others, np.array(m), level)
    above = least_difference(ones / n, low, others / m, high) > 1e-12
    assert chances[above].sum() <= level
    ratio = least_ratio(ones / n, low, others / m, high) > 1 + 1e-12
    assert chances[ratio].sum() <= level
