"""JSON records become a Batch: one event per record, whole chunks in C, and by hand what does not fit.

No input raises. What is broken in one feature is a cell of that feature; only id, kind, model, version and time can
reject an event. What becomes of a record does not depend on its neighbours.
"""

import operator
import struct
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, starmap
from typing import Any

import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray

from stream import events
from stream.encodings.documents import parse
from stream.encodings.rescue import FAILURES, LONG_VERSION, UNIDENTIFIED, Rescue, short
from stream.encodings.schema import MISSING, Ids, number
from stream.encodings.structs import Types
from stream.encodings.times import BAD, times
from stream.events import Batch, Head, Records, Reject

__all__ = ["Decoder", "parse"]

CHUNK = 250  # events decoded before their objects are dropped: more, and the working set leaves the cache (measured)
HEADS_MAX = 60_000  # distinct (model, kind, version) remembered at once
_OUTPUT_NUMBERS = 3  # score, latency and prediction, behind the numeric features
_OUTPUT_TEXTS = 2  # prediction and status, behind the categorical features

_KINDS = {kind: i for i, kind in enumerate(events.KINDS)}
TIME = "RFC 3339 with a zone, or an integer of epoch milliseconds"
_REFUSED = -1  # stands for the head of an event that is rejected


@dataclass
class _Rows:
    """Columns of events that were decoded, while they grow."""

    time: list[str | int] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    score: list[float | None] = field(default_factory=list)
    latency: list[float | None] = field(default_factory=list)
    prediction: list[object] = field(default_factory=list)
    status: list[object] = field(default_factory=list)
    numeric: list[bytes] = field(default_factory=list)
    categorical: list[bytes] = field(default_factory=list)
    segments: list[bytes] = field(default_factory=list)
    unidentified: dict[int, tuple[str, str]] = field(default_factory=dict)  # labels without an id: reason, detail


