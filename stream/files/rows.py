"""A Parquet or CSV file of events as a log of one partition: each row becomes the JSON that a service would publish."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from stream.events import Records
from stream.files import fields
from stream.files.database import batches, database
from stream.files.fields import Field, Source, rfc3339
from stream.files.lines import plain
from stream.files.paths import FileProblem
from stream.files.references import cell
from stream.reference.columns import ATTRIBUTIONS, NESTED
from stream.reference.table import META, OUTPUT_OF

_NAMES = {"id", "kind", "model", "version"}  # texts, whatever type a file has them in
_IN_UTC = "CAST(TRY_CAST({} AS TIMESTAMPTZ) AS TIMESTAMP)"
_TOP = META | OUTPUT_OF.keys()
_SEVERAL: Final = ("scores", "prediction", "label")  # fields that may be objects or arrays
_OF_LABELS: Final = ("id", "model", "time", "label", "event")


class Given(NamedTuple):
    """What is said of all rows of a table: what kind of events they are, and of which model; empty: its columns say."""

    kind: str = ""
    model: str = ""


BY_COLUMNS: Final = Given()


@dataclass(frozen=True)
class _Column:
    """A selected column: the object it belongs to ("" for the event), its key, its SQL, and what Python makes of it."""

    group: str
    key: str
    sql: str
    convert: Callable[[Any], Any] | None = None


def rows(
    path: Path, topic: str, partition: int, batch: int, given: Given = BY_COLUMNS
) -> Iterator[tuple[Records, int]]:
    """The rows as records, `batch` at a time, and how many of the file's bytes they stand for.

    `kind` is `prediction` where there is none. Features are the struct `features`, else all columns that are nothing
    else; labels have none. FileProblem where time or model is not there, or where the file says what is `given`.
    """
    size = path.stat().st_size
    with database(path) as connection:
        reader = fields.parquet if path.name.lower().endswith(".parquet") else fields.delimited
        source = reader(connection, path)
        _check(path, source, given)
        (n,) = connection.execute(f"SELECT count(*) FROM {source.table}").fetchall()[0]  # noqa: S608 - quoted there
        columns = _selected(source, given)
        every = [*source.fields, *(field for inner in source.nested.values() for field in inner)]
        loose = any(field.form == "mixed" for field in every)  # may hold the text nan
        odd = " OR ".join(f"coalesce(NOT isfinite({field.sql}), false)" for field in every if field.real) or "false"
        selected = ", ".join([*(column.sql for column in columns), "true" if loose else odd])
        encode = _encoder(columns, given)
        first = 0
        for found in batches(connection, f"SELECT {selected} FROM {source.table}", batch):  # noqa: S608 - quoted there
            last = first + len(found)
            yield plain(topic, partition, list(range(first, last)), [encode(row) for row in found]), size * last // n
            first = last


def _check(path: Path, source: Source, given: Given) -> None:
    names = [field.name for field in source.fields]
    for said, value in given._asdict().items():
        if value and said in names:
            raise FileProblem(f"{path} has a column {said!r}, so it cannot be {value!r} for all rows")
    for wanted in ("time", "model", *(("id",) if given.kind == "label" else ())):
        if wanted not in names and not (wanted == "model" and given.model):
            near = get_close_matches(wanted, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names[:20])}"
            remedy = "say --model NAME; " if wanted == "model" else ""
            raise FileProblem(f"{path} has no column {wanted!r}, so its rows are no events: {remedy}{hint}")


def _selected(source: Source, given: Given) -> list[_Column]:
    if given.kind == "label":
        return [_top(field) for field in source.fields if field.name in _OF_LABELS]
    columns = [_top(field) for field in source.fields if _is_top(field)]
    for group in (*NESTED, ATTRIBUTIONS):
        columns += [_inner(group, field) for field in source.nested.get(group, ())]
    if "features" not in source.nested:
        columns += [_inner("features", field) for field in source.fields if not _is_top(field)]
    return columns


def _is_top(field: Field) -> bool:
    return field.name in _TOP or (field.name == "scores" and bool(field.nested))


def _top(field: Field) -> _Column:
    sql = field.sql
    if field.name in _SEVERAL and field.nested:
        return _Column("", field.name, field.nested, _read)
    if field.name in _NAMES and field.cell:
        return _Column("", field.name, field.cell)
    if field.name in _NAMES and field.real:  # a column of integers with gaps is written as doubles by many tools
        whole = f"CAST(TRY_CAST({sql} AS BIGINT) AS VARCHAR)"
        return _Column("", field.name, f"CASE WHEN {sql} = trunc({sql}) THEN {whole} ELSE CAST({sql} AS VARCHAR) END")
    if field.name == "time" and field.form == "number":
        return _Column("", field.name, f"TRY_CAST({sql} AS BIGINT)")
    if field.name == "time" and field.form == "text":  # tools write times in many ways, often without their zone
        return _Column("", field.name, f"coalesce({rfc3339(_IN_UTC.replace('{}', sql))}, {sql})")
    return _inner("", field)


def _inner(group: str, field: Field) -> _Column:
    converters: dict[str, Callable[[Any], Any]] = {"mixed": _number_or_text, "object": _object}
    return _Column(group, field.name, field.sql, converters.get(field.form))


def _number_or_text(value: str | None) -> str | float | None:
    return None if value is None else cell(value)


def _read(written: str | None) -> Any:  # noqa: ANN401 - any JSON
    return None if written is None else json.loads(written)


def _object(there: bool) -> list[None] | None:
    """What is of the wrong type in the file is of the wrong type in the event."""
    return [] if there else None


def _encoder(columns: Sequence[_Column], given: Given) -> Callable[[tuple[Any, ...]], bytes]:
    """From a row, whose last value says that not all numbers may be finite, to an event."""
    top = [(i, column.key) for i, column in enumerate(columns) if not column.group]
    groups = {
        group: ([column.key for column in columns if column.group == group], _getter(columns, group))
        for group in dict.fromkeys(column.group for column in columns if column.group)
    }
    converted = [(i, column.convert) for i, column in enumerate(columns) if column.convert is not None]
    same = {"kind": "prediction"} | {name: value for name, value in given._asdict().items() if value}

    def encode(row: tuple[Any, ...]) -> bytes:
        values = row
        if converted:
            changed = list(row)
            for i, convert in converted:
                changed[i] = convert(changed[i])
            values = tuple(changed)
        event: dict[str, Any] = same | {key: values[i] for i, key in top if values[i] is not None}
        for group, (keys, get) in groups.items():
            event[group] = dict(zip(keys, get(values), strict=True))
        if values[-1]:
            return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        return msgspec.json.encode(event)

    return encode


def _getter(columns: Sequence[_Column], group: str) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    places = [i for i, column in enumerate(columns) if column.group == group]
    if len(places) == 1:
        return lambda values: (values[places[0]],)
    return itemgetter(*places)
