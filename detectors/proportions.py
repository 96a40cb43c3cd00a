"""Limits of shares, of their differences and of their ratios, that hold for few and for rare ones too.

A share's limits are exact: Clopper and Pearson 1934, The use of confidence or fiducial limits. Those of a difference or
a ratio are made from them: Newcombe 1998, Interval estimation for the difference between independent proportions; and
Donner and Zou 2012, Closed-form confidence intervals for functions of the normal mean and standard deviation. Newcombe
took Wilson's limits, which are too near where successes are rare and the level is small.
"""

import numpy as np
from scipy.special import betaincinv

from detectors.codes import Floats, Integers


def share(successes: Integers | Floats, n: Integers | Floats) -> Floats:
    """Successes by n; nan of nothing. Any shape."""
    return np.where(n > 0, successes / np.maximum(n, 1), np.nan)


def limits(successes: Integers | Floats, n: Integers | Floats, level: float | Floats) -> tuple[Floats, Floats]:
    """Lower and upper limit of a share, each missed with a chance of at most `level`; 0 and 1 of nothing. Any shape."""
    failures = n - successes
    # A beta law without a first parameter would be all at 0.
    low = betaincinv(np.maximum(successes, 1), failures + 1, level)
    high = 1 - betaincinv(np.maximum(failures, 1), successes + 1, level)
    return np.where(successes > 0, low, 0.0), np.where(failures > 0, high, 1.0)


def least_difference(one: Floats, low: Floats, other: Floats, other_high: Floats) -> Floats:
    """The lower limit of one share less the other, from the one's lower and the other's upper limit. Any shape."""
    return np.asarray(one - other - np.hypot(one - low, other_high - other))


def least_ratio(one: Floats, low: Floats, other: Floats, other_high: Floats) -> Floats:
    """The lower limit of one share by the other, from the same; 0 of 0 / 0. Any shape.

    It is the ratio at which one - ratio other has the lower limit 0.
    """
    product = one * other
    first, last = low * (2 * one - low), other_high * (2 * other - other_high)
    # The greater root of a quadratic without a difference, so that `last` may be 0 or negative.
    below = product + np.sqrt(np.maximum(product**2 - first * last, 0.0))
    return np.divide(first, below, out=np.zeros_like(below), where=below > 0)
