"""A world replayed into memory: no broker, no service, no clock."""

from collections.abc import Iterator, Sequence

import numpy as np

from sinks.commit import FINDINGS, INCIDENTS, TRIGGERS, Store, Table
from sinks.memory import MemoryStore
from stream.config.settings import Settings
from stream.demo.outcome import Outcome, Told, judge
from stream.demo.publisher import TOPIC
from stream.demo.world import PARTITIONS, Block, World
from stream.events import Records
from stream.monitor.onboarding import Sources
from stream.replay import Replay


def performed(world: World, settings: Settings) -> tuple[Outcome, Store]:
    """What the core tells about a world, judged; and the store that it has written."""
    blocks, store = list(world.blocks()), MemoryStore()
    feeds = [_records(blocks, partition) for partition in range(PARTITIONS)]
    Replay(settings, Sources(settings.limits), store, feeds).run(lambda _: None)
    about = ("model", "end", "start", "feature", "detector", "words")
    findings = [Told(*row) for row in _rows(store, FINDINGS, *about)]
    claims = [
        Told(*row, words=table.name) for table in (INCIDENTS, TRIGGERS) for row in _rows(store, table, "model", "at")
    ]
    return judge(world, findings, claims), store


def _records(blocks: Sequence[Block], partition: int) -> Iterator[Records]:
    """The records of one partition, a block after the other."""
    read = 0
    for block in blocks:
        mine = block.take(block.partitions == partition)
        offsets = np.arange(read, read + len(mine))
        read += len(mine)
        yield Records(TOPIC, partition, offsets, mine.arrivals_ms, list(mine.values), read)


def _rows(store: Store, table: Table, *names: str) -> Iterator[tuple]:  # type: ignore[type-arg]  # of those columns
    """The named columns as rows, times in ms."""
    found = store.select(table)
    columns = (
        found[name].astype("datetime64[ms]").astype(np.int64) if found[name].dtype.kind == "M" else found[name]
        for name in names
    )
    return zip(*(column.tolist() for column in columns), strict=True)
