"""The DuckDB store: one transaction per Commit, reads beside it through cursors of their own.

Law: the file holds whole Commits only, numbered without holes, whatever fails and whenever.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from sinks.commit import TABLES, Commit, Kind, Rows, Table, checked, plain, type_of
from sinks.commit.store import NOWHERE
from sinks.duck import words
from sinks.duck.errors import translated
from sinks.duck.gate import Gate
from sinks.duck.schema import CODED, prepare
from sinks.duck.statements import COMMITTED, deletions, insertion, selection

COMMITS_KEPT = 100_000  # rows of `commits`, which only a person reads: a day at one per second
# Automatic checkpoints are the tail of commit times; `forget` checkpoints between commits, and this is only the bound
# for a caller that forgets to call it.
WAL_MAX = "512MB"
# DuckDB keeps every block that it has written until `memory_limit` is reached, though hardly one is read again: the
# process would grow by as much. What stays is enough for the tables' newest blocks and for the next page.
CACHE_KEPT = 32_000_000  # bytes


class DuckStore:
    """A Store in one DuckDB file. StoreLocked, StoreUnreadable or StoreFailed where it cannot be opened.

    `memory_limit` as DuckDB reads it (`1GB`). One of its threads by default: with two an insert takes twice as long,
    because each collects rows of its own, which are then copied together. `select` may be called from any thread at any
    time; `write`, `forget` and `close` belong to one writer.
    """

    def __init__(self, path: str | Path, *, memory_limit: str = "1GB", threads: int = 1) -> None:
        self._path, self._memory_limit, self._gate = str(path), memory_limit, Gate()
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "threads": threads,
            "wal_autocheckpoint": WAL_MAX,
            "pandas_analyze_sample": 1,  # of one type each, as `columns` has made sure: the first object tells
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
        with translated(self._path):
            # Only ever asked for cursors, so that a long statement of one thread does not hold up another.
            self._root = duckdb.connect(self._path, config=settings)
            try:
                self._writer = self._root.cursor()
                prepare(self._writer, self._path)
                self._last = self._number()
                self._words = words.load(self._writer)
                self._keeper = self._root.cursor()  # for deletions, which do need a plan
                # An INSERT of all columns of some arrays has nothing to optimise: a tenth of a Commit saved.
                self._writer.execute("PRAGMA disable_optimizer")
                # Parsing the text of an INSERT is a third of one of a few rows, of which a Commit has eight.
                self._insertions = {table.name: self._parsed(insertion(table)) for table in TABLES}
                self._committed = self._parsed(COMMITTED)
            except BaseException:
                self._root.close()
                raise

    def last(self) -> int:
        """The number of the newest Commit; 0 before the first."""
        return self._last

    def write(self, commit: Commit) -> None:
        """Keep all rows of a Commit, or none: StoreFailed where the world would not have it. One transaction."""
        tables = checked(commit, self._last)
        known = len(self._words)
        with translated(self._path):
            self._writer.begin()
            try:
                for table, rows in tables:
                    self._insert(table, rows, commit.number)
                self._words.keep(self._writer, known)
                written_at = datetime.now(UTC).replace(tzinfo=None)
                self._writer.execute(self._committed, [commit.number, written_at])
                self._writer.commit()
            except BaseException:
                self._words.forget(known)
                _roll_back(self._writer)
                raise
        self._last = commit.number

    def select(  # noqa: PLR0913 - one question, asked by keyword
        self,
        table: Table,
        *,
        where: Mapping[str, str | int] = NOWHERE,
        since: int | None = None,
        until: int | None = None,
        order: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> dict[str, NDArray[np.generic]]:
        """Rows as the protocol says, of one moment: never half a Commit."""
        statement = selection(
            table,
            where=where,
            since=since,
            until=until,
            order=order,
            descending=descending,
            limit=limit,
            offset=offset,
        )
        with translated(self._path), self._gate.passed(), self._root.cursor() as cursor:
            found = cursor.execute(statement.sql, statement.parameters).fetchnumpy()
        kinds: dict[str, Kind] = {"commit": "int", **{column.name: column.kind for column in table.columns}}
        return {name: _fetched(found[name], kind) for name, kind in kinds.items()}

    def forget(self, *, panes_before: int, history_before: int, samples: Mapping[str, int]) -> None:
        """Delete what the protocol says and CHECKPOINT, which frees the blocks for re-use.

        Call it every minute or so: on a file of 200 MB it took about a second.
        """
        statements = deletions(panes_before=panes_before, history_before=history_before, samples=samples)
        with translated(self._path):
            self._keeper.begin()
            try:
                for statement in statements:
                    self._keeper.execute(statement.sql, statement.parameters)
                self._keeper.execute("DELETE FROM commits WHERE number <= ?", [self._last - COMMITS_KEPT])
                self._keeper.commit()
            except BaseException:
                _roll_back(self._keeper)
                raise
            self._keeper.execute("CHECKPOINT")
            self._give_back()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same data, for SQL beside the writer; the caller closes it."""
        return self._root.cursor()

    def close(self) -> None:
        """Checkpoint and give the file back."""
        with translated(self._path):
            self._writer.close()
            self._keeper.close()
            self._root.close()

    def _give_back(self) -> None:
        """Let go of the cache beyond CACHE_KEPT, and of what the checkpoint freed: hundreds of MB on a large file.

        Setting a limit returns freed memory to the machine at once, even the same limit, and a lower one evicts;
        nothing else does either. The lower one only while nobody reads, for a reader would have to live within it.
        """
        with self._gate.held() as alone, self._root.cursor() as cursor:
            try:
                if alone:
                    with suppress(duckdb.OutOfMemoryException):  # `cursor` was asked for, and what it does holds more
                        cursor.execute(f"SET memory_limit = '{CACHE_KEPT}B'")
            finally:  # a refused limit can hold all the same (seen beside three readers)
                cursor.execute("SET memory_limit = ?", [self._memory_limit])

    def _number(self) -> int:
        (row,) = self._writer.execute("SELECT coalesce(max(number), 0) FROM commits").fetchall()
        return int(row[0])

    def _parsed(self, sql: str) -> duckdb.Statement:
        (statement,) = self._writer.extract_statements(sql)
        return statement

    def _insert(self, table: Table, columns: Rows, number: int) -> None:
        if table.name in CODED:
            texts = [column.name for column in table.columns if column.kind == "text"]
            columns = {**columns, **{name: self._words.codes(columns[name]) for name in texts}}
        # DuckDB finds `rows` by its name in this frame, and cannot read arrays with negative strides.
        rows = {name: np.ascontiguousarray(array) for name, array in plain(columns).items()}  # noqa: F841 - by its name
        self._writer.execute(self._insertions[table.name], [number])


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.TransactionException):  # a failed COMMIT has rolled back already
        connection.rollback()


def _fetched(array: Any, kind: Kind) -> NDArray[np.generic]:  # noqa: ANN401 - masked or not, as the driver likes
    """A fetched column as its declared type: NULL floats are nan again, and bytes are bytes."""
    if kind == "float":
        return np.ma.filled(array, np.nan)
    if kind == "bytes":
        blobs = np.empty(len(array), np.object_)
        blobs[:] = [bytes(blob) for blob in array]
        return blobs
    return np.asarray(array, type_of[kind])
