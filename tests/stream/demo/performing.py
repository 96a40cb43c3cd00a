"""A world replayed into memory: no broker, no service, no clock."""

from collections.abc import Iterator

import numpy as np

from sinks.commit import FINDINGS, INCIDENTS, PERFORMANCE, TRIGGERS, Columns, Store, Table
from sinks.memory import MemoryStore
from stream.config.settings import Settings
from stream.demo.outcome import Measured, Outcome, Told, judge
from stream.demo.publisher import LABELS, TOPIC
from stream.demo.world import World
from stream.embedded import PARTITIONS
from stream.events import Records
from stream.monitor.plans.onboarding import Sources
from stream.replay import Replay


class Log:
    """A world as the log of its topics: each block's records, partition by partition."""

    def __init__(self, world: World, partitions: int) -> None:
        self.starts = {(topic, partition): 0 for topic in (TOPIC, LABELS) for partition in range(partitions)}
        self._partitions = partitions
        self._records = self._read(world)

    def __next__(self) -> Records:
        return next(self._records)

    def _read(self, world: World) -> Iterator[Records]:
        read = dict(self.starts)
        for block in world.blocks():
            for (topic, partition), first in list(read.items()):
                mine = block.take((block.keys % self._partitions == partition) & (block.labels == (topic == LABELS)))
                last = read[topic, partition] = first + len(mine)
                yield Records(topic, partition, np.arange(first, last), mine.arrivals_ms, list(mine.values), last)


def performed(world: World, settings: Settings, partitions: int = PARTITIONS) -> tuple[Outcome, Store]:
    """What the core tells about a world, judged; and the store that it has written."""
    store = MemoryStore()
    Replay(settings, Sources(settings.limits), store, [Log(world, partitions)]).run(lambda _: None)
    about = ("model", "end", "start", "feature", "detector", "words")
    findings = [Told(*row) for row in _rows(store, FINDINGS, *about)]
    claims = [
        Told(*row, words=table.name) for table in (INCIDENTS, TRIGGERS) for row in _rows(store, table, "model", "at")
    ]
    about = ("model", "start", "end", "value", "low", "high", "status")
    right = store.select(PERFORMANCE, where={"metric": "accuracy", "segment": ""}, order=("end", "step"))
    newest = {row[:3]: row for row in _columns(right, *about)}
    accuracies = [Measured(*row[:-1]) for row in newest.values() if row[-1] != "provisional"]
    return judge(world, findings, accuracies, claims), store


def _rows(store: Store, table: Table, *names: str) -> Iterator[tuple]:  # type: ignore[type-arg]  # of those columns
    """The named columns as rows, times in ms."""
    return _columns(store.select(table), *names)


def _columns(found: Columns, *names: str) -> Iterator[tuple]:  # type: ignore[type-arg]  # of those columns
    columns = (
        found[name].astype("datetime64[ms]").astype(np.int64) if found[name].dtype.kind == "M" else found[name]
        for name in names
    )
    return zip(*(column.tolist() for column in columns), strict=True)
