"""How good models were, as the store has it: of the revisions of a window's number, the newest counts."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sinks.commit import ESTIMATES, PERFORMANCE, WEIGHTED, Store, Table, Where, to_ns
from sinks.prometheus import MAIN
from stream.events import NEVER
from stream.web.answers import Answer, Found, Performance, answers
from stream.web.filters import Span
from stream.web.performance.estimates import Estimate, Weighted
from stream.web.performance.missed import missed
from stream.web.times import nanoseconds

REVISIONS = 8  # rows that are read at once for each that is wanted: a window is told again with a quarter more labels
WINDOWS_SHOWN = 96  # eight hours of 5-minute windows, three months of days
METRICS_SHOWN = 4  # of a model that has none of the main ones
_NUMBER = tuple(name for name in PERFORMANCE.key if name != "step")  # what its revisions have in common


class _Revision(Struct, frozen=True):
    end: datetime
    step: datetime


class Told(Struct, frozen=True):
    """What is told of one kind of windows: all metrics there are, and by metric the windows shown, oldest first.

    `estimates` and `weighted`, by metric, reach further than `points`: they need no labels. `missed` says in words how
    far both can be trusted.
    """

    metrics: tuple[str, ...] = ()
    points: Mapping[str, list[Performance]] = {}
    estimates: Mapping[str, list[Estimate]] = {}
    weighted: Mapping[str, list[Weighted]] = {}
    missed: str = ""

    def __bool__(self) -> bool:
        return bool(self.points or self.estimates or self.weighted)

    @property
    def shown(self) -> tuple[str, ...]:
        """The metrics of any of them."""
        return tuple(dict.fromkeys((*self.points, *self.estimates, *self.weighted)))


def revised(store: Store, filters: Where, span: Span) -> tuple[list[Performance], int | None]:
    """One page of the newest revisions, the newest windows first, and where the next page begins among all rows."""
    offset, wanted = span.offset, span.limit
    found: list[Performance] = []
    while True:
        back, asked = min(offset, 1), REVISIONS * wanted + 1  # the row before tells whether the first one is superseded
        rows = store.select(
            PERFORMANCE,
            where=filters,
            since=span.since,
            until=span.until,
            order=("end",),
            descending=True,
            limit=asked + back,
            offset=offset - back,
        )
        first = _first(rows)
        first[:back] = False
        places = np.flatnonzero(first)
        found += performances(_some(rows, places[:wanted]))
        if len(places) > wanted:
            return found, offset - back + int(places[wanted])
        if len(first) < asked + back:
            return found, None
        wanted -= len(places)
        offset += asked


def told(store: Store, key: Where, metric: str = "") -> Told:
    """How windows of one kind went: in one metric, or else in the main ones."""
    last = store.select(PERFORMANCE, where=key, order=("end", "step"), descending=True, limit=1)
    newest, guessed_at = answers(last, _Revision), (_newest(store, ESTIMATES, key), _newest(store, WEIGHTED, key))
    estimated = max(guessed_at)
    if not newest and estimated == NEVER:
        return Told()
    end = nanoseconds(newest[0].end) if newest else estimated
    about = {**key, "end": end, "step": nanoseconds(newest[0].step)} if newest else {**key, "end": end}
    table = PERFORMANCE if newest else ESTIMATES if guessed_at[0] == estimated else WEIGHTED
    known = store.select(table, where=about)["metric"].tolist()
    since = max(end, estimated) - WINDOWS_SHOWN * int(key["length"]) + 1
    wanted = (metric,) if metric else MAIN if set(MAIN) & set(known) else sorted(known)[:METRICS_SHOWN]
    points = {name: _over_time(store, key, name, since) for name in wanted}
    shown = {name: each for name, each in points.items() if each}
    guessed = {name: _each(store, ESTIMATES, {**key, "metric": name}, since, Estimate) for name in wanted}
    weighed = {name: _each(store, WEIGHTED, {**key, "metric": name}, since, Weighted) for name in wanted}
    estimates = {name: each for name, each in guessed.items() if each}
    weighted = {name: each for name, each in weighed.items() if each}
    trusted = missed(store, key, tuple({**estimates, **weighted}))
    return Told(tuple(sorted({*known, *shown})), shown, estimates, weighted, trusted)


def newest_revisions(rows: Found) -> Found:
    """Of the revisions of a number, which stand side by side with the newest first, that one."""
    return _some(rows, np.flatnonzero(_first(rows)))


def performances(found: Found) -> list[Performance]:
    """Rows of `performance`, with their coverage."""
    predicted, labelled = (found[name].astype(np.int64) for name in ("predicted", "labelled"))
    coverage = np.full(len(predicted), np.nan)
    np.divide(labelled, predicted, out=coverage, where=predicted > 0)
    counted = {name: found[name].astype(np.int64) for name in ("predicted", "repeats")}
    known = {name: np.where(n < 0, None, n) for name, n in counted.items()}  # type: ignore[call-overload]  # None makes it objects
    return answers({**found, **known, "coverage": coverage}, Performance)


def _newest(store: Store, table: Table, key: Where) -> int:
    """Where the newest window of a kind ends of which a table has rows, ns; NEVER where it has none."""
    ends = to_ns(store.select(table, where=key, order=("end",), descending=True, limit=1)["end"])
    return int(ends[0]) if len(ends) else NEVER


def _each(store: Store, table: Table, where: Where, since: int, kind: type[Answer]) -> list[Answer]:
    """The rows of windows, oldest first."""
    return answers(store.select(table, where=where, since=since, order=("end",)), kind)


def _over_time(store: Store, key: Where, metric: str, since: int) -> list[Performance]:
    where = {**key, "metric": metric}
    rows = store.select(PERFORMANCE, where=where, since=since, order=("end",), descending=True)
    return performances(newest_revisions(rows))[::-1]


def _first(rows: Found) -> NDArray[np.bool_]:
    """Which rows are about another number than the row before them, (rows,)."""
    same = np.ones(max(len(rows["end"]) - 1, 0), np.bool_)
    for name in _NUMBER:
        same &= np.asarray(rows[name][1:] == rows[name][:-1], np.bool_)
    return np.concatenate((np.ones(min(len(rows["end"]), 1), np.bool_), ~same))


def _some(rows: Found, places: NDArray[np.intp]) -> dict[str, NDArray[np.generic]]:
    return {name: column[places] for name, column in rows.items()}
