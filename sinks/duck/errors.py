"""DuckDB's exceptions as ours, so that callers need not know the engine."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from sinks.commit import StoreError, StoreFailed, StoreLocked, StoreUnreadable

# DuckDB has one exception class for all of these; its words are all there is to tell them apart.
_HELD = re.compile(r"Could not set lock|different configuration than existing connections")
_HOLDER = re.compile(r"\(PID (\d+)\)")
_UNREADABLE = re.compile(
    r"not a valid DuckDB database|checksum|version number|Corrupt|corrupt|replaying WAL|This WAL was created"
    r"|Could not read enough bytes"  # the file was cut off
)


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Raise the world's errors as StoreLocked, StoreUnreadable or StoreFailed.

    Mistakes of ours (a column that does not exist, a NULL where none may be) stay what they are.
    """
    try:
        yield
    except (duckdb.OperationalError, duckdb.InternalError, duckdb.FatalException, OSError) as error:
        raise _meaning(path, _sentence(error)) from error
    except duckdb.Error as error:  # what is damaged may be of any class
        if _UNREADABLE.search(str(error)):
            raise _meaning(path, _sentence(error)) from error
        raise


def _sentence(error: Exception) -> str:
    """What DuckDB says, without the stack that it may add."""
    return str(error).partition("\n")[0]


def _meaning(path: str, message: str) -> StoreError:
    if _HELD.search(message):
        holder = _HOLDER.search(message)
        who = f"process {holder[1]}" if holder else "another process or another store of this one"
        return StoreLocked(f"{path} is in use by {who}; stop it, ask it over HTTP, or choose another store.path")
    if _UNREADABLE.search(message):
        advice = "if it was one, `driftline restore` puts a copy in its place"
        return StoreUnreadable(f"{path} cannot be read as a store: {message}; {advice}")
    if not (folder := Path(path).parent).exists():
        return StoreFailed(f"{path}: the folder {folder} does not exist; create it, or choose another store.path")
    return StoreFailed(f"{path}: {message}")
