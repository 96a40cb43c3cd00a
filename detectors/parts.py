"""Summaries: counts and exact moments of many events, which add up to the same integers however the events were cut.

The law of this file: `of(a ++ b) == of(a) + of(b)`, bit for bit. It holds because a summary contains integers only;
floats appear when one is read.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from detectors.codes import CODES, MAGNITUDES, Floats, Integers
from detectors.grids import ABSENT_CELL, Grid

ROWS_MAX = 2_048  # rows at a time: temporaries stay in the second-level cache, and sums of limb products below 2^53
QUANTA_MAX = 2.0**40  # values further from the centre are clamped: 1,024 scales
LIMB = 2.0**20  # q = a LIMB + b; a a, a b and b b are at most 2^40, and 2^12 of them are still exact in a double
SUM_BITS = 32  # sum of q = high 2^32 + low: both limbs are exact doubles for up to 2^40 events
SQUARE_BITS = 60  # sum of q q = high 2^60 + low: below 2^120 for as many
MOMENTS = 5  # sum of q: high, low; sum of q q: high, low; how many were clamped


class Packed(NamedTuple):
    """A summary as little-endian bytes: counts as unsigned integers of `width` bytes, moments as int64."""

    counts: bytes
    width: int
    moments: bytes


@dataclass(frozen=True, eq=False)
class Summary:
    """Counts per cell and fixed-point moments per numeric feature, a row per segment value; row 0 is everything.

    Low limbs are in [0, 2^bits), so equal sums are equal arrays.
    """

    grid: Grid
    counts: Integers  # (rows, cells)
    moments: Integers  # (rows, F, 5)

    def __add__(self, other: Self) -> "Summary":
        return Summary(self.grid, self.counts + other.counts, _carried(self.moments + other.moments))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Summary):
            return NotImplemented
        return np.array_equal(self.counts, other.counts) and np.array_equal(self.moments, other.moments)

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.counts.nbytes + self.moments.nbytes

    def take(self, rows: NDArray[np.int64] | list[int]) -> "Summary":
        """Only these rows, in this order."""
        return Summary(self.grid, self.counts[rows], self.moments[rows])

    def events(self) -> Integers:
        """How many events each row has; 0 for a grid without columns, (rows,)."""
        first = self.grid.offsets[:2][-1]  # every event has a cell in the first column
        events: Integers = self.counts[:, :first].sum(axis=1)
        return events

    def values(self) -> Integers:
        """How many finite values each numeric feature has, (rows, F)."""
        return self._cells(np.zeros_like(self.grid.widths), self.grid.regular)[:, : len(self.grid.numeric)]

    def comparable(self) -> Integers:
        """How many events carry each column: all but those of kinds that do not have it, (rows, columns)."""
        return self._cells(np.zeros_like(self.grid.widths), self.grid.regular + ABSENT_CELL)

    def mean(self) -> Floats:
        """Means of the finite values, in the feature's unit; nan where there are none, (rows, F)."""
        sums, n = self._exact_sums(), self.values()
        means = np.ldexp((sums / np.maximum(n, 1)).astype(np.float64), self.grid.exponents)
        return np.where(n > 0, self.grid.centers + means, np.nan)

    def deviation(self) -> Floats:
        """Standard deviations (divided by n) of the finite values; nan where there are none, (rows, F)."""
        n = np.maximum(self.values(), 1).astype(object)  # exact: a feature stuck far from the centre has deviation 0
        squares = _whole(self.moments[..., 2], self.moments[..., 3], SQUARE_BITS)
        variances = ((n * squares - self._exact_sums() ** 2) / n**2).astype(np.float64)
        return np.where(self.values() > 0, np.ldexp(np.sqrt(variances), self.grid.exponents), np.nan)

    def clamped(self) -> Floats:
        """Shares of the finite values that were too large for the sums; nan where there are none, (rows, F)."""
        n = self.values()
        return np.where(n > 0, self.moments[..., 4] / np.maximum(n, 1), np.nan)

    def to_bytes(self) -> Packed:
        """The summary as bytes, counts in the smallest of 1, 2, 4 and 8 bytes that holds the largest."""
        largest = int(self.counts.max(initial=0))
        width = next(width for width in (1, 2, 4, 8) if largest < 1 << 8 * width)
        return Packed(self.counts.astype(f"<u{width}").tobytes(), width, self.moments.astype("<i8").tobytes())

    def _cells(self, first: Integers, last: Integers) -> Integers:
        """Counts summed over the cells [first, last) of each column, (rows, columns)."""
        running = np.concatenate((np.zeros((len(self.counts), 1), np.int64), np.cumsum(self.counts, axis=1)), axis=1)
        starts = self.grid.offsets[:-1]
        return running[:, starts + last] - running[:, starts + first]

    def _exact_sums(self) -> NDArray[np.object_]:
        """Sums of q as Python integers, (rows, F)."""
        return _whole(self.moments[..., 0], self.moments[..., 1], SUM_BITS)


