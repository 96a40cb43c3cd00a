"""Raw rows, sorted by their role: features, what the model said, and the fields that segments are told apart by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream import plan as plans
from stream.encodings.json import parse
from stream.encodings.several import likeliest
from stream.plan import Plan
from stream.reference import joining
from stream.reference.columns import ATTRIBUTIONS, NESTED, SCORES, Columns, Values, as_objects, numbers, of_documents
from stream.reference.problem import ReferenceProblem

# Columns of events that are no features. In a flat file one of them is a feature where it is declared to be one.
META = frozenset({"id", "kind", "model", "version", "time", "label", "event"})
OUTPUT_OF = {
    "score": plans.SCORE,
    "prediction": plans.PREDICTION,
    "latency_ms": plans.LATENCY,
    "status": plans.STATUS,
}
NAMES_SHOWN = 20
_SAMPLED = (*NESTED, ATTRIBUTIONS, *OUTPUT_OF, "kind")


@dataclass(frozen=True, eq=False)
class Table:
    """Columns by name; outputs by their column's name.

    `bare` are the rows of kind `features`: what a model says does not apply to them, so it is not missing there.
    `models` are the models of events; None where the rows are not told apart. `nested` says that features and segments
    came as objects, so that a field of one is not a field of the other. `labels` are texts, empty where there is none;
    None where nobody said any. `saved` stands for rows that are no more. `scores` are those of several classes, by
    name. `versions`: by tool, what it calls this version of the data.
    """

    n: int = 0
    features: Mapping[str, Values] = field(default_factory=dict)
    outputs: Mapping[str, Values] = field(default_factory=dict)
    segments: Mapping[str, Values] = field(default_factory=dict)
    bare: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    models: Values | None = None
    nested: bool = False
    saved: Plan | None = None
    labels: Values | None = None
    scores: Mapping[str, Values] = field(default_factory=dict)
    versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, model: str, source: str) -> "Table":
        """Only the rows of a model, where they are told apart. ReferenceProblem where there are none."""
        if self.models is None:
            return self
        chosen = np.asarray(self.models == model, np.bool_)
        if not chosen.any():
            found = ", ".join(sorted({name for name in self.models if isinstance(name, str)})[:NAMES_SHOWN]) or "none"
            raise ReferenceProblem(f"{source} has no prediction of model {model!r}; it has events of {found}")
        return self.take(chosen)

    def take(self, rows: NDArray[np.bool_]) -> "Table":
        """The table of these rows only."""
        features, outputs, segments, scores = (
            {name: values[rows] for name, values in columns.items()}
            for columns in (self.features, self.outputs, self.segments, self.scores)
        )
        models, labels = (None if each is None else each[rows] for each in (self.models, self.labels))
        n = int(rows.sum())
        about = (n, features, outputs, segments, self.bare[rows], models, self.nested, None, labels, scores)
        return Table(*about, self.versions)


def from_events(payloads: Iterable[bytes]) -> Table:
    """The events of a model's sample; they were decoded once before, so all of them are objects."""
    documents = [answered(document) for payload in payloads if isinstance(document := parse(payload), dict)]
    known = [{name: document[name] for name in _SAMPLED if name in document} for document in documents]
    columns = of_documents(known)
    objects = {name: found if isinstance(found := columns.get(name), Mapping) else {} for name in NESTED}
    return _table(len(documents), {**columns, **objects})


def answered(document: dict[str, Any]) -> dict[str, Any]:
    """An event with its prediction: without one it is the likeliest class of its `scores`, as in the stream."""
    if document.get("scores") is None or document.get("prediction") is not None:
        return document
    return document | {"prediction": likeliest(document["scores"])}


def from_columns(columns: Columns) -> Table:
    """The columns of a file: flat, or events with `features` and `segments` objects.

    Of events (with such objects, or with `model` and `time`) labels are those of the rows that they are about, and `of`
    tells models apart.
    """
    lengths = [
        len(values)
        for found in columns.values()
        for values in (found.values() if isinstance(found, Mapping) else (found,))
    ]
    table = _table(max(lengths, default=0), columns)
    flat = {name: values for name, values in columns.items() if not isinstance(values, Mapping)}
    if not _are_events(columns):
        return replace(table, labels=joining.own(flat.get("label")))
    models = _objects(columns, "model", table.n) if "model" in columns else None
    kind = _objects(columns, "kind", table.n)
    labelled = replace(table, models=models, labels=joining.joined(flat, kind))
    return labelled.take(np.asarray(kind != "label", np.bool_))


def _table(n: int, columns: Columns) -> Table:
    features, segments = (columns.get(name) for name in NESTED)
    nested = isinstance(features, Mapping) or isinstance(segments, Mapping)
    flat = {name: values for name, values in columns.items() if not isinstance(values, Mapping)}
    events = _are_events(columns)
    if not isinstance(features, Mapping):
        others = OUTPUT_OF.keys() | (META if events else ())
        features = {} if nested else {name: values for name, values in flat.items() if name not in others}
    return Table(
        n,
        features,
        {OUTPUT_OF[name]: values for name, values in flat.items() if name in OUTPUT_OF} | _attributions(columns),
        segments if isinstance(segments, Mapping) else {},
        np.asarray(_objects(columns, "kind", n) == "features", np.bool_) if events else np.zeros(n, np.bool_),
        nested=nested,
        scores=scores if isinstance(scores := columns.get(SCORES), Mapping) else {},
    )


def _attributions(columns: Columns) -> dict[str, Values]:
    """Columns of attributions, as the stream has them: without their signs."""
    found = columns.get(ATTRIBUTIONS)
    inner = found if isinstance(found, Mapping) else {}
    return {plans.ATTRIBUTION + name: np.abs(numbers(values)) for name, values in inner.items()}


def _are_events(columns: Columns) -> bool:
    return {"model", "time"} <= columns.keys() or any(isinstance(columns.get(name), Mapping) for name in NESTED)


def _objects(columns: Columns, name: str, n: int) -> Values:
    """A column as objects; None everywhere where there is none."""
    values = columns.get(name)
    return np.full(n, None) if values is None or isinstance(values, Mapping) else as_objects(values)
