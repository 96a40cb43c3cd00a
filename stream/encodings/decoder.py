"""Records of either encoding become one Batch, in their order."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.encodings.arrow.reading import Refused
from stream.encodings.arrow.tables import Part, Tables
from stream.encodings.json import Json
from stream.encodings.packed import Run, runs
from stream.encodings.schema import Ids
from stream.encodings.structs import Types
from stream.events import Batch, Head, Ints, Records, Reject


class Decoder:
    """Turns records into batches. Holds caches only."""

    def __init__(self, types: Types, ids: Ids, bytes_max: int) -> None:
        self._json = Json(types, ids, bytes_max)
        self._tables = Tables(types, ids, bytes_max, self._json)

    @property
    def heads(self) -> list[Head]:
        """All that were met; it grows."""
        return self._json.heads

    @property
    def full(self) -> bool:
        """Whether the next batch may not be decoded before `forget`."""
        return self._json.full

    def forget(self) -> None:
        """Forget the heads; batches decoded before must not be asked for theirs any more."""
        self._json.forget()

    def decode(self, records: Records) -> Batch:
        """All records as columns; rejects name their place among the records."""
        if records.rows is None:
            return self._json.decode(records, records.plain)
        parts = list(self._parts(records))
        rejects = sorted((reject for part in parts for reject in part.rejects), key=lambda reject: reject.row)
        columns = [part[:-1] for part in parts if len(part.at)] or [parts[0][:-1]]
        at, time, head, values, texts, segments, keys, answers = columns[0] if len(columns) == 1 else _joined(columns)
        return Batch(records, at, time, head, values, texts, segments, keys, answers, self.heads, tuple(rejects))

    def _parts(self, records: Records) -> Iterator[Part]:
        """Records of one event as JSON, the others by their schemas."""
        by_schema: dict[bytes, list[Run]] = {}
        refused = []
        one = np.ones(len(records.values), np.bool_)
        for run in runs(records):
            one[run.at : run.at + run.n] = False
            if isinstance(run.value, Refused):
                refused.append(Reject(run.at, run.value.reason, run.value.detail))
            else:
                by_schema.setdefault(run.value.schema, []).append(run)
        if refused or one.any() or not by_schema:
            yield self._plain(records, np.flatnonzero(one), refused)
        yield from map(self._tables.decode, by_schema.values())

    def _plain(self, records: Records, places: Ints, refused: list[Reject]) -> Part:
        """The records of one event, at these places, and those of many that could not be read."""
        found = self._json.decode(records, [records.payload(i) or None for i in places.tolist()])
        rejects = [Reject(int(places[each.row]), each.reason, each.detail) for each in found.rejects]
        columns = (found.time, found.head, found.values, found.texts, found.segments, found.keys, found.answers)
        return Part(places[found.at], *columns, rejects + refused)


def _joined(parts: Sequence[tuple[NDArray[Any], ...]]) -> Iterator[NDArray[Any]]:
    """The columns of all parts, in the order of the first column: the places."""
    at, *others = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    order = np.argsort(at)
    return (column.take(order, axis=0) if len(column) else column for column in (at, *others))
