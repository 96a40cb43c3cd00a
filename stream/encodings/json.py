"""JSON records become a Batch: one event per record, whole chunks in C, and by hand what does not fit.

No input raises. What is broken in one feature is a cell of that feature; only id, kind, model, version and time can
reject an event. What becomes of a record does not depend on its neighbours.
"""

import operator
import struct
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray

from stream import events
from stream.encodings.documents import parse
from stream.encodings.identity import answer, begun, hashed, keys
from stream.encodings.rescue import FAILURES, Rescue, short
from stream.encodings.schema import MISSING, Ids, number
from stream.encodings.structs import Header, Types
from stream.encodings.taken import REFUSED, Taken
from stream.encodings.times import BAD, times
from stream.events import Batch, Head, Records, Reject

__all__ = ["Json", "parse"]

CHUNK = 250  # events whose texts wait to be looked up: more, and they leave the cache (measured)
HEADS_MAX = 60_000  # distinct (model, kind, version) remembered at once
OUTPUT_NUMBERS = 3  # score, latency and prediction, behind the numeric features
OUTPUT_TEXTS = 2  # prediction and status, behind the categorical features

_KINDS = {kind: i for i, kind in enumerate(events.KINDS)}


def sized(values: NDArray[np.float64], types: Types) -> None:
    """Make attributions as large as they are, whatever their sign: what is watched is how much a feature matters."""
    attributed = values[:, types.n_numeric : types.n_numeric + types.n_attributed]
    np.abs(attributed, out=attributed)  # the bits of a NaN that say why stay


