"""Which series may have drifted at all: a bound by squares and divisions before any logarithm or tail.

The law: what `judge` finds with sets alone is a candidate; what is none need not be judged. A root of a likelihood
ratio squared is at most twice Pearson's statistic of the same set: a divergence is at most the logarithm of one and a
chi-square (Gibbs and Su 2002, On choosing and bounding probability metrics), and that at most the chi-square. Of the
few sets that are as far as that, the root itself is taken.
"""

import numpy as np
from scipy.special import ndtr, ndtri

from detectors.codes import Bools, Floats, Integers
from detectors.distances import Counts
from detectors.verdict import shares
from detectors.verdict.few import Pairs
from detectors.verdict.sets import runs, slices, trials

BLOCK = 512  # series that are looked at together: fewer cost more calls, more leave the second-level cache (measured)
MARGIN = 1 - 1e-9  # of rounding
NEARLY = 1 - 1e-4  # of rounding in the first look, which the second makes good


def candidates(  # noqa: PLR0913, PLR0917 - columns of one table
    expected: Counts, observed: Counts, on_line: Integers, sizes: Integers, level: Floats, tolerate: Floats
) -> Bools:
    """Where a p-value of sets alone may be at most `level`, (series,), of counts in cells, (series, cells).

    The first `on_line` of a series' `sizes` cells lie on a number line; the others are (series,) too.
    """
    found = np.zeros(len(expected), np.bool_)
    kinds = on_line * (expected.shape[1] + 1) + sizes
    for kind in np.flatnonzero(np.bincount(kinds)).tolist():
        line, size = divmod(kind, expected.shape[1] + 1)
        of_kind = np.flatnonzero(kinds == kind)
        near = [
            rows[_near(expected[rows, :size], observed[rows, :size], line, level[rows], tolerate[rows])]
            for rows in _blocks(of_kind)
        ]
        for rows in _blocks(np.concatenate(near)):
            found[rows] = _far(expected[rows, :size], observed[rows, :size], line, level[rows], tolerate[rows])
    return found


def _blocks(rows: Integers) -> list[Integers]:
    return [rows[first : first + BLOCK] for first in range(0, len(rows), BLOCK)]


def _near(expected: Counts, observed: Counts, on_line: int, level: Floats, tolerate: Floats) -> Bools:
    """Where Pearson's statistic of any set may be great enough, or nearly, (series,).

    Of N values b lie in a set, and v more of the n now than n b / N: the statistic is v v N^3 / (m n b (N - b)). Cells
    lead and series follow, so that each kind of run is one slice less another.
    """
    both, now = (_running(counts) for counts in (expected + observed, observed))
    kinds = slices(on_line, len(both) - 1)
    m, n = np.maximum(both[-1] - now[-1], 1.0), np.maximum(now[-1], 1.0)
    size = m + n
    # Cells and cuts that hold values: no more trials than these make the least bound.
    held = sum(np.count_nonzero(both[upto] > both[below], axis=0) for below, upto in kinds[:2])
    least = ndtri(level / (2 * trials(held, np.bool_(on_line > 0)))) ** 2
    unit = size / (NEARLY / 2 * least * m * n)
    now -= both * (n / size)
    now *= np.sqrt(unit)
    both /= size
    tolerated = NEARLY * tolerate**2 * (m * n / size) ** 2 * unit
    near = np.zeros(len(level), np.bool_)
    for below, upto in kinds:
        share, gap = both[upto] - both[below], now[upto] - now[below]
        gap *= gap
        rest = 1.0 - share
        rest *= share
        np.maximum(rest, tolerated, out=rest)
        near |= (gap > rest).any(axis=0)
    return near


def _running(counts: Counts) -> Floats:
    """How many lie below each cell, cells first, (cells + 1, series)."""
    running = np.zeros((counts.shape[1] + 1, len(counts)))
    running[1:] = np.cumsum(counts, axis=1).T
    return running


def _far(expected: Counts, observed: Counts, on_line: int, level: Floats, tolerate: Floats) -> Bools:
    """The same of series of one kind."""
    begin, end = runs(on_line, expected.shape[1]).T
    m, n = (np.maximum(counts.sum(axis=1, keepdims=True), 1).astype(np.float64) for counts in (expected, observed))
    both = expected + observed
    occupied = _inside((both > 0).astype(np.int64), begin, end) > 0
    least = ndtri(level[:, None] / (2 * trials(occupied.sum(axis=1, keepdims=True), np.bool_(on_line > 0)))) ** 2
    gap = np.abs(_inside(observed / n - expected / m, begin, end))
    share = _inside(both / (m + n), begin, end)
    needed = (MARGIN / 2) * least * (1 / m + 1 / n)
    rows, which = np.nonzero((gap**2 >= needed * share * (1 - share)) & (gap > tolerate[:, None] * MARGIN))
    x, y = (_between(counts[rows], begin[which], end[which]) for counts in (expected, observed))
    sizes = m[rows, 0], n[rows, 0]
    far = np.square(shares.roots(x, y, *sizes, tolerate[rows])) >= MARGIN * least[rows, 0]
    pairs = Pairs(x, y, *sizes)
    few = np.flatnonzero(~far & (tolerate[rows] == 0) & pairs.few())
    exact = Pairs(*(each[few] for each in pairs)).exact()
    far[few] = exact * MARGIN <= 2 * ndtr(-np.sqrt(least[rows[few], 0]))
    found = np.zeros(len(expected), np.bool_)
    found[rows[far]] = True
    return found


def _inside(cells: Floats | Counts, begin: Integers, end: Integers) -> Floats:
    """What lies in each run, (series, sets)."""
    running = np.zeros((len(cells), cells.shape[1] + 1), cells.dtype)
    np.cumsum(cells, axis=1, out=running[:, 1:])
    return np.asarray(running[:, end] - running[:, begin])


def _between(cells: Counts, begin: Integers, end: Integers) -> Floats:
    """What lies in one run of each, (series,)."""
    place = np.arange(cells.shape[1])
    return np.asarray((cells * ((place >= begin[:, None]) & (place < end[:, None]))).sum(axis=1), np.float64)
