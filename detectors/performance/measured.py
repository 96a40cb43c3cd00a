"""A number and how much it is worth: its standard error, and an interval on a scale that keeps its promise."""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit, ndtri

from detectors.codes import Floats, Integers


class Measured(NamedTuple):
    """A metric of each row, nan where it is undefined; (rows,) each."""

    value: Floats
    error: Floats  # standard error
    low: Floats
    high: Floats


def wilson(successes: Floats | Integers, n: Floats | Integers, level: float) -> tuple[Floats, Floats]:
    """The ends of an interval that holds a share with confidence `level`; nan where `n` is 0. Any shape.

    Wilson 1927, Probable inference, the law of succession, and statistical inference. Neither need be whole.
    """
    z2 = deviations(level) ** 2
    some = np.where(np.asarray(n) > 0, n, np.nan)
    share = successes / some
    middle = (share + z2 / (2 * some)) / (1 + z2 / some)
    reach = np.sqrt(z2 * (share * (1 - share) + z2 / (4 * some)) / some) / (1 + z2 / some)
    # At a share of 0 or 1 the interval reaches it, which rounding would miss.
    return np.where(share <= 0, 0.0, middle - reach), np.where(share >= 1, 1.0, middle + reach)


def logit_interval(value: Floats, error: Floats, level: float) -> tuple[Floats, Floats]:
    """The ends of an interval of a value in [0, 1] that is nearly normal in its log odds; nan where either is.

    At 0 and 1 the log odds know no error: there the interval is the value alone.
    """
    inside = (value > 0) & (value < 1)
    middle = np.where(inside, value, 0.5)
    reach = deviations(level) * error / (middle * (1 - middle))
    low, high = expit(logit(middle) - reach), expit(logit(middle) + reach)
    alone = np.where(np.isnan(error), np.nan, value)
    return np.where(inside, low, alone), np.where(inside, high, alone)


def normal_interval(value: Floats, error: Floats, level: float) -> tuple[Floats, Floats]:
    """The ends of an interval of a value that is nearly normal itself; nan where either is."""
    reach = deviations(level) * error
    return value - reach, value + reach


def deviations(level: float) -> float:
    """How many standard deviations either way hold a share `level` of a normal law: 1.96 for 0.95."""
    return float(ndtri((1 + level) / 2))
