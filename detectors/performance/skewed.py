"""Means of skewed values, such as losses, and how much they are worth: from four moments of the values.

A squared error has a long tail: where it came, the mean and its error are both large, where it did not, both are small,
so the plain interval misses the truth from below. Hall's transformation takes the skewness out of the studentised mean,
and the next term of its Edgeworth expansion says by how much to widen.
"""

from typing import NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.performance.measured import Measured, deviations

RESOLVED = 2.0**-7  # of the unit of the powers: a spread below has cubes of less than 32 quanta, and no known skewness
STEADY = 2.0**-10  # of the mean: a spread below loses its fourth moment to the rounding of doubles


class Moments(NamedTuple):
    """Means of the first four powers of a value, in one unit, and how many there were; any one shape."""

    n: Floats
    first: Floats
    second: Floats
    third: Floats
    fourth: Floats


def mean(moments: Moments, level: float) -> Measured:
    """The mean, in the unit of the moments; nan where there are fewer than two values.

    Hall 1992, On the removal of skewness by transformation; the widening is q2 of Hall 1992, The bootstrap and
    Edgeworth expansion, section 2.6.
    """
    n = np.where(moments.n > 1, moments.n, np.nan)
    value = np.where(moments.n > 0, moments.first, np.nan)
    variance, skewness, _ = _shape(moments)
    error = np.sqrt(variance / (n - 1))
    z = widened(moments, level)
    steep = skewness / np.sqrt(n)
    return Measured(value, error, value - error * untwisted(z, steep), value - error * untwisted(-z, steep))


def widened(moments: Moments, level: float) -> Floats:
    """How many standard errors an interval of the studentised mean needs, after so few values with such tails."""
    _, skewness, kurtosis = _shape(moments)
    z = deviations(level)
    q2 = kurtosis / 12 * (z**2 - 3) - skewness**2 / 18 * (z**4 + 2 * z**2 - 3) - (z**2 + 3) / 4
    return np.asarray(z * np.maximum(1 - q2 / np.where(moments.n > 1, moments.n, np.nan), 1))


def _shape(moments: Moments) -> tuple[Floats, Floats, Floats]:
    """The variance, skewness and excess kurtosis; 0 for the last two where the moments do not resolve them."""
    _, first, second, third, fourth = moments
    square = first * first  # products, not powers: those depend on where in memory a number lies
    variance = np.maximum(second - square, 0.0)
    resolved = variance > np.maximum(RESOLVED, STEADY * np.abs(first)) ** 2
    spread = np.sqrt(np.where(resolved, variance, 1.0))
    skewness = (third - 3 * first * second + 2 * first * square) / (spread * spread * spread)
    kurtosis = (fourth - 4 * first * third + 6 * square * second - 3 * square * square) / np.square(spread * spread) - 3
    kurtosis = np.maximum(kurtosis, skewness**2 - 2)  # no values have less
    return variance, np.where(resolved, skewness, 0.0), np.where(resolved, kurtosis, 0.0)


def untwisted(z: Floats, steep: Floats) -> Floats:
    """The studentised mean whose transform by Hall, T + a T^2 / 3 + a^2 T^3 / 27 + a / 6, is z; `steep` is a."""
    some = np.where(np.abs(steep) > 1e-6, steep, 1e-6)  # the limit at 0, to as many digits as matter
    return np.asarray(3 / some * (np.cbrt(1 + some * (z - some / 6)) - 1))
