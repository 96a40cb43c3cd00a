"""Rows that wait for each other: predictions with an id, and labels. They belong to positions and are written once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinks import commit as tables
from sinks.commit import Table, Texts
from stream.events import Ints

Columns = Mapping[str, NDArray[Any] | Texts]
TOLD = {table.name: table for table in (tables.PREDICTIONS, tables.INPUTS, tables.ANSWERS)}


@dataclass(frozen=True, eq=False)
class Waiting:
    """Rows of one table, as the table has them."""

    table: Table
    columns: Columns

    def __len__(self) -> int:
        return len(self.columns["key"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Waiting):
            return NotImplemented
        return self.table == other.table and all(
            _plain(column).tolist() == _plain(other.columns[name]).tolist() for name, column in self.columns.items()
        )

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    def of(self, mine: Callable[[str], bool]) -> "Waiting":
        """Those of some models."""
        models = self.columns["model"]
        assert isinstance(models, Texts)
        wanted = np.array([mine(word) for word in models.words], np.bool_)
        return self if wanted.all() else self.take(np.flatnonzero(wanted[models.codes]))

    def take(self, rows: Ints) -> "Waiting":
        """Some rows."""
        return Waiting(self.table, {name: _taken(column, rows) for name, column in self.columns.items()})

    def halves(self) -> "tuple[Waiting, Waiting]":
        """The first rows and the others."""
        places = np.arange(len(self))
        return self.take(places[: len(self) // 2]), self.take(places[len(self) // 2 :])


def row_bytes(rows: Ints) -> list[bytes]:
    """Each row as bytes, two for each number."""
    packed = np.ascontiguousarray(rows, "<u2")
    size = packed.itemsize * rows.shape[1]
    return packed.view(f"V{size}").ravel().tolist() if size else [b""] * len(rows)


def _plain(column: NDArray[Any] | Texts) -> NDArray[Any]:
    return column.array() if isinstance(column, Texts) else column


def _taken(column: NDArray[Any] | Texts, rows: Ints) -> NDArray[Any] | Texts:
    return Texts(column.words, column.codes[rows]) if isinstance(column, Texts) else column[rows]


# ---- between machines

Wire = tuple[str, list[Any]]  # a table's name, and its columns in their order


def pack(waiting: Sequence[Waiting]) -> list[Wire]:
    """As what a message holds."""
    return [(one.table.name, [_packed(one.columns[column.name]) for column in one.table.columns]) for one in waiting]


def unpack(wire: Sequence[Wire]) -> tuple[Waiting, ...]:
    """What `pack` made a message of. KeyError, ValueError, TypeError where it is none."""
    found = []
    for name, packed in wire:
        table = TOLD[name]
        columns = zip(table.columns, packed, strict=True)
        found.append(Waiting(table, {column.name: _unpacked(column.kind, one) for column, one in columns}))
    return tuple(found)


def _packed(column: NDArray[Any] | Texts) -> Any:  # noqa: ANN401 - of a message
    if isinstance(column, Texts):
        return column.words, column.codes.astype("<u4").tobytes()
    return column.tolist() if column.dtype == np.object_ else column.astype(column.dtype.newbyteorder("<")).tobytes()


def _unpacked(kind: tables.Kind, packed: Any) -> NDArray[Any] | Texts:  # noqa: ANN401 - of a message
    if kind == "text":
        words, codes = packed
        return Texts(tuple(words), np.frombuffer(codes, "<u4").astype(np.int64))
    if kind == "bytes":
        column = np.empty(len(packed), np.object_)
        column[:] = packed
        return column
    return np.frombuffer(packed, tables.type_of[kind].newbyteorder("<")).astype(tables.type_of[kind])
