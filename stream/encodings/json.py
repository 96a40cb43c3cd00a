"""JSON records become a Batch: one event per record, whole chunks in C, and by hand what does not fit.

No input raises. What is broken in one feature is a cell of that feature; only id, kind, model, version and time can reject an event.
"""

import json
import operator
from array import array
from collections.abc import Iterable, Sequence
from itertools import chain, starmap
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray

from stream import events
from stream.encodings.schema import MISSING, NAME_MAX, Header, Ids, Types
from stream.encodings.times import BAD, times
from stream.events import Batch, Head, Records, Reject

CHUNK = 250  # events decoded before their objects are dropped: more, and the working set leaves the cache (measured)
HEADS_MAX = 60_000  # distinct (model, kind, version) remembered at once

_FAILURES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError)
_KINDS = {kind: i for i, kind in enumerate(events.KINDS)}


class Decoder:
    """Turns records into batches. Holds caches only: heads it has met, midnights it has parsed."""

    def __init__(self, types: Types, ids: Ids, bytes_max: int) -> None:
        self.types = types
        self.ids = ids
        self.heads: list[Head] = []
        self._head_of: dict[Any, int] = {}
        self._dates: dict[bytes, int] = {}
        self._bytes_max = bytes_max
        self._numeric = operator.itemgetter(slice(0, types.n_numeric))
        self._categorical = operator.itemgetter(slice(types.n_numeric, None))

    def decode(self, records: Records) -> Batch:
        """All records as columns; rejects name their place among the records."""
        chunks, rejects = [], []
        for i in range(0, len(records.values), CHUNK):
            good, found = self._events(records.values[i : i + CHUNK], i, rejects)
            if good:
                chunks.append(self._columns(good, found, rejects))
        merged = [np.concatenate(parts) for parts in zip(*chunks, strict=True)] if chunks else self._nothing()
        at, time, head, values, texts, segments = merged
        rejects.sort(key=operator.attrgetter("row"))
        return Batch(records, at, time, head, values, texts, segments, self.heads, tuple(rejects))

    def _events(
        self, values: Sequence[bytes | None], first: int, rejects: list[Reject]
    ) -> tuple[list[Any], NDArray[np.int64]]:
        """Decoded events and their places; an exception costs one event, for `extend` keeps what it already had."""
        good: list[Any] = []
        bad: list[int] = []
        remaining = iter(values)
        while True:
            try:
                good.extend(map(self.types.decode, remaining))  # type: ignore[arg-type]  # None is a TypeError, caught
                break
            except _FAILURES:
                i = len(good) + len(bad)
                rescued = self._rescue(values[i], first + i)
                if isinstance(rescued, Reject):
                    rejects.append(rescued)
                    bad.append(i)
                else:
                    good.append(rescued)
        places = np.arange(first, first + len(values))
        if bad:
            places = np.delete(places, bad)
        if good and max(map(len, filter(None, values)), default=0) > self._bytes_max:
            good, places = self._without_oversized(good, places, values, first, rejects)
        return good, places

    def _without_oversized(  # noqa: PLR0913, PLR0917 - the rare branch of the function above
        self,
        good: list[Any],
        places: NDArray[np.int64],
        values: Sequence[bytes | None],
        first: int,
        rejects: list[Reject],
    ) -> tuple[list[Any], NDArray[np.int64]]:
        sizes = [len(values[place - first] or b"") for place in places.tolist()]
        fits = np.array(sizes) <= self._bytes_max
        rejects.extend(
            _oversized(place, sizes[i], self._bytes_max) for i, place in enumerate(places.tolist()) if not fits[i]
        )
        return [event for event, fit in zip(good, fits, strict=True) if fit], places[fits]

    def _rescue(self, value: bytes | None, row: int) -> Any | Reject:  # noqa: ANN401 - an event of some compiled type
        """An event that did not fit its type, read by hand; a Reject where not even its header can be used."""
        if not value:
            return Reject(row, events.EMPTY, "the record has no value")
        if len(value) > self._bytes_max:
            return _oversized(row, len(value), self._bytes_max)
        try:
            document = parse(value)
        except (ValueError, RecursionError) as error:
            return Reject(row, events.UNDECODABLE, f"{type(error).__name__}: {error}"[:200])
        if not isinstance(document, dict):
            return Reject(row, events.UNDECODABLE, f"expected an object, found {type(document).__name__}")
        header = _header(document, row)
        return header if isinstance(header, Reject) else self.types.event(header, document)

    def _columns(
        self, good: list[Any], places: NDArray[np.int64], rejects: list[Reject]
    ) -> tuple[NDArray[Any], ...]:
        n, types = len(good), self.types
        kind, time, version, features, score, latency, prediction, status, segments, *_ = zip(
            *map(astuple, good), strict=True
        )
        rows = list(map(astuple, features))
        values = np.empty((n, types.n_numeric + 3))
        values[:, : types.n_numeric] = np.frombuffer(b"".join(self._packed(rows))).reshape(n, types.n_numeric)
        values[:, -3] = score  # None becomes the ordinary NaN, which means missing
        values[:, -2] = latency
        values[:, -1] = [p if type(p) in (int, float) else MISSING for p in prediction]
        texts = self._ids(chain(chain.from_iterable(map(self._categorical, rows)), prediction, status))
        split = n * types.n_categorical
        texts = np.concatenate((texts[:split].reshape(n, -1), texts[split:].reshape(2, n).T), axis=1)
        in_segments = self._ids(chain.from_iterable(map(astuple, segments))) if types.segments else texts[:, :0]
        head = self._heads(good, kind, version)
        stamps = times(time, self._dates)
        columns = (places, stamps, head, values, texts, in_segments.reshape(n, len(types.segments)))
        if (stamps == BAD).any():
            rejects.extend(
                Reject(int(places[i]), events.BAD_TIME, f"time {time[i]!r} is neither RFC 3339 with a zone nor epoch ms")
                for i in np.flatnonzero(stamps == BAD).tolist()
            )
            return tuple(column[stamps != BAD] for column in columns)
        return columns

    def _packed(self, rows: Iterable[tuple[Any, ...]]) -> list[bytes]:
        """The numeric fields of each row as doubles; a null is a missing value."""
        packed: list[bytes] = []
        rows = list(rows)
        numeric, pack = self._numeric, self.types.pack
        remaining = map(numeric, rows)
        while True:
            try:
                packed.extend(starmap(pack, remaining))
            except Exception:  # noqa: BLE001 - struct.error: a None among the fields
                row = numeric(rows[len(packed)])
                packed.append(pack(*[MISSING if value is None else value for value in row]))
            else:
                return packed

    def _ids(self, values: Iterable[object]) -> NDArray[Any]:
        """Categories as vocabulary ids, in the smallest type that holds them."""
        found = map(self.ids.__getitem__, values)
        if len(self.ids) <= 256:
            return np.frombuffer(bytes(found), np.uint8)
        return np.frombuffer(array("I", found), np.uint32)

    def _heads(self, good: list[Any], kind: Sequence[str], version: Sequence[Any]) -> NDArray[np.int32]:
        known = self._head_of
        found = list(map(known.get, zip(map(type, good), kind, version, strict=True)))
        if None in found:
            keys = zip(map(type, good), kind, version, strict=True)
            found = [self._head(key) if i is None else i for i, key in zip(found, keys, strict=True)]
        return np.array(found, np.int32)

    def _head(self, key: tuple[Any, str, Any]) -> int:
        if key not in self._head_of:
            event_type, kind, version = key
            stranger = isinstance(version, tuple)
            name, version = version if stranger else (event_type.shape.model, str(version))
            self._head_of[key] = len(self.heads)
            self.heads.append(Head(event_type.index, name, _KINDS[kind], version[:NAME_MAX]))
        return self._head_of[key]

    @property
    def full(self) -> bool:
        """Whether the next batch may not be decoded before `forget`."""
        return len(self.heads) >= HEADS_MAX

    def forget(self) -> None:
        """Forget the heads; batches decoded before must not be asked for theirs any more."""
        self.heads, self._head_of = [], {}

    def _nothing(self) -> list[NDArray[Any]]:
        types = self.types
        return [
            np.empty(0, np.int64),
            np.empty(0, np.int64),
            np.empty(0, np.int32),
            np.empty((0, types.n_numeric + 3)),
            np.empty((0, types.n_categorical + 2), np.uint8),
            np.empty((0, len(types.segments)), np.uint8),
        ]


