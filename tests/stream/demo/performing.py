"""A world replayed into memory: no broker, no service, no clock."""

from collections.abc import Iterator

import numpy as np

from sinks.commit import FINDINGS, INCIDENTS, TRIGGERS, Store, Table
from sinks.memory import MemoryStore
from stream.config.settings import Settings
from stream.demo.outcome import Outcome, Told, judge
from stream.demo.publisher import TOPIC
from stream.demo.world import World
from stream.embedded import PARTITIONS
from stream.events import Records
from stream.monitor.onboarding import Sources
from stream.replay import Replay


class Log:
    """A world as the log of a topic: each block's records, partition by partition."""

    def __init__(self, world: World) -> None:
        self.starts = {(TOPIC, partition): 0 for partition in range(PARTITIONS)}
        self._records = self._read(world)

    def __next__(self) -> Records:
        return next(self._records)

    def _read(self, world: World) -> Iterator[Records]:
        read = [0] * PARTITIONS
        for block in world.blocks():
            for partition in range(PARTITIONS):
                mine = block.take(block.keys % PARTITIONS == partition)
                offsets = np.arange(read[partition], read[partition] + len(mine))
                read[partition] += len(mine)
                yield Records(TOPIC, partition, offsets, mine.arrivals_ms, list(mine.values), read[partition])


def performed(world: World, settings: Settings) -> tuple[Outcome, Store]:
    """What the core tells about a world, judged; and the store that it has written."""
    store = MemoryStore()
    Replay(settings, Sources(settings.limits), store, [Log(world)]).run(lambda _: None)
    about = ("model", "end", "start", "feature", "detector", "words")
    findings = [Told(*row) for row in _rows(store, FINDINGS, *about)]
    claims = [
        Told(*row, words=table.name) for table in (INCIDENTS, TRIGGERS) for row in _rows(store, table, "model", "at")
    ]
    return judge(world, findings, claims), store


def _rows(store: Store, table: Table, *names: str) -> Iterator[tuple]:  # type: ignore[type-arg]  # of those columns
    """The named columns as rows, times in ms."""
    found = store.select(table)
    columns = (
        found[name].astype("datetime64[ms]").astype(np.int64) if found[name].dtype.kind == "M" else found[name]
        for name in names
    )
    return zip(*(column.tolist() for column in columns), strict=True)
