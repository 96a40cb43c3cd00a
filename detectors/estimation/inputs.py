"""Which inputs tell how large errors are, and what a window's summary says of them: terms, which are means over events.

An event's cell of a column lies at a place on a line, and belongs to the two whole numbers next to it, to each by how
near it is: so 32 cells of a number are seven terms and what lies between them is a straight line. Numbers have the
square of themselves too, for what cells with open ends cannot tell.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import scipy
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri

from detectors.codes import Floats, Integers, least
from detectors.grids import SPECIAL, Grid
from detectors.parts import Summary
from detectors.quanta import Reading

COLUMNS_MAX = 5  # with all their terms, covariances of 13 kB
CHANCE = 0.05  # of a column that tells nothing: it does less harm than one that tells and is left out
PLACES = 7  # of numbers, or of frequent categories
REACH = 2.0  # deviations either way on which those of numbers lie, by their ranks in the reference
TAME = 8.0  # deviations: of columns with rarer values, one of them would own the mean
LARGEST = 2.0**128  # deviations
FAR = 4.0  # deviations: values further beyond the reference's count as that far


class Rows(NamedTuple):
    """Events of a reference, in columns of its grid."""

    columns: tuple[int, ...]  # which
    numeric: tuple[bool, ...]
    widths: tuple[int, ...]  # cells of each, special ones included
    cells: Integers  # (columns, n), counted from each one's own first
    values: Floats  # (columns, n); nan where there is none


class Input(Struct, frozen=True):
    """One column. `scale` is 0 where its values have no terms."""

    column: int
    place: Floats  # (cells,): all but the absent one
    beyond: NDArray[np.bool_]  # (cells,): where the reference had no numbers, and others are taken for its outermost
    center: float
    scale: float

    @classmethod
    def of(cls, rows: Rows, i: int) -> Self:
        """The terms of a column, by where the reference's events are."""
        counts = np.bincount(rows.cells[i], minlength=rows.widths[i])[: rows.widths[i] - 1]
        regular = len(counts) + 1 - len(SPECIAL)
        beyond = np.zeros(len(counts), np.bool_)
        if rows.numeric[i]:
            places = _numeric(counts[:regular])
            within = np.flatnonzero(counts[:regular])
            beyond[: within[0] if len(within) else 0] = True
            beyond[within[-1] + 1 if len(within) else 0 : regular] = True
        else:
            places = _categorical(counts[:regular])
        special = counts[regular:] > 0
        last = int(places.max(initial=-1)) + 1
        unseen = last + int(special.sum())  # a term that nothing is known of
        rest = np.where(special, last + np.cumsum(special) - 1, unseen)
        known = counts[:regular] > 0 if not rows.numeric[i] else np.ones(regular, np.bool_)
        place = np.concatenate((np.where(known, places, unseen), rest))
        return cls(rows.columns[i], place, beyond, *_spread(rows.values[i]))

    @property
    def weights(self) -> Floats:
        """How much an event of each cell belongs to each place, (cells, places)."""
        low = np.floor(self.place).astype(np.int64)
        weights = np.zeros((len(low), int(self.place.max()) + 2))
        at, part = np.arange(len(low)), self.place - low
        weights[at, low], weights[at, low + 1] = 1 - part, part
        return weights[:, :-1]

    def of_rows(self, cells: Integers, values: Floats) -> Floats:
        """The terms of events, (n, terms)."""
        terms = self.weights[np.minimum(cells, len(self.place) - 1)]
        if not self.scale:
            return terms
        standard = np.where(np.isfinite(values), (values - self.center) / self.scale, 0.0)
        return np.column_stack((terms, standard, standard**2))

    def of_summary(self, summary: Summary, read: Reading) -> tuple[Floats, float]:
        """The terms of all events of a summary, (terms,), and the share of events of which nothing is known.

        `read` is what its moments say, within what its cells allow: no single value moves a mean far.
        """
        first = int(summary.grid.offsets[self.column])
        counts = summary.counts[0, first : first + len(self.place)].astype(np.float64)
        n = max(1.0, float(counts.sum()))
        terms = counts @ self.weights / n
        beyond = float(counts[self.beyond].sum()) / n
        if not self.scale:
            return terms, beyond
        share = float(summary.values()[0, self.column]) / n
        if not share:
            return np.append(terms, (0.0, 0.0)), beyond
        mean, deviation = read.mean[0, self.column], read.deviation[0, self.column]
        shift, deviation = self._in_scales(np.array([mean - self.center, deviation]))
        square = shift**2 + deviation**2
        bounds = self._bounds(summary.grid)
        within = counts[: bounds.shape[1]] @ bounds.T / n
        values = np.clip((shift * share, square * share), within[[0, 2]], within[[1, 3]])
        return np.append(terms, values), beyond

    def _in_scales(self, distances: Floats) -> Floats:
        """Distances in deviations, none so many that its square would be infinite."""
        with np.errstate(over="ignore"):
            return np.clip(distances / self.scale, -LARGEST, LARGEST)

    def _bounds(self, grid: Grid) -> Floats:
        """The least and the greatest value of each cell, and those of squares, (4, cells)."""
        edges = self._in_scales(least(grid.boundaries[self.column]) + grid.centers[self.column] - self.center)
        low, high = np.append(edges[0] - FAR, edges), np.append(edges, edges[-1] + FAR)
        squares = np.sort(np.square((low, high)), axis=0)
        return np.stack((low, high, np.where((low < 0) & (high > 0), 0.0, squares[0]), squares[1]))


