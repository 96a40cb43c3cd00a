"""TensorFlow Data Validation 1.16.1: divergences to base 2 and the largest gap of a share; limits are the schema's.

Numbers are counted in ten bins of equal width of each sample by itself, which are then cut at each other's edges as if
values were spread evenly inside. The tool takes its counts from a sketch of quantiles (epsilon 0.01), these are exact.

Known to be odd, and so here: infinities of either sample never match, and neither do NaNs, so equal shares of them are
drift; a root is never taken, so its JS is the square of what others call so; without a limit there is no verdict.
"""

import numpy as np

from detectors.codes import NOT_FINITE, Floats, Integers
from detectors.conventions.convention import (
    Categories,
    Convention,
    Feature,
    Numbers,
    Score,
    above,
    filled,
)
from detectors.conventions.shares import divergence, l_infinity, shares

BINS = 10
_NAN = int(np.float64(NOT_FINITE).view(np.int64))


def counts(feature: Numbers) -> tuple[Floats, Floats]:
    """Counts of either sample in cells that they share: pieces of bins, points, infinities and NaNs of their own."""
    sides = [np.asarray(values, np.float64) for values in (feature.reference, feature.current)]
    finite = [side[np.isfinite(side)] for side in sides]
    filled(*finite)
    wide = [side.min() < side.max() for side in finite]
    bins = [np.histogram(side, BINS) if width else None for side, width in zip(finite, wide, strict=True)]
    edges = np.unique(np.concatenate([found[1] for found in bins if found is not None] or [np.zeros(0)]))
    points = np.unique([side[0] for side, width in zip(finite, wide, strict=True) if not width])
    rows = []
    for i, (side, found) in enumerate(zip(sides, bins, strict=True)):
        spread = np.zeros(max(len(edges) - 1, 0)) if found is None else _spread(*found, edges)
        at = np.array([0.0 if found is not None else len(finite[i]) * (finite[i][0] == point) for point in points])
        infinite, nan = np.isinf(side).sum(), (side.view(np.int64) == _NAN).sum()
        alone = np.zeros(4)
        alone[i], alone[2 + i] = infinite, nan
        rows.append(np.concatenate((spread, at, alone)))
    return rows[0], rows[1]


def _spread(found: Integers, bins: Floats, edges: Floats) -> Floats:
    """Counts of bins in the cells between edges, which cut the bins."""
    reached = np.interp(edges, bins, np.concatenate(([0], np.cumsum(found))))
    return np.asarray(np.diff(reached))


def jensen_shannon_divergence(feature: Feature, limit: float | None = None) -> Score:
    """The divergence to base 2, at most 1."""
    first, second = feature.counts() if isinstance(feature, Categories) else counts(feature)
    filled(first[first > 0], second[second > 0])
    return above(min(divergence(shares(first), shares(second), 2), 1.0), limit)


def largest_gap(feature: Categories, limit: float | None = None) -> Score:
    """The largest gap of a category's share."""
    filled(*feature.present())
    return above(l_infinity(*map(shares, feature.counts())), limit)


def _normalized_difference(feature: Categories) -> Score:
    """The largest gap of a category's count, over all of both samples: it grows as their sizes differ."""
    filled(*feature.present())
    first, second = feature.counts()
    return above(float(np.abs(first - second).max()) / float((first + second).sum()), None)


def _chosen(feature: Feature) -> tuple[str]:
    return ("l_infinity",) if isinstance(feature, Categories) else ("jensen_shannon_divergence",)


TFDV = Convention(
    "TensorFlow Data Validation 1.16.1",
    {"jensen_shannon_divergence": jensen_shannon_divergence},
    {
        "l_infinity": largest_gap,
        "jensen_shannon_divergence": jensen_shannon_divergence,
        "normalized_abs_difference": _normalized_difference,
    },
    _chosen,
)
