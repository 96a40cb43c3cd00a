"""driftline's own verdict on two files: counts in the reference's grid, distances, and limits that know the sizes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from detectors import codes, grids, parts, significance
from detectors.codes import Floats, Integers
from detectors.conventions import ALL, Dataset, Judged, Score
from detectors.distances import DISTANCES
from detectors.grids import SPECIAL, Grid
from stream.comparison.pairs import Pairs
from stream.reference.build import cells_in
from stream.reference.categories import Categories, categories
from stream.reference.columns import numbers

FALSE_ALARMS: Final = 0.01  # of comparisons of files that differ by no more than is tolerated, over all features
TOLERATED: Final = 0.05  # as `tolerate` of a model
COMPARED: Final = len(SPECIAL) - 1  # absent values are never part of a comparison
UNKNOWN: Final = f"unknown: fewer than {significance.SMALLEST} values on one side"


@dataclass(frozen=True, eq=False)
class Counted:
    """A feature's counts in its grid's cells, (cells,). `edges` are those between a number's cells."""

    names: Sequence[str]
    regular: int  # cells that hold values; there are three more
    expected: Integers
    observed: Integers
    edges: Floats | None


@dataclass(frozen=True, eq=False)
class Own:
    """The verdict, and the counts that it was made of."""

    judged: Judged
    counted: Mapping[str, Counted]


def own(pairs: Pairs, measures: Sequence[str] = (), tolerate: float = TOLERATED) -> Own:
    """Each feature's distances, with the verdict that the service would come to at this level.

    `measures` are those that are shown; the verdict is by all of them.
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
    judgement = significance.judge(before, now, ordered, FALSE_ALARMS / len(names), tolerate)
    wanted = [name for name in DISTANCES if not measures or ALL in measures or name in measures]
    places = {name: i for i, name in enumerate(names)}
    scores = {name: _scores(judgement, places[name], wanted) for name in pairs.columns}
    counted = {}
    for name, i in places.items():
        n = int(grid.regular[i])
        cells = slice(0, n + COMPARED)
        edges = codes.least(grid.boundaries[i]) + grid.centers[i] if i < len(grid.numeric) else None
        counted[name] = Counted(grid.cell_names(name)[:-1], n, before[i, cells], now[i, cells], edges)
    drifted = tuple(name for name in pairs.columns if judgement.drifted[places[name]])
    return Own(Judged(scores, Dataset(bool(drifted), drifted)), counted)


def _scores(judgement: significance.Judgement, i: int, wanted: Sequence[str]) -> dict[str, Score]:
    unknown = bool(judgement.unknown[i])
    found = {}
    for name in wanted:
        value, limit = float(judgement.values[name][i]), float(judgement.limits[name][i])
        if np.isnan(value):  # a category has no order
            continue
        verdict = None if unknown else value > limit
        found[name] = Score(value, limit, verdict, problem=UNKNOWN if unknown else None)
    return found


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
