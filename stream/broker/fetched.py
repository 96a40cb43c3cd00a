"""What reading yields: stretches of partitions as columns, and gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from aiokafka.structs import TopicPartition
from numpy.typing import NDArray

from stream.broker.parsed import Parsed
from stream.events import Records, marked

offset_of, timestamp_of, value_of = attrgetter("offset"), attrgetter("timestamp"), attrgetter("value")
headers_of = attrgetter("headers")
key_of = attrgetter("key")


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no single truth value
class Fetched:
    """A stretch of one partition as columns: all of its records up to `position`, perhaps none.

    Between the last offset and `position` lie only control records, aborted data and what compaction removed.
    """

    topic: str
    partition: int
    offsets: NDArray[np.int64]  # (records,) rising
    timestamps: NDArray[np.int64]  # (records,) ms since the epoch, by the publisher or the broker
    values: list[bytes | None]
    position: int  # the next offset to read
    keys: Sequence[bytes | None] = ()  # where the reader was asked for them

    @property
    def records(self) -> Records:
        """The same, as the journey takes it."""
        return Records(self.topic, self.partition, self.offsets, self.timestamps, self.values, self.position)


@dataclass(frozen=True, slots=True)
class Gap:
    """Retention overtook the reader: `[wanted, beginning)` is lost, and reading goes on at `beginning`."""

    topic: str
    partition: int
    wanted: int
    beginning: int


def columns(partition: TopicPartition, records: Sequence[Parsed], position: int, *, keyed: bool = False) -> Fetched:
    """A client's records as columns; the loops over records are all in C."""
    return Fetched(
        partition.topic,
        partition.partition,
        _offsets(records),
        np.fromiter(map(timestamp_of, records), np.int64, len(records)),
        _values(records),
        position,
        list(map(key_of, records)) if keyed else (),
    )


def _values(records: Sequence[Parsed]) -> list[bytes | None]:
    """The values, marked where a content type says that they hold many events; hardly a record has headers."""
    if any(map(headers_of, records)):
        return [marked(record.value, _content_type(record.headers)) for record in records]
    return list(map(value_of, records))


def _content_type(headers: Sequence[tuple[str, bytes | None]]) -> str:
    """What a record says of its value; names have no case."""
    said = next((value for name, value in headers if name.lower() == "content-type"), None)
    return (said or b"").decode("utf-8", "replace")


def _offsets(records: Sequence[Parsed]) -> NDArray[np.int64]:
    """Offsets rise, so they are a range where the first and the last are as far apart as there are records."""
    n = len(records)
    if n and records[-1].offset - records[0].offset == n - 1:
        return np.arange(records[0].offset, records[0].offset + n, dtype=np.int64)
    return np.fromiter(map(offset_of, records), np.int64, n)
