"""A plan out of raw rows: which columns there are, what kind each is, its grid, its segments, and the reference's summary.

The rows come from a file or from the sample that a model is learned from; both take the same way.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from detectors import grids, parts
from stream import plan as plans
from stream.config.settings import Limits, Model
from stream.encodings.json import parse
from stream.encodings.schema import WRONG, category_text, number
from stream.plan import Plan, SegmentField, segment_fields

Kind = Literal["numeric", "categorical"]
Values = Sequence[Any]  # None: missing

TYPE_SHARE = 0.95  # of the values that are there must be numbers for a numeric feature: a few broken ones do not hide it
IDENTIFIER_SHARE = 0.5  # more distinct texts than this share of rows: an identifier, which no distribution describes
CLASSES_MAX = 20  # a prediction with more distinct numbers is a regression's
_META = frozenset({"id", "kind", "model", "version", "time", "label"})
_OUTPUT_OF = {
    "score": plans.SCORE,
    "prediction": plans.PREDICTION,
    "latency_ms": plans.LATENCY,
    "status": plans.STATUS,
}


class ReferenceProblem(Exception):
    """The reference cannot serve the configuration; says what is missing and what there is."""


@dataclass
class Table:
    """Raw rows as columns: features by name, outputs by their column's name, segment fields by name."""

    n: int = 0
    features: dict[str, Values] = field(default_factory=dict)
    outputs: dict[str, Values] = field(default_factory=dict)
    segments: dict[str, Values] = field(default_factory=dict)


def from_events(payloads: Iterable[bytes]) -> Table:
    """The events of a sample; they were decoded once before, so all of them are objects."""
    documents = [document for payload in payloads if isinstance(document := parse(payload), dict)]
    nested: dict[str, list[dict[str, Any]]] = {
        name: [document.get(name) if isinstance(document.get(name), dict) else {} for document in documents]  # type: ignore[misc]  # a dict by the test
        for name in ("features", "segments")
    }
    return Table(
        len(documents),
        _columns(nested["features"]),
        {column: [document.get(name) for document in documents] for name, column in _OUTPUT_OF.items()},
        _columns(nested["segments"]),
    )


def from_columns(columns: Mapping[str, Values]) -> Table:
    """The columns of a file: flat, or events with `features` and `segments` objects."""
    n = len(next(iter(columns.values()), ()))
    table = Table(n, outputs={_OUTPUT_OF[name]: values for name, values in columns.items() if name in _OUTPUT_OF})
    for name, values in columns.items():
        if name in {"features", "segments"} and all(value is None or isinstance(value, dict) for value in values):
            setattr(table, name, _columns([value or {} for value in values]))
    if not table.features:
        table.features = {name: v for name, v in columns.items() if name not in _META and name not in _OUTPUT_OF}
    return table


def plan(model: str, table: Table, settings: Model, limits: Limits, *, since: int, source: str) -> Plan:
    """The plan that a reference and the configuration make. ReferenceProblem where a declared feature is not in it."""
    kinds = _kinds(table, settings, limits, source)
    raw = {**table.features, **table.outputs}
    numeric = {name: _numbers(raw[name]) for name, kind in kinds.items() if kind == "numeric"}
    categorical = {name: _texts(raw[name]) for name, kind in kinds.items() if kind == "categorical"}
    if not kinds:
        raise ReferenceProblem(f"{source}: no feature or output to watch was found in {table.n} rows")
    grid = grids.build(numeric, categorical, vocabulary=limits.vocabulary)
    fields = segment_fields(
        {name: _segment_field(name, table, categorical, limits) for name in settings.segments}
    )
    cells = np.empty((table.n, len(categorical)), np.uint16)
    for i, (texts, vocabulary) in enumerate(zip(categorical.values(), grid.vocabularies, strict=True)):
        cells[:, i] = _cells(texts, vocabulary)
    values = np.stack(list(numeric.values()), axis=1) if numeric else np.empty((table.n, 0))
    rows = np.empty((table.n, len(fields)), np.int64)
    for i, one in enumerate(fields):
        rows[:, i] = _rows(one, categorical[one.name] if one.feature else _texts(table.segments.get(one.name, ())), table.n)
    n_rows = 1 + sum(len(one.rows) for one in fields)
    summary = parts.of(grid, values, cells, rows, n_rows)
    inferred = tuple(name for name in kinds if name not in settings.features)
    return Plan(model, since, grid, fields, summary, source, inferred)


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, Values]:
    names = sorted({name for row in rows for name in row})
    return {name: [row.get(name) for row in rows] for name in names}


