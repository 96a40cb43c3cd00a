"""Cells of performance: counts and exact moments of matched pairs, which add up, and from which pairs can be taken.

The law of this file: `of(a ++ b) == of(a) + of(b)` and `of(a ++ b) - of(b) == of(a)`, bit for bit. It holds because
cells contain integers only; floats appear when they are read. So a corrected label is one pair less and one pair more.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors import quanta
from detectors.codes import Floats, Integers
from detectors.parts import MOMENTS, ROWS_MAX

UNIT = -30  # the exponent of values around 1, such as losses: a quantum of 2^-30, clamped at 1,024


@dataclass(frozen=True, eq=False)
class Layout:
    """How many counts a row has, and the quantum 2^exponent of each summed value, (values,)."""

    counts: int
    exponents: Integers

    @property
    def values(self) -> int:
        """How many values of a pair are summed."""
        return len(self.exponents)


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts and moments of pairs, a row per segment value; row 0 is everything.

    Low limbs are in [0, 2^bits), so equal sums are equal arrays.
    """

    layout: Layout
    counts: Integers  # (rows, counts)
    finite: Integers  # (rows, values): how many of each value were finite
    moments: Integers  # (rows, values, 5)

    def __add__(self, other: Self) -> "Cells":
        return Cells(
            self.layout,
            self.counts + other.counts,
            self.finite + other.finite,
            quanta.carried(self.moments + other.moments),
        )

    def __sub__(self, other: Self) -> "Cells":
        return Cells(
            self.layout,
            self.counts - other.counts,
            self.finite - other.finite,
            quanta.carried(self.moments - other.moments),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cells):
            return NotImplemented
        mine, others = ((one.counts, one.finite, one.moments) for one in (self, other))
        return all(np.array_equal(a, b) for a, b in zip(mine, others, strict=True))

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.counts.nbytes + self.finite.nbytes + self.moments.nbytes

    def pack(self) -> bytes:
        """The cells as bytes, compressed: most counts are 0."""
        return zlib.compress(
            b"".join(part.astype("<i8").tobytes() for part in (self.counts, self.finite, self.moments))
        )

    @classmethod
    def unpack(cls, layout: Layout, rows: int, packed: bytes) -> Self:
        """The cells that `pack` made bytes of."""
        whole = empty(layout, rows)
        shapes = [part.shape for part in (whole.counts, whole.finite, whole.moments)]
        flat = np.frombuffer(zlib.decompress(packed), "<i8").astype(np.int64)
        parts = np.split(flat, np.cumsum([np.prod(shape) for shape in shapes])[:-1])
        return cls(layout, *(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))

    @classmethod
    def stacked(cls, several: Sequence["Cells"]) -> Self:
        """The rows of all, one after the other; they share a layout, and there is at least one."""
        parts = ([getattr(one, name) for one in several] for name in ("counts", "finite", "moments"))
        return cls(several[0].layout, *map(np.concatenate, parts))

    def take(self, rows: NDArray[np.int64] | list[int]) -> "Cells":
        """Only these rows, in this order."""
        return Cells(self.layout, self.counts[rows], self.finite[rows], self.moments[rows])

    def between(self, first: int, last: int) -> "Cells":
        """The rows from `first` on, without `last`: a view of all, which lasts as long."""
        return Cells(self.layout, self.counts[first:last], self.finite[first:last], self.moments[first:last])

    def copied(self) -> "Cells":
        """The same rows, which nobody holds more than."""
        return Cells(self.layout, self.counts.copy(), self.finite.copy(), self.moments.copy())

    def read(self) -> quanta.Reading:
        """Means, deviations (divided by n) and clamped shares, (rows, values); nan where there are no values."""
        return quanta.read(self.moments, self.finite, self.layout.exponents)


def empty(layout: Layout, rows: int) -> Cells:
    """The cells of no pairs."""
    counts = np.zeros((rows, layout.counts), np.int64)
    return Cells(
        layout,
        counts,
        np.zeros((rows, layout.values), np.int64),
        np.zeros((rows, layout.values, MOMENTS), np.int64),
    )


def of(layout: Layout, counted: Integers, values: Floats, rows: NDArray[np.integer], n_rows: int) -> Cells:
    """The cells of pairs: `counted` (n, raised), the counts that each raises by one, -1: none; `values` (n, values).

    Values that are not finite are not summed. `rows` (n, fields) has a row number in [1, n_rows) per segment field:
    every pair has one in each, and no two fields share one. Without fields only row 0 is filled.
    """
    assert values.shape == (len(counted), layout.values), values.shape
    assert len(rows) == len(counted), rows.shape
    fields = np.ascontiguousarray(rows.T, np.int64)
    moments = np.zeros((n_rows, layout.values, MOMENTS), np.int64)
    for i in range(0, len(counted), ROWS_MAX):
        block, mine = slice(i, i + ROWS_MAX), fields[:, i : i + ROWS_MAX]
        # Pairs of one window are neighbours: those of a block have few of the rows.
        first, last = (int(mine.min()), int(mine.max()) + 1) if mine.size else (1, 1)
        every = np.ascontiguousarray(values[block]), layout.exponents, mine - (first - 1), last - first + 1
        made = quanta.limbs(quanta.sums(*every))
        for part, sums in ((slice(1), made[:1]), (slice(first, last), made[1:])):
            moments[part] = quanta.carried(moments[part] + sums)
    finite = _per_row(np.isfinite(values), fields, n_rows)
    return Cells(layout, _counted(counted, fields, n_rows, layout.counts), finite, moments)


def _counted(counted: Integers, fields: Integers, n_rows: int, width: int) -> Integers:
    """How often each count is raised in each row, (rows, width)."""
    assert counted.max(initial=-1) < width, "a count beyond the last"
    raised = counted >= 0
    keys = [counted[raised]]
    keys += [(row[:, None] * width + counted)[raised] for row in fields]
    counts = np.bincount(np.concatenate(keys), minlength=n_rows * width)
    assert len(counts) == n_rows * width, f"a row beyond {n_rows}"
    return counts.reshape(n_rows, width)


def _per_row(finite: NDArray[np.bool_], fields: Integers, n_rows: int) -> Integers:
    """How many finite values each row has, (rows, values)."""
    found = np.zeros((n_rows, finite.shape[1]), np.int64)
    found[0] = finite.sum(axis=0)
    for row in fields:
        for i, column in enumerate(finite.T):
            found[:, i] += np.bincount(row[column], minlength=n_rows)
    return found