class Json:
    """Turns records into batches. Holds caches only: heads it has met, midnights it has parsed."""

    def __init__(self, types: Types, ids: Ids, bytes_max: int) -> None:
        self.heads: list[Head] = []
        self._begun: list[Callable[[], Any]] = []  # by head, the hash of an id of its model as it begins
        self._types, self._ids, self._bytes_max = types, ids, bytes_max
        self.rescue = Rescue(types, bytes_max)
        self._head_of: dict[Any, int] = {}
        self._head_of_texts: dict[tuple[object, object, object], int] = {}
        self._dates: dict[bytes, int] = {}
        self._width = types.n_numeric + types.n_attributed + OUTPUT_NUMBERS
        sizes = types.n_numeric, self._width - types.n_numeric
        self._pack, self._pack_others = (struct.Struct(f"{size}d").pack for size in sizes)
        self.id_type, self._pack_ids = _smallest(max(ids.values()))

    @property
    def full(self) -> bool:
        """Whether the next batch may not be decoded before `forget`."""
        return len(self.heads) >= HEADS_MAX

    def forget(self) -> None:
        """Forget the heads; batches decoded before must not be asked for theirs any more."""
        self.heads, self._begun, self._head_of, self._head_of_texts = [], [], {}, {}

    def head_of(self, kind: object, model: object, version: object) -> int:
        """The place of a head among the heads; REFUSED where it rejects its events."""
        texts = type(kind) is type(model) is type(version) is str  # True is 1 for a dictionary, and another head
        if texts and (place := self._head_of_texts.get((kind, model, version))) is not None:
            return place
        place = self._judged(kind, model, version)
        if texts and place != REFUSED:
            self._head_of_texts[kind, model, version] = place
        return place

    def _judged(self, kind: object, model: object, version: object) -> int:
        header = self.rescue.header({"kind": kind, "model": model, "version": version, "time": 0, "id": ""})
        if not isinstance(header, Header):
            return REFUSED
        known = self._types.by_model.get(header.model)
        if known is None:
            return self._head(self._types.stranger.event, header.kind, (header.model, str(header.version)))
        return self._head(known.event, header.kind, header.version)

    def decode(self, records: Records, values: Sequence[bytes | None]) -> Batch:
        """Values of records as columns; `at` and the rejects name their places among the values."""
        rows, rejects = Taken(), list[Reject]()
        for i in range(0, len(values), CHUNK):
            self._read(values[i : i + CHUNK], i, rows, rejects)
        return self._batch(records, len(values), rows, rejects)

    def _read(self, values: Sequence[bytes | None], first: int, rows: Taken, rejects: list[Reject]) -> None:
        """Take the fields of a chunk of records.

        Each event is dropped before the next is decoded: its memory is used again while the cache holds it, which saves
        a fifth of the time (measured).
        """
        decode, heads, pack, pack_others = self._types.decode, self._head_of, self._pack, self._pack_others
        n_numeric, has_segments = self._types.n_numeric, bool(self._types.segments)
        identified, unattributed = self._types.identified, self._types.unattributed
        texts, segments, ids = list[object](), list[object](), list[str | int | None]()
        numbers = rows.numbers
        usual: Sequence[bytes | None] = values
        if max(map(len, filter(None, values)), default=0) > self._bytes_max:
            usual = [value if value and len(value) <= self._bytes_max else None for value in values]
        for i, value in enumerate(usual):
            try:
                event = decode(value)  # type: ignore[arg-type]  # None is a TypeError
            except FAILURES:
                event = self.rescue.event(values[i], first + i)
                if isinstance(event, Reject):
                    rejects.append(event)
                    continue
            (
                kind,
                time,
                version,
                features,
                score,
                latency,
                prediction,
                status,
                where,
                key,
                said,
                does,
                several,
                given,
            ) = astuple(event)
            if several is not None:
                prediction = rows.predicted(several, prediction)
            fields = astuple(features)
            attributed = unattributed if given is None else astuple(given)
            predicted = prediction if type(prediction) is float else number(prediction)
            others = attributed + (score, latency, predicted)  # noqa: RUF005 - a tuple as it is, passed on without a copy
            try:  # in two calls of a tuple each: one of several parts takes a third more (measured)
                numbers += (pack(*fields[:n_numeric]), pack_others(*others))
            except struct.error:  # a null among them
                numbers += (pack(*_filled(fields[:n_numeric])), pack_others(*_filled(others)))
            texts += fields[n_numeric:]
            texts += (prediction, status)
            if has_segments:
                segments += astuple(where)
            head = heads.get((type(event), kind, version))
            rows.heads.append(head := self._head(type(event), kind, version) if head is None else head)
            if identified:
                if kind == "label":
                    rows.told(self._answer(head, said, does), key)
                ids.append(key)
            rows.times.append(time)
        rows.keys += hashed(self._begun, rows.heads[-len(ids) :] if ids else (), ids)
        rows.texts.append(self._looked_up(texts))
        rows.segments.append(self._looked_up(segments))

    def _answer(self, head: int, said: object, does: object) -> tuple[str, str]:
        """What a label says, which depends on what its model predicts."""
        return answer(said, does, ranked=head != REFUSED and self._types.ranked(self.heads[head].name))

    def _looked_up(self, values: Iterable[object]) -> bytes:
        """The ids of categories, packed."""
        return self._pack_ids(map(self._ids.__getitem__, values))

    def _head(self, event_type: type, kind: str, version: Any) -> int:  # noqa: ANN401 - see `Types.strange`
        key = (event_type, kind, version)
        if key not in self._head_of:
            known = self._types.by_type[event_type]
            name, version = version if known is self._types.stranger else (known.shape.model, version)
            if not short(version):
                return REFUSED
            self._head_of[key] = len(self.heads)
            self.heads.append(Head(known.place, name, _KINDS[kind], str(version)))
            self._begun.append(begun(name).copy)
        return self._head_of[key]

    def _batch(self, records: Records, n_values: int, rows: Taken, rejects: list[Reject]) -> Batch:
        at = np.arange(n_values)
        if rejects:
            at = np.delete(at, [reject.row for reject in rejects])
        n = len(rows.times)
        time, head = times(rows.times, self._dates), np.frombuffer(array("i", rows.heads), np.int32)
        values = np.frombuffer(b"".join(rows.numbers)).reshape(n, self._width)
        if self._types.n_attributed:
            values = values.copy()
            sized(values, self._types)
        texts, segments = (
            np.frombuffer(b"".join(packed), self.id_type).reshape(n, width)
            for packed, width in (
                (rows.texts, self._types.n_categorical + OUTPUT_TEXTS),
                (rows.segments, len(self._types.segments)),
            )
        )
        joined = len(rows.keys)  # 0 where no labels are read
        answers = np.full(joined, None, np.object_)
        for i, said in rows.answers.items() if joined else ():
            answers[i] = said
        columns: list[NDArray[Any]] = [at, time, head, values, texts, segments, keys(rows.keys), answers]
        bad = (time == BAD) | (head == REFUSED)
        if rows.unidentified or bad.any():
            flawed = sorted({*np.flatnonzero(bad).tolist(), *rows.unidentified})
            flaws = {i: rows.flaw(i) for i in flawed}
            rejects += [Reject(int(at[i]), *why) for i, why in flaws.items()]
            columns = [np.delete(column, list(flaws), axis=0) if len(column) else column for column in columns]
        rejects.sort(key=operator.attrgetter("row"))
        at, time, head, values, texts, segments, hashes, answers = columns
        return Batch(records, at, time, head, values, texts, segments, hashes, answers, self.heads, tuple(rejects))


def _filled(numbers: Sequence[float | None]) -> list[float]:
    return [MISSING if each is None else each for each in numbers]


def _smallest(largest: int) -> tuple[type[np.unsignedinteger], Callable[[Iterable[int]], bytes]]:
    """The smallest type that holds ids up to the largest, and how they are packed."""
    if largest < 1 << 8:
        return np.uint8, bytes
    code, kind = ("H", np.uint16) if largest < 1 << 16 else ("I", np.uint32)
    return kind, lambda ids: array(code, ids).tobytes()