class Decoder:
    """Turns records into batches. Holds caches only: heads it has met, midnights it has parsed."""

    def __init__(self, types: Types, ids: Ids, bytes_max: int) -> None:
        self.heads: list[Head] = []
        self._types = types
        self._ids = ids
        self._bytes_max = bytes_max
        self._rescue = Rescue(types, bytes_max)
        self._head_of: dict[Any, int] = {}
        self._dates: dict[bytes, int] = {}
        self._numeric = operator.itemgetter(slice(0, types.n_numeric))
        self._categorical = operator.itemgetter(slice(types.n_numeric, None))
        self._pack = struct.Struct(f"{types.n_numeric}d{8 * _OUTPUT_NUMBERS}x").pack  # room for the outputs
        self._id_type, self._pack_ids = _smallest(max(ids.values()))

    @property
    def full(self) -> bool:
        """Whether the next batch may not be decoded before `forget`."""
        return len(self.heads) >= HEADS_MAX

    def forget(self) -> None:
        """Forget the heads; batches decoded before must not be asked for theirs any more."""
        self.heads, self._head_of = [], {}

    def decode(self, records: Records) -> Batch:
        """All records as columns; rejects name their place among the records."""
        rows = _Rows()
        rejects: list[Reject] = []
        for i in range(0, len(records.values), CHUNK):
            good = self._events(records.values[i : i + CHUNK], i, rejects)
            if good:
                self._append(good, rows)
        at = np.delete(np.arange(len(records.values)), [reject.row for reject in rejects])
        return self._batch(records, at, rows, rejects)

    def _events(self, values: Sequence[bytes | None], first: int, rejects: list[Reject]) -> list[Any]:
        """Decoded events in order; an exception costs one event, for `extend` keeps what it already had."""
        good: list[Any] = []
        n_rejected = 0
        remaining = iter(values)
        if max(map(len, filter(None, values)), default=0) > self._bytes_max:
            remaining = iter([value if value and len(value) <= self._bytes_max else None for value in values])
        while True:
            try:
                good.extend(map(self._types.decode, remaining))  # type: ignore[arg-type]  # None is a TypeError
            except FAILURES:
                i = len(good) + n_rejected
                event = self._rescue.event(values[i], first + i)
                if isinstance(event, Reject):
                    rejects.append(event)
                    n_rejected += 1
                else:
                    good.append(event)
            else:
                return good

    def _append(self, good: list[Any], rows: _Rows) -> None:
        """Take the fields of a chunk of events, whose objects can be dropped then."""
        kind, time, version, features, score, latency, prediction, status, segments, *rest = zip(
            *map(astuple, good), strict=True
        )
        if "label" in kind and rest:
            found = enumerate(zip(kind, rest[0], strict=True), start=len(rows.time))
            rows.unidentified |= dict.fromkeys((i for i, pair in found if pair == ("label", None)), UNIDENTIFIED)
        rows.time += time
        rows.score += score
        rows.latency += latency
        rows.prediction += prediction
        rows.status += status
        rows.head += self._heads(good, kind, version)
        fields = list(map(astuple, features))
        rows.numeric += self._packed(fields)
        rows.categorical.append(self._looked_up(chain.from_iterable(map(self._categorical, fields))))
        if self._types.segments:
            rows.segments.append(self._looked_up(chain.from_iterable(map(astuple, segments))))

    def _packed(self, fields: Sequence[tuple[Any, ...]]) -> list[bytes]:
        """The numeric fields of each row as doubles; a null is a missing value."""
        packed: list[bytes] = []
        numeric, pack = self._numeric, self._pack
        remaining = map(numeric, fields)
        while True:
            try:
                packed.extend(starmap(pack, remaining))
            except struct.error:
                row = numeric(fields[len(packed)])
                packed.append(pack(*[MISSING if value is None else value for value in row]))
            else:
                return packed

    def _looked_up(self, values: Iterable[object]) -> bytes:
        """The ids of categories."""
        return self._pack_ids(map(self._ids.__getitem__, values))

    def _heads(self, good: list[Any], kind: Sequence[str], version: Sequence[Any]) -> list[int]:
        found: list[Any] = list(map(self._head_of.get, zip(map(type, good), kind, version, strict=True)))
        if None in found:
            keys = zip(map(type, good), kind, version, strict=True)
            found = [self._head(*key) if i is None else i for i, key in zip(found, keys, strict=True)]
        return found

    def _head(self, event_type: type, kind: str, version: Any) -> int:  # noqa: ANN401 - see `Types.strange`
        key = (event_type, kind, version)
        if key not in self._head_of:
            known = self._types.by_type[event_type]
            name, version = version if known is self._types.stranger else (known.shape.model, version)
            if not short(version):
                return _REFUSED
            self._head_of[key] = len(self.heads)
            self.heads.append(Head(known.place, name, _KINDS[kind], str(version)))
        return self._head_of[key]

    def _batch(self, records: Records, at: NDArray[np.int64], rows: _Rows, rejects: list[Reject]) -> Batch:
        time = times(rows.time, self._dates)
        head = np.array(rows.head, np.int32)
        refused = dict(rows.unidentified)
        for i in np.flatnonzero((time == BAD) | (head == _REFUSED)).tolist():
            bad_time = (events.BAD_TIME, f"time is {rows.time[i]!r:.80}, expected {TIME}")
            refused[i] = (events.WRONG_TYPE, LONG_VERSION) if head[i] == _REFUSED else refused.get(i, bad_time)
        columns: list[NDArray[Any]] = [at, time, head, self._values(rows), self._texts(rows), self._segments(rows)]
        if refused:
            rejects += [Reject(int(at[i]), *why) for i, why in refused.items()]
            columns = [np.delete(column, list(refused), axis=0) for column in columns]
        rejects.sort(key=operator.attrgetter("row"))
        at, time, head, values, texts, segments = columns
        return Batch(records, at, time, head, values, texts, segments, self.heads, tuple(rejects))

    def _values(self, rows: _Rows) -> NDArray[np.float64]:
        values = np.frombuffer(bytearray().join(rows.numeric)).reshape(-1, self._types.n_numeric + _OUTPUT_NUMBERS)
        values[:, -3] = rows.score  # None becomes the ordinary NaN, which means missing
        values[:, -2] = rows.latency
        values[:, -1] = [value if type(value) is float else number(value) for value in rows.prediction]
        return values

    def _texts(self, rows: _Rows) -> NDArray[np.unsignedinteger]:
        n = len(rows.time)
        texts = np.empty((n, self._types.n_categorical + _OUTPUT_TEXTS), self._id_type)
        texts[:, :-2] = np.frombuffer(b"".join(rows.categorical), self._id_type).reshape(n, self._types.n_categorical)
        texts[:, -2] = np.frombuffer(self._looked_up(rows.prediction), self._id_type)
        texts[:, -1] = np.frombuffer(self._looked_up(rows.status), self._id_type)
        return texts

    def _segments(self, rows: _Rows) -> NDArray[np.unsignedinteger]:
        shape = (len(rows.time), len(self._types.segments))
        return np.frombuffer(b"".join(rows.segments), self._id_type).reshape(shape)


def _smallest(largest: int) -> tuple[type[np.unsignedinteger], Callable[[Iterable[int]], bytes]]:
    """The smallest type that holds ids up to the largest, and how they are packed."""
    if largest < 1 << 8:
        return np.uint8, bytes
    code, kind = ("H", np.uint16) if largest < 1 << 16 else ("I", np.uint32)
    return kind, lambda ids: array(code, ids).tobytes()
