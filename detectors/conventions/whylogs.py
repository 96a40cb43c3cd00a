"""whylogs 1.6.4: KS on a hundred quantiles, chi-square of the frequent items; the numbers without its sketches' error.

A profile keeps a sketch of quantiles, so the tool's own numbers differ by about one part in a hundred, and from run to
run. `drifted` is its band DRIFT; from 0.05 to 0.15 (Hellinger: 0.15 to 0.4) it says POSSIBLE_DRIFT.

Known to be wrong, and so here: the p-value of KS is as of the whole sample, though only a hundred points are looked at;
a category that the reference does not know, or expects less than once, makes chi-square infinite and p = 0.
"""

import math

import numpy as np
import scipy

from detectors.codes import Floats, Integers
from detectors.conventions.convention import (
    Categories,
    Convention,
    Feature,
    Numbers,
    Refused,
    Score,
    above,
    beside,
    filled,
    there,
)
from detectors.conventions.shares import hellinger

QUANTILES = 100
LEVEL, DISTANT = 0.05, 0.4
BUCKETS_MAX, BUCKETS_LEAST, PER_BUCKET = 30, 2, 4


def _sides(feature: Numbers) -> tuple[Floats, Floats]:
    sides = [np.sort(np.asarray(there(side), np.float64)) for side in (feature.reference, feature.current)]
    filled(*sides)
    return sides[0], sides[1]


def _ks(feature: Numbers) -> Score:
    """The largest gap at a hundred quantiles of either sample."""
    reference, current = _sides(feature)
    ranks = np.linspace(0, 1, QUANTILES)
    points = np.concatenate(
        [side[np.minimum((ranks * len(side)).astype(np.int64), len(side) - 1)] for side in (reference, current)]
    )
    shares = [np.searchsorted(side, points) / len(side) for side in (reference, current)]
    gap = float(np.abs(shares[0] - shares[1]).max())
    m, n = len(reference), len(current)
    return beside(gap, float(scipy.stats.kstwo.sf(gap, np.round(m * n / (m + n)))), LEVEL)


def _hellinger(feature: Numbers) -> Score:
    """On at most thirty buckets of equal width over both samples."""
    reference, current = _sides(feature)
    low, high = min(reference[0], current[0]), max(reference[-1], current[-1])
    if not np.isfinite([low, high]).all():
        raise Refused("it cannot make buckets up to infinity")
    high += abs(high) * 1e-7 or 1e-7
    wanted = min(math.ceil((len(reference) + len(current)) / PER_BUCKET), BUCKETS_MAX)
    edges = np.linspace(low, high, max(wanted, BUCKETS_LEAST) + 1)
    counts = [np.histogram(side, edges)[0] / len(side) for side in (reference, current)]
    return above(hellinger(counts[0], counts[1]), DISTANT, strictly=False)


def _chi_square(feature: Categories) -> Score:
    """Expected counts are cut to whole numbers; degrees of freedom go by the current sample's distinct values."""
    reference, current = feature.counts()
    filled(*feature.present())
    totals = len(feature.reference), len(feature.current)
    expected: Integers = (reference / totals[0] * totals[1]).astype(np.int64)
    known = (reference + current) > 0
    if (expected[known] == 0).any():
        statistic = np.inf
    else:
        statistic = float(np.sum((current[known] - expected[known]) ** 2 / expected[known]))
    freedom = max(int((current > 0).sum()) - 1, 1)
    return beside(statistic, float(scipy.stats.chi2.sf(statistic, freedom)), LEVEL)


def _typed(feature: Feature) -> Feature:
    """Truths are numbers, and counted as items too."""
    if isinstance(feature, Numbers) or feature.of != "truths":
        return feature
    values = np.array([*map(float, feature.texts), np.nan])  # the last one is what is missing
    return Numbers(values[feature.reference], values[feature.current])


def _chosen(feature: Feature) -> tuple[str]:
    return ("chi-square",) if isinstance(feature, Categories) else ("ks",)


WHYLOGS = Convention(
    "whylogs 1.6.4",
    {"ks": _ks, "hellinger": _hellinger},
    {"chi-square": _chi_square},
    _chosen,
    typed=_typed,
)
