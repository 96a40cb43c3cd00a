"""Records as the client has parsed them, without the copy that it makes of each, a batch of the broker's at a time.

The client turns every parsed record into a ConsumerRecord of eleven fields and hands it from one function to the next,
a third of what reading costs (measured). Which batches count, aborted ones and control records, it still decides. Only
consumers that ask for it are concerned: others in the process, such as a framework's, get ConsumerRecords as ever.
"""

from collections.abc import Iterator, Sequence
from operator import length_hint
from typing import Any, Protocol

from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords


class Parsed(Protocol):
    """What is read of a record."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def as_parsed(value: bytes) -> bytes:
    """The `value_deserializer` by which a consumer asks for parsed records."""
    return value


def offer_parsed() -> None:
    """Let the client heed `as_parsed`. Twice is once."""
    fetcher.PartitionRecords = _records


def _records(*args: Any) -> PartitionRecords:  # noqa: ANN401 - the client's own arguments
    return (_Stretches if as_parsed in args else PartitionRecords)(*args)


class _Stretches(PartitionRecords):  # type: ignore[misc]  # untyped
    """The client's records of one fetch. To its own loop a whole batch is one record, the last of it."""

    def __init__(self, partition: Any, records: Any, aborted: Any, offset: int, *how: Any) -> None:  # noqa: ANN401
        self._batch: Sequence[Parsed] = ()
        self._rest: Iterator[Parsed] = iter(())
        super().__init__(partition, _Batches(records), aborted, offset, *how)

    @property
    def next_fetch_offset(self) -> int:
        """The position behind what was handed out, perhaps amid a batch."""
        left = length_hint(self._rest)
        return self._batch[-left - 1].offset + 1 if left else self._behind

    @next_fetch_offset.setter
    def next_fetch_offset(self, offset: int) -> None:
        self._behind = offset

    def __iter__(self) -> Iterator[Parsed]:
        yield from self._rest  # whoever asked before had enough
        for batch in self._records_iterator:
            self._batch, self._rest = batch, iter(batch)
            yield from self._rest

    def _consumer_record(self, _: object, last: "_Last | Parsed") -> Sequence[Parsed]:
        """The batch, without what lies before the position: a fetch begins with the batch that holds it."""
        if not isinstance(last, _Last):
            return (last,)
        batch, position = last.batch, self.next_fetch_offset
        return batch if batch[0].offset >= position else [each for each in batch if each.offset >= position]


class _Batches:
    """The client's record batches, each a sequence of one. One that has no more stays as it is."""

    def __init__(self, records: Any) -> None:  # noqa: ANN401 - the client's
        self.has_next, self._next = records.has_next, records.next_batch

    def next_batch(self) -> Any:  # noqa: ANN401 - as the client's
        batch = self._next()
        return batch if getattr(batch, "last_offset_delta", None) == 0 else _Batch(batch)


class _Batch:
    """A batch as the client's loop sees it: what it asks of a batch, and one record where there are any."""

    def __init__(self, batch: Any) -> None:  # noqa: ANN401 - the client's
        self._batch = batch

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the client's
        return getattr(self._batch, name)

    def __next__(self) -> Parsed:
        record: Parsed = next(self._batch)  # of a control batch, whose marker is looked at
        return record

    def __iter__(self) -> Iterator["_Last"]:
        batch = list(self._batch)
        return iter((_Last(batch),) if batch else ())


class _Last:
    """A whole batch in the place of its last record."""

    __slots__ = ("batch", "offset")

    def __init__(self, batch: list[Parsed]) -> None:
        self.batch, self.offset = batch, batch[-1].offset
