"""A world played to the pure core: no broker, no service, no clock."""

from collections.abc import Iterator

import numpy as np

from sinks.commit import Commit
from stream.config.settings import Settings
from stream.demo.changes import STORY_H
from stream.demo.outcome import Outcome, Told, judge
from stream.demo.publisher import TOPIC
from stream.demo.world import PARTITIONS, Block, World
from stream.encodings.times import MILLISECOND
from stream.events import Records
from stream.journey import Journey, Memory
from stream.monitor.onboarding import Sources


def performed(world: World, settings: Settings) -> tuple[Outcome, list[Commit]]:
    """What the core tells about a world, judged; and its Commits, one for each hour of the story and one of its end."""
    commits = list(_commits(world, settings))
    findings = [
        Told(model, end, start, feature, detector, words)
        for commit in commits
        for model, end, start, feature, detector, words in _rows(
            commit, "findings", "model", "end", "start", "feature", "detector", "words"
        )
    ]
    claims = [
        Told(model, at, words=name)
        for commit in commits
        for name in ("incidents", "triggers")
        for model, at in _rows(commit, name, "model", "at")
    ]
    return judge(world, findings, claims), commits


def _commits(world: World, settings: Settings) -> Iterator[Commit]:
    journey = Journey(settings, Sources(settings.limits), Memory())
    for partition in range(PARTITIONS):
        journey.find((TOPIC, partition), 0)
    read = [0] * PARTITIONS
    for block in world.blocks():
        for records in _records(block, read):
            journey.receive(records)
        while True:
            journey.work()
            if not journey.held:
                break
        yield journey.take()
    after = (world.start_ms + (STORY_H + 24) * world.hour_ms) * MILLISECOND
    for partition in range(PARTITIONS):  # the log has ended: close what is open
        journey.release((TOPIC, partition), after)
    yield journey.take()


def _records(block: Block, read: list[int]) -> Iterator[Records]:
    """A block as each partition's next records; `read` counts what each has had."""
    for partition in range(PARTITIONS):
        mine = block.take(block.partitions == partition)
        first = read[partition]
        read[partition] += len(mine)
        offsets = np.arange(first, read[partition])
        yield Records(TOPIC, partition, offsets, mine.arrivals_ms, list(mine.values), read[partition])


def _rows(commit: Commit, table: str, *names: str) -> Iterator[tuple]:  # type: ignore[type-arg]  # of those columns
    columns = commit.tables.get(table)
    if columns is None:
        return iter(())
    lists = [
        columns[name].astype("datetime64[ms]").astype(np.int64).tolist()
        if columns[name].dtype.kind == "M"
        else columns[name].tolist()
        for name in names
    ]
    return zip(*lists, strict=True)
