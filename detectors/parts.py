"""Summaries: counts and exact moments of many events, which add up to the same integers however the events were cut.

The law of this file: `of(a ++ b) == of(a) + of(b)`, bit for bit. It holds because a summary contains integers only;
floats appear when one is read.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors import coupling, quanta
from detectors.codes import CODES, MAGNITUDES, Floats, Integers
from detectors.coupling import Cuts
from detectors.grids import ABSENT_CELL, Grid
from detectors.service import NOTHING, Service

ROWS_MAX = 2_048  # rows at a time: temporaries stay in the second-level cache, and sums of limb products below 2^53
ROWS_SUMMED = 2_097_152  # rows at a time whose limb products, at most 2^40, have sums below 2^61
NO_CELLS = np.zeros(0, np.bool_)
NO_PAIRS: Integers = np.zeros(0, np.int64)
MOMENTS = 5  # sum of q: high, low; sum of q q: high, low; how many were clamped


@dataclass(frozen=True, eq=False)
class Summary:
    """Counts per cell and fixed-point moments per numeric feature, a row per segment value; row 0 is everything.

    Low limbs are in [0, 2^bits), so equal sums are equal arrays. How the service answered is known of all events alone.
    """

    grid: Grid
    counts: Integers  # (rows, cells)
    moments: Integers  # (rows, F, 5)
    service: Service = field(default_factory=lambda: NOTHING)
    pairs: Integers = field(default_factory=lambda: NO_PAIRS)  # of all events: see `detectors.coupling`

    def __add__(self, other: Self) -> "Summary":
        moments = quanta.carried(self.moments + other.moments)
        pairs = (
            self.pairs + other.pairs if len(self.pairs) == len(other.pairs) else max(self.pairs, other.pairs, key=len)
        )
        return Summary(self.grid, self.counts + other.counts, moments, self.service + other.service, pairs)

    def __sub__(self, other: Self) -> "Summary":
        """Without what `other` has counted, all of which is in this one."""
        moments = quanta.carried(self.moments - other.moments)
        return Summary(
            self.grid, self.counts - other.counts, moments, self.service - other.service, self.pairs - other.pairs
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Summary):
            return NotImplemented
        counted = np.array_equal(self.counts, other.counts) and np.array_equal(self.moments, other.moments)
        return counted and self.service == other.service and np.array_equal(self.pairs, other.pairs)

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.counts.nbytes + self.moments.nbytes + self.service.nbytes + self.pairs.nbytes

    def take(self, rows: NDArray[np.int64] | list[int]) -> "Summary":
        """Only these rows, in this order."""
        return Summary(self.grid, self.counts[rows], self.moments[rows], self.service, self.pairs)

    def served(self, service: Service) -> "Summary":
        """With how the service answered these events."""
        return replace(self, service=service)

    def events(self) -> Integers:
        """How many events each row has; 0 for a grid without columns, (rows,)."""
        return self._events

    @cached_property
    def _events(self) -> Integers:
        first = self.grid.offsets[:2][-1]  # every event has a cell in the first column
        events: Integers = self.counts[:, :first].sum(axis=1)
        events.setflags(write=False)  # asked for by everybody who looks at a window
        return events

    def values(self) -> Integers:
        """How many finite values each numeric feature has, (rows, F)."""
        return self._cells(np.zeros_like(self.grid.widths), self.grid.regular)[:, : len(self.grid.numeric)]

    def comparable(self) -> Integers:
        """How many events carry each column: all but those of kinds that do not have it, (rows, columns)."""
        return self._cells(np.zeros_like(self.grid.widths), self.grid.regular + ABSENT_CELL)

    def read(self) -> quanta.Reading:
        """Means, deviations and shares of clamped values; nan where there are no finite values."""
        read = quanta.read(self.moments, self.values(), self.grid.exponents)
        with np.errstate(over="ignore"):  # the mean of the largest doubles may round up to infinity
            return read._replace(mean=self.grid.centers + read.mean)

    def mean(self) -> Floats:
        """Means of the finite values, in the feature's unit; nan where there are none, (rows, F)."""
        return self.read().mean

    def deviation(self) -> Floats:
        """Standard deviations (divided by n) of the finite values; nan where there are none, (rows, F)."""
        return self.read().deviation

    def clamped(self) -> Floats:
        """Shares of the finite values that were too large for the sums; nan where there are none, (rows, F)."""
        return self.read().clamped

    def _cells(self, first: Integers, last: Integers) -> Integers:
        """Counts summed over the cells [first, last) of each column, (rows, columns)."""
        running = np.concatenate((np.zeros((len(self.counts), 1), np.int64), np.cumsum(self.counts, axis=1)), axis=1)
        starts = self.grid.offsets[:-1]
        return running[:, starts + last] - running[:, starts + first]


