"""Rows on their way into a Commit: collected by table as things are decided, handed over as columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinks import commit as tables
from sinks.commit import Column, Commit, Rows, Table, Texts

Block = Mapping[str, Any]


def moment(time: int) -> np.datetime64:
    """Event time in ns as the tables keep it."""
    return np.datetime64(time // 1_000, "us")


def moments(times: Sequence[int] | NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Many of them."""
    return (np.array(times, np.int64) // 1_000).astype("datetime64[us]")


class Ledger:
    """What the next Commit will hold. Rows come singly or in blocks of columns."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Sequence[Any]]] = {}
        self._blocks: dict[str, list[Block]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows or self._blocks)

    def row(self, table: Table, *values: object) -> None:
        """One row, its values in the order of the table's columns."""
        assert len(values) == len(table.columns), (table.name, values)
        self._rows.setdefault(table.name, []).append(values)

    def block(self, table: Table, columns: Block) -> None:
        """Many rows as columns; a scalar stands for a column of it."""
        self._blocks.setdefault(table.name, []).append(columns)

    def clear(self) -> None:
        """Forget all rows."""
        self._rows, self._blocks = {}, {}

    def take(self, number: int) -> Commit:
        """The Commit of all rows so far. Empties the ledger."""
        names = [table for table in tables.TABLES if table.name in self._rows or table.name in self._blocks]
        commit = Commit(number, {table.name: self._columns(table) for table in names})
        self.clear()
        return commit

    def _columns(self, table: Table) -> Rows:
        pieces: list[Rows] = []
        rows = self._rows.get(table.name)
        if rows:
            names = [column.name for column in table.columns]
            by_name = dict(zip(names, zip(*rows, strict=True), strict=True))
            pieces.append(dict(tables.columns(table, by_name)))
            if table.name not in self._blocks:
                return pieces[0]
        for block in self._blocks.get(table.name, ()):
            n = max(len(value) for value in block.values() if isinstance(value, np.ndarray | Texts))
            pieces.append({column.name: _column(block[column.name], n, column) for column in table.columns})
        return {name: _joined([piece[name] for piece in pieces]) for name in pieces[0]}


def _column(value: Any, n: int, column: Column) -> NDArray[Any] | Texts:  # noqa: ANN401 - of a Block
    """A block's column as its table has it."""
    if isinstance(value, Texts):
        return value
    kind = tables.type_of[column.kind]
    return value.astype(kind, copy=False) if isinstance(value, np.ndarray) else np.full(n, value, kind)


def _joined(pieces: Sequence[NDArray[Any] | Texts]) -> NDArray[Any] | Texts:
    """One column after the other; texts that repeat stay so."""
    if any(isinstance(piece, Texts) for piece in pieces):
        return Texts.joined([piece if isinstance(piece, Texts) else Texts.of(piece.tolist()) for piece in pieces])
    return np.concatenate(pieces)  # type: ignore[arg-type]  # none is Texts
