"""What a stream has read, read once more from the topics into a capture."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from stream.broker import BrokerFailed, Fetched, Gap, Questions, Reader, TopicReplaced
from stream.config.settings import Kafka
from stream.events import Partition
from stream.files.capturing import Capturing

FETCH_MS = 500
RECORDS_MAX = 20_000
SILENT_S = 60.0  # a broker that has been away for so long ends it


async def copy(
    kafka: Kafka,
    environment: Mapping[str, str],
    spans: Mapping[Partition, tuple[int, int]],
    capturing: Capturing,
    progress: Callable[[int], None],
) -> None:
    """Capture these spans of offsets, as far as the topics still have them. BrokerFailed, ConnectionProblem.

    `progress` hears how many records have been captured.
    """
    positions = await _beginnings(Questions(kafka, environment), spans)
    if not positions:
        return
    reader = Reader(kafka, environment, keyed=True)
    await reader.start()
    try:
        reader.assign(positions)
        await _copy(reader, {each: spans[each][1] for each in positions}, positions, capturing, progress)
    finally:
        await reader.stop()


async def _beginnings(questions: Questions, spans: Mapping[Partition, tuple[int, int]]) -> dict[Partition, int]:
    """Where to begin each partition that still has something of its span. TopicReplaced where one ends before that."""
    found = set((await questions.partitions({topic for topic, _ in spans})).partitions)
    wanted = {each: span for each, span in spans.items() if span[0] < span[1] and each in found}
    positions = {}
    for each, bounds in (await questions.bounds(wanted)).items():
        begin, end = wanted[each]
        if bounds.end < end:
            raise TopicReplaced(*each, end, bounds.end)
        if bounds.beginning < end:
            positions[each] = max(begin, bounds.beginning)
    return positions


async def _copy(
    reader: Reader,
    ends: Mapping[Partition, int],
    positions: dict[Partition, int],
    capturing: Capturing,
    progress: Callable[[int], None],
) -> None:
    heard = time.monotonic()
    while any(positions[each] < end for each, end in ends.items()):
        read = [each for each, end in ends.items() if positions[each] >= end]
        for item in await reader.fetch(FETCH_MS, RECORDS_MAX, read):
            each = item.topic, item.partition
            if isinstance(item, Gap):  # retention is as quick as we are
                positions[each] = item.beginning
            else:
                _keep(item, positions[each], ends[each], capturing)
                positions[each] = item.position
        progress(capturing.records)
        if not reader.problem:
            heard = time.monotonic()
        elif time.monotonic() - heard > SILENT_S:
            raise BrokerFailed(reader.problem)


def _keep(item: Fetched, begin: int, end: int, capturing: Capturing) -> None:
    """What lies before the end."""
    if begin < end:
        n = int(np.searchsorted(item.offsets, end))
        records = item.records.until(n)
        capturing.add(replace(records, position=min(item.position, end)), item.keys[:n], begin)
