"""What one process finds that nobody disturbs: what everything else is compared with."""

import json
from collections import defaultdict

from sinks.commit import Columns
from sinks.memory import MemoryStore
from stream.broker import Fetched
from stream.config.settings import Settings
from stream.counting.clocks import Mark, Release, Start
from stream.events import Partition
from stream.joining.meeting import settle
from stream.journey import Journey
from stream.monitor.plans.onboarding import Sources
from stream.retention import Retention
from stream.watch import Memory
from tests.integration.kafka import Kafka
from tests.integration.reading import reading, run


def undisturbed(
    settings: Settings, log: dict[Partition, list[Fetched]], journal: Columns
) -> tuple[MemoryStore, Retention]:
    """The store of one Journey in this process over the same log, as told of releases and controls by a journal.

    Nothing of it was forgotten; what a service may have forgotten by then is told, too.
    """
    releases, controls = defaultdict(list), []
    names = ("kind", "topic", "partition", "offset", "until", "detail")
    for kind, topic, partition, offset, clock, detail in zip(*(journal[name].tolist() for name in names), strict=True):
        if kind == "release":
            releases[topic, partition].append(Release(offset, clock, json.loads(detail)["labels"]))
        elif kind == "control":
            controls.append(((topic, partition), offset, clock, detail))
    starts = {each: Start(Mark(0), (0, 0), tuple(releases[each])) for each in log}
    journey, store = Journey(settings, Sources(settings.limits), Memory(starts=starts)), MemoryStore()
    journey.heeding.tell(controls)
    waiting = {each: list(reversed(read)) for each, read in log.items()}
    while any(waiting.values()) or journey.held:
        before = journey.clocks
        for each, stretches in waiting.items():
            if stretches and each not in journey.held:
                one = stretches.pop()
                journey.receive(one.records)
        journey.work()
        assert journey.clocks != before, "nothing moves"
        settle(journey, store)
    journey.relayed(store.last())  # what no broker has would be kept for ever
    settle(journey, store)
    retention = journey.retention()
    assert retention is not None, "nothing was closed"
    return store, retention


def whole(kafka: Kafka, partitions: list[Partition]) -> dict[Partition, list[Fetched]]:
    """All that is on the partitions."""
    log: dict[Partition, list[Fetched]] = {each: [] for each in partitions}

    async def story() -> None:
        async with reading(kafka, dict.fromkeys(partitions, 0)) as reader:
            while not all(map(reader.at_end, partitions)):
                for each in await reader.fetch(500, 2_000):
                    assert isinstance(each, Fetched), each
                    log[each.topic, each.partition].append(each)

    run(story())
    return log
