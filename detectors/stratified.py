"""Two versions side by side, window by window: neither changing shares of the traffic nor the hours of the day count.

Each window compares labels of the same time; their differences are added with the weights of Mantel and Haenszel 1959,
n m / (n + m), which know of the numbers of labels only (Cochran 1954). So a version that has most of its traffic in
the bad hours is no worse for it (Simpson's paradox). The interval is that of `comparison`, and holds at every look.
"""

from typing import NamedTuple

import numpy as np

from detectors.codes import Floats, Integers
from detectors.comparison import START, Comparison, judged
from detectors.performance.versions.comparable import Comparable


class Windows(NamedTuple):
    """One version's windows, oldest first. Without labels, a window's numbers may be anything."""

    n: Integers  # labels, (windows, rows)
    parts: Floats  # what a metric is made of, (windows, rows, parts)
    errors: Floats  # their standard errors, of the same shape; nan where unknown, not needed of shares


class Sides(NamedTuple):
    """What the windows up to each one say, (windows, rows) each."""

    candidate: Floats  # the metric of as many labels of either version in each window; nan where there are none
    incumbent: Floats
    compared: Comparison


class _Side(NamedTuple):
    total: Floats  # labels so far
    parts: Floats
    slopes: Floats
    value: Floats
    variance: Floats  # of one label


def side_by_side(  # noqa: PLR0913, PLR0917 - two versions and what to ask of them
    candidate: Windows,
    incumbent: Windows,
    metric: Comparable,
    horizon: float = 10_000,
    alpha: float = 0.05,
    margin: float = 0.0,
) -> Sides:
    """Compare a metric over the windows in which both versions have labels.

    The variance is the greater of two: that of labels which are independent, and that which the windows' differences
    show. The second is right also where labels of a window depend on each other, or a window has hardly any.
    """
    n, m = candidate.n.astype(np.float64), incumbent.n.astype(np.float64)
    both = (n > 0) & (m > 0)
    n, m = np.where(both, n, 0.0), np.where(both, m, 0.0)
    weight = np.where(both, n * m / np.where(both, n + m, 1.0), 0.0)
    mine, other = (_side(each, one, weight, metric) for each, one in ((candidate, n), (incumbent, m)))
    # Few labels that vary too little by chance are also too good, or too bad, by chance: see `comparison.compare`.
    most = np.fmax(mine.variance, other.variance)
    variances = (
        np.where(one.total < another.total, most, one.variance) for one, another in ((mine, other), (other, mine))
    )
    alone = sum(
        variance * np.cumsum(weight**2 / np.maximum(size, 1.0), axis=0)
        for variance, size in zip(variances, (n, m), strict=True)
    )
    parts = [np.where(both[..., None], one.parts, 0.0) for one in (candidate, incumbent)]
    shown = _spread(parts, (mine, other), weight)
    sums = np.cumsum(weight, axis=0)
    error = np.sqrt(np.fmax(alone, shown)) / np.where(sums > 0, sums, 1.0)
    known = (np.minimum(mine.total, other.total) >= START) & np.isfinite(error)
    judgement = judged(
        mine.value - other.value, np.where(known, error, 0.0), 2 * sums, horizon, alpha, metric.better >= 0, margin
    )
    verdict = judgement.verdict if metric.better else np.zeros_like(judgement.verdict)
    return Sides(mine.value, other.value, judgement._replace(verdict=verdict))


def _side(windows: Windows, n: Floats, weight: Floats, metric: Comparable) -> _Side:
    """One version by the windows so far, each with its weight."""
    sums = np.cumsum(weight, axis=0)[..., None]
    there = (n > 0)[..., None]
    parts = np.cumsum(np.where(there, weight[..., None] * windows.parts, 0.0), axis=0)
    parts = np.where(sums > 0, parts / np.where(sums > 0, sums, 1.0), np.nan)
    slopes = metric.slopes(parts)
    if metric.shares:
        variance = (slopes**2 * parts).sum(axis=-1) - (slopes * parts).sum(axis=-1) ** 2
    else:
        known = there & np.isfinite(windows.errors)
        of_windows = np.where(known, (n[..., None] * np.where(known, windows.errors, 0.0)) ** 2, 0.0)
        # A window's own variance is too small by 1 of n labels, and nothing where n is 1.
        free = np.cumsum(np.where(known, n[..., None] - 1, 0.0), axis=0)
        of_one = np.cumsum(of_windows, axis=0) / np.where(free > 0, free, np.nan)
        variance = (slopes**2 * of_one).sum(axis=-1)
    return _Side(np.cumsum(n, axis=0), parts, slopes, metric.value(parts), np.maximum(variance, 0.0))


def _spread(parts: list[Floats], sides: tuple[_Side, _Side], weight: Floats) -> Floats:
    """The variance of the weighted sum of differences by the differences themselves; nan of one window.

    sum w^2 (g z - g c)^2 with z the parts of both, c their means so far and g the slopes there: with running sums of
    w^2, w^2 z and w^2 z z' no window is looked at twice.
    """
    mine, other = sides
    means = np.concatenate((mine.parts, -other.parts), axis=-1)
    slopes = np.concatenate((mine.slopes, other.slopes), axis=-1)
    origin = np.nan_to_num(means[-1:])  # so that nothing is lost between great numbers
    z, means = np.concatenate((parts[0], -parts[1]), axis=-1) - origin, means - origin
    square = weight**2
    zero = np.cumsum(square, axis=0)
    first = np.cumsum(square[..., None] * z, axis=0)
    second = np.cumsum(square[..., None, None] * z[..., :, None] * z[..., None, :], axis=0)
    along = (slopes * means).sum(axis=-1)
    found = np.einsum("...i,...ij,...j->...", slopes, second, slopes)
    found += along**2 * zero - 2 * along * (slopes * first).sum(axis=-1)
    sums = np.cumsum(weight, axis=0)
    free = 1 - zero / np.where(sums > 0, sums, 1.0) ** 2  # one difference is the mean itself
    several = np.cumsum(weight > 0, axis=0) > 1
    return np.where(several, np.maximum(found, 0.0) / np.where(several, free, 1.0), np.nan)