def chosen(rows: Rows, places: Sequence[Floats], loss: Floats) -> list[int]:
    """The columns that tell most of the ranks of losses, the first in any case, then others beyond chance.

    One by one, each by what those before it leave over (Kruskal and Wallis 1952, Use of ranks in one-criterion variance
    analysis).
    """
    found, left = list[int](), scipy.stats.rankdata(loss) - (len(loss) + 1) / 2
    groups = [
        np.rint(one)[np.minimum(cells, len(one) - 1)].astype(np.int64)
        for one, cells in zip(places, rows.cells, strict=True)
    ]
    while len(found) < min(COLUMNS_MAX, len(rows.columns)):
        best, most = -1, -np.inf
        for i in [0] if not found else sorted({*range(len(rows.columns))} - {*found}):
            counts = np.bincount(groups[i])
            sums = np.bincount(groups[i], left)
            told = (len(loss) - 1) * float((sums**2 / np.maximum(counts, 1)).sum()) / max(float(left @ left), 1e-300)
            free = int((counts > 0).sum()) - 1
            if not found or (free and told - free > most and chdtrc(free, told) < CHANCE):
                best, most = i, told - free
        if best < 0:
            break
        found.append(best)
        means = np.bincount(groups[best], left) / np.maximum(np.bincount(groups[best]), 1)
        left = left - means[groups[best]]
    return found


def _numeric(counts: Integers) -> Floats:
    """Places by normal scores: outer ones are as far apart as numbers mostly are there, which ranks are not."""
    full = counts > 0
    if full.sum() <= PLACES:
        return np.asarray(np.maximum(np.cumsum(full) - 1, 0), np.float64)
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    return np.asarray((np.clip(ndtri(middle), -REACH, REACH) + REACH) / (2 * REACH) * (PLACES - 1))


def _categorical(counts: Integers) -> Floats:
    """A place for each of the most frequent, and one for the others."""
    places = np.empty(len(counts))
    places[np.argsort(-counts, kind="stable")] = np.minimum(np.arange(len(counts)), PLACES - 1)
    return places


def _spread(values: Floats) -> tuple[float, float]:
    """Where values lie and how far apart; 0 apart where they are none, all alike, or too unlike."""
    finite = values[np.isfinite(values)]
    if len(finite) < 2 or not np.isfinite(largest := float(np.abs(finite).max())) or largest > 1e150:
        return 0.0, 0.0
    center, scale = float(finite.mean()), float(finite.std())
    tame = scale > 0 and float(np.abs(finite - center).max()) <= TAME * scale
    return center, scale if tame else 0.0
