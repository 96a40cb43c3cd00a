"""Export to Parquet, while the service runs: one file per table, whole or absent."""

import os
from collections.abc import Collection
from pathlib import Path

from sinks.commit import BY_NAME, Table
from sinks.duck.errors import translated
from sinks.duck.schema import quoted
from sinks.duck.statements import newest
from sinks.duck.store import DuckStore

FORMAT = "(FORMAT parquet, COMPRESSION zstd)"


def export(store: DuckStore, folder: str | Path, tables: Collection[str] | None = None) -> list[Path]:
    """Write `<table>.parquet` (zstd) per table, all of one moment, and return the files in the order of the tables.

    `tables` are names of tables; None means all. ValueError names an unknown one; StoreFailed where the folder cannot
    be written. A reader sees the old file or the new one, never half of one.
    """
    names = list(BY_NAME) if tables is None else list(tables)
    if unknown := set(names) - BY_NAME.keys():
        raise ValueError(f"no such table: {', '.join(sorted(unknown))}; there are {', '.join(BY_NAME)}")
    target = Path(folder)
    with translated(str(target)), store.reading() as cursor:
        target.mkdir(parents=True, exist_ok=True)
        cursor.begin()  # one snapshot for all files
        written = []
        for name in names:
            partial = target / f".{name}.parquet.{os.getpid()}"
            try:
                cursor.execute(f"COPY ({_counting(BY_NAME[name])}) TO '{_escaped(partial)}' {FORMAT}")
                written.append(partial.replace(target / f"{name}.parquet"))
            finally:
                partial.unlink(missing_ok=True)
        cursor.rollback()
    return written


def _counting(table: Table) -> str:
    """All rows that `select` would show."""
    condition = newest(table) if table.keep == "newest" else "true"
    return f"SELECT * FROM {quoted(table.name)} WHERE {condition}"  # noqa: S608 - declared names


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
