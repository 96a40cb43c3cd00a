"""How good models probably were, as the store has it: estimates, and what became of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from sinks.commit import ESTIMATES, Store
from stream.events import NEVER
from stream.web.answers import Status, answers
from stream.web.times import nanoseconds

Key = Mapping[str, str | int]  # model, version, segment, length


class Estimate(Struct, frozen=True):
    """How good a model probably was in one window, by its scores or inputs, whatever labels say later.

    `low` and `high` end its 95 % interval; `chance` and `shared` are the parts of its standard error; `basis` says
    where the labels come from that say what scores mean, or how large errors are.
    """

    model: str
    version: str
    segment: str
    metric: str
    length: str
    start: datetime
    end: datetime
    basis: str
    value: float | None
    chance: float | None
    shared: float | None
    low: float | None
    high: float | None
    n: int


class Reconciled(Struct, frozen=True):
    """An estimate beside what enough labels said with `step`; `low` and `high` are for as many labels as there were.

    `opinion` says which: the first, by scores or the inputs of errors, or the second, by the inputs alone.
    """

    model: str
    version: str
    segment: str
    metric: str
    length: str
    start: datetime
    end: datetime
    opinion: Literal["first", "second"]
    step: datetime
    status: Status
    value: float | None
    low: float | None
    high: float | None
    truth: float | None
    outside: bool
    labelled: int


def newest_estimate(store: Store, key: Key) -> int:
    """Where the newest window of a kind that has an estimate ends, ns; NEVER where none has."""
    last = answers(store.select(ESTIMATES, where=key, order=("end",), descending=True, limit=1), Estimate)
    return nanoseconds(last[0].end) if last else NEVER


def estimated_over_time(store: Store, key: Key, metric: str, since: int) -> list[Estimate]:
    """The estimates of one metric, oldest first."""
    return answers(store.select(ESTIMATES, where={**key, "metric": metric}, since=since, order=("end",)), Estimate)
