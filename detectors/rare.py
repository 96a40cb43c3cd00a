"""Rare cells counted together, so that every cell of a comparison holds enough for a limit to be right.

Which cells go together depends on the sums of both samples only, so under the null model nothing is learned from it.
Neighbours go together: on a number line that loses resolution, not order.
"""

import numpy as np

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
    mean = (expected + observed) * smaller_share(expected, observed)
    rare = mean < RARE
    group = (_groups(mean * rare) + 1).astype(np.int32)
    group *= rare  # counted from 1; 0 is no group
    opens = rare.copy()
    opens[:, 1:] &= group[:, 1:] > np.maximum.accumulate(group, axis=1)[:, :-1]
    cells = np.arange(mean.shape[1], dtype=np.int32)
    target = np.maximum.accumulate(opens * cells, axis=1)
    target -= cells
    target *= rare
    target += cells
    return target.astype(np.int64)


def _groups(apart: Floats) -> Floats:
    """The number of each rare cell's group, from 0 on, of what rare cells expect; 0 of the others, (series, cells)."""
    running = np.cumsum(apart, axis=1)
    # A group ends beyond twice RARE, so the next has one at least.
    last = np.maximum(np.floor(running[:, -1] / (2 * RARE)) - 1, 0)
    running -= apart
    running /= 2 * RARE
    np.floor(running, out=running)
    return np.asarray(np.minimum(running, last[:, None], out=running))


def merged(counts: Counts, target: Integers) -> Floats:
    """Counts added up in their target cells, (series, cells)."""
    series, cells = counts.shape
    places = target + np.arange(series)[:, None] * cells
    found = np.bincount(places.ravel(), counts.ravel(), series * cells)
    return found.astype(np.float64, copy=False).reshape(series, cells)


def shared_out(contributions: Floats, gaps: Floats, target: Integers) -> Floats:
    """What merged cells contribute, given to the cells they stand for by the size of their gaps, (series, cells)."""
    sizes = np.abs(gaps) + TINY  # equal shares have no gaps, but half a count of prior each
    whole = np.take_along_axis(merged(sizes, target), target, axis=1)
    return np.take_along_axis(contributions, target, axis=1) * sizes / whole
