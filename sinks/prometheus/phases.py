"""How long incidents took, in event time: to be found, until somebody knew, until they were over."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from msgspec import Struct

from sinks.commit import Columns

DETECT, ACKNOWLEDGE, RECOVER = "detect", "acknowledge", "recover"
PHASES: Final = (DETECT, ACKNOWLEDGE, RECOVER)
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
# With a bucket for each, models are not told apart: series of all of them would be too many.
BOUNDS: Final = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY)
_ENDS: Final = {"acknowledged": ACKNOWLEDGE, "closed": RECOVER}
Opened = Mapping[str, float]  # incident to when it opened, s


class Durations(Struct, frozen=True):
    """How many took at most each of BOUNDS, how many in all, and for how long together, s."""

    within: tuple[int, ...] = (0,) * len(BOUNDS)
    n: int = 0
    total: float = 0.0

    def add(self, seconds: float) -> "Durations":
        """With one more that took so long."""
        within = tuple(n + (seconds <= bound) for n, bound in zip(self.within, BOUNDS, strict=True))
        return Durations(within, self.n + 1, self.total + seconds)

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus wants them."""
        return [*((str(bound), n) for bound, n in zip(BOUNDS, self.within, strict=True)), ("+Inf", self.n)]


Took = Mapping[str, Durations]  # by phase


def with_opened(known: Opened, rows: Columns | None) -> Opened:
    """The incidents that are open after some more rows."""
    if rows is None:
        return known
    told = list(zip(rows["id"].tolist(), rows["state"].tolist(), _seconds(rows, "at"), strict=True))
    closed = {identity for identity, state, _ in told if state == "closed"}
    made = {**known, **{identity: at for identity, state, at in told if state == "opened"}}
    return {identity: at for identity, at in made.items() if identity not in closed}


def phases(known: Opened, rows: Columns) -> Iterator[tuple[str, str, float]]:
    """Model, phase and seconds of what has just ended; `known` are the incidents that were open before."""
    columns = (rows["id"].tolist(), rows["model"].tolist(), rows["state"].tolist())
    times = _seconds(rows, "at"), _seconds(rows, "began")
    opened = dict(known)
    for identity, model, state, at, began in sorted(zip(*columns, *times, strict=True), key=lambda row: row[3]):
        if state == "opened":
            opened[identity] = at
            if began > 0:  # 1970 where nobody knows
                yield model, DETECT, at - began
        elif state in _ENDS and identity in opened:
            yield model, _ENDS[state], at - opened[identity]


def _seconds(rows: Columns, name: str) -> list[float]:
    micros: list[int] = rows[name].astype("datetime64[us]").astype(np.int64).tolist()
    return [each / 1e6 for each in micros]
