"""A plan out of raw rows: which columns there are, what kind each is, its grid, its segments, and the rows' summary.

The rows come from a file or from the sample that a model is learned from; both take the same way.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import grids, parts, service
from detectors.codes import ABSENT
from detectors.grids import ABSENT_CELL, MISSING_CELL, ODD_CELL, WRONG_TYPE_CELL
from stream.config.settings import Limits, Model
from stream.encodings.schema import GOOD, WRONG
from stream.plan import LATENCY, STATUS, Plan, SegmentField, segment_fields
from stream.reference.categories import Categories, categories
from stream.reference.columns import numbers
from stream.reference.kinds import watched
from stream.reference.labelled import truth
from stream.reference.problem import ReferenceProblem
from stream.reference.saved import adopted
from stream.reference.table import Table


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
    sources = {name: _segment_source(name, table, categorical) for name in settings.segments}
    fields = segment_fields(
        {name: {"feature": feature, "values": _values(found, limits)} for name, (feature, found) in sources.items()}
    )
    cells = np.empty((table.n, len(categorical)), np.uint16)
    for i, (name, vocabulary) in enumerate(zip(categorical, grid.vocabularies, strict=True)):
        cells[:, i] = cells_in(vocabulary, categorical[name])
        if name in table.outputs:
            cells[table.bare, i] = len(vocabulary) + ABSENT_CELL
    rows = np.empty((table.n, len(fields)), np.int64)
    for i, field in enumerate(fields):
        rows[:, i] = _rows(field, sources[field.name][1])
    values = np.stack(list(numeric.values()), axis=1) if numeric else np.empty((table.n, 0))
    summary = parts.of(grid, values, cells, rows, 1 + sum(len(field.rows) for field in fields)).served(_served(table))
    inferred = tuple(name for name in kinds if name not in settings.features)
    made = Plan(model, since, grid, fields, summary, source, inferred)
    return replace(made, truth=truth(table, made, settings))


def _segment_source(name: str, table: Table, categorical: Mapping[str, Categories]) -> tuple[bool, Categories]:
    """Whether a segment field is a feature, and its categories: all missing where no row has it.

    A watched feature comes first, then the events' `segments`, then a feature that is not watched. Nothing tells what
    a column of a flat file that is not watched is in the events; it is taken for one of their `segments`.
    """
    if name in categorical:
        return True, categorical[name]
    if name in table.segments:
        return False, categories(table.segments[name])
    if name in table.features:
        return table.nested, categories(table.features[name])
    return False, Categories((None,), np.zeros(table.n, np.int64))


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


def _values(found: Categories, limits: Limits) -> list[str]:
    """The most frequent values, in the order of their code points."""
    counts = found.counts
    return sorted(sorted(counts, key=lambda text: (-counts[text], text))[: limits.segments])


def cells_in(vocabulary: tuple[str, ...], found: Categories) -> NDArray[np.int64]:
    """The cell of each row in the cells of a categorical column with this vocabulary, (n,)."""
    regular = len(vocabulary)
    cell_of: dict[Any, int] = {text: i for i, text in enumerate(vocabulary)}
    cell_of |= {None: regular + MISSING_CELL, WRONG: regular + WRONG_TYPE_CELL}
    return found.numbered(cell_of, regular + ODD_CELL)


def _rows(field: SegmentField, found: Categories) -> NDArray[np.int64]:
    other = field.first + len(field.values)
    row_of: dict[Any, int] = {value: field.first + i for i, value in enumerate(field.values)}
    return found.numbered(row_of | {None: other + 1}, other)
