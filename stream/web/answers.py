"""What the API answers with: the store's rows as typed records. Times are in UTC; what is undefined is null."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import isfinite
from typing import Generic, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from stream.config.units import spelled_duration
from stream.web.page.incident import Incident
from stream.web.times import moment, moments

Verdict = Literal["ok", "drift", "unknown"]
State = Literal["new", "learning", "well", "suspect", "worse", "drifting", "unknown"]
Status = Literal["provisional", "mature", "final"]
Answer = TypeVar("Answer")
Found = Mapping[str, NDArray[np.generic]]


class Page(Struct, Generic[Answer], frozen=True):
    """One page of answers. `next` is the offset of the following page, null on the last one."""

    items: list[Answer]
    next: int | None = None


class Window(Struct, frozen=True):
    """A closed window and the verdict over all its features."""

    model: str
    version: str
    segment: str
    length: str
    start: datetime
    end: datetime
    events: int
    reference: str
    complete: bool
    verdict: Verdict
    why: str
    assumes: str


class Point(Struct, frozen=True):
    """One feature in one window: its summary, how sure a change is, and its distances from the reference.

    `p` is the chance of as great a change where nothing changed; `evidence` the same as a two-sided normal deviate,
    and drift where it is above `evidence_limit`. Null where nothing was judged.
    """

    model: str
    version: str
    segment: str
    feature: str
    length: str
    start: datetime
    end: datetime
    n: int
    n_reference: int
    missing: float | None
    odd: float | None
    wrong_type: float | None
    mean: float | None
    deviation: float | None
    clamped: float | None
    p: float | None
    evidence: float | None
    evidence_limit: float | None
    psi: float | None
    jensen_shannon: float | None
    kolmogorov_smirnov: float | None
    verdict: Verdict


class Cell(Struct, frozen=True):
    """A cell of the grid that contributed: its share in the reference and now, and its part of the distance."""

    cell: str
    reference: float | None
    now: float | None
    contribution: float | None


class Performance(Struct, frozen=True):
    """How good a model was in one window, by one metric: the newest of what was told, with all labels up to `step`.

    `low` and `high` end its 95 % interval. `predicted`, `repeats` apart from it, and `coverage` are null for segments;
    a gap that needs no labels is of those predicted, and 0 `labelled`. `reference` is what the version's first windows
    had, `baseline` the best constant answer; `verdict` is empty while labels are missing and for metrics that are not
    judged. `rate` is the share of ids that wait for labels; below 1 all of it is of a uniform sample of them. `bound`
    says how far the value may be off because scores were counted in bins: 0 where it is that of the scores themselves.
    """

    model: str
    version: str
    segment: str
    metric: str
    length: str
    start: datetime
    end: datetime
    step: datetime
    status: Status
    value: float | None
    error: float | None
    low: float | None
    high: float | None
    reference: float | None
    limit: float | None
    baseline: float | None
    verdict: Literal["", "well", "worse", "unknown"]
    predicted: int | None
    repeats: int | None
    labelled: int
    coverage: float | None
    rate: float
    bound: float | None


class Fates(Struct, frozen=True):
    """What became of a model's predictions and labels with one step, which ends at `step`."""

    model: str
    step: datetime
    predictions: int
    repeats: int
    pairs: int
    corrected: int
    retracted: int
    again: int
    late: int
    orphans: int
    unsampled: int
    unusable: int


class Finding(Struct, frozen=True):
    """A judged fact that exceeds its limit. `cells` are those that contributed most, and the others as one.

    `began` is where the pane begins in which the change probably did, between `began_earliest` and `began_latest` nine
    times of ten, and null where nobody knows; where the window before begins, it was then or before.
    """

    id: str
    model: str
    version: str
    segment: str
    feature: str
    length: str
    start: datetime
    end: datetime
    detector: str
    value: float | None
    limit: float | None
    n: int
    cells: list[Cell]
    words: str
    incident: str
    began: datetime | None
    began_earliest: datetime | None
    began_latest: datetime | None
    cause: str


class Trigger(Struct, frozen=True):
    """A request to retrain. `message` is the CloudEvent; `delivered` means that a broker has confirmed it."""

    id: str
    model: str
    version: str
    reason: str
    at: datetime
    incident: str
    message: object
    delivered: bool


class Feature(Struct, frozen=True):
    """A feature as it is counted."""

    name: str
    kind: str
    inferred: bool


class Model(Struct, frozen=True):
    """Where one model stands.

    `worse`: its answers surely are worse than at first. `suspect`: the newest window of the lengths in `suspect_in`
    drifts, but not long enough for an incident, or the incident is over. `performance` is the main metric of the newest
    window that has enough labels.
    """

    name: str
    version: str
    state: State
    progress: float
    learned_seconds: float
    needed_seconds: float
    events: int
    features: list[Feature]
    last_window: Window | None = None
    incident: Incident | None = None
    last_trigger: datetime | None = None
    performance: Performance | None = None
    suspect_in: tuple[str, ...] = ()


def answers(found: Found, kind: type[Answer]) -> list[Answer]:
    """Rows of the store as records of one type; columns that the type does not name are left out."""
    return [msgspec.convert(record, kind) for record in records(found)]


def records(found: Found) -> Iterator[dict[str, object]]:
    """Rows of the store as Python values: datetimes, spelled lengths, decoded JSON; None for what is not finite."""
    columns = [_values(name, column) for name, column in found.items()]
    return (dict(zip(found, row, strict=True)) for row in zip(*columns, strict=True))


def _values(name: str, column: NDArray[np.generic]) -> list[object]:
    if name.startswith("began"):
        return [at if at > moment(0) else None for at in moments(column)]
    if column.dtype.kind == "M":
        return list(moments(column))
    if column.dtype.kind == "f":
        return [value if isfinite(value) else None for value in column.tolist()]
    if name == "length":
        return [spelled_duration(length) for length in column.tolist()]
    if name in ("cells", "message", "detail"):
        return [msgspec.json.decode(text) for text in column.tolist()]
    return list(column.tolist())
