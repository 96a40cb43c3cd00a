"""The ledger: what became of every trigger at every target, in a DuckDB file of its own that one process owns."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import duckdb
import msgspec

from sinks.dispatch.fate import Fate
from sinks.dispatch.ports import LedgerFailed
from sinks.dispatch.together import Together

T = TypeVar("T")
TABLE = """
CREATE TABLE IF NOT EXISTS fates (
  trigger VARCHAR, target VARCHAR, model VARCHAR, version VARCHAR, incident VARCHAR, accepted_at DOUBLE, state VARCHAR,
  told VARCHAR, attempts INTEGER, started_at DOUBLE, changed_at DOUBLE, external_id VARCHAR, link VARCHAR, why VARCHAR,
  redriven VARCHAR DEFAULT '', PRIMARY KEY (trigger, target)
)
"""  # few rows, one writer, asked for by key: here an index is right
LATER = "ALTER TABLE fates ADD COLUMN IF NOT EXISTS redriven VARCHAR DEFAULT ''"  # a ledger of an earlier driftline
# Who dispatches by this file: nobody else can, because one process has it.
IDENTITY = "CREATE TABLE IF NOT EXISTS identity (name VARCHAR)"
# All rows in one statement: 500 take 6 to 130 ms; one each, with `executemany`, they take seconds (measured).
PUT = """
INSERT OR REPLACE INTO fates SELECT
  unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]),
  unnest(?::DOUBLE[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::INTEGER[]), unnest(?::DOUBLE[]),
  unnest(?::DOUBLE[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[])
"""
FIND = "SELECT * FROM fates WHERE trigger = ? AND target = ?"
# `started` that was told, or an end that was not.
RUNNING = """
SELECT * FROM fates WHERE target = ? AND (started_at, trigger) > (?, ?) AND started_at IS NOT NULL
  AND (state = 'started') = (told = state) AND state <> 'accepted'
ORDER BY started_at, trigger LIMIT ?
"""
FORGET = "DELETE FROM fates WHERE changed_at < ? AND told = state AND state <> 'accepted'"
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "64MB",
    "threads": 1,
    "wal_autocheckpoint": "4MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}
FORGET_S = 3600.0  # between two deletions


class LedgerRefused(Exception):
    """The file cannot be opened: another process has it, or it is no ledger."""


class DuckLedger:
    """The file, opened; all calls in one thread. What is kept while a transaction runs goes into the next, together."""

    def __init__(self, path: str, keep_s: float, clock: Callable[[], float] = time.time) -> None:
        self._path, self._keep_s, self._clock = path, keep_s, clock
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._kept = Together(self._keep)
        self._forgotten = 0.0
        try:
            self._file: duckdb.DuckDBPyConnection | None = self._open()
            self.identity = _identity(self._file)
        except duckdb.Error as error:
            self._thread.shutdown()
            raise LedgerRefused(f"dispatch.ledger: {path} cannot be opened: {_sentence(error)}") from error

    async def find(self, trigger: str, target: str) -> Fate | None:
        """What is known of a trigger at a target."""
        found = await self._do(lambda file: file.execute(FIND, [trigger, target]).fetchone())
        return None if found is None else Fate(*found)

    async def keep(self, fate: Fate) -> None:
        """Return when it is in the file, and the file on the disk."""
        await self._kept.done(fate)

    async def running(self, target: str, after: tuple[float, str], limit: int) -> Sequence[Fate]:
        """The oldest that were let go and have not ended, or whose end is untold."""
        rows = await self._do(lambda file: file.execute(RUNNING, [target, *after, limit]).fetchall())
        return [Fate(*row) for row in rows]

    async def run(self) -> None:
        """Keep what is to be kept, for ever."""
        await self._kept.run()

    def close(self) -> None:
        """Give the file back."""
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    async def _keep(self, fates: Sequence[Fate]) -> None:
        newest = {(fate.trigger, fate.target): fate for fate in fates}  # twice in one transaction: the last counts
        await self._do(lambda file: self._put(file, list(newest.values())))

    def _put(self, file: duckdb.DuckDBPyConnection, fates: Sequence[Fate]) -> None:
        file.execute(PUT, [list(column) for column in zip(*map(msgspec.structs.astuple, fates), strict=True)])
        if (now := self._clock()) - self._forgotten > FORGET_S:
            file.execute(FORGET, [now - self._keep_s])
            self._forgotten = now

    async def _do(self, deed: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._with_file, deed)
        except (duckdb.Error, OSError) as error:
            raise LedgerFailed(f"{self._path}: {_sentence(error)}") from error

    def _with_file(self, deed: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Do it with the file; after a failure it is opened anew, for what is left of the connection is unknown."""
        if self._file is None:
            self._file = self._open()
        try:
            return deed(self._file)
        except BaseException:
            self._close()
            raise

    def _open(self) -> duckdb.DuckDBPyConnection:
        file = duckdb.connect(self._path, config=SETTINGS)
        file.execute(TABLE)
        file.execute(LATER)
        return file

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _identity(file: duckdb.DuckDBPyConnection) -> str:
    """The name that the file has had since it was made."""
    file.execute(IDENTITY)
    file.execute("INSERT INTO identity SELECT ? WHERE NOT EXISTS (FROM identity)", [secrets.token_hex(8)])
    ((name,),) = file.execute("SELECT name FROM identity").fetchall()
    return str(name)


def _sentence(error: Exception) -> str:
    """What DuckDB says, without the stack that it may add."""
    return str(error).partition("\n")[0]
