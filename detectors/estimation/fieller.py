"""Intervals of ratios of two sums of labels, such as recall: of few labels neither sum is sure, nor the ratio normal.

A ratio exceeds c where the one sum less c times the other exceeds 0. That difference is a sum of labels, so it is
nearly normal long before the ratio is: where its chance to exceed 0 is what a level leaves, there the interval ends
(Fieller 1954, Some problems in interval estimation). It reaches further where the ratio bends, as it should. What is
not normal of few labels is the skewness of the difference (Cornish and Fisher 1938, Moments and cumulants).
"""

from typing import NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.estimation.estimate import STEEP_MAX, Ends
from detectors.performance.measured import deviations


class Sums(NamedTuple):
    """What is above and below the line as it is expected, how both vary, and third moments, (rows,) each."""

    above: Floats
    below: Floats
    variances: tuple[Floats, Floats, Floats]  # of what is above, of both together, of what is below
    thirds: tuple[Floats, Floats, Floats, Floats] | None = None  # above thrice, twice, once, and of what is below


def ends_of(sums: Sums, level: float, ends: Ends) -> tuple[Floats, Floats]:
    """Where the interval of the ratio begins and ends, (rows,) each, inside of these ends.

    Where it is not sure that there is anything below the line, the ratio may be anything. Where one end is that of the
    metric, nothing can be beyond it: then all that the level leaves is on the other side.
    """
    (low, high), (from_below, from_above) = (_skewed(sums, each, ends) for each in (level, 2 * level - 1))
    low, high = np.where(high >= ends[1], from_below, low), np.where(low <= ends[0], from_above, high)
    return np.clip(low, *ends), np.clip(high, *ends)


def _skewed(sums: Sums, level: float, ends: Ends) -> tuple[Floats, Floats]:
    """The ends of a level, each at the quantile of a difference that is as skewed as it is there."""
    z = deviations(level)
    found = _between(sums, np.full(len(sums.above), z))
    if sums.thirds is None:
        return found
    low, high = ((z * z - 1) / 6 * _skewness(sums, np.clip(each, *ends)) for each in found)
    return _between(sums, z - low)[0], _between(sums, z + high)[1]


def _between(sums: Sums, z: Floats) -> tuple[Floats, Floats]:
    """Which ratios are so many deviations away either way; infinite where any may be."""
    own, both, other = sums.variances
    square, middle = sums.below**2 - z**2 * other, sums.above * sums.below - z**2 * both
    under = middle**2 - square * (sums.above**2 - z**2 * own)
    known = (square > 0) & (under >= 0)
    some = np.where(known, square, 1.0)
    reach = np.sqrt(np.where(known, under, 0.0)) / some
    return np.where(known, middle / some - reach, -np.inf), np.where(known, middle / some + reach, np.inf)


def _skewness(sums: Sums, at: Floats) -> Floats:
    """That of the difference at a ratio; no more than the expansion can bear."""
    assert sums.thirds is not None, "asked for nothing"
    (own, both, other), (thrice, twice, once, below) = sums.variances, sums.thirds
    variance = own - 2 * at * both + at**2 * other
    third = thrice - 3 * at * twice + 3 * at**2 * once - at**3 * below
    spread = np.sqrt(np.where(variance > 0, variance, 1.0))
    return np.asarray(np.clip(np.where(variance > 0, third / spread**3, 0.0), -2 * STEEP_MAX, 2 * STEEP_MAX))