def empty(grid: Grid, rows: int) -> Summary:
    """The summary of no events."""
    return Summary(
        grid, np.zeros((rows, grid.offsets[-1]), np.int64), np.zeros((rows, len(grid.numeric), MOMENTS), np.int64)
    )


def from_bytes(grid: Grid, packed: Packed) -> Summary:
    """The summary that `to_bytes` packed. The number of rows follows from the grid, which must have columns."""
    counts = np.frombuffer(packed.counts, f"<u{packed.width}").astype(np.int64).reshape(-1, grid.offsets[-1])
    moments = np.frombuffer(packed.moments, "<i8").astype(np.int64).reshape(len(counts), len(grid.numeric), MOMENTS)
    return Summary(grid, counts, moments)


def of(grid: Grid, values: Floats, cells: NDArray[np.uint16], rows: NDArray[np.integer], n_rows: int) -> Summary:
    """The summary of events: `values` (n, F), `cells` of the categorical columns (n, G), and their segments (n, S).

    `rows` has a row number in [1, n_rows) per segment field, or no columns, and then only row 0 is filled.
    """
    assert values.shape == (len(cells), len(grid.numeric)), values.shape
    assert cells.shape == (len(rows), len(grid.categorical)), cells.shape
    assert (cells < grid.widths[len(grid.numeric) :]).all(), "a cell outside its column"
    assert not rows.size or 0 < rows.min() <= rows.max() < n_rows, (rows.min(), rows.max(), n_rows)
    total = empty(grid, n_rows)
    for i in range(0, len(values), ROWS_MAX):
        block = slice(i, i + ROWS_MAX)
        added = _block(grid, values[block], cells[block], rows[block].astype(np.int64), n_rows)
        total = total + added if i else added
    return total


def _block(grid: Grid, values: Floats, cells: NDArray[np.uint16], rows: Integers, n_rows: int) -> Summary:
    """The summary of at most ROWS_MAX events."""
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        distances = np.subtract(values, grid.centers, order="C")  # the bits of a NaN stay, and so does infinity
    flat = np.empty((len(values), len(grid.columns)), np.int64)
    numeric = len(grid.numeric)
    np.add(grid.lut.ravel().take(_places(distances)), grid.offsets[:numeric], out=flat[:, :numeric])
    np.add(cells, grid.offsets[numeric:-1], out=flat[:, numeric:])
    return Summary(grid, _counts(flat, rows, n_rows, int(grid.offsets[-1])), _moments(grid, distances, rows, n_rows))


def _places(distances: Floats) -> Integers:
    """Where each value's cell stands in the grid's tables, laid end to end, (n, F)."""
    places = distances.view(np.int64) >> 48
    places += np.arange(distances.shape[1]) * CODES + MAGNITUDES
    return places


