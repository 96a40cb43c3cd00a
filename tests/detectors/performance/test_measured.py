"""Intervals: they are the published ones, and what is undefined stays so without a warning."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from detectors.performance.measured import logit_interval, normal_interval, wilson


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_wilson_is_what_scipy_says(level: float) -> None:
    """For every number of successes, the ends 0 and 1 included."""
    successes = np.arange(18)
    low, high = wilson(successes, np.full(18, 17), level)
    oracle = [binomtest(k, 17).proportion_ci(level, method="wilson") for k in successes.tolist()]
    np.testing.assert_allclose(low, [one.low for one in oracle], atol=1e-15)
    np.testing.assert_allclose(high, [one.high for one in oracle], atol=1e-15)


def test_the_normal_interval_holds_the_level() -> None:
    """As many deviations either way as a normal law needs."""
    low, high = normal_interval(np.array([3.0]), np.array([0.5]), 0.9)
    assert norm.cdf(high[0], 3.0, 0.5) - norm.cdf(low[0], 3.0, 0.5) == pytest.approx(0.9)


def test_the_logit_interval_stays_inside() -> None:
    """Symmetric in the log odds, so never beyond 0 or 1, and mirrored by the complement."""
    value, error = np.array([0.01, 0.5, 0.97]), np.array([0.02, 0.3, 0.04])
    low, high = logit_interval(value, error, 0.95)
    assert ((low > 0) & (low < value) & (value < high) & (high < 1)).all()
    np.testing.assert_allclose((1 - high, 1 - low), logit_interval(1 - value, error, 0.95))


def test_what_is_undefined_has_no_interval() -> None:
    """No trials, no value, no error: nan at both ends; a certain 0 or 1 is its own interval."""
    assert np.isnan(wilson(np.array([0]), np.array([0]), 0.95)).all()
    value, error = np.array([np.nan, 0.5, 0.0, 1.0]), np.array([0.1, np.nan, 0.0, 0.0])
    for low, high in (logit_interval(value, error, 0.95), normal_interval(value, error, 0.95)):
        assert np.isnan(low[:2]).all()
        assert np.isnan(high[:2]).all()
        np.testing.assert_array_equal([low[2:], high[2:]], [[0.0, 1.0], [0.0, 1.0]])
