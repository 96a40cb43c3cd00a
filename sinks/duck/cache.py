"""How much of the file DuckDB keeps in memory: little, and no more for a question that reads all of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import duckdb

from sinks.duck.gate import Gate

# DuckDB keeps every block that it has written until `memory_limit` is reached, though hardly one is read again: the
# process would grow by as much. What stays is enough for the tables' newest blocks and for the next page.
CACHE_KEPT: Final = 32_000_000  # bytes
ROOM_OF_ROW: Final = 128  # bytes, of each row that a question is about: in a hash table for each half of its id
# What is in memory for having been read can be read again. All else, rows since the last checkpoint above all, would
# have to be written to another file first.
_ROOM: Final = """
SELECT least(parse_formatted_bytes(?), coalesce(sum(memory_usage_bytes) FILTER (tag <> 'BASE_TABLE'), 0) + ?)::BIGINT
FROM duckdb_memory()"""

Cursor = Callable[[], duckdb.DuckDBPyConnection]


class Cache:
    """The memory of one file under `memory_limit`, as DuckDB reads it. `cursor` is how it is told.

    A limit lower than that holds for all who read. It is set only while there are none, and newcomers wait.
    """

    def __init__(self, memory_limit: str, gate: Gate, cursor: Cursor) -> None:
        self._memory_limit, self._gate, self._cursor = memory_limit, gate, cursor

    def give_back(self) -> None:
        """Let go of all beyond CACHE_KEPT, and of what a checkpoint has freed: hundreds of MB on a large file.

        Setting a limit returns freed memory to the machine at once, even the same limit, and a lower one evicts;
        nothing else does either.
        """
        with self._gate.held() as alone:
            try:
                if alone:
                    with suppress(duckdb.OutOfMemoryException):  # `cursor` was asked for, and what it does holds more
                        self._limit(f"{CACHE_KEPT}B")
            finally:  # a refused limit can hold all the same (seen beside three readers)
                self.restore()

    @contextmanager
    def narrow(self, n: int) -> Iterator[None]:
        """In here each block that is read takes the place of another: of a question about `n` rows.

        New memory costs ten times as much as reading into old: the machine gives it page by page (16 MB in 13 ms,
        beside 1). duckdb.OutOfMemoryException where the room is too small after all.
        """
        with self._gate.held() as alone:
            if alone:
                try:
                    self._limit(f"{self._room(n)}B")
                    yield
                finally:
                    self.restore()
                return
        yield

    def restore(self) -> None:
        """The limit as it was said; a failure may have left a lower one."""
        self._limit(self._memory_limit)

    def _room(self, n: int) -> int:
        """As much of the cache as stays when it is given back, and what a question about `n` rows holds beside it."""
        with self._cursor() as cursor:
            ((limit,),) = cursor.execute(_ROOM, [self._memory_limit, CACHE_KEPT + ROOM_OF_ROW * n]).fetchall()
            return int(limit)

    def _limit(self, memory: str) -> None:
        with self._cursor() as cursor:
            cursor.execute("SET memory_limit = ?", [memory])
