"""Sets of cells whose shares are compared: each cell, and on a number line cuts, central ranges and blocks.

All of them are runs of neighbouring cells, so what lies in one is a difference of two running sums.
"""

from functools import cache
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.distances import Counts

BLOCKS = 2, 4, 8  # cells
AT_ONCE = 64  # series: what is made of them stays in the caches, which halves the time (measured)
DISTINCT = 0.72  # of the sets on a number line, which overlap, so many count as separate trials (simulated)


class Sets(NamedTuple):
    """Where the sets of each series begin and end among its cells, (series, sets) each; where they are equal, none.

    `sizes`: how many each series has, (series,).
    """

    begin: Integers
    end: Integers
    sizes: Integers

    @classmethod
    def of(cls, on_line: Integers, cells: Integers) -> Self:
        """Of series whose first `on_line` of `cells` lie on a number line, (series,) each."""
        cells_max = int(np.max(cells, initial=0)) + 1
        distinct, which = np.unique(on_line * cells_max + cells, return_inverse=True)
        kinds = [runs(*divmod(kind, cells_max)) for kind in distinct.tolist()]
        sizes = np.array([len(kind) for kind in kinds], np.int64)
        ends = np.zeros((2, len(kinds), max(sizes, default=0)), np.int64)
        for i, kind in enumerate(kinds):
            ends[:, i, : len(kind)] = kind.T
        begin, end = ends.take(which, axis=1)
        return cls(begin, end, sizes[which])

    def counts(self, counts: Counts) -> Floats:
        """How many values lie in each set, (series, sets), of counts in cells, (series, cells)."""
        within = np.empty(self.begin.shape)
        running = np.zeros((AT_ONCE, counts.shape[1] + 1))
        first = np.arange(AT_ONCE)[:, None] * running.shape[1]
        for i in range(0, len(counts), AT_ONCE):
            rows, some = slice(i, i + AT_ONCE), len(counts[i : i + AT_ONCE])
            np.cumsum(counts[rows], axis=1, out=running[:some, 1:])
            at = first[:some]
            np.subtract(running.take(self.end[rows] + at), running.take(self.begin[rows] + at), out=within[rows])
        return within


@cache
def runs(on_line: int, cells: int) -> NDArray[np.int64]:
    """Begin and end of each set: every cell, then what is below a cut, central ranges, blocks, (sets, 2)."""
    every = [(i, i + 1) for i in range(cells)]
    cuts = [(0, i) for i in range(2, on_line - 1)]
    central = [(i, on_line - i) for i in range(2, on_line // 2)]
    blocks = [(i, i + length) for length in BLOCKS for i in range(length, on_line - length, length)]
    return np.array([*every, *cuts, *central, *blocks], np.int64).reshape(-1, 2)


@cache
def slices(on_line: int, cells: int) -> tuple[tuple[slice, slice], ...]:
    """The same sets as slices of the running sums, (cells + 1, ...): where they begin, and where they end."""
    half = on_line // 2
    found = [
        (cells, slice(cells), slice(1, cells + 1)),
        (on_line - 3, slice(1), slice(2, on_line - 1)),
        (half - 2, slice(2, half), slice(on_line - 2, on_line - half, -1)),
    ]
    found += [(on_line - 2 * n, slice(n, on_line - n, n), slice(2 * n, on_line, n)) for n in BLOCKS]
    return tuple((begin, end) for some, begin, end in found if some > 0)


def trials(occupied: Integers, numeric: NDArray[np.bool_] | np.bool_) -> Floats:
    """As how many separate trials the sets that hold values count; two are one, each being what the other is not."""
    return np.maximum(np.where(numeric, DISTINCT * occupied, np.where(occupied == 2, 1, occupied)), 1.0)


def total(cells: Floats) -> Floats:
    """Sums over the last axis in the order of the cells, so that empty ones behind change no bit."""
    return np.asarray(np.add.accumulate(cells, axis=-1)[..., -1])
