"""DuckDB as a reader of files: bounded in memory, without a network, and with our words for what goes wrong."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from stream.files.paths import FileProblem

MEMORY: Final = "1GB"  # of rows that are kept or sorted; what is beyond waits on disk
BATCH = 50_000  # rows fetched at once
_CONFIG = {
    "memory_limit": MEMORY,
    "threads": "2",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

Connection = duckdb.DuckDBPyConnection


@contextmanager
def database(path: Path) -> Iterator[Connection]:
    """A database of its own for reading `path`. FileProblem for what DuckDB has against the file."""
    with TemporaryDirectory(prefix="driftline-") as folder:
        try:
            with duckdb.connect(config={**_CONFIG, "temp_directory": folder}) as connection:
                connection.execute("SET enable_progress_bar = false")  # ours is the only one
                connection.execute("SET TimeZone = 'UTC'")  # casts of timestamps with a zone go by it
                yield connection
        except duckdb.Error as error:
            raise FileProblem(f"{path} cannot be read: {_first_lines(str(error))}") from None


def literal(path: Path) -> str:
    """A path as an SQL text that is no pattern, whatever characters are in it."""
    return text(re.sub(r"([*?\[])", r"[\1]", str(path)))


def text(value: str) -> str:
    """An SQL text."""
    return "'" + value.replace("'", "''") + "'"


def name(column: str) -> str:
    """An SQL name."""
    return '"' + column.replace('"', '""') + '"'


def batches(connection: Connection, query: str, n: int = BATCH) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query, n at a time, in order."""
    result = connection.execute(query)
    while rows := result.fetchmany(n):
        yield rows


def _first_lines(message: str) -> str:
    """What a person needs of an error: without advice on options of DuckDB that are not theirs."""
    return " ".join(message.partition("\n\n")[0].partition("\nPossible")[0].split())[:300]
