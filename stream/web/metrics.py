"""The exporter, wired: the service's status as its live numbers, and the store's newest windows as its first Commit."""

from collections.abc import Callable, Iterable
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from sinks.commit import (
    ATTRIBUTIONS,
    DRIFT,
    ESTIMATES,
    INCIDENTS,
    OUTCOMES,
    PERFORMANCE,
    SERVICE,
    SPREADS,
    WINDOWS,
    Columns,
    Commit,
    Store,
    to_ns,
)
from sinks.prometheus import GAPS, MAIN, Exporter, Live, Partition, Vitals
from stream.config.settings import Settings
from stream.web.page.status import Status
from stream.web.sources import window_lengths

_BACK = 3
_GAPS = 1_000  # rows of a gap, likewise
_NUMBERS = 10_000  # rows of a metric that are looked through: labels of different models come at different times


def exporter(store: Store, status: Callable[[], Status], settings: Settings) -> Exporter:
    """An exporter that already shows what the store holds, so that a restart leaves no hole in the graphs."""
    made = Exporter(lambda: live(status()), series_max=settings.http.series_max, version=version("driftline"))
    made.show(newest(store, window_lengths(settings)))
    return made


def live(status: Status) -> Live:
    """The status as the exporter wants it."""
    return Live(
        Vitals(
            status.ready,
            tuple((each.scope, each.at_ns) for each in status.watermarks if each.at_ns is not None),
            tuple(
                Partition(p.topic, p.partition, p.lag, p.paused, p.position, p.clock_ns, status.committed_s)
                for p in status.partitions
            ),
            status.memory_bytes,
        ),
        replaying=status.replaying,
        learning=tuple((model.name, model.progress) for model in status.models),
        outbox=(("triggers", status.triggers_pending), ("dead_letters", status.dead_letters_pending)),
        hooks=status.hooks,
        commit_number=status.commit,
        commit_seconds=status.commit_seconds,
        store_bytes=status.store_bytes,
    )


def newest(store: Store, lengths: Iterable[int]) -> Commit:
    """The newest windows of each length, how good models were, and all incidents, as if one Commit had said so."""
    number = store.last()  # asked first: a Commit in between is then shown again rather than missed
    reaches = {length: reach for length in sorted(lengths) if (reach := _reach(store, length)) is not None}
    found = {
        table.name: _joined(
            [
                store.select(table, where={"segment": "", "length": length}, since=reach)
                for length, reach in reaches.items()
            ]
        )
        for table in (WINDOWS, DRIFT)
        if reaches
    }
    for table in (SERVICE, ATTRIBUTIONS):
        rows = [store.select(table, where={"length": length}, since=reach) for length, reach in reaches.items()]
        if rows:
            found[table.name] = _joined(rows)
    for table, order in ((PERFORMANCE, ("end", "step")), (ESTIMATES, ("end",))):
        numbers = [
            store.select(
                table,
                where={"segment": "", "length": length, "metric": metric},
                order=order,
                descending=True,
                limit=_NUMBERS,
            )
            for length in reaches
            for metric in MAIN
        ]
        if table is PERFORMANCE:
            numbers += [
                store.select(table, where={"length": length, "metric": gap}, order=order, descending=True, limit=_GAPS)
                for length in reaches
                for gap in GAPS
            ]
        if numbers:
            found[table.name] = _joined(numbers)
    always = {table.name: store.select(table, order=(order,)) for table, order in ((INCIDENTS, "at"), (SPREADS, "end"))}
    told = store.select(OUTCOMES, order=("at",), descending=True, limit=_NUMBERS)
    return Commit(number, {**found, **always, OUTCOMES.name: told})


def _reach(store: Store, length: int) -> int | None:
    """From where on the newest windows of a length lie; models need not be at the same time, so a few lengths back."""
    where: dict[str, str | int] = {"segment": "", "length": length}
    ends = store.select(WINDOWS, where=where, order=("end",), descending=True, limit=1)["end"]
    return int(to_ns(ends)[0]) - _BACK * length if len(ends) else None


def _joined(parts: list[dict[str, NDArray[np.generic]]]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