def _counts(cells: Integers, rows: Integers, n_rows: int, width: int) -> Integers:
    """How often each cell occurs in each row, (rows, width)."""
    counts = np.zeros((n_rows, width), np.int64)
    if not rows.shape[1]:
        counts[0] = np.bincount(cells.ravel(), minlength=width)
    for i, field in enumerate(rows.T):
        first, last = int(field.min()), int(field.max()) + 1
        keys = cells + ((field - first) * width)[:, None]
        added = np.bincount(keys.ravel(), minlength=(last - first) * width).reshape(-1, width)
        counts[first:last] += added
        if i == 0:  # every event has one row of each field, so the rows of one field add up to all events
            counts[0] = added.sum(axis=0)
    return counts


def _moments(grid: Grid, distances: Floats, rows: Integers, n_rows: int) -> Integers:
    """Fixed-point sums of each row, (rows, F, 5)."""
    q, clamped = _quanta(distances, grid.exponents)
    a = np.rint(q * (1 / LIMB))
    b = q - a * LIMB
    # Exact in doubles in whatever order they are added: every sum is an integer below 2^53.
    if rows.shape[1]:
        sums = _members(rows, n_rows) @ np.concatenate((q, a * a, a * b, b * b), axis=1)
    else:
        sums = np.concatenate((q.sum(axis=0), *(np.einsum("nf,nf->f", x, y) for x, y in ((a, a), (a, b), (b, b)))))[
            None
        ]
    first, aa, ab, bb = np.split(sums.astype(np.int64), 4, axis=1)
    # q q = a a 2^40 + a b 2^21 + b b, and 2^60 is 2^40 2^20 and 2^21 2^39.
    high = (aa >> 20) + (ab >> 39)
    low = ((aa & _mask(20)) << 40) + ((ab & _mask(39)) << 21) + bb
    moments = np.zeros((n_rows, q.shape[1], MOMENTS), np.int64)
    for limb, values in zip((1, 2, 3), (first, high, low), strict=True):
        moments[: len(sums), :, limb] = values
    events, features = np.divmod(clamped, max(q.shape[1], 1))
    for row in (np.zeros_like(events), *rows[events].T):
        places = row * q.shape[1] + features
        moments[..., 4] += np.bincount(places, minlength=moments[..., 4].size).reshape(n_rows, -1)
    return _carried(moments)


def _quanta(distances: Floats, exponents: Integers) -> tuple[Floats, Integers]:
    """Distances in whole quanta, 0 where there is no finite value, and the flat places of those clamped."""
    with np.errstate(over="ignore"):  # too many quanta for a double are clamped like any other
        q = distances * np.ldexp(1.0, -exponents)
    np.rint(q, out=q)
    odd = np.flatnonzero(~(np.abs(q) <= QUANTA_MAX))  # one test for all that needs care
    if not len(odd):
        return q, odd
    finite = np.isfinite(distances.ravel()[odd])
    flat = q.ravel()  # a view: q is contiguous
    flat[odd] = np.where(finite, np.copysign(QUANTA_MAX, flat[odd]), 0.0)
    return q, odd[finite]


def _members(rows: Integers, n_rows: int) -> Floats:
    """1 where an event belongs to a row; all belong to row 0, (rows, n)."""
    members = np.zeros((n_rows, len(rows)))
    members[0] = 1.0
    for field in rows.T:
        members[field, np.arange(len(rows))] = 1.0
    return members


def _carried(moments: Integers) -> Integers:
    """The same sums with low limbs in range."""
    carried = moments.copy()
    for high, bits in ((0, SUM_BITS), (2, SQUARE_BITS)):
        carried[..., high] += moments[..., high + 1] >> bits
        carried[..., high + 1] &= _mask(bits)
    return carried


def _mask(bits: int) -> int:
    """The lowest bits set."""
    return (1 << bits) - 1


def _whole(high: Integers, low: Integers, bits: int) -> NDArray[np.object_]:
    """Two limbs as Python integers, which never overflow."""
    whole: NDArray[np.object_] = high.astype(np.object_)
    return whole * (1 << bits) + low
