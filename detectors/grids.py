"""The coordinates a model's columns are counted in: cells on the reference's quantiles, and cells for what is no value.

A Grid is not a reference: it is fixed for a model version, and all summaries counted in it can be compared.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Self
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from detectors import codes
from detectors.codes import ABSENT, MISSING, NOT_FINITE, WRONG_TYPE, Floats, Integers

__all__ = ["ABSENT", "MISSING", "NOT_FINITE", "SPECIAL", "WRONG_TYPE", "Grid", "build"]

SPECIAL = ("odd", "missing", "wrong type", "absent")  # every column's last four cells, in this order
ODD_CELL, MISSING_CELL, WRONG_TYPE_CELL, ABSENT_CELL = range(4)  # counted from the column's regular cells on
CELLS_MAX = 120  # twice as many cells, the open ends and the special ones must fit a byte
QUANTA = 30  # bits of a quantum below the scale: a mean over n events is as fine as 1e-9 of a deviation
RANGE = 1000  # the reference reaches at most this many scales from the centre; sums are clamped beyond 1,024
QUANTUM_LEAST = -1022  # the least exponent of a normal number, so that its inverse is finite
# 64 KB per column: fifty models with one reference would hold 70 MB of the same, and push it out of the processor's
# caches. Weak, so that a table goes with the last grid that reads it.
_LUTS: WeakValueDictionary[tuple[bytes, ...], NDArray[np.uint8]] = WeakValueDictionary()


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of a model's columns, numeric ones first.

    Each column has `regular` cells and then four SPECIAL ones: odd (not finite, or an unseen category), missing, wrong
    type, and absent: not applicable to this kind of event, and never part of a comparison. A numeric column's first and
    last regular cells lie outside the reference's range. The cells of a series are laid side by side: column c has
    those in [offsets[c], offsets[c + 1]).
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    centers: Floats  # (F,): the reference's median
    exponents: Integers  # (F,): log2 of the quantum of fixed-point sums
    boundaries: tuple[Integers, ...]  # F ascending ordered codes, where the second and later cells begin
    vocabularies: tuple[tuple[str, ...], ...]  # G lists of categories

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns, numeric ones first."""
        return self.numeric + self.categorical

    @cached_property
    def regular(self) -> Integers:
        """How many cells of each column hold values, (columns,)."""
        numeric = [len(boundaries) + 1 for boundaries in self.boundaries]
        return np.array(numeric + [len(vocabulary) for vocabulary in self.vocabularies], np.int64)

    @cached_property
    def widths(self) -> Integers:
        """How many cells each column has, (columns,)."""
        return self.regular + len(SPECIAL)

    @cached_property
    def offsets(self) -> Integers:
        """Where each column's cells begin; the last one is the number of all cells, (columns + 1,)."""
        return np.concatenate(([0], np.cumsum(self.widths)))

    @cached_property
    def lut(self) -> NDArray[np.uint8]:
        """Cells of numeric columns by the signed upper 16 bits of (value - center), plus 32,768, (F, 65536).

        Read-only, and one array for all grids with the same boundaries.
        """
        key = tuple(boundaries.tobytes() for boundaries in self.boundaries)
        found = _LUTS.get(key)
        if found is None:
            tables = [_table(boundaries) for boundaries in self.boundaries]
            found = _LUTS[key] = np.array(tables, np.uint8).reshape(len(tables), codes.CODES)
            found.flags.writeable = False
        return found

    def cell_names(self, column: str) -> list[str]:
        """What each cell of a column holds, for people."""
        if column in self.numeric:
            index = self.numeric.index(column)
            regular = _intervals(codes.least(self.boundaries[index]) + self.centers[index])
            return [*regular, "not finite", *SPECIAL[1:]]
        vocabulary = self.vocabularies[self.categorical.index(column)]
        return [*(f"category {category}" for category in vocabulary), "unseen category", *SPECIAL[1:]]

    def document(self) -> dict[str, Any]:
        """The grid as JSON-able data, exact: floats are in hexadecimal."""
        return {
            "numeric": list(self.numeric),
            "categorical": list(self.categorical),
            "centers": [float(center).hex() for center in self.centers],
            "exponents": self.exponents.tolist(),
            "boundaries": [boundaries.tolist() for boundaries in self.boundaries],
            "vocabularies": [list(vocabulary) for vocabulary in self.vocabularies],
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Self:
        """The grid that `document` described."""
        return cls(
            tuple(document["numeric"]),
            tuple(document["categorical"]),
            np.array([float.fromhex(center) for center in document["centers"]], np.float64),
            np.array(document["exponents"], np.int64),
            tuple(np.array(boundaries, np.int64) for boundaries in document["boundaries"]),
            tuple(tuple(vocabulary) for vocabulary in document["vocabularies"]),
        )


def build(
    numeric: Mapping[str, Floats],
    categorical: Mapping[str, Iterable[object]],
    cells: int = 32,
    vocabulary: int = 100,
) -> Grid:
    """A grid on the reference's values: about `cells` quantile cells, and the `vocabulary` most frequent categories.

    Values that are not finite, and categories that are not text, do not shape the grid. The same values give the same
    grid, whatever their order.
    """
    assert 0 < cells <= CELLS_MAX, cells
    finite = [np.sort(values[np.isfinite(values)]) for values in numeric.values()]
    centers = np.array([_center(values) for values in finite], np.float64)
    distances = [values - center for values, center in zip(finite, centers, strict=True)]
    return Grid(
        tuple(numeric),
        tuple(categorical),
        centers,
        np.array([_exponent(d, c) for d, c in zip(distances, centers, strict=True)], np.int64),
        tuple(_boundaries(d, cells) for d in distances),
        tuple(_vocabulary(values, vocabulary) for values in categorical.values()),
    )


def _center(values: Floats) -> float:
    """The lower median of sorted values, so that an atom there keeps its own cell; 0 where there are no values."""
    if not len(values):
        return 0.0
    return float(np.clip(values[(len(values) - 1) // 2], -codes.LARGEST, codes.LARGEST)) + 0.0  # -0.0 becomes 0.0


def _exponent(distances: Floats, center: float) -> int:
    """Log2 of the quantum: 2^-30 of a power of two that is at least the deviation and a thousandth of the range."""
    largest = float(np.abs(distances).max(initial=0.0))
    # Divided first: squares would overflow. What a constant feature may change by is anyone's guess.
    spread = max(largest * float(np.std(distances / largest)), largest / RANGE) if largest else abs(center)
    mantissa, exponent = np.frexp(spread or 1.0)
    return max(int(exponent) - int(mantissa == 0.5) - QUANTA, QUANTUM_LEAST)


def _boundaries(distances: Floats, cells: int) -> Integers:
    """Ordered codes where cells begin: around the range and each heavy code, and on quantiles of what lies between."""
    if not len(distances):
        return np.empty(0, np.int64)
    ordered = codes.ordered(distances)
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))  # a row per code that occurs
    counts = np.diff(starts, append=len(ordered))
    share = len(ordered) / cells
    heavy = np.flatnonzero(counts > share)
    edges = np.unique(np.concatenate(([0], heavy, heavy + 1, [len(starts)])))
    firsts = np.append(starts, len(ordered))
    cuts: set[int] = set(firsts[edges[1:-1]].tolist())
    for first, last in pairwise(firsts[edges].tolist()):
        n = round((last - first) / share)
        if n > 1 and ordered[first] != ordered[last - 1]:
            wanted = first + np.arange(1, n) * (last - first) // n
            cuts |= set(starts[np.searchsorted(starts, wanted, side="right") - 1].tolist()) - {first}
    between = [_between(distances[i - 1 : i + 1], ordered[i - 1 : i + 1]) for i in sorted(cuts)]
    return np.array([ordered[0], *between, ordered[-1] + 1], np.int64)


def _between(values: Floats, ordered: Integers) -> int:
    """The code that begins nearest to the middle of two neighbours: integers are cut at halves."""
    middle = values[:1] / 2 + values[1:] / 2  # halved first: the sum could overflow
    code = int(codes.ordered(middle)[0])
    candidates = np.clip(np.array([code, code + 1]), ordered[0] + 1, ordered[1])
    return int(candidates[np.abs(codes.least(candidates) - middle).argmin()])


def _vocabulary(values: Iterable[object], limit: int) -> tuple[str, ...]:
    """The most frequent texts first; among equals, in the order of their code points."""
    counts = Counter(value for value in values if isinstance(value, str))
    return tuple(sorted(counts, key=lambda text: (-counts[text], text))[:limit])


def _table(boundaries: Integers) -> NDArray[np.uint8]:
    """The cell of each of the 65,536 codes, (65536,)."""
    edges = np.concatenate(([1 - codes.MAGNITUDES], boundaries, [codes.MAGNITUDES]))
    cells = codes.by_place(np.repeat(np.arange(len(edges) - 1, dtype=np.uint8), np.diff(edges)))
    regular = len(boundaries) + 1
    for sign in (0, codes.MAGNITUDES):  # negative numbers have the lower places
        cells[sign + codes.INFINITY] = regular + ODD_CELL
        cells[sign + codes.INFINITY + 1 : sign + codes.MAGNITUDES] = regular + MISSING_CELL
        for cell, magnitude in zip((ODD_CELL, WRONG_TYPE_CELL, ABSENT_CELL), codes.NAN_MAGNITUDES, strict=True):
            cells[sign + magnitude] = regular + cell
    return cells


def _intervals(edges: Floats) -> list[str]:
    """Names of the cells that edges cut the number line into."""
    names = [f"{edge:.6g}" for edge in edges]
    if not names:
        return ["any number"]
    inner = [low if low == high else f"{low} to {high}" for low, high in pairwise(names)]
    return [f"below {names[0]}", *inner, f"{names[-1]} and above"]
