"""Rows on their way into a Commit: collected by table as things are decided, handed over as columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinks import commit as tables
from sinks.commit import Commit, Table

Block = Mapping[str, Any]


def moment(time: int) -> np.datetime64:
    """Event time in ns as the tables keep it."""
    return np.datetime64(time // 1_000, "us")


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

    def take(self, number: int) -> Commit:
        """The Commit of all rows so far. Empties the ledger."""
        names = [table for table in tables.TABLES if table.name in self._rows or table.name in self._blocks]
        commit = Commit(number, {table.name: self._columns(table) for table in names})
        self._rows, self._blocks = {}, {}
        return commit

    def _columns(self, table: Table) -> dict[str, NDArray[Any]]:
        pieces: list[dict[str, NDArray[Any]]] = []
        rows = self._rows.get(table.name)
        if rows:
            names = [column.name for column in table.columns]
            by_name = dict(zip(names, zip(*rows, strict=True), strict=True))
            pieces.append(dict(tables.columns(table, by_name)))
        for block in self._blocks.get(table.name, ()):
            n = max(len(value) for value in block.values() if isinstance(value, np.ndarray))
            pieces.append(
                {
                    column.name: value.astype(tables.type_of[column.kind], copy=False)
                    if isinstance(value := block[column.name], np.ndarray)
                    else np.full(n, value, tables.type_of[column.kind])
                    for column in table.columns
                }
            )
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
