"""JSON records become a Batch: one event per record, whole chunks in C, and by hand what does not fit.

No input raises. What is broken in one feature is a cell of that feature; only id, kind, model, version and time can
reject an event. What becomes of a record does not depend on its neighbours.
"""

import operator
import struct
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, starmap
from typing import Any

import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray

from stream import events
from stream.encodings.documents import parse
from stream.encodings.rescue import FAILURES, LONG_VERSION, UNIDENTIFIED, Rescue, short
from stream.encodings.schema import Ids, number
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


class _Columns:
    """Columns with room for n events, filled chunk by chunk while the events are in the cache."""

    def __init__(self, n: int, types: Types, id_type: type[np.unsignedinteger]) -> None:
        self.n = 0  # events filled in
        self.time = np.empty(n, np.int64)
        self.head = np.empty(n, np.int32)
        self.values = np.empty((n, types.n_numeric + _OUTPUT_NUMBERS))
        self.texts = np.empty((n, types.n_categorical + _OUTPUT_TEXTS), id_type)
        self.segments = np.empty((n, len(types.segments)), id_type)
        self.refused: dict[int, tuple[str, str]] = {}  # event: reason, detail


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
        self._pack = struct.Struct(f"{types.n_numeric}d").pack
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
        n = len(records.values)
        columns, rejects = _Columns(n, self._types, self._id_type), list[Reject]()
        for i in range(0, n, CHUNK):
            good = self._events(records.values[i : i + CHUNK], i, rejects)
            if good:
                self._append(good, columns)
        return self._batch(records, columns, rejects)

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

    def _append(self, good: list[Any], columns: _Columns) -> None:
        """Take the fields of a chunk of events, whose objects can be dropped then."""
        kind, time, version, features, score, latency, prediction, status, segments, *rest = zip(
            *map(astuple, good), strict=True
        )
        fields = list(map(astuple, features))
        chunk = slice(columns.n, columns.n + len(good))
        values, texts = columns.values[chunk], columns.texts[chunk]
        values[:, :-3] = self._packed(fields)
        values[:, -3] = score  # None becomes the ordinary NaN, which means missing
        values[:, -2] = latency
        values[:, -1] = [value if type(value) is float else number(value) for value in prediction]
        texts[:, :-2] = self._looked_up(chain.from_iterable(map(self._categorical, fields))).reshape(len(good), -1)
        texts[:, -2:] = self._looked_up(chain(prediction, status)).reshape(2, -1).T
        if self._types.segments:
            found = self._looked_up(chain.from_iterable(map(astuple, segments)))
            columns.segments[chunk] = found.reshape(len(good), -1)
        columns.head[chunk] = heads = self._heads(good, kind, version)
        columns.time[chunk] = stamps = times(time, self._dates)
        if stamps.min() == BAD or _REFUSED in heads or "label" in kind:
            flaws = _flaws(kind, time, heads, stamps, rest[0] if rest else kind)
            columns.refused |= {columns.n + i: flaw for i, flaw in flaws.items()}
        columns.n += len(good)

    def _packed(self, fields: Sequence[tuple[Any, ...]]) -> NDArray[np.float64]:
        """The numeric fields of rows, (rows, numeric)."""
        rows = list(map(self._numeric, fields))
        try:
            packed = np.frombuffer(b"".join(starmap(self._pack, rows)))
        except struct.error:  # a null among them: half as fast, and it becomes the ordinary NaN, which means missing
            packed = np.array(rows, np.float64)
        return packed.reshape(len(fields), self._types.n_numeric)

    def _looked_up(self, values: Iterable[object]) -> NDArray[np.unsignedinteger]:
        """The ids of categories."""
        return np.frombuffer(self._pack_ids(map(self._ids.__getitem__, values)), self._id_type)

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

    def _batch(self, records: Records, columns: _Columns, rejects: list[Reject]) -> Batch:
        at = np.arange(len(records.values))
        if rejects:
            at = np.delete(at, [reject.row for reject in rejects])
        found = (columns.time, columns.head, columns.values, columns.texts, columns.segments)
        arrays: list[NDArray[Any]] = [at, *(column[: columns.n] for column in found)]
        if columns.refused:
            rejects += [Reject(int(at[i]), *why) for i, why in columns.refused.items()]
            arrays = [np.delete(column, list(columns.refused), axis=0) for column in arrays]
        rejects.sort(key=operator.attrgetter("row"))
        at, time, head, values, texts, segments = arrays
        return Batch(records, at, time, head, values, texts, segments, self.heads, tuple(rejects))


def _flaws(
    kind: Sequence[str],
    time: Sequence[str | int],
    heads: Sequence[int],
    stamps: NDArray[np.int64],
    keys: Sequence[object],
) -> dict[int, tuple[str, str]]:
    """Why decoded events are rejected, by their place: version, id, time, the first flaw in the order of `Rescue`."""
    bad = f"expected {TIME}"
    flaws = {i: (events.BAD_TIME, f"time is {time[i]!r:.80}, {bad}") for i in np.flatnonzero(stamps == BAD).tolist()}
    flaws |= {i: UNIDENTIFIED for i, pair in enumerate(zip(kind, keys, strict=True)) if pair == ("label", None)}
    return flaws | {i: (events.WRONG_TYPE, LONG_VERSION) for i, head in enumerate(heads) if head == _REFUSED}


def _smallest(largest: int) -> tuple[type[np.unsignedinteger], Callable[[Iterable[int]], bytes]]:
    """The smallest type that holds ids up to the largest, and how they are packed."""
    if largest < 1 << 8:
        return np.uint8, bytes
    code, kind = ("H", np.uint16) if largest < 1 << 16 else ("I", np.uint32)
    return kind, lambda ids: array(code, ids).tobytes()
