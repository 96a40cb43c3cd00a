"""The fields of an Arrow table's events: columns by the names that JSON has for them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from stream.encodings.arrow import nested
from stream.encodings.arrow.columns import Column, absent, column, is_text, text_lengths, written
from stream.encodings.arrow.nested import VALUE_MAX
from stream.encodings.schema import CONTRACT
from stream.events import RESERVED

FEATURES, SEGMENTS, ATTRIBUTIONS = "features", "segments", "attributions"
STRUCTS = (FEATURES, SEGMENTS, ATTRIBUTIONS)
SEVERAL = frozenset(("scores", "prediction", "label"))  # fields that may be arrays or objects


class Layout(NamedTuple):
    """The JSON of events without their texts: no more than `n_bytes`; and the columns of texts, with their structs."""

    n_bytes: int
    texts: tuple[tuple[str, str], ...]


class Fields:
    """Columns of a table of pyarrow, each understood when it is asked for.

    Features are the fields of the struct `features`, else all columns that are no field of an event. Of repeated names,
    the last one counts.
    """

    def __init__(self, table: Any) -> None:  # noqa: ANN401 - pyarrow is untyped
        self._n = int(table.num_rows)
        self._top = dict(zip(table.column_names, table.columns, strict=True))
        self._inner = {group: _fields(self._top[group]) for group in STRUCTS if group in self._top}
        if FEATURES not in self._top:
            self._inner[FEATURES] = {name: each for name, each in self._top.items() if name not in CONTRACT}
        self._read: dict[tuple[str, str], Column] = {}

    def top(self, name: str) -> Column:
        """A field of the events themselves."""
        return self._column("", name, self._top.get(name))

    def feature(self, name: str) -> Column:
        """A feature; where `features` is no struct, it is of the wrong type."""
        return self._inside(FEATURES, name)

    def attribution(self, name: str) -> Column:
        """The attribution of a feature, in the same way."""
        return self._inside(ATTRIBUTIONS, name)

    def _inside(self, group: str, name: str) -> Column:
        inner = self._inner.get(group, {})
        if inner is None:
            return replace(self.top(group), kind="other")
        return self._column(group, name, inner.get(name))

    def segment(self, name: str) -> Column:
        """A field of `segments`; missing where that is no struct."""
        return self._column(SEGMENTS, name, (self._inner.get(SEGMENTS) or {}).get(name))

    def has(self, name: str) -> bool:
        """Whether the events themselves have a field."""
        return name in self._top

    def values(self, name: str) -> list[Any]:
        """The values of a field of the events themselves, as in JSON."""
        if self._is_nested(name):
            return nested.values(self._top[name])
        codes, found = self.top(name).distinct()
        return [found[code] for code in codes.tolist()]

    def layout(self) -> Layout:
        """What all events of the schema have in common as JSON."""
        every = list(self._every())
        texts = tuple((group, name) for group, name, each in every if is_text(each))
        return Layout(sum(VALUE_MAX + 6 * len(name) for _, name, _ in every), texts)

    def longest(self, layout: Layout) -> int:
        """No event's JSON is longer, bytes."""
        columns = ((self._inner[group] or {}) if group else self._top for group, _ in layout.texts)
        texts = (text_lengths(column[name]) for column, (_, name) in zip(columns, layout.texts, strict=True))
        several = sum(nested.longest(self._top[name]) for name in SEVERAL if self._is_nested(name))
        plain = sum(max((int(piece.max(initial=0)) for piece in each), default=0) for each in texts)
        return layout.n_bytes + several + 6 * plain

    def text_bytes(self) -> int:
        """The bytes of all texts."""
        return sum(int(piece.sum()) for _, _, each in self._every() for piece in text_lengths(each))

    def payload(self, row: int) -> bytes:
        """An event as JSON, with all its fields."""
        event = self.some(row, [name for name in self._top if name in CONTRACT])
        for group, inner in self._inner.items():
            if inner is not None and (group not in self._top or event[group] is not None):
                event[group] = {name: written(chunked, row) for name, chunked in inner.items()}
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()

    def outline(self) -> bytes:
        """What every event has as JSON, without the values."""
        event = dict.fromkeys(name for name in self._top if name in CONTRACT)
        event |= {group: dict.fromkeys(inner) for group, inner in self._inner.items() if inner is not None}
        return json.dumps(event, ensure_ascii=False).encode()

    def some(self, row: int, names: Iterable[str]) -> dict[str, Any]:
        """These fields of an event, as far as there are such, as in JSON."""
        return {name: self._written(name, row) for name in names if name in self._top}

    def _written(self, name: str, row: int) -> Any:  # noqa: ANN401 - any value of JSON
        return (nested.value if self._is_nested(name) else written)(self._top[name], row)

    def _is_nested(self, name: str) -> bool:
        return name in SEVERAL and self.has(name) and nested.is_nested(self._top[name].type)

    def _every(self) -> Iterator[tuple[str, str, Any]]:
        """Each column with the struct that it is in, if any, and its name."""
        for group, columns in (("", self._top), *self._inner.items()):
            yield from ((group, name, each) for name, each in (columns or {}).items())

    def _column(self, group: str, name: str, chunked: Any) -> Column:  # noqa: ANN401 - pyarrow is untyped
        if (group, name) not in self._read:
            here = chunked is not None and not name.startswith(RESERVED)
            self._read[group, name] = column(chunked) if here else absent(self._n)
        return self._read[group, name]


def _fields(chunked: Any) -> dict[str, Any] | None:  # noqa: ANN401 - pyarrow is untyped
    """The columns of a struct, null where it is null; None where it is no struct."""
    from pyarrow import types

    kind = chunked.type
    if not types.is_struct(kind):
        return None
    names = [kind.field(i).name for i in range(kind.num_fields)]
    return dict(zip(names, chunked.flatten(), strict=True))
