"""Two versions side by side by the labels in cells of each window: as `stratified`, of metrics that need many cells.

The same weights, the same two variances, of which the greater counts, and the same interval at every look. Only, what a
label tells is its influence on the metric, and looks are few: each goes over all windows before it.
"""

from typing import NamedTuple

import numpy as np

from detectors.codes import Floats, Integers
from detectors.comparison import START, Comparison, judged
from detectors.performance.versions.tallied import Tallied


class Tallies(NamedTuple):
    """The candidate's and the incumbent's labels by window, oldest first, and cell: (windows, cells)."""

    candidate: Integers
    incumbent: Integers


class Looks(NamedTuple):
    """What the windows up to each look say, (looks,) each."""

    candidate: Floats
    incumbent: Floats
    compared: Comparison


class _Seen(NamedTuple):
    values: Floats  # (2,)
    error: float
    pairs: float


def by_tallies(  # noqa: PLR0913 - two versions and what to ask of them
    tallies: Tallies,
    metric: Tallied,
    looks: Integers,
    *,
    horizon: float = 10_000,
    alpha: float = 0.05,
    margin: float = 0.0,
) -> Looks:
    """Compare a metric after the windows that `looks` name by their place, rising."""
    seen = [_look(tallies, metric, int(upto) + 1) for upto in looks]
    values = np.array([one.values for one in seen]).reshape(-1, 2)
    error, pairs = (np.array([getattr(one, name) for one in seen]) for name in ("error", "pairs"))
    difference = values[:, 0] - values[:, 1]
    compared = judged(difference, error, pairs, horizon, alpha, metric.better >= 0, margin)
    verdict = compared.verdict if metric.better else np.zeros_like(compared.verdict)
    return Looks(values[:, 0], values[:, 1], compared._replace(verdict=verdict))


def _look(tallies: Tallies, metric: Tallied, upto: int) -> _Seen:
    sides = [each[:upto].astype(np.float64) for each in tallies]
    sizes = [each.sum(axis=1) for each in sides]
    both = (sizes[0] > 0) & (sizes[1] > 0)
    sides, sizes = [each[both] for each in sides], [each[both] for each in sizes]
    totals = np.array([each.sum() for each in sizes])
    if totals.min() < START:
        return _Seen(np.full(2, np.nan), 0.0, 0.0)
    weight = sizes[0] * sizes[1] / (sizes[0] + sizes[1])
    spent = np.array([(weight**2 / each).sum() for each in sizes])  # the variance of a weighted sum, of one label's
    means = np.stack([(weight / each) @ one for each, one in zip(sizes, sides, strict=True)]) / weight.sum()
    found = metric.of(means * (weight.sum() ** 2 / spent)[:, None])  # as many labels of equal weight would know as much
    one = (found.slopes**2 * found.shares).sum(axis=1) - (found.slopes * found.shares).sum(axis=1) ** 2
    if totals[0] != totals[1]:  # see `comparison.compare`: too few vary too little by chance
        one[totals.argmin()] = one.max()
    alone = (one * spent).sum()
    told = [(part @ slope) / size for part, slope, size in zip(sides, found.slopes, sizes, strict=True)]
    centre = float((found.slopes[0] * means[0]).sum() - (found.slopes[1] * means[1]).sum())
    free = 1 - (weight**2).sum() / weight.sum() ** 2
    shown = (weight**2 * (told[0] - told[1] - centre) ** 2).sum() / free if len(weight) > 1 else 0.0
    error = float(np.sqrt(max(alone, shown) / weight.sum() ** 2 + found.more.sum()))
    known = np.isfinite(found.value).all() and np.isfinite(error)
    return _Seen(found.value, error if known else 0.0, 2 * float(weight.sum()))
