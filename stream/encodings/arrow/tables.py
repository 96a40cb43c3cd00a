"""Tables become the columns of a batch, whole columns at a time; only what rejects an event is looked at one by one."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream import events
from stream.encodings.arrow.columns import Column
from stream.encodings.arrow.differing import distinct
from stream.encodings.arrow.fields import Fields
from stream.encodings.arrow.reading import Table
from stream.encodings.identity import NO_KEY, answer, key_of, keys
from stream.encodings.json import OUTPUT_NUMBERS, OUTPUT_TEXTS, Json, sized
from stream.encodings.packed import Run, ranges
from stream.encodings.rescue import oversized
from stream.encodings.schema import MISSING, NULL_ID, Ids, category, number
from stream.encodings.several import likeliest
from stream.encodings.structs import SEVERAL, Header, Types
from stream.encodings.taken import REFUSED, TIME
from stream.encodings.times import BAD
from stream.events import LABEL, Floats, Ints, Reject

HEADER = ("kind", "model", "version", "time", "id")
_IDENTIFYING = {"text", "integer", "moment"}  # kinds of columns that hold ids; a timestamp is a text here
Rows = slice | Ints


class Part(NamedTuple):
    """Some events of a batch, and where they are in it; columns as there."""

    at: Ints
    time: Ints
    head: NDArray[np.int32]
    values: Floats
    texts: NDArray[np.unsignedinteger]
    segments: NDArray[np.unsignedinteger]
    keys: Ints
    answers: NDArray[np.object_]
    rejects: Sequence[Reject]


class _Heads(NamedTuple):
    """The different heads of events, (heads,), and which of them each event has, `at` (n,)."""

    at: Ints
    places: NDArray[np.int32]  # among all that were met; REFUSED where it rejects its events, as in the others
    kinds: Ints
    models: Ints  # -1: a stranger's

    def each(self, of_heads: NDArray[Any]) -> NDArray[Any]:
        """What is so of the heads, for each event, (n,)."""
        return of_heads.take(self.at)

    def rows(self, models: Sequence[int]) -> Rows:
        """The events of some models; a slice where they are all."""
        here = np.isin(self.models, models)
        return slice(None) if here.all() else np.flatnonzero(self.each(here))


class Tables:
    """Decodes tables as `json` decodes the same events, whose heads it shares."""

    def __init__(self, types: Types, ids: Ids, bytes_max: int, json: Json) -> None:
        self._types, self._ids, self._bytes_max, self._json = types, ids, bytes_max, json
        self._shapes = [known.shape for known in types.by_model.values()]
        self._ranked = np.array([*(known.ranked for known in types.by_model.values()), False])  # the last: strangers
        self._dates: dict[bytes, int] = {}

    def decode(self, runs: Sequence[Run]) -> Part:
        """Rows of tables of one schema."""
        tables = [(run.value, run.row, run.n) for run in runs if isinstance(run.value, Table)]
        fields = Fields(_joined([table.rows(row, n) for table, row, n in tables]))
        longest = fields.longest(tables[0][0].layout())
        at = ranges(np.array([run.at for run in runs]), [run.n for run in runs])
        heads, time = self._heads(fields), fields.top("time").times(self._dates)
        head = heads.each(heads.places)
        flaws = dict(self._flaws(fields, heads, time, long=longest > self._bytes_max))
        rejects = [Reject(int(at[i]), *why) for i, why in flaws.items()]
        columns: tuple[NDArray[Any], ...] = (at, time, head, *self._columns(fields, heads), *self._said(fields, heads))
        for i, several in self._several(fields, heads):
            self._take(i, several, *columns[3:])
        if flaws:
            columns = tuple(np.delete(column, list(flaws), axis=0) if len(column) else column for column in columns)
        at, time, head, values, texts, segments, hashes, answers = columns
        return Part(at, time, head, values, texts, segments, hashes, answers, rejects)

    # ---- the header

    def _heads(self, fields: Fields) -> _Heads:
        """The heads of the events: the same few again and again."""
        (kind, kinds), (model, models), (version, versions) = (fields.top(name).distinct() for name in HEADER[:3])
        keys, at = distinct((kind * len(models) + model) * len(versions) + version)
        places = list[int]()
        for key in keys.tolist():
            rest, i = divmod(key, len(versions))
            j, k = divmod(rest, len(models))
            places.append(self._json.head_of(kinds[j], models[k], versions[i]))
        met = [None if place == REFUSED else self._json.heads[place] for place in places]
        return _Heads(
            at,
            np.array(places, np.int32),
            np.array([REFUSED if head is None else head.kind for head in met], np.int64),
            np.array([REFUSED if head is None else head.model for head in met], np.int64),
        )

    def _flaws(self, fields: Fields, heads: _Heads, time: Ints, *, long: bool) -> Iterator[tuple[int, tuple[str, str]]]:
        """The events that are rejected, and why. `long`: some may have more bytes than an event may."""
        flawed = heads.each(heads.places == REFUSED) | (time == BAD)
        if self._types.identified:
            key, labels = fields.top("id"), heads.each(heads.kinds == LABEL)
            missing = np.zeros(len(time), np.bool_) if key.missing is None else key.missing
            flawed |= missing & labels if key.kind in _IDENTIFYING else ~missing | labels
        for i in range(len(time)) if long else np.flatnonzero(flawed).tolist():
            n_bytes = len(fields.payload(i)) if long else 0
            if n_bytes > self._bytes_max:
                yield i, (events.OVERSIZED, oversized(n_bytes, self._bytes_max))
            elif flawed[i]:
                yield i, self._flaw(fields.some(i, HEADER))

    def _flaw(self, document: dict[str, Any]) -> tuple[str, str]:
        header = self._json.rescue.header(document)
        if isinstance(header, Header):
            return events.BAD_TIME, f"time is {header.time!r:.80}, expected {TIME}"
        return header

    def _said(self, fields: Fields, heads: _Heads) -> tuple[Ints, NDArray[np.object_]]:
        """The keys of all events, and what labels say; no rows where no labels are read."""
        n = len(heads.at) if self._types.identified else 0
        answers, hashes = np.full(n, None, np.object_), [NO_KEY] * n
        if n:
            (place, ids), head = fields.top("id").distinct(), heads.each(heads.places)
            for i, (key, j) in enumerate(zip(place.tolist(), head.tolist(), strict=True)):
                if isinstance(ids[key], str | int) and j != REFUSED:
                    hashes[i] = key_of(self._json.heads[j].name, ids[key])
            does, events_ = fields.top("event").distinct()
            labels = np.flatnonzero(heads.each(heads.kinds) == LABEL)
            said = fields.values("label") if len(labels) else []
            for i in labels.tolist():
                ranked = head[i] != REFUSED and self._types.ranked(self._json.heads[head[i]].name)
                answers[i] = answer(said[i], category(events_[does[i]]), ranked=ranked)
        return keys(hashes), answers

    def _several(self, fields: Fields, heads: _Heads) -> Iterator[tuple[int, Any]]:
        """The events of known models that have several values, and these."""
        of_event = heads.each(heads.models)
        ranked = self._ranked.take(of_event)
        for i, name in enumerate(SEVERAL):
            rows = np.flatnonzero((of_event >= 0) & (ranked == i))
            if not len(rows) or not fields.has(name):
                continue
            found = fields.values(name)
            yield from ((row, found[row]) for row in rows.tolist() if found[row] is not None)

    def _take(  # noqa: PLR0913, PLR0917 - the columns of a batch
        self,
        i: int,
        several: object,
        values: Floats,
        texts: NDArray[Any],
        _: NDArray[Any],
        hashes: Ints,
        answers: NDArray[np.object_],
    ) -> None:
        """Let an event have several values; without an answer it is the likeliest of them."""
        if texts[i, -OUTPUT_TEXTS] == NULL_ID:
            predicted = likeliest(several)
            texts[i, -OUTPUT_TEXTS], values[i, -1] = self._ids[predicted], number(predicted)
        if len(hashes) and answers[i] is None:
            answers[i] = several

    # ---- the rest

    def _columns(self, fields: Fields, heads: _Heads) -> tuple[NDArray[Any], ...]:
        """Numbers, texts and segments of all events; those of strangers are not read."""
        n, types = len(heads.at), self._types
        values = np.full((n, types.n_numeric + types.n_attributed + OUTPUT_NUMBERS), MISSING)
        texts = np.full((n, types.n_categorical + OUTPUT_TEXTS), NULL_ID, self._json.id_type)
        segments = np.full((n, len(types.segments)), NULL_ID, self._json.id_type)
        present = sorted({model for model in heads.models.tolist() if model >= 0})
        known = heads.rows(present)
        single = heads.rows([place for place in present if not self._ranked[place]])
        for i, (name, rows) in enumerate((("score", known), ("latency_ms", known), ("prediction", single))):
            self._number(values[:, i - OUTPUT_NUMBERS], rows, fields.top(name))
        for i, (name, rows) in enumerate((("prediction", single), ("status", known))):
            self._text(texts[:, i - OUTPUT_TEXTS], rows, fields.top(name))
        for i, name in enumerate(types.segments):
            self._text(segments[:, i], known, fields.segment(name))
        shared: dict[tuple[tuple[str, ...], ...], list[int]] = {}  # many models have the same features
        for place in present:
            shape = self._shapes[place]
            shared.setdefault((shape.numeric, shape.categorical, shape.attributed), []).append(place)
        for (numeric, categorical, attributed), places in shared.items():
            rows = heads.rows(places)
            for i, name in enumerate(attributed):
                self._number(values[:, types.n_numeric + i], rows, fields.attribution(name))
            for i, name in enumerate(numeric):
                self._number(values[:, i], rows, fields.feature(name))
            for i, name in enumerate(categorical):
                self._text(texts[:, i], rows, fields.feature(name))
        sized(values, types)
        return values, texts, segments

    def _number(self, into: Floats, rows: Rows, column: Column) -> None:
        into[rows] = column.numbers()[rows]

    def _text(self, into: NDArray[Any], rows: Rows, column: Column) -> None:
        into[rows] = column.categories(self._ids)[rows]


def _joined(tables: Sequence[Any]) -> Any:  # noqa: ANN401 - pyarrow is untyped
    """The tables as one, each column in one piece if that can be."""
    import pyarrow as pa

    pieces = pa.concat_tables(tables)
    try:
        return pieces.combine_chunks()
    except pa.ArrowException:  # such as more words of a dictionary than its type can tell apart
        return pieces
