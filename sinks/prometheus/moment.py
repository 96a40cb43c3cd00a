"""The numbers of this moment as samples."""

from collections.abc import Iterator

from sinks.prometheus import families
from sinks.prometheus.exposition import Sample, label
from sinks.prometheus.live import Live, Partition, Vitals


def of_vitals(vitals: Vitals) -> Iterator[Sample]:
    """What every process says that reads."""
    yield families.READY, (), vitals.ready
    for scope, at_ns in vitals.watermarks_ns:
        yield families.WATERMARK, (label(scope),), at_ns / 1e9
    for partition in vitals.partitions:
        yield from _of_partition(partition)
    yield families.MEMORY_BYTES, (), vitals.memory_bytes
    if vitals.gathered is not None:
        yield families.REBALANCES, (), vitals.gathered.rebalances
        yield families.RECORDS, (), vitals.gathered.records
        yield families.PARTIALS, (), vitals.gathered.partials
        yield families.PARTIAL_BYTES, (), vitals.gathered.partial_bytes


def of_service(live: Live) -> Iterator[Sample]:
    """The same of a service, with what it keeps and sends."""
    yield from of_vitals(live.vitals)
    yield families.REPLAYING, (), live.replaying
    for model, share in live.learning:
        yield families.LEARNING, (label(model),), share
    for outbox, rows in live.outbox:
        yield families.OUTBOX, (outbox,), rows
    for hook, answer, n in live.hooks:
        yield families.HOOKS, (hook, answer), n
    yield families.COMMIT_NUMBER, (), live.commit_number
    yield families.COMMIT_SECONDS, (), live.commit_seconds
    yield families.STORE_BYTES, (), live.store_bytes


def _of_partition(partition: Partition) -> Iterator[Sample]:
    labels = (label(partition.topic), str(partition.partition))
    yield families.LAG, labels, partition.lag
    yield families.POSITION, labels, partition.position
    yield families.PAUSED, labels, partition.paused
    if partition.clock_ns is not None:
        yield families.CLOCK, labels, partition.clock_ns / 1e9
    if partition.kept_s is not None:
        yield families.KEPT, labels, partition.kept_s
