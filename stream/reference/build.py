"""A plan out of raw rows: which columns there are, what kind each is, its grid, its segments, and the rows' summary.

The rows come from a file or from the sample that a model is learned from; both take the same way.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import grids, parts, service
from detectors.codes import ABSENT
from detectors.coupling import Cuts
from detectors.grids import ABSENT_CELL, MISSING_CELL, ODD_CELL, WRONG_TYPE_CELL
from stream.config.checking.drawing import rows_drawn
from stream.config.settings import Limits, Model
from stream.counting.drawn import Drawn
from stream.counting.fewest import fewest
from stream.counting.sample import position_hashes, topic_seed
from stream.encodings.schema import GOOD, WRONG
from stream.plan import LATENCY, STATUS, Plan, is_feature
from stream.reference.categories import Categories, categories
from stream.reference.columns import numbers
from stream.reference.kinds import watched
from stream.reference.labelled import truth
from stream.reference.problem import ReferenceProblem
from stream.reference.saved import adopted
from stream.reference.segmented import Known, segmented
from stream.reference.table import Table

PAIR = 2


def plan(  # noqa: PLR0913 - what a plan is made of, the last two by name
    model: str, table: Table, settings: Model, limits: Limits, *, since: int, source: str
) -> Plan:
    """The plan that a reference and the configuration make. ReferenceProblem where one lacks what the other asks."""
    if table.saved is not None:
        return adopted(table.saved, model, settings, since=since, source=source)
    table = table.of(model, source)
    kinds = watched(table, settings, limits, source)
    if not kinds:
        raise ReferenceProblem(f"{source}: no feature or output to watch was found in {table.n:,} rows")
    raw = {**table.features, **table.outputs}
    numeric = {name: numbers(raw[name]) for name, kind in kinds.items() if kind == "numeric"}
    categorical = {name: categories(raw[name]) for name, kind in kinds.items() if kind == "categorical"}
    for name in numeric.keys() & table.outputs.keys():
        numeric[name] = np.where(table.bare, ABSENT, numeric[name])
    grid = grids.build(
        numeric, {name: found.values() for name, found in categorical.items()}, vocabulary=limits.vocabulary
    )
    fields, rows = segmented(settings.segments, Known(table, numeric, categorical, settings.features), limits.segments)
    cells = np.empty((table.n, len(categorical)), np.uint16)
    for i, (name, vocabulary) in enumerate(zip(categorical, grid.vocabularies, strict=True)):
        cells[:, i] = cells_in(vocabulary, categorical[name])
        if name in table.outputs:
            cells[table.bare, i] = len(vocabulary) + ABSENT_CELL
    values = np.stack(list(numeric.values()), axis=1) if numeric else np.empty((table.n, 0))
    summary = parts.of(grid, values, cells, rows, 1 + sum(len(field.rows) for field in fields)).served(_served(table))
    inferred = tuple(name for name in kinds if name not in settings.features)
    made = Plan(model, since, grid, fields, summary, source, inferred, datasets=table.versions)
    made = _coupled(made, settings.drift.pairs, values, cells)
    made = replace(made, truth=truth(table, made, settings, values, cells))
    sample = rows_drawn(settings)
    return replace(made, sample=sample, drawn=_drawn(values, sample)) if sample else made


def _coupled(plan: Plan, most: int, values: NDArray[np.float64], cells: NDArray[np.uint16]) -> Plan:
    """With sums of pairs of at most so many features: of more, those whose names have the smallest hashes."""
    names = fewest(filter(is_feature, plan.grid.numeric), most)
    columns = np.array([i for i, name in enumerate(plan.grid.numeric) if name in names], np.int64)
    if len(columns) < PAIR:
        return plan
    cuts = Cuts.of(plan.grid, plan.reference.counts[0], columns)
    counted = parts.of(plan.grid, values, cells, np.empty((len(values), 0), np.int64), 1, cuts)
    return replace(plan, cuts=cuts, reference=replace(plan.reference, pairs=counted.pairs))


def _drawn(values: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """At most k rows, by the hashes of their numbers."""
    return Drawn.of(position_hashes(topic_seed(""), 0, np.arange(len(values))), values, k).values


def _served(table: Table) -> service.Service:
    """How the service answered, whether that is watched or not."""
    latency, status = np.full(table.n, np.nan), np.full(table.n, service.UNKNOWN)
    if LATENCY in table.outputs:
        latency = np.where(table.bare, np.nan, numbers(table.outputs[LATENCY]))
    if STATUS in table.outputs:
        says: dict[Any, int] = dict.fromkeys(GOOD, service.GOOD) | dict.fromkeys((None, WRONG), service.UNKNOWN)
        found = categories(table.outputs[STATUS]).numbered(says, service.FAILED)
        status = np.where(table.bare, service.UNKNOWN, found)
    return service.of(latency, status)


def cells_in(vocabulary: tuple[str, ...], found: Categories) -> NDArray[np.int64]:
    """The cell of each row in the cells of a categorical column with this vocabulary, (n,)."""
    regular = len(vocabulary)
    cell_of: dict[Any, int] = {text: i for i, text in enumerate(vocabulary)}
    cell_of |= {None: regular + MISSING_CELL, WRONG: regular + WRONG_TYPE_CELL}
    return found.numbered(cell_of, regular + ODD_CELL)
