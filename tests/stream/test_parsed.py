"""Records handed out as parsed: the same ones, from the same positions, as the client's own way hands out."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from stream.broker.fetched import columns
from stream.broker.parsed import as_parsed, offer_parsed
from stream.events import Arrow

PARTITION = TopicPartition("a", 0)
READ_COMMITTED = 1
ATTRIBUTES_AT = 22  # of a batch's low byte of attributes
CONTROL = 0x20
ABORT = b"\0\0\0\0"  # the key of a marker: version 0, type 0
COMMIT = b"\0\0\0\1"
Deserializer = Callable[[bytes], bytes] | None


def batch(
    offsets: list[int],
    *,
    producer: int = -1,
    marker: bytes | None = None,
    headers: Sequence[tuple[str, bytes | None]] = (("h", b"v"),),
) -> bytes:
    """A record batch as brokers send it; of a transaction where it has a producer, of its end where it has a marker."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=producer >= 0,
        producer_id=producer,
        producer_epoch=0,
        base_sequence=0,
        batch_size=100_000,
    )
    for offset in offsets:
        value = None if offset % 5 == 0 else b"%d" % offset
        at = offset - offsets[0]
        builder.append(at, timestamp=1_000 + offset, key=marker, value=value, headers=list(headers))
    built = bytearray(bytes(builder.build()))
    built[:8] = offsets[0].to_bytes(8, "big")
    if marker is not None:
        built[ATTRIBUTES_AT] |= CONTROL
    return bytes(built)


class Assignment:
    """As much of the client's subscription as a fetch result asks for."""

    active, paused = True, False

    def __init__(self, position: int) -> None:
        self.position = position

    def state_value(self, partition: TopicPartition) -> "Assignment":
        """The state of the only partition."""
        assert partition == PARTITION
        return self

    def consumed_to(self, position: int) -> None:
        """Move on."""
        self.position = position


def handed_out(
    read: bytes, aborted: list[tuple[int, int]], start: int, at_once: list[int], deserializer: Deserializer
) -> list[tuple[list[tuple[int, int, bytes | None]], int]]:
    """What each call hands out, of at most so many records, and the position after it."""
    offer_parsed()
    assignment = Assignment(start)
    parsed = fetcher.PartitionRecords(
        PARTITION, MemoryRecords(read), aborted, start, None, deserializer, False, READ_COMMITTED
    )
    result = FetchResult(PARTITION, assignment=assignment, partition_records=parsed, backoff=0)
    calls = []
    for most in at_once:
        if not result.has_more():
            break
        records = result.getall(most)
        calls.append(([(each.offset, each.timestamp, each.value) for each in records], assignment.position))
    return calls


@pytest.mark.parametrize("seed", range(60))
def test_the_same_records_and_positions_as_the_clients_own(seed: int) -> None:
    """Batches of one and of many, with holes, aborted and committed transactions, read from anywhere, cut anywhere."""
    generator = np.random.default_rng(seed)
    read, aborted, offset = b"", [], 0
    for _ in range(int(generator.integers(1, 8))):
        kept = np.flatnonzero(generator.random(int(generator.integers(1, 9))) < 0.8)
        offsets = (offset + np.unique([0, *kept])).tolist()
        kind = generator.integers(3)
        producer = int(generator.integers(100)) if kind else -1
        read += batch(offsets, producer=producer)
        if kind == 1:
            aborted.append((producer, offset))
        offset = offsets[-1] + 1
        if kind:
            read += batch([offset], producer=producer, marker=ABORT if kind == 1 else COMMIT)
            offset += 1
        offset += int(generator.integers(3))
    start = int(generator.integers(4))
    at_once = [*generator.integers(1, 6, 12).tolist(), 100, 100]
    ours = handed_out(read, list(aborted), start, at_once, as_parsed)
    assert handed_out(read, list(aborted), start, at_once, None) == ours


def fetched_by(deserializer: Deserializer) -> list[Any]:
    """What a consumer with this deserializer is handed of a record batch."""
    offer_parsed()
    read = MemoryRecords(batch([4, 5]))
    return list(fetcher.PartitionRecords(PARTITION, read, [], 4, None, deserializer, True, 0))


def test_who_asks_for_parsed_records_gets_them_uncopied() -> None:
    """Offsets, times, values and tombstones are there; the client's own record is what comes, and no copy."""
    parsed = fetched_by(as_parsed)
    assert not any(isinstance(each, ConsumerRecord) for each in parsed)
    told = columns(PARTITION, parsed, 6)
    assert ([4, 5], [1_004, 1_005], [b"4", None]) == (told.offsets.tolist(), told.timestamps.tolist(), told.values)


def test_other_consumers_of_the_process_get_what_they_always_got() -> None:
    """Also once it was offered twice."""
    offer_parsed()
    first, _ = fetched_by(None)
    assert isinstance(first, ConsumerRecord)
    assert ("a", 0, b"4", (("h", b"v"),)) == (first.topic, first.partition, first.value, first.headers)
    assert PartitionRecords is not fetcher.PartitionRecords, "the consumers that ask are served by another class"


@pytest.mark.parametrize(
    ("headers", "many"),
    [
        ([("content-type", b"application/vnd.apache.arrow.stream")], True),
        ([("h", None), ("Content-Type", b"Application/vnd.apache.arrow.stream; version=1")], True),
        ([("content-type", b"application/json")], False),
        ([("content-type", None), ("accept", b"application/vnd.apache.arrow.stream")], False),
        ([("content-type", b"\xff")], False),
        ([], False),
    ],
)
def test_the_content_type_says_which_records_hold_many_events(
    headers: list[tuple[str, bytes | None]], many: bool
) -> None:
    """Without regard to case or parameters; a tombstone holds none."""
    told = columns(PARTITION, list(MemoryRecords(batch([4, 5, 6], headers=headers)).next_batch()), 7)
    assert [(b"4", many), (None, False), (b"6", many)] == [(value, isinstance(value, Arrow)) for value in told.values]
