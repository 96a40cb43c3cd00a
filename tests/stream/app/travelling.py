"""A Journey that a test sends events on."""

import numpy as np

from sinks.memory import MemoryStore
from stream.config.parse import parse
from stream.config.settings import MINUTE, Settings
from stream.events import Partition, Records
from stream.journey import Journey
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall

BEGIN_MS = 1_795_000_020_000
SETTINGS = parse(
    "events: {predictions: [p], labels: [l], max_ahead: 5m}\n"
    "defaults: {windows: [1m], lateness: 20s, reference: {learn: 10m}}\n"
    'models: {"*": {}}'
)


def journey(*partitions: Partition, store: MemoryStore | None = None, chosen: Settings = SETTINGS) -> Journey:
    """One that goes on from a store, and has found these partitions, at offset 0."""
    made = Journey(chosen, Sources(chosen.limits), recall(store or MemoryStore(), chosen))
    for partition in partitions:
        made.find(partition, 0)
    return made


def receive(to: Journey, partition: Partition, seconds: list[int]) -> None:
    """Events of a partition at these seconds after the beginning."""
    first, n = to.clocks[partition].offset, len(seconds)
    offsets, stamps = np.arange(first, first + n), np.full(n, BEGIN_MS + 10**9)
    event = '{"id": "1", "kind": "%s", "model": "m", "version": "1", "time": %d, "features": {"x": 1}, "label": 1}'
    kind = "label" if partition[0] == "l" else "prediction"
    values: list[bytes | None] = [(event % (kind, BEGIN_MS + 1_000 * second)).encode() for second in seconds]
    to.receive(Records(*partition, offsets, stamps, values, first + n))
    to.work()


def minutes(time: int | None) -> float | None:
    """Event time in minutes after the beginning."""
    return None if time is None else (time - BEGIN_MS * 1_000_000) / MINUTE
