"""The columns of a Parquet or CSV file, each with the SQL that makes it what an event would hold.

A CSV file has no types: a cell that reads as a number is one, unless the column has numbers with leading zeros, which
are names. A column is taken for numbers where 95 % of its values are, the others being of a wrong type.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, Literal

from stream.files.database import Connection, literal, name, text
from stream.files.paths import BOM, FileProblem, opened
from stream.reference.columns import ATTRIBUTIONS, NESTED
from stream.reference.kinds import TYPE_SHARE

# bool and text: as in JSON; mixed: numbers among texts; object: whatever has no place in a feature.
Form = Literal["number", "bool", "text", "mixed", "object"]

INTEGERS: Final = ("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint")
_REALS = ("float", "double", "decimal", "hugeint", "uhugeint")  # JSON numbers are doubles to everyone who reads them
_TIMES = ("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone")
_NESTED = ("struct", "map", "list", "array")
_TEXTS = ("varchar", "enum", "uuid", "date", "time")
_DELIMITERS = ",;\t|"
_LONGEST = 2_000_000  # characters of a header


@dataclass(frozen=True)
class Field:
    """A column: its name, its form, and an expression for its value. Of objects only whether there is one is known."""

    name: str
    form: Form
    sql: str
    real: bool = False  # a number that may have a fraction, or be none that is finite
    cell: str = ""  # of CSV: an expression for the cell as it is written
    nested: str = ""  # of Parquet: an expression for an object or an array as JSON


@dataclass(frozen=True)
class Source:
    """What to select from, its columns, and those of `features` and `segments` where they are structs."""

    table: str
    fields: tuple[Field, ...]
    nested: dict[str, tuple[Field, ...]]


def parquet(connection: Connection, path: Path) -> Source:
    """The columns of a Parquet file by their types."""
    table = f"read_parquet({literal(path)})"
    relation = connection.sql(f"SELECT * FROM {table}")  # noqa: S608 - the path is quoted
    fields, nested = [], {}
    written = _written(connection, path)
    _once(path, written)
    for called, kind, column in zip_longest(relation.columns, relation.types, written):
        column = column or called  # noqa: PLW2901 - of a folder `year=2026` DuckDB makes a column more
        if column in (*NESTED, ATTRIBUTIONS) and kind.id == "struct":
            nested[column] = tuple(
                _typed(child, inner, f"struct_extract({name(called)}, {text(child)})") for child, inner in kind.children
            )
        else:
            fields.append(_typed(column, kind, name(called)))
    return Source(table, tuple(fields), nested)


def delimited(connection: Connection, path: Path) -> Source:
    """The columns of a CSV file by what is in them. Its cells are read once, into the database."""
    names, delimiter = _header(path)
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(names)))
    # Nothing is guessed: given one line with a field too many, the guess is that the file begins below it.
    connection.execute(
        f"CREATE TABLE cells AS SELECT * FROM read_csv({literal(path)}, auto_detect=false, header=true, "  # noqa: S608
        f"delim={text(delimiter)}, quote='\"', escape='\"', nullstr='', columns={{{columns}}})"
    )
    return Source("cells", tuple(_guessed(connection, column, f"c{i}") for i, column in enumerate(names)), {})


def rfc3339(sql: str) -> str:
    """A time in UTC, to the millisecond where that is all there is."""
    exact, usual = (f"strftime({sql}, '%Y-%m-%dT%H:%M:%S.{digits}Z')" for digits in ("%f", "%g"))
    return f"CASE WHEN epoch_us({sql}) % 1000 = 0 THEN {usual} ELSE {exact} END"


# What becomes of a column, by its type. All else (lists, structs, bytes, intervals) is an object.
_FORMS: dict[str, tuple[Form, str]] = {
    **dict.fromkeys(INTEGERS, ("number", "{}")),
    **dict.fromkeys(_REALS, ("number", "CAST({} AS DOUBLE)")),
    **dict.fromkeys(_TIMES, ("text", rfc3339("CAST({} AS TIMESTAMP)"))),
    **dict.fromkeys(_TEXTS, ("text", "CAST({} AS VARCHAR)")),
    "boolean": ("bool", "{}"),
    "null": ("text", "CAST(NULL AS VARCHAR)"),  # the cast of the column is an internal error of DuckDB 2.0
}


def _typed(column: str, kind: Any, sql: str) -> Field:  # noqa: ANN401 - DuckDB's type of types
    form, template = _FORMS.get(kind.id, ("object", "{} IS NOT NULL"))
    nested = f"CAST(to_json({sql}) AS VARCHAR)" if kind.id in _NESTED else ""
    return Field(column, form, template.replace("{}", sql), real=kind.id in _REALS, nested=nested)


def _guessed(connection: Connection, column: str, sql: str) -> Field:
    present, finite, numbers, leading, booleans = connection.execute(
        f"SELECT count({sql}), count(*) FILTER (isfinite(TRY_CAST({sql} AS DOUBLE))), "  # noqa: S608 - a name of ours
        f"count(TRY_CAST({sql} AS DOUBLE)), count(*) FILTER (regexp_matches({sql}, '^[+-]?0[0-9]')), "
        f"count(*) FILTER (lower({sql}) IN ('true', 'false')) FROM cells"
    ).fetchall()[0]
    if present and booleans == present:
        return Field(column, "bool", f"lower({sql}) = 'true'", cell=sql)
    if not finite or leading or numbers < TYPE_SHARE * present:
        return Field(column, "text", sql, cell=sql)
    if numbers < present:
        return Field(column, "mixed", sql, cell=sql)
    whole = f"TRY_CAST({sql} AS BIGINT)"
    (integers,) = connection.execute(
        f"SELECT count(*) FILTER (regexp_full_match({sql}, '[+-]?[0-9]+') AND {whole} IS NOT NULL) FROM cells"  # noqa: S608
    ).fetchall()[0]
    if integers == present:
        return Field(column, "number", whole, cell=sql)
    return Field(column, "number", f"CAST({sql} AS DOUBLE)", real=True, cell=sql)


def _header(path: Path) -> tuple[list[str], str]:
    """The names of the columns, and the delimiter that makes the most of them."""
    with opened(path) as (content, _):
        head = content.read(_LONGEST).removeprefix(BOM).decode("utf-8", "ignore")
    found = {delimiter: next(_rows(head, delimiter), []) for delimiter in _DELIMITERS}
    delimiter = max(found, key=lambda one: len(found[one]))  # the first of equals: a comma
    names = found[delimiter]
    if not names or any(not column.strip() for column in names):
        raise FileProblem(f"{path}: the first line must name every column; it is {head.splitlines()[0][:80]!r}")
    _once(path, names)
    return names, delimiter


def _written(connection: Connection, path: Path) -> list[str]:
    """The columns of a Parquet file by their names in it: to DuckDB `Age` is `age`, and the second becomes `age_1`."""
    schema = f"parquet_schema({literal(path)})"
    found = connection.execute(f"SELECT name, coalesce(num_children, 0) FROM {schema}").fetchall()  # noqa: S608 - quoted
    names, inside = [], 0  # how many of what follows belong to the last column
    for called, children in found[1:]:
        if not inside:
            names.append(called)
        inside += children - bool(inside)
    return names


def _once(path: Path, names: Sequence[str]) -> None:
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice:
        raise FileProblem(f"{path} has several columns {twice[0]!r}")


def _rows(head: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
