"""An opened file: a connection for Commits, one for deletions, and cursors for whoever reads."""

from collections.abc import Callable

import duckdb

from sinks.commit import Table
from sinks.duck import words
from sinks.duck.schema import prepare
from sinks.duck.statements import COMMITTED, insertion

Connect = Callable[..., duckdb.DuckDBPyConnection]

# Automatic checkpoints are the tail of commit times; `forget` checkpoints between commits, and this is only the bound
# for a caller that forgets to call it.
WAL_MAX = "512MB"


class Connections:
    """All connections to one file, which is made where there is none. Raises what DuckDB raises."""

    def __init__(self, path: str, memory_limit: str, threads: int, connect: Connect) -> None:
        settings: dict[str, str | bool | int] = {
            "memory_limit": memory_limit,
            "threads": threads,
            "wal_autocheckpoint": WAL_MAX,
            "pandas_analyze_sample": 1,  # of one type each, as `columns` has made sure: the first object tells
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
        # Only ever asked for cursors, so that a long statement of one thread does not hold up another.
        self._root = connect(path, config=settings)
        try:
            self.writer = self._root.cursor()
            prepare(self.writer, path)
            self.keeper = self._root.cursor()  # for deletions, which do need a plan
            # An INSERT of all columns of some arrays has nothing to optimise: a tenth of a Commit saved.
            self.writer.execute("PRAGMA disable_optimizer")
            # Parsing the text of an INSERT is a third of one of a few rows, of which a Commit has eight.
            self._insertions = dict[tuple[str, frozenset[str]], duckdb.Statement]()
            self.committed = self._parsed(COMMITTED)
        except BaseException:
            self._root.close()
            raise

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """One more connection; the caller closes it."""
        return self._root.cursor()

    def insertion(self, table: Table, blank: frozenset[str]) -> duckdb.Statement:
        """An INSERT into a table, parsed once; some of its columns of bytes are `blank`."""
        if (table.name, blank) not in self._insertions:
            self._insertions[table.name, blank] = self._parsed(insertion(table, blank))
        return self._insertions[table.name, blank]

    def kept(self) -> tuple[int, words.Words]:
        """The number of the newest Commit, 0 before the first, and all words: what is surely in the file."""
        with self.cursor() as cursor:
            ((number,),) = cursor.execute("SELECT coalesce(max(number), 0) FROM commits").fetchall()
            return int(number), words.load(cursor)

    def close(self) -> None:
        """Checkpoint and give the file back."""
        self.writer.close()
        self.keeper.close()
        self._root.close()

    def _parsed(self, sql: str) -> duckdb.Statement:
        (statement,) = self.writer.extract_statements(sql)
        return statement
