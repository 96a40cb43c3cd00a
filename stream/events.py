"""The vocabulary of the journey's first half: records as they came, events as columns, and why a record was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Partition = tuple[str, int]  # (topic, partition)
Position = tuple[int, int]  # (offset, row): a record of many events has as many positions

NEVER: Final = -(2**63)  # a clock that has seen nothing, ns

RESERVED: Final = "\ue000"  # of the private use area: begins names that no publisher may give

# Kinds of events, as small integers in columns.
PREDICTION, FEATURES, LABEL = 0, 1, 2
KINDS = ("prediction", "features", "label")

# Why a record is refused: one word each, the `reason` of dead letters and counters (docs/events.md explains them).
EMPTY = "empty"  # no value: a tombstone
OVERSIZED = "oversized"  # beyond limits.event_bytes, or what a record of many events may hold
UNDECODABLE = "undecodable"  # not JSON, not UTF-8, or not an object; not an Arrow stream
MISSING_FIELD = "missing_field"  # kind, model, time, or the id of a label
WRONG_TYPE = "wrong_type"  # of id, kind, model, version or time
BAD_TIME = "bad_time"  # not RFC 3339 with a zone, nor epoch milliseconds, or outside 1970 to 2261
UNKNOWN_MODEL = "unknown_model"  # no name or pattern of the configuration matches
WRONG_TOPIC = "wrong_topic"  # this kind, or this model, is not declared for the topic
AHEAD = "ahead"  # its time runs ahead of its record's by more than max_skew
REASONS = (EMPTY, OVERSIZED, UNDECODABLE, MISSING_FIELD, WRONG_TYPE, BAD_TIME, UNKNOWN_MODEL, WRONG_TOPIC, AHEAD)


ARROW = "application/vnd.apache.arrow.stream"  # the content type of records of many events
ROW_BITS = 20  # of a position's number: rows of a record are far fewer, offsets stay far below 2^43


class Arrow(bytes):
    """A record's value whose content type says that it is an Arrow IPC stream of many events."""

    __slots__ = ()


def marked(value: bytes | None, content_type: str) -> bytes | None:
    """A value as what its content type says that it is; types of media have parameters, and no case."""
    stream = content_type.partition(";")[0].strip().lower() == ARROW
    return Arrow(value) if stream and value is not None else value


class Packed(Protocol):
    """What a record of many events is after it was read: each of its rows is an event."""

    def __len__(self) -> int:
        """How many rows."""

    def payload(self, row: int) -> bytes:
        """What a row says, as a record of its own would."""

    def outline(self) -> bytes:
        """What every row says, without the values: the fields of its events."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one partition in order, undecoded.

    `position` is the next offset to read after them, `row` the next row there. `rows` (n,): each one's place in its
    record, where some records hold many and are here as often; None: all are records of one event, or not read yet.
    """

    topic: str
    partition: int
    offsets: Ints
    timestamps_ms: Ints
    values: Sequence[bytes | Packed | None]
    position: int
    row: int = 0
    rows: Ints | None = None

    def since(self, i: int) -> "Records":
        """The records from the i-th on."""
        return self._part(slice(i, None), self.position, self.row)

    def until(self, i: int) -> "Records":
        """The records before the i-th; all of them keep the position behind control records."""
        return self._part(slice(0, i), *((self.position, self.row) if i >= len(self.values) else self.place(i)))

    @property
    def plain(self) -> Sequence[bytes | None]:
        """The values, where every record is one event."""
        assert self.rows is None, "some records hold many events"
        return cast("Sequence[bytes | None]", self.values)

    def unread(self, position: Position) -> "Records":
        """The records from a position on, which may lie amid the first one."""
        offset, row = position
        if self.rows is None or not row:
            return self
        return self.since(int(np.count_nonzero((self.offsets == offset) & (self.rows < row))))

    def place(self, i: int) -> Position:
        """Where the i-th record is."""
        return int(self.offsets[i]), 0 if self.rows is None else int(self.rows[i])

    @property
    def numbers(self) -> Ints:
        """A number per position, (n,); that of a record of one event is its offset."""
        return self.offsets if self.rows is None else self.offsets + (self.rows << (63 - ROW_BITS))

    def payload(self, i: int) -> bytes:
        """What the i-th record says; nothing where it is a tombstone."""
        value = self.values[i]
        if value is None or isinstance(value, bytes):
            return value or b""
        return value.payload(self.place(i)[1])

    def outline(self, i: int) -> bytes:
        """What has the fields of the i-th record, and perhaps no values."""
        value = self.values[i]
        return value or b"" if value is None or isinstance(value, bytes) else value.outline()

    def _part(self, part: slice, position: int, row: int) -> "Records":
        offsets, stamps, values = self.offsets[part], self.timestamps_ms[part], self.values[part]
        rows = None if self.rows is None else self.rows[part]
        return Records(self.topic, self.partition, offsets, stamps, values, position, row, rows)


@dataclass(frozen=True, slots=True)
class Head:
    """What groups events: the model (its index, or -1 for a stranger), its name, the kind, the version."""

    model: int
    name: str
    kind: int
    version: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be used: which, why in one word, and why for a person."""

    row: int  # its place among the batch's records
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one partition as columns, and what was refused.

    `at` (n,): each event's place among the records; `time` (n,): ns; `head` (n,): place in `heads`; `values`
    (n, numeric): float64 with NaN payloads for what is no number; `texts` (n, categorical) and `segments` (n, fields):
    ids of the schema's vocabulary; `keys` (n, 2): hashes that join labels to predictions, zeros without an id, and
    `answers` (n,): what label events say, see `identity.answer`, and the several values of predictions that have such.
    Where no labels are read, both have no rows.
    """

    records: Records
    at: Ints
    time: Ints
    head: NDArray[np.int32]
    values: Floats
    texts: NDArray[np.unsignedinteger]
    segments: NDArray[np.unsignedinteger]
    keys: Ints
    answers: NDArray[np.object_]
    heads: Sequence[Head]
    rejects: tuple[Reject, ...]

    def split(self, row: int) -> tuple["Batch", "Batch"]:
        """What comes before the row-th record, and the rest."""
        i = int(np.searchsorted(self.at, row))
        first, second = (
            (
                self.time[part],
                self.head[part],
                self.values[part],
                self.texts[part],
                self.segments[part],
                self.keys[part],
                self.answers[part],
                self.heads,
            )
            for part in (slice(0, i), slice(i, None))
        )
        before = tuple(reject for reject in self.rejects if reject.row < row)
        after = tuple(Reject(r.row - row, r.reason, r.detail) for r in self.rejects if r.row >= row)
        return (
            Batch(self.records.until(row), self.at[:i], *first, before),
            Batch(self.records.since(row), self.at[i:] - row, *second, after),
        )
