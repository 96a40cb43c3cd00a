"""How good models probably were: estimates, second opinions beside them, and what became of both."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from stream.web.answers import Status


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