def parse(value: bytes) -> object:
    """A JSON document, with the literals NaN and Infinity that some writers produce. ValueError or RecursionError if it is none."""
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(value.decode("utf-8"))


def _header(document: dict[str, Any], row: int) -> Header | Reject:
    """The fields that can reject an event, checked one by one so that the reason names the field."""
    for field in ("kind", "model", "time"):
        if document.get(field) is None:
            return Reject(row, events.MISSING_FIELD, f"the event has no {field}")
    kind, model, version = document["kind"], document["model"], document.get("version")
    version = "" if version is None else version
    if kind not in events.KINDS:
        return Reject(row, events.WRONG_TYPE, f"kind is {kind!r:.80}, expected prediction, features or label")
    for field, value, allowed in (
        ("model", model, (str,)),
        ("version", version, (str, int)),
        ("time", document["time"], (str, int)),
        ("id", document.get("id"), (str, int, type(None))),
    ):
        if not isinstance(value, allowed) or isinstance(value, bool):
            return Reject(row, events.WRONG_TYPE, f"{field} is of type {type(value).__name__}")
    if not model or len(model) > NAME_MAX or not _encodable(model) or not _encodable(str(version)):
        return Reject(row, events.WRONG_TYPE, f"model and version must be texts of 1 to {NAME_MAX} characters")
    if kind == "label" and document.get("id") is None:
        return Reject(row, events.MISSING_FIELD, "a label needs the id of its prediction")
    return Header(kind, model, document["time"], version, document.get("id"))


def _encodable(text: str) -> bool:
    """Whether it is a text that UTF-8 can carry: no lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _oversized(row: int, size: int, size_max: int) -> Reject:
    return Reject(row, events.OVERSIZED, f"{size:,} bytes, the limit is {size_max:,} (limits.event_bytes)")
