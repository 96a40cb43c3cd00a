"""driftline's own verdict on two files: counts in the reference's grid, one p-value for each feature, and distances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from detectors import codes, grids, parts, verdict
from detectors.codes import Floats, Integers
from detectors.conventions import ALL, Dataset, Judged, Score
from detectors.distances import DISTANCES, USUAL
from detectors.effects import effects
from detectors.grids import SPECIAL, Grid
from detectors.positions import placed
from detectors.verdict import SMALLEST
from detectors.verdict.words import cells_of, explanation
from stream.comparison.pairs import Pairs
from stream.reference.build import cells_in
from stream.reference.categories import Categories, categories
from stream.reference.columns import numbers

FALSE_ALARMS: Final = 0.01  # of comparisons of files that differ by no more than is tolerated, over all features
TOLERATED: Final = 0.05  # as `tolerate` of a model
COMPARED: Final = len(SPECIAL) - 1  # absent values are never part of a comparison
UNKNOWN: Final = f"unknown: fewer than {SMALLEST} values on one side"
VERDICT: Final = "verdict"  # the measure that decides: a p-value, which drifted where it is at most its limit


@dataclass(frozen=True, eq=False)
class Counted:
    """A feature's counts in its grid's cells, (cells,). `edges` are those between a number's cells."""

    names: Sequence[str]
    regular: int  # cells that hold values; there are three more
    expected: Integers
    observed: Integers
    edges: Floats | None
    words: str  # what surely changed
    about: slice | None  # the cells that the words are about, where they are not about all of them


@dataclass(frozen=True, eq=False)
class Own:
    """The verdict, and the counts that it was made of."""

    judged: Judged
    counted: Mapping[str, Counted]


def own(pairs: Pairs, measures: Sequence[str] = (), tolerate: float = TOLERATED) -> Own:
    """Each feature's verdict, and distances that say how large a change is.

    `measures` are the distances that are shown; none of them decides. Rows are taken to be independent draws.
    """
    grid, expected, observed = _counts(pairs)
    names = grid.columns
    width = int(grid.regular.max()) + COMPARED
    before, now = np.zeros((2, len(names), width), np.int64)
    ordered = np.zeros((len(names), width), np.bool_)
    for i, (offset, regular) in enumerate(zip(grid.offsets[:-1].tolist(), grid.regular.tolist(), strict=True)):
        cells = slice(offset, offset + regular + COMPARED)
        before[i, : regular + COMPARED], now[i, : regular + COMPARED] = expected[cells], observed[cells]
        ordered[i, :regular] = i < len(grid.numeric)
    level = FALSE_ALARMS / len(names)
    judged = verdict.judge(before, now, ordered, tolerate)
    wanted = tuple(DISTANCES) if ALL in measures else tuple(name for name in DISTANCES if name in (measures or USUAL))
    sizes = effects(before, now, ordered, placed(grid, width), wanted)
    places = {name: i for i, name in enumerate(names)}
    scores, counted, drifted = {}, {}, []
    for name in pairs.columns:
        i = places[name]
        n, numeric = int(grid.regular[i]), i < len(grid.numeric)
        found = _verdict(float(judged.p[i]), level, unknown=bool(judged.unknown[i]))
        shown = {each: Score(float(size), None, None) for each, size in zip(wanted, sizes[i], strict=True)}
        scores[name] = {VERDICT: found, **{each: one for each, one in shown.items() if not np.isnan(one.value or 0)}}
        drifted += [name] * bool(found.drifted)
        cells, cell_names = slice(0, n + COMPARED), grid.cell_names(name)[:-1]
        edges = codes.least(grid.boundaries[i]) + grid.centers[i] if numeric else None
        contrast, up = int(judged.contrast[i]), bool(judged.up[i])
        on_line, sides = n if numeric else 0, (before[i, cells], now[i, cells])
        words = explanation(*sides, on_line, cell_names, contrast, up=up)
        counted[name] = Counted(cell_names, n, *sides, edges, words, cells_of(contrast, on_line, n + COMPARED))
    return Own(Judged(scores, Dataset(bool(drifted), tuple(drifted))), counted)


def _verdict(p: float, level: float, *, unknown: bool) -> Score:
    return Score(p, level, None if unknown else p <= level, problem=UNKNOWN if unknown else None)


def _counts(pairs: Pairs) -> tuple[Grid, Integers, Integers]:
    """The reference's grid, and the counts of either side in it, (cells,)."""
    numeric = [name for name, pair in pairs.columns.items() if pair.kind == "numeric"]
    others = [name for name in pairs.columns if name not in numeric]
    before, now = (
        (
            {name: numbers(getattr(pairs.columns[name], side)) for name in numeric},
            {name: categories(getattr(pairs.columns[name], side)) for name in others},
        )
        for side in ("reference", "current")
    )
    grid = grids.build(before[0], {name: found.values() for name, found in before[1].items()})
    return grid, _counted(grid, *before, pairs.n_reference), _counted(grid, *now, pairs.n_current)


def _counted(grid: Grid, numeric: Mapping[str, Floats], others: Mapping[str, Categories], n: int) -> Integers:
    values = np.stack(list(numeric.values()), axis=1) if numeric else np.empty((n, 0))
    cells = np.empty((n, len(others)), np.uint16)
    for i, (vocabulary, found) in enumerate(zip(grid.vocabularies, others.values(), strict=True)):
        cells[:, i] = cells_in(vocabulary, found)
    summary = parts.of(grid, values, cells, np.empty((n, 0), np.int64), 1)
    return np.asarray(summary.counts[0])
