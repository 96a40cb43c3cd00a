"""Reference files: their columns in memory, and the plans that were built from them."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from detectors.codes import MISSING, NOT_FINITE
from stream.encodings.json import parse
from stream.encodings.schema import WRONG
from stream.files import fields
from stream.files.database import Connection, batches, database
from stream.files.fields import Field
from stream.files.paths import BOM, FileProblem, check, kind_of, opened
from stream.files.provenance import versions
from stream.plan import Plan
from stream.reference import Table, from_columns, load, save
from stream.reference.columns import SCORES, Columns, Shared, Values, joined, of_documents
from stream.reference.saved import ENDING
from stream.reference.table import answered

if TYPE_CHECKING:
    from stream.monitor.plans.onboarding import File

CHUNK = 10_000  # lines that are objects at once


def columns(path: str | Path) -> Columns:
    """The columns of a Parquet, CSV or JSON-lines file.

    JSON lines are decoded as events are, so that what a reference says of a value is what the stream will say of it:
    DuckDB would turn texts into dates, and names that differ only in their case into one. FileProblem where there is
    nothing to read.
    """
    path = Path(path)
    kind = kind_of(path)
    found = (
        _of_lines(path)
        if kind == "lines"
        else _of_table(path, fields.parquet if kind == "parquet" else fields.delimited)
    )
    if not found:
        raise FileProblem(f"{path} has no columns")
    return found


def integers(path: str | Path) -> frozenset[str] | None:
    """The columns of a Parquet or CSV file that hold integers by their type; None for JSON lines, which have none."""
    path = Path(path)
    kind = kind_of(path)
    if kind == "lines":
        return None
    with database(path) as connection:
        source = (fields.parquet if kind == "parquet" else fields.delimited)(connection, path)
        every = [*source.fields, *(field for inner in source.nested.values() for field in inner)]
        return frozenset(field.name for field in every if field.form == "number" and not field.real)


def table(path: str | Path) -> Table:
    """The rows of a reference file by their roles, or the plan that was saved in it."""
    path = Path(path)
    if not path.name.endswith(ENDING):
        return replace(from_columns(columns(path)), versions=versions(path))
    check(path)
    with opened(path) as (content, _):
        return Table(saved=load(content.read(), str(path)))


def reference_file(path: str | Path) -> "File":
    """A reference file as the monitor takes it: what is in it, and a digest of its bytes."""
    from stream.monitor.plans.onboarding import File  # the whole monitor, which nobody else here needs

    read = table(path)
    with opened(Path(path)) as (_, raw):
        return File(read, hashlib.file_digest(raw, lambda: hashlib.blake2b(digest_size=8)).hexdigest())


def write_plan(plan: Plan, path: str | Path) -> None:
    """Save a plan, whole or not at all; its name must end in `.driftline.json` to be read as one."""
    path = Path(path)
    if not path.name.endswith(ENDING):
        raise FileProblem(f"{path}: the name of a saved reference must end in {ENDING}")
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(save(plan))
        partial.replace(path)
    except OSError as error:
        raise FileProblem(f"{path} cannot be written: {error.strerror}") from None


def _of_lines(path: Path) -> Columns:
    shared = Shared()
    with opened(path) as (content, _):
        documents = _documents(path, content)
        chunks = []
        while chunk := list(islice(documents, CHUNK)):
            chunks.append((len(chunk), of_documents(chunk, shared)))
    if not chunks:
        raise FileProblem(f"{path} has no rows")
    return joined(chunks)


def _documents(path: Path, content: BinaryIO) -> Iterator[dict[str, Any]]:
    for i, line in enumerate(content):
        stripped = (line.removeprefix(BOM) if i == 0 else line).strip()
        if not stripped:
            continue
        try:
            document = parse(stripped)
        except ValueError as error:
            raise FileProblem(f"{path}: line {i + 1} is no JSON ({error}); expected one object per line") from None
        if not isinstance(document, dict):
            raise FileProblem(f"{path}: line {i + 1} is a JSON {type(document).__name__}; expected one object per line")
        yield answered(document)


def _of_table(path: Path, reader: Callable[[Connection, Path], fields.Source]) -> Columns:
    with database(path) as connection:
        source = reader(connection, path)
        (n,) = connection.execute(f"SELECT count(*) FROM {source.table}").fetchall()[0]  # noqa: S608 - quoted there
        if not n:
            raise FileProblem(f"{path} has no rows")
        shared = Shared()
        flat: dict[str, Any] = {
            field.name: _column(connection, source.table, field, n, shared) for field in source.fields
        }
        flat |= _scores(connection, source)
        for name, inner in source.nested.items():
            flat[name] = {field.name: _column(connection, source.table, field, n, shared) for field in inner}
        return flat


def _column(connection: Connection, table: str, field: Field, n: int, shared: Shared) -> Values:
    """One column, (n,): only it is read from a Parquet file."""
    query = f"SELECT {field.sql} FROM {table}"  # noqa: S608 - names and paths are quoted
    if field.form == "number":
        return _numbers(connection, f"SELECT CAST({field.sql} AS DOUBLE) AS x FROM {table}")  # noqa: S608 - as above
    values = np.empty(n, np.object_)
    convert = _CONVERT[field.form]
    first = 0
    for rows in batches(connection, query):
        values[first : first + len(rows)] = [convert(shared, value) for (value,) in rows]
        first += len(rows)
    assert first == n, (first, n)
    return np.full(n, MISSING) if all(value is None for value in values) else values


def _scores(connection: Connection, source: fields.Source) -> Columns:
    """Scores of several classes where they are structs or maps."""
    for field in source.fields:
        if field.name == SCORES and field.nested:
            found = batches(connection, f"SELECT {field.nested} FROM {source.table}")  # noqa: S608 - as above
            written = [one for rows in found for (one,) in rows]
            return of_documents([{SCORES: None if one is None else parse(one.encode())} for one in written])
    return {}


def _numbers(connection: Connection, query: str) -> Values:
    found = connection.execute(query).fetchnumpy()["x"]
    values = np.array(np.ma.getdata(found), np.float64)
    values[np.isnan(values)] = NOT_FINITE
    values[np.ma.getmaskarray(found)] = MISSING
    return values


def cell(value: str) -> str | float:
    """A cell of a CSV column of numbers that has others in it."""
    try:
        return float(value)
    except ValueError:
        return value


_CONVERT: dict[str, Callable[[Shared, Any], Any]] = {
    "bool": lambda _, value: value,
    "text": lambda shared, value: None if value is None else shared[value],
    "mixed": lambda _, value: None if value is None else cell(value),
    "object": lambda _, value: WRONG if value else None,
}
