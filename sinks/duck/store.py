"""The DuckDB store: one transaction per Commit, reads beside it through cursors of their own.

Law: the file holds whole Commits only, numbered without holes, whatever fails and whenever.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from sinks.commit import (
    Columns,
    Commit,
    Keep,
    Meeting,
    Rows,
    Said,
    Span,
    Standing,
    Steps,
    StoreFailed,
    Table,
    Unsampled,
    checked,
    plain,
)
from sinks.commit.store import NOWHERE, Where
from sinks.duck.cache import Cache
from sinks.duck.connections import Connect, Connections
from sinks.duck.errors import translated
from sinks.duck.fetched import fetched, typed
from sinks.duck.gate import Gate
from sinks.duck.meeting import meeting, said, standing, within
from sinks.duck.schema import CODED
from sinks.duck.statements import Statement, deletions, selection

COMMITS_KEPT = 100_000  # rows of `commits`, which only a person reads: a day at one per second


class DuckStore:
    """A Store in one DuckDB file. StoreLocked, StoreUnreadable or StoreFailed where it cannot be opened.

    `memory_limit` as DuckDB reads it (`1GB`). One of its threads by default: with two an insert takes twice as long,
    because each collects rows of its own, which are then copied together. `select` and `within` may be called from any
    thread at any time; `write`, `meeting`, `forget` and `close` belong to one writer.
    """

    def __init__(
        self, path: str | Path, *, memory_limit: str = "1GB", threads: int = 1, connect: Connect = duckdb.connect
    ) -> None:
        self._path, self._gate = str(path), Gate()
        self._cache = Cache(memory_limit, self._gate, self.cursor)
        self._connections = partial(Connections, self._path, memory_limit, threads, connect)
        self._in_doubt = False  # something has failed: what the file holds, and whether it still answers, is to be seen
        self._attempted = 0  # the Commit whose write was begun and has not succeeded
        with translated(self._path):
            self._opened = self._connections()
            try:
                self._last, self._words = self._opened.kept()
            except BaseException:
                self._opened.close()
                raise

    def last(self) -> int:
        """The number of the newest Commit; 0 before the first."""
        return self._last

    def write(self, commit: Commit) -> None:
        """Keep all rows of a Commit, or none: StoreFailed where the world would not have it. One transaction.

        After a failure give it the same Commit again: it may be in the file, where only the answer was lost.
        """
        with translated(self._path):
            self._settle()
            if commit.number != self._last or commit.number != self._attempted:
                tables = checked(commit, self._last)
                self._attempted = commit.number
                self._whole(self._opened.writer, lambda: self._insert_all(commit.number, tables))
        self._last, self._attempted = commit.number, 0

    def select(  # noqa: PLR0913 - one question, asked by keyword
        self,
        table: Table,
        *,
        where: Where = NOWHERE,
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
        with translated(self._path), self.reading() as cursor:
            found = cursor.execute(statement.sql, statement.parameters).fetchnumpy()
        return {"commit": fetched(found["commit"], "int"), **typed(table, found)}

    def meeting(self, steps: Steps) -> Meeting:
        """The answer to a step's question. It reads all that waits, in little memory: new readers wait for that."""
        ask = partial(meeting, decode=self._words.texts, fetched=typed, steps=steps)
        with translated(self._path), self._doubting(), self.cursor() as cursor:
            try:
                return ask(cursor, self._cache.narrow)
            except duckdb.OutOfMemoryException:  # the room was too small after all
                self._cache.restore()
                return ask(cursor, nullcontext)

    def said(self, models: Sequence[str], after: int, upto: int) -> Said:
        """What models said in a span of panes."""
        with translated(self._path), self.reading() as cursor:
            return said(cursor, self._words.texts, models, after, upto)

    def standing(self, since: int) -> Standing:
        """How panes and windows stand with their labels."""
        with translated(self._path), self.reading() as cursor:
            return standing(cursor, typed, since)

    def within(self, table: Table, spans: Sequence[Span], one_in: int = 1) -> Columns:
        """Rows of models in spans of panes."""
        with translated(self._path), self.reading() as cursor:
            return within(cursor, self._words.texts, typed, table, spans, one_in)

    def forget(
        self, before: Mapping[Keep, int], samples: Mapping[str, int], unsampled: Sequence[Unsampled] = ()
    ) -> None:
        """Delete what the protocol says and CHECKPOINT, which frees the blocks for re-use.

        Call it every minute or so: on a file of 200 MB it took about a second.
        """
        statements = deletions(before, samples, unsampled)
        statements.append(Statement("DELETE FROM commits WHERE number <= ?", [self._last - COMMITS_KEPT]))
        with translated(self._path):
            self._settle()
            keeper = self._opened.keeper
            self._whole(keeper, lambda: [keeper.execute(each.sql, each.parameters) for each in statements])
            with self._doubting():
                keeper.execute("CHECKPOINT")
                self._cache.give_back()

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own that may hold more than the cache: nothing of it is taken away meanwhile."""
        with self._gate.passed(), self._opened.cursor() as cursor:
            yield cursor

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same data, for SQL beside the writer; the caller closes it."""
        return self._opened.cursor()

    def close(self) -> None:
        """Checkpoint and give the file back."""
        with translated(self._path):
            self._opened.close()

    def _settle(self) -> None:
        """After a failure: see what the file holds, and open it anew where DuckDB has given it up.

        It gives up for good where a checkpoint fails, and a COMMIT that failed may yet have been kept.
        """
        if not self._in_doubt:
            return
        for connection in (self._opened.writer, self._opened.keeper):
            _roll_back(connection)
        try:
            self._last, self._words = self._opened.kept()
            self._cache.restore()
        except duckdb.Error:
            self._reopen()
        self._in_doubt = False

    def _reopen(self) -> None:
        with self._gate.held() as alone:
            if not alone:  # for as long as somebody has a cursor, DuckDB hands out what it has given up
                raise StoreFailed(f"{self._path}: it must be opened anew, and is being read")
            self._opened.close()
            self._opened = self._connections()
            self._last, self._words = self._opened.kept()

    @contextmanager
    def _doubting(self) -> Iterator[None]:
        """Whatever fails in here leaves a doubt."""
        try:
            yield
        except BaseException:
            self._in_doubt = True
            raise

    def _whole(self, connection: duckdb.DuckDBPyConnection, work: Callable[[], object]) -> None:
        """Do all of the work in one transaction, or none of it."""
        with self._doubting():
            try:
                connection.begin()
                work()
                connection.commit()
            except BaseException:
                _roll_back(connection)
                raise

    def _insert_all(self, number: int, tables: Sequence[tuple[Table, Rows]]) -> None:
        known = len(self._words)
        for table, rows in tables:
            self._insert(table, rows, number)
        self._words.keep(self._opened.writer, known)
        self._opened.writer.execute(self._opened.committed, [number, datetime.now(UTC).replace(tzinfo=None)])

    def _insert(self, table: Table, columns: Rows, number: int) -> None:
        if table.name in CODED:
            texts = [column.name for column in table.columns if column.kind == "text"]
            columns = {**columns, **{name: self._words.codes(columns[name]) for name in texts}}
        # An object costs DuckDB a tenth of a microsecond, and most blobs of most models are empty.
        blobs = [column.name for column in table.columns if column.kind == "bytes"]
        blank = frozenset(name for name in blobs if not any(columns[name].tolist()))
        columns = {name: rows for name, rows in columns.items() if name not in blank}
        # DuckDB finds `rows` by its name in this frame, and cannot read arrays with negative strides.
        rows = {name: np.ascontiguousarray(array) for name, array in plain(columns).items()}  # noqa: F841 - by its name
        self._opened.writer.execute(self._opened.insertion(table, blank), [number])


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):  # a failed COMMIT has rolled back already; of what cannot be, `_settle` thinks
        connection.rollback()
