"""Two versions side by side: an interval for the difference of their means that holds however often one looks.

Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, Time-uniform central limit theory and asymptotic confidence
sequences, theorem 2.2. Only counts, means and variances are needed, those of all pairs since the comparison began.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers

TINY = 1e-9  # no pairs at all
START = 100  # pairs of either version before anything is said
VERDICTS = ("not yet known", "better", "worse")  # by a verdict's number: 0, 1, -1


class Means(NamedTuple):
    """What cells say of a version, any one shape: of many metrics, or of many segments.

    Of a metric that is no mean but has a standard error s, the variance is n s^2.
    """

    n: Integers
    mean: Floats
    variance: Floats  # divided by n


class Comparison(NamedTuple):
    """The candidate's mean less the incumbent's, in the shape of theirs."""

    difference: Floats  # nan where one of them has nothing
    low: Floats
    high: Floats
    verdict: Integers  # places in VERDICTS


def compare(  # noqa: PLR0913, PLR0917 - two versions and what to ask of them
    candidate: Means,
    incumbent: Means,
    horizon: float = 10_000,
    alpha: float | Floats = 0.05,
    greater_is_better: bool | NDArray[np.bool_] = True,
    margin: float | Floats = 0.0,
) -> Comparison:
    """Intervals that all contain the true difference, over all looks, with a chance of at least about 1 - alpha.

    They are narrowest after `horizon` pairs of both versions. Better, or worse, is a difference surely beyond `margin`.

    Whatever the versions' shares of the traffic, now and earlier, the difference times its information, the inverse of
    its variance, is a sum of independent steps. So information is the time: as many pairs of both would give it.

    Where few of a version's losses are great ones, a mean that is too low by chance has a variance that is too low. So
    the version with fewer pairs is taken to vary at least as much as the other: right where they are equal, and never
    too near.
    """
    n, m = candidate.n, incumbent.n
    known = np.minimum(n, m) >= START
    mine, other = (np.where(known, one.variance, 0.0) for one in (candidate, incumbent))
    mine, other = np.where(n < m, np.maximum(mine, other), mine), np.where(m < n, np.maximum(mine, other), other)
    error = np.sqrt(mine / np.maximum(n, 1) + other / np.maximum(m, 1))
    difference = np.where(np.minimum(n, m) > 0, candidate.mean - incumbent.mean, np.nan)
    sizes = (mine + other) / np.where(error > 0, error, 1.0) ** 2
    return judged(difference, np.where(known, error, 0.0), sizes, horizon, alpha, greater_is_better, margin)


def judged(  # noqa: PLR0913, PLR0917 - a difference and what to ask of it
    difference: Floats,
    error: Floats,
    pairs: Floats,
    horizon: float,
    alpha: float | Floats,
    greater_is_better: bool | NDArray[np.bool_],
    margin: float | Floats,
) -> Comparison:
    """Intervals and verdicts of differences with their standard errors, 0 where nothing is to be said; one shape.

    `pairs` is the time: so many of both versions would know as much.
    """
    known = error > 0
    radius = np.where(known, error * _reach(np.where(known, pairs, 1.0), horizon, alpha), np.inf)
    low, high = (np.where(known, difference + sign * radius, sign * np.inf) for sign in (-1, 1))
    beyond = (low > margin).astype(np.int64) - (high < -np.asarray(margin))
    return Comparison(difference, low, high, np.where(greater_is_better, beyond, -beyond))


def _reach(pairs: Floats, horizon: float, alpha: float | Floats) -> Floats:
    """How many standard errors an interval reaches to either side; least at the horizon. Any shape."""
    tail = -2 * np.log(alpha)
    time = np.maximum(pairs, TINY) * (tail + np.log(tail + 1)) / horizon
    return np.asarray(np.sqrt((1 + 1 / time) * (np.log1p(time) + tail)))
