"""`kill -9` under load: nothing lost, nothing counted twice, and what was asked for is never asked for differently."""

import json
import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from confluent_kafka import Producer

from sinks import commit as tables
from sinks.commit import Store
from sinks.memory import MemoryStore
from stream.broker import Fetched
from stream.clocks import Mark, Release
from stream.config.parse import parse
from stream.config.settings import Settings
from stream.events import Partition, Records
from stream.journey import Journey
from stream.monitor.onboarding import Sources
from stream.watch import Memory, Start
from tests.integration.kafka import Kafka
from tests.integration.reading import reading, run, until
from tests.integration.running import Driftline, taken
from tests.integration.streams import events
from tests.simulation.driver import Rows, rows
from tests.stream.web.served import eventually

KILLS, PARTITIONS = 5, 3
STEP_MS = 100  # 100 s of event time per second: every kill falls into open panes
PER_S = 1_000
CHUNK_S = 0.1
CHANGED = 9_000  # learning takes the first 3,000 or so, and its plan holds from 6,500 on
SILENT = range(11_000, 14_000)  # events of the last partition that never come: it falls idle meanwhile
CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}"}}
events: {{predictions: [{topic}], idle: 700ms}}
topics: {{triggers: {topic}.triggers, dead_letters: {topic}.dead-letters}}
defaults: {{windows: [1m, 5m], lateness: 20s, reference: {{learn: 5m}}}}
models: {{"*": {{}}}}
"""


class Publisher(Thread):
    """Publishes as time goes by, from `start` to `finish`, whoever reads."""

    def __init__(self, kafka: Kafka, topic: str, silent: range = SILENT) -> None:
        super().__init__()
        self._silent = silent
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
        self._topic, self._finished = topic, Event()
        self.n = 0  # events per partition so far, those of the silence included

    def run(self) -> None:
        """Publish a chunk to each partition, and again."""
        chunk = int(PER_S * CHUNK_S)
        while not self._finished.wait(CHUNK_S):
            for partition in range(PARTITIONS):
                if not (partition == PARTITIONS - 1 and self.n in self._silent):
                    for event in events(partition, self.n + chunk, STEP_MS, changed_from=CHANGED, first=self.n):
                        self._producer.produce(self._topic, event, partition=partition)
            self._producer.flush(10)
            self.n += chunk

    def finish(self) -> None:
        """Publish no more; raise what ended it early."""
        assert self.is_alive(), "the publisher has died"
        self._finished.set()
        self.join(30)


def undisturbed(settings: Settings, log: dict[Partition, list[Fetched]], kept: Store) -> Rows:
    """The rows of one Journey in this process over the same log, with the releases of the service's journal."""
    releases = defaultdict(list)
    journal = kept.select(tables.JOURNAL)
    names = ("kind", "topic", "partition", "offset", "until", "detail")
    for kind, topic, partition, offset, clock, detail in zip(*(journal[name].tolist() for name in names), strict=True):
        if kind == "release":
            releases[topic, partition].append(Release(offset, clock, json.loads(detail)["labels"]))
    starts = {each: Start(Mark(0), 0, tuple(releases[each])) for each in log}
    journey, store = Journey(settings, Sources(settings.limits), Memory(starts=starts)), MemoryStore()
    waiting = {each: list(reversed(read)) for each, read in log.items()}
    while any(waiting.values()) or journey.held:
        before = journey.clocks
        for each, stretches in waiting.items():
            if stretches and each not in journey.held:
                one = stretches.pop()
                journey.receive(
                    Records(one.topic, one.partition, one.offsets, one.timestamps, list(one.values), one.position)
                )
        journey.work()
        assert journey.clocks != before, "nothing moves"
        store.write(journey.take())
    return rows(store)


def whole(kafka: Kafka, partitions: list[Partition]) -> dict[Partition, list[Fetched]]:
    """All that is on the partitions."""
    log: dict[Partition, list[Fetched]] = {each: [] for each in partitions}

    async def story() -> None:
        async with reading(kafka, dict.fromkeys(partitions, 0)) as reader:
            for each in await until(reader, lambda: all(map(reader.at_end, partitions)), 2_000):
                assert isinstance(each, Fetched), each
                log[each.topic, each.partition].append(each)

    run(story())
    return log


def stretches(driftline: Driftline) -> dict[int, int]:
    """Per partition, the records that the next start will read again."""
    with driftline.kept() as store:
        kept = store.select(tables.POSITIONS)
        return dict(zip(kept["partition"].tolist(), (kept["offset"] - kept["rewind_offset"]).tolist(), strict=True))


@pytest.mark.timeout(200)
def test_five_kills_under_load_change_nothing(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """The rows of the store equal those of a Journey that nobody disturbed; trigger ids repeat but never differ."""
    topic, dice = new_topic(PARTITIONS), random.Random(3)
    configuration = CONFIGURATION.format(bootstrap=kafka.bootstrap, topic=topic)
    driftline, publisher, pause = Driftline(tmp_path, file=configuration), Publisher(kafka, topic), Event()
    publisher.start()
    reread = []
    with driftline.running():
        for _ in range(KILLS):
            eventually(driftline.ready)
            driftline.commits(dice.randrange(1, 4))
            pause.wait(dice.uniform(0, 0.7))
            driftline.kill()
            reread.append(stretches(driftline))
            driftline.start()
        publisher.finish()
        driftline.finishes()
        assert 0 == driftline.stop()
    print(f"{publisher.n:,} events per partition; read again after each kill: {reread}")
    assert all(sum(each.values()) > 0 for each in reread)

    log = whole(kafka, [(topic, partition) for partition in range(PARTITIONS)])
    with driftline.kept() as store:
        kept = rows(store)
        expected = undisturbed(parse(configuration), log, store)
        read = store.select(tables.POSITIONS)
        assert [log[topic, partition][-1].position for partition in range(PARTITIONS)] == read["offset"].tolist()
        n_released = np.count_nonzero(store.select(tables.JOURNAL)["kind"] == "release")
    print({table: len(found) for table, found in kept.items()}, f"{n_released} releases")
    assert n_released > 0
    assert {table: len(found) for table, found in expected.items()} == {t: len(found) for t, found in kept.items()}
    assert expected == kept

    asked = taken(kafka, f"{topic}.triggers", len(kept["triggers"]))
    bodies = {(each.key(), each.value()) for each in asked}
    assert {(row[1].encode(), row[-1]) for row in kept["triggers"]} == bodies
    assert 0 < len(bodies)
    refused = taken(kafka, f"{topic}.dead-letters", len(kept["dead_letters"]))
    assert len(kept["dead_letters"]) == len({each.key() for each in refused})
