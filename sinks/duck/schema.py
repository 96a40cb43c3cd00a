"""The file's schema: DDL from the declarations, run at start only, and the check that a file fits this program."""

from collections.abc import Iterable

import duckdb

from sinks.commit import (
    DRIFT,
    EFFECTS,
    ESTIMATES,
    INPUTS,
    PERFORMANCE,
    PREDICTIONS,
    SERVICE,
    TABLES,
    TESTED,
    WINDOWS,
    Kind,
    StoreUnreadable,
    Table,
)
from sinks.duck import words
from sinks.duck.views import VIEWS

VERSION = 7  # rises with any change that an older file or program cannot live with

SQL: dict[Kind, str] = {
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
    "time": "TIMESTAMP",  # microseconds, UTC, naive: fetching a TIMESTAMPTZ needs a library that the wheel leaves out
    "text": "VARCHAR",
    "bytes": "BLOB",
}

# Tables of many rows with few texts. 21,000 distances with texts as VARCHAR took a third longer: strings are written to
# the log one by one.
CODED = frozenset(
    table.name for table in (DRIFT, EFFECTS, TESTED, WINDOWS, PERFORMANCE, PREDICTIONS, INPUTS, ESTIMATES, SERVICE)
)


def quoted(name: str) -> str:
    """The name as SQL: some of ours (`end`, `offset`, `limit`) are words of the language."""
    assert '"' not in name, name
    return f'"{name}"'


def physical(table: Table) -> str:
    """The name of the SQL table that holds the rows; where texts are coded, the declared name is a view of it."""
    return f"{table.name}_rows" if table.name in CODED else table.name


def expected(table: Table) -> dict[str, str]:
    """Column names and SQL types of the physical table, `commit` first."""
    kinds = SQL | {"text": "INTEGER"} if table.name in CODED else SQL
    return {"commit": "BIGINT", **{column.name: kinds[column.kind] for column in table.columns}}


def ddl(table: Table) -> str:
    """The CREATE TABLE of a declaration.

    No PRIMARY KEY, UNIQUE or index: deleted rows would keep their space, and indexes have been found damaged under long
    load. Only floats may be NULL: an undefined one, so that sums and comparisons in SQL pass over it as nan would not.
    """
    kinds = {column.name: column.kind for column in table.columns}
    columns = [
        f"{quoted(name)} {sql}{_constraint(table, kinds.get(name, 'int'))}" for name, sql in expected(table).items()
    ]
    return f"CREATE TABLE IF NOT EXISTS {quoted(physical(table))} ({', '.join(columns)})"


def _constraint(table: Table, kind: Kind) -> str:
    """What is said of a column behind its type.

    Looking for the best compression of blobs was two thirds of a checkpoint (42 of 66 ms per Commit), for tables that
    are short-lived or small. What waits is neither, and its blobs are short: a fifth of its bytes saved.
    """
    if kind == "float":
        return ""
    return " NOT NULL USING COMPRESSION uncompressed" if kind == "bytes" and table.keep != "waiting" else " NOT NULL"


def decoding(table: Table) -> str:
    """The CREATE VIEW that shows a coded table under its declared name and columns."""
    texts = [column.name for column in table.columns if column.kind == "text"]
    names = ["commit", *(column.name for column in table.columns)]
    shown = [f"{quoted(f'{name} words')}.word AS {quoted(name)}" if name in texts else quoted(name) for name in names]
    joins = [
        f"JOIN words AS {quoted(f'{name} words')} ON {quoted(f'{name} words')}.id = coded.{quoted(name)}"
        for name in texts
    ]
    rows = f"{quoted(physical(table))} AS coded {' '.join(joins)}"
    return f"CREATE OR REPLACE VIEW {quoted(table.name)} AS SELECT {', '.join(shown)} FROM {rows}"  # noqa: S608 - declared names


def prepare(connection: duckdb.DuckDBPyConnection, path: str) -> None:
    """Make what is missing, or StoreUnreadable where the file belongs to another version; then CHECKPOINT.

    The checkpoint keeps DDL and rows out of one write-ahead log, whose replay has been a source of defects.
    """
    connection.begin()
    connection.execute("CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL)")
    _check_version(connection, path)
    connection.execute("CREATE TABLE IF NOT EXISTS commits (number BIGINT NOT NULL, written_at TIMESTAMP NOT NULL)")
    connection.execute(words.DDL)
    found = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    there, missing = ([table for table in TABLES if (physical(table) in found) is old] for old in (True, False))
    _check_columns(connection, path, there)
    connection.execute("; ".join(map(ddl, missing)))
    for table in TABLES:
        if table.name in CODED:
            connection.execute(decoding(table))
    for view in VIEWS:
        connection.execute(f"CREATE OR REPLACE VIEW {quoted(view.name)} AS {view.sql}")
    connection.commit()
    connection.execute("CHECKPOINT")


def _check_version(connection: duckdb.DuckDBPyConnection, path: str) -> None:
    found = [version for (version,) in connection.execute("SELECT version FROM schema").fetchall()]
    if not found:
        connection.execute("INSERT INTO schema VALUES (?)", [VERSION])
    elif found != [VERSION]:
        versions = ", ".join(map(str, found))
        raise StoreUnreadable(
            f"{path} has schema version {versions}, this driftline reads and writes version {VERSION}; "
            "use the driftline that wrote it, or another store.path"
        )


def _check_columns(connection: duckdb.DuckDBPyConnection, path: str, tables: Iterable[Table]) -> None:
    for table in tables:  # one by one: to list all columns DuckDB makes a hundred views of its own first, for 11 ms
        rows = connection.table(physical(table))
        found = set(zip(rows.columns, map(str, rows.types), strict=True))
        if differing := found ^ set(expected(table).items()):
            names = ", ".join(sorted({name for name, _ in differing}))
            raise StoreUnreadable(
                f"{path} is of another build of schema version {VERSION}: table {table.name} differs in {names}; "
                "use the driftline that wrote it, or another store.path"
            )
