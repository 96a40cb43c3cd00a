"""What a table is: named columns of a few kinds, what makes a row unique, and how long rows stay."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Kind = Literal["int", "float", "bool", "time", "text", "bytes"]
Keep = Literal["newest", "panes", "earlier", "waiting", "answered", "history", "always"]
Columns = Mapping[str, NDArray[np.generic]]

type_of: dict[Kind, np.dtype[np.generic]] = {
    "int": np.dtype(np.int64),
    "float": np.dtype(np.float64),
    "bool": np.dtype(np.bool_),
    "time": np.dtype("datetime64[us]"),  # event time, UTC, without a zone: a pane or window bound
    "text": np.dtype(object),
    "bytes": np.dtype(object),
}
# Anything else in an object column would let DuckDB guess another type for the whole of it.
_ELEMENTS: dict[Kind, type] = {"text": str, "bytes": bytes}


class Column(Struct, frozen=True):
    """One column of a table: its name, what it holds, and a sentence for the reader."""

    name: str
    kind: Kind
    doc: str

    def empty(self) -> NDArray[np.generic]:
        """No rows, of the right type."""
        return np.empty(0, type_of[self.kind])

    def array(self, values: Sequence[object] | NDArray[np.generic]) -> NDArray[np.generic]:
        """The values as this column's type; ValueError where that would change or lose one."""
        if len(values) == 0:
            return self.empty()
        return self._objects(values) if self.kind in _ELEMENTS else self._numbers(values)

    def _objects(self, values: Sequence[object] | NDArray[np.generic]) -> NDArray[np.generic]:
        array = np.empty(len(values), np.object_)
        array[:] = values
        if wrong := set(map(type, array)) - {_ELEMENTS[self.kind]}:
            raise ValueError(f"{self.name}: expected {self.kind}, got {sorted(kind.__name__ for kind in wrong)}")
        return array

    def _numbers(self, values: Sequence[object] | NDArray[np.generic]) -> NDArray[np.generic]:
        array, expected = np.asarray(values), type_of[self.kind]
        if not np.can_cast(array.dtype, expected, "same_kind"):
            raise ValueError(f"{self.name}: expected {self.kind}, got {array.dtype}")
        if array.dtype == np.uint64 and array.max() > np.iinfo(np.int64).max:
            raise ValueError(f"{self.name}: {array.max()} does not fit 64 bits with a sign")
        if array.dtype.kind == "M" and np.isnat(array).any():
            raise ValueError(f"{self.name}: a time is missing (NaT)")
        return array.astype(expected, copy=False)


class Table(Struct, frozen=True):
    """One table: what a row says, its columns, what makes a row unique, and how long it stays.

    `keep` is "newest" (only the rows of the newest commit that wrote it count), "panes" (as long as an open window can
    ask for it), "earlier" (as long as one can be compared with it), "waiting" and "answered" (as long as a label, or a
    prediction, can ask for it), "history" (`store.keep`, by `time`), or "always".
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    keep: Keep
    time: str = ""  # the column that retention and time filters go by; empty: none

    def empty(self) -> dict[str, NDArray[np.generic]]:
        """The table without rows."""
        return {column.name: column.empty() for column in self.columns}


def declare(name: str, doc: str, key: str, keep: Keep, columns: str, *, time: str = "") -> Table:  # noqa: PLR0913 - a declaration reads best flat
    """Parse `name kind: sentence` lines into a Table."""
    parsed = []
    for line in columns.strip().splitlines():
        head, sentence = line.split(":", 1)
        column, kind = head.split()
        assert kind in get_args(Kind), line
        parsed.append(Column(column, kind, sentence.strip()))  # type: ignore[arg-type]  # asserted above
    table = Table(name, doc, tuple(parsed), tuple(key.split()), keep, time)
    assert {*table.key, *filter(None, [time])} <= {column.name for column in parsed}, (
        f"{name}: key or time names no column"
    )
    assert keep in ("newest", "always") or time, f"{name}: retention needs a time column"
    return table


def columns(table: Table, rows: Mapping[str, Sequence[object] | NDArray[np.generic]]) -> Columns:
    """Check and convert columns (arrays, lists) to the table's types. ValueError names what does not fit."""
    names = {column.name for column in table.columns}
    if set(rows) != names:
        raise ValueError(f"{table.name}: missing {sorted(names - set(rows))}, unknown {sorted(set(rows) - names)}")
    lengths = {name: len(values) for name, values in rows.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{table.name}: columns differ in length: {lengths}")
    try:
        return {column.name: column.array(rows[column.name]) for column in table.columns}
    except ValueError as error:
        raise ValueError(f"{table.name}.{error}") from None