def _kinds(table: Table, settings: Model, limits: Limits, source: str) -> dict[str, Kind]:
    """The kind of each column that is watched, features first."""
    for name in settings.features:
        if name not in table.features:
            near = get_close_matches(name, table.features, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(sorted(table.features)[:20]) or 'none'}"
            raise ReferenceProblem(f"the reference {source} has no feature {name!r}{hint}")
    kinds: dict[str, Kind] = dict(settings.features)
    if not kinds:
        for name in sorted(table.features):
            kind = inferred_kind(table.features[name])
            if kind is not None and name not in plans.OUTPUTS and len(kinds) < limits.features:
                kinds[name] = kind
    for name in plans.OUTPUTS:
        kind = _output_kind(name, table.outputs.get(name, ()), settings)
        if kind is not None:
            kinds[name] = kind
    return kinds


def inferred_kind(values: Values) -> Kind | None:
    """Numeric, categorical, or None: nothing there, mostly objects, or an identifier."""
    if isinstance(values, np.ndarray) and values.dtype == np.float64:
        return None if np.isnan(values).all() else "numeric"
    present = [value for value in values if value is not None]
    numbers = sum(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in present)
    if not present:
        return None
    if numbers >= TYPE_SHARE * len(present):
        return "numeric"
    texts = [value for value in present if isinstance(value, str | bool)]
    if len(texts) + numbers < TYPE_SHARE * len(present):
        return None
    if len(present) >= 100 and len({category_text(value) for value in texts}) > IDENTIFIER_SHARE * len(present):
        return None
    return "categorical"


def _output_kind(name: str, values: Values, settings: Model) -> Kind | None:
    present = [value for value in values if value is not None]
    if not present:
        return None
    if name in {plans.SCORE, plans.LATENCY}:
        return "numeric"
    if name == plans.STATUS:
        return "categorical"
    if settings.output.kind != "auto":
        return "numeric" if settings.output.kind == "regression" else "categorical"
    numbers = {float(v) for v in present if isinstance(v, int | float | np.number) and not isinstance(v, bool)}
    continuous = len(numbers) > CLASSES_MAX or any(value != int(value) for value in numbers if math.isfinite(value))
    return "numeric" if numbers and continuous else "categorical"


def _numbers(values: Values) -> NDArray[np.float64]:
    if isinstance(values, np.ndarray) and values.dtype == np.float64:
        return values
    return np.fromiter((number(value) for value in values), np.float64, len(values))


def _texts(values: Values) -> list[Any]:
    """Each category's text; None where missing, WRONG for objects."""
    known: dict[Any, Any] = {}
    texts = []
    for value in values:
        if not isinstance(value, str | int | float):
            texts.append(None if value is None else WRONG)
            continue
        if value not in known:
            known[value] = category_text(value)
        texts.append(known[value])
    return texts


def _cells(texts: Sequence[Any], vocabulary: Sequence[str]) -> list[int]:
    cell_of: dict[Any, int] = {text: i for i, text in enumerate(vocabulary)}
    odd = len(vocabulary)
    cell_of |= {None: odd + 1, WRONG: odd + 2}
    return [cell_of.get(text, odd) for text in texts]


def _segment_field(
    name: str, table: Table, categorical: Mapping[str, Sequence[Any]], limits: Limits
) -> Mapping[str, Any]:
    feature = name in categorical
    texts = categorical[name] if feature else _texts(table.segments.get(name, ()))
    counts = Counter(text for text in texts if isinstance(text, str))
    values = sorted(counts, key=lambda text: (-counts[text], text))[: limits.segments]
    return {"feature": feature, "values": sorted(values)}


def _rows(one: SegmentField, texts: Sequence[Any], n: int) -> list[int]:
    other = one.first + len(one.values)
    row_of: dict[Any, int] = {value: one.first + i for i, value in enumerate(one.values)}
    row_of[None] = other + 1
    return [row_of.get(text, other) for text in texts] if len(texts) == n else [other + 1] * n