def empty(grid: Grid, rows: int) -> Summary:
    """The summary of no events."""
    return Summary(
        grid, np.zeros((rows, grid.offsets[-1]), np.int64), np.zeros((rows, len(grid.numeric), MOMENTS), np.int64)
    )


def of(  # noqa: PLR0913, PLR0917 - events, column by column
    grid: Grid,
    values: Floats,
    cells: NDArray[np.uint16],
    rows: NDArray[np.integer],
    n_rows: int,
    cuts: Cuts | None = None,
) -> Summary:
    """The summary of events: `values` (n, F), `cells` of the categorical columns (n, G), and their segments (n, S).

    `rows` has a row number in [1, n_rows) per segment field: every event has one in each, and no two fields share one.
    Without fields only row 0 is filled. With `cuts` it is summed which features go together.
    """
    assert values.shape == (len(cells), len(grid.numeric)), values.shape
    assert cells.shape == (len(rows), len(grid.categorical)), cells.shape
    if len(values) > ROWS_SUMMED:
        head, tail = slice(ROWS_SUMMED), slice(ROWS_SUMMED, None)
        first = of(grid, values[head], cells[head], rows[head], n_rows, cuts)
        return first + of(grid, values[tail], cells[tail], rows[tail], n_rows, cuts)
    counts = np.zeros((n_rows, grid.offsets[-1]), np.int64)
    sums = np.zeros((5, n_rows, len(grid.numeric)), np.int64)
    fields = np.ascontiguousarray(rows.T, np.int64)
    above, pairs = (NO_CELLS, NO_PAIRS) if cuts is None else (cuts.above(grid), np.zeros(len(cuts.pairs[0]), np.int64))
    for i in range(0, len(values), ROWS_MAX):
        block = slice(i, i + ROWS_MAX)
        with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
            distances = np.subtract(values[block], grid.centers, order="C")  # infinity and the bits of a NaN stay
        places = _cells(grid, distances, cells[block])
        if cuts is not None:
            pairs += coupling.products(above.take(places[cuts.columns]))
        added = _counted(places, fields[:, block], grid, n_rows)
        counts = counts + added if i else added
        sums += quanta.sums(distances, grid.exponents, fields[:, block], n_rows)
    return Summary(grid, counts, quanta.limbs(sums), pairs=pairs)


def placed(grid: Grid, values: Floats, cells: NDArray[np.uint16]) -> Integers:
    """The cell of each column and event, counted from the column's first, (columns, n); arguments are those of `of`."""
    with np.errstate(invalid="ignore"):
        distances = np.subtract(values, grid.centers, order="C")
    return _cells(grid, distances, cells) - grid.offsets[:-1, None]


def _cells(grid: Grid, distances: Floats, cells: NDArray[np.uint16]) -> Integers:
    """The cell of each column and event in a series' cells laid side by side, (columns, n).

    A row per column: what is added to a row costs half of what it costs per event, (n, columns) (measured).
    """
    numeric, starts = len(grid.numeric), grid.offsets[:-1, None]
    flat = np.empty((len(starts), len(cells)), np.int64)
    np.add(grid.lut.ravel().take(_places(distances)).T, starts[:numeric], out=flat[:numeric])
    np.add(cells.T, starts[numeric:], out=flat[numeric:])
    return flat


def _places(distances: Floats) -> Integers:
    """Where each value's cell stands in the grid's tables, laid end to end, (n, F)."""
    places = distances.view(np.int64) >> 48
    places += np.arange(distances.shape[1]) * CODES + MAGNITUDES
    return places


def _counted(cells: Integers, fields: Integers, grid: Grid, n_rows: int) -> Integers:
    """How often each cell occurs in each row, (rows, width). What went astray shows in the counts, which are few."""
    width = int(grid.offsets[-1])
    keys = (fields * width)[:, None] + cells if len(fields) else cells
    counts = np.bincount(keys.ravel(), minlength=n_rows * width)
    assert len(counts) == n_rows * width, f"a row beyond {n_rows}"
    counts = counts.reshape(n_rows, width)
    if len(fields):
        assert not counts[0].any(), "an event in row 0, which is for all"
        # Every event has one row of each field, so the rows of one field add up to all events.
        counts[0] = counts[fields[0].min() : fields[0].max() + 1].sum(axis=0)
    columns = np.add.reduceat(counts[0], grid.offsets[:-1]) if width else counts[0]
    assert (columns == cells.shape[1]).all(), "a cell outside its column"
    return counts
