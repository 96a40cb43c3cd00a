"""Rare cells counted together, so that every cell of a comparison holds enough for a limit to be right.

Which cells go together depends on the sums of both samples only, so under the null model nothing is learned from it.
Neighbours go together: on a number line that loses resolution, not order.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.distances import Counts

TINY = 1e-12
RARE = 5.0  # values expected in the smaller sample below which a cell is rare: Cochran 1954, and still right at 1e-3


def smaller_share(expected: Counts, observed: Counts) -> Floats:
    """The smaller sample's share of both, (series, 1)."""
    m, n = expected.sum(axis=1, keepdims=True), observed.sum(axis=1, keepdims=True)
    return np.asarray(np.minimum(m, n) / np.maximum(m + n, 1))


def targets(expected: Counts, observed: Counts) -> Integers:
    """The cell that each cell is counted in: itself, or the first of its group of rare ones, (series, cells).

    Groups expect more than RARE values. Only rare cells that together do not are left as one rare cell, so that a value
    nobody saw before does not drown in another one.
    """
    return grouped((expected + observed) * smaller_share(expected, observed))[0]


def grouped(mean: Floats) -> tuple[Integers, Floats]:
    """The targets by what each cell expects in the smaller sample, and what all rare ones do together, (series,)."""
    rare, numbers, _, total = _groups(mean)
    group = numbers.astype(np.int32)
    group += 1
    group *= rare  # counted from 1; 0 is no group
    opens = rare.copy()
    opens[:, 1:] &= group[:, 1:] > np.maximum.accumulate(group, axis=1)[:, :-1]
    cells = np.arange(mean.shape[1], dtype=np.int32)
    target = np.maximum.accumulate(opens * cells, axis=1)
    target -= cells
    target *= rare
    target += cells
    return target.astype(np.int64), total


def slots(mean: Floats) -> tuple[Integers, int, Floats]:
    """The same groups, packed: where each cell goes, how many slots there are at most, and the total.

    Groups come first, then the cells that stand alone. Where many are rare, what follows has little left to do; for
    whoever does not need to know which cells a group stands for.
    """
    rare, numbers, last, total = _groups(mean)
    alone = np.cumsum(~rare, axis=1, dtype=np.float64)
    width = int((alone[:, -1] + last).max(initial=0)) + 1
    alone += last[:, None]
    alone *= ~rare
    numbers *= rare
    numbers += alone
    return numbers.astype(np.int64), width, total


def _groups(mean: Floats) -> tuple[NDArray[np.bool_], Floats, Floats, Floats]:
    """Which cells are rare, the number of each rare one's group from 0 on; the last group, and what all rare expect."""
    rare = mean < RARE
    apart = mean * rare  # masks are multiplied: four times as fast as `where`
    running = np.cumsum(apart, axis=1)
    total = running[:, -1].copy()
    # A group ends beyond twice RARE, so the next has one at least.
    last = np.maximum(np.floor(total / (2 * RARE)) - 1, 0)
    running -= apart
    running /= 2 * RARE
    np.floor(running, out=running)
    return rare, np.minimum(running, last[:, None], out=running), last, total


def merged(counts: Counts, target: Integers, width: int = 0) -> Floats:
    """Counts added up in their target cells, (series, width); a width of 0 is as many as there were."""
    series, cells = counts.shape
    width = width or cells
    places = target + np.arange(series)[:, None] * width
    return (
        np.bincount(places.ravel(), counts.ravel(), series * width)
        .astype(np.float64, copy=False)
        .reshape(series, width)
    )


def shared_out(contributions: Floats, gaps: Floats, target: Integers) -> Floats:
    """What merged cells contribute, given to the cells they stand for by the size of their gaps, (series, cells)."""
    sizes = np.abs(gaps) + TINY  # equal shares have no gaps, but half a count of prior each
    whole = np.take_along_axis(merged(sizes, target), target, axis=1)
    return np.take_along_axis(contributions, target, axis=1) * sizes / whole
