"""What labelled events say of a model's windows, weighted so that their inputs are alike, as the store has it."""

from datetime import datetime

from msgspec import Struct

from sinks.commit import WEIGHTED, Store
from stream.events import NEVER
from stream.web.answers import answers
from stream.web.estimates import Key
from stream.web.times import nanoseconds


class Weighted(Struct, frozen=True):
    """How good a model probably was in one window, by its inputs alone: a second opinion beside the estimate.

    `labelled` events of `basis` are worth `effective` ones; at least `covered` of the window's events, in each feature,
    lie where these do. `apart`: the estimate by scores surely says something else. Without a number `why` says why.
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
    labelled: int
    effective: float | None
    covered: float | None
    apart: bool
    why: str


def newest_weighted(store: Store, key: Key) -> int:
    """Where the newest window of a kind that was weighed ends, ns; NEVER where none was."""
    last = answers(store.select(WEIGHTED, where=key, order=("end",), descending=True, limit=1), Weighted)
    return nanoseconds(last[0].end) if last else NEVER


def weighted_over_time(store: Store, key: Key, metric: str, since: int) -> list[Weighted]:
    """What was said of one metric, oldest first."""
    return answers(store.select(WEIGHTED, where={**key, "metric": metric}, since=since, order=("end",)), Weighted)
