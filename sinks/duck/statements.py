"""Questions and deletions as SQL text with parameters. Pure: declarations in, statements out."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from msgspec import Struct

from sinks.commit import ANSWERS, OUTBOXES, RELAYED, SAMPLES, TABLES, Keep, Table, Unsampled, Where
from sinks.duck.schema import physical, quoted

_UNSAMPLED = '(model = ? AND "end" > make_timestamp(?) AND "end" <= make_timestamp(?) AND ("key" & ?) <> 0)'
COMMITTED = "INSERT INTO commits VALUES (?, ?)"  # a Commit's number, and when it was written


class Statement(Struct, frozen=True):
    """SQL and the values of its question marks, in order."""

    sql: str
    parameters: list[str | int]


def microseconds(time_ns: int) -> int:
    """The least microsecond that is not before `time_ns`, which keeps comparisons with stored times exact."""
    return -(-time_ns // 1000)


def insertion(table: Table, blank: Collection[str] = ()) -> str:
    """INSERT of the columns in a dict of NumPy arrays named `rows`; its one parameter is the commit's number.

    `blank` are columns of bytes of which every row is empty.
    """
    shown = ["''::BLOB" if column.name in blank else quoted(column.name) for column in table.columns]
    names = ", ".join(shown)
    return f"INSERT INTO {quoted(physical(table))} SELECT ?::BIGINT, {names} FROM rows"  # noqa: S608 - declared names


def selection(  # noqa: PLR0913 - one question, asked by keyword
    table: Table,
    *,
    where: Where,
    since: int | None,
    until: int | None,
    order: Sequence[str],
    descending: bool,
    limit: int | None,
    offset: int,
) -> Statement:
    """The SELECT of `Store.select`."""
    kinds = {"commit": "int", **{column.name: column.kind for column in table.columns}}
    assert {*where, *order} <= kinds.keys(), f"{table.name}: no such column: {sorted({*where, *order} - kinds.keys())}"
    conditions, parameters = [], list[str | int]()
    for name, value in where.items():
        conditions.append(f"{quoted(name)} = {'make_timestamp(?)' if kinds[name] == 'time' else '?'}")
        parameters.append(microseconds(int(value)) if kinds[name] == "time" else value)
    for comparison, bound in ((">=", since), ("<", until)):
        if bound is not None:
            assert table.time, f"{table.name}: no time to filter by"
            conditions.append(f"{quoted(table.time)} {comparison} make_timestamp(?)")
            parameters.append(microseconds(bound))
    direction = " DESC" if descending else ""
    by = ", ".join(f"{quoted(name)}{direction} NULLS LAST" for name in (*order, *table.key, "commit"))
    names = ", ".join(map(quoted, kinds))
    if table.keep == "newest":
        conditions.append(newest(table))
    sql = f"SELECT {names} FROM {quoted(table.name)}{_filter(conditions)} ORDER BY {by}"  # noqa: S608 - declared names
    paging = "" if limit is None else f" LIMIT {int(limit)}"
    return Statement(f"{sql}{paging} OFFSET {int(offset)}", parameters)


def deletions(
    before: Mapping[Keep, int], samples: Mapping[str, int], unsampled: Sequence[Unsampled]
) -> list[Statement]:
    """The DELETEs of `Store.forget`."""
    statements = [_deletion(SAMPLES, "model = ? AND hash > ?", *bound) for bound in sorted(samples.items())]
    for table in TABLES:
        if table.keep in before:
            condition = f"{quoted(table.time)} < make_timestamp(?)"
            parameters: list[str | int] = [microseconds(before[table.keep])]
            if table in OUTBOXES:
                condition, parameters = f"{condition} AND {sent()}", [*parameters, table.name]
            statements.append(_deletion(table, condition, *parameters))
        elif table.keep == "newest":
            statements.append(_deletion(table, f"NOT {newest(table)}"))
    if unsampled:  # all at once: there may be a model's span for each of hundreds, and each pass reads all labels
        ours = " OR ".join([_UNSAMPLED] * len(unsampled))
        bounds: list[list[str | int]] = [
            [one.model, *_after(one.after, one.upto), (1 << one.halvings) - 1] for one in unsampled
        ]
        statements.append(_deletion(ANSWERS, ours, *chain.from_iterable(bounds)))
    return statements


def _after(*times_ns: int) -> list[int]:
    """Microseconds: a time is after one of these where it is after that. Event times begin in 1970."""
    return [max(0, time // 1_000) for time in times_ns]


def newest(table: Table) -> str:
    """The condition that a row is of the newest Commit that wrote the table."""
    return f'("commit" = (SELECT max("commit") FROM {quoted(table.name)}))'  # noqa: S608 - declared names


def sent() -> str:
    """The condition that a row of an outbox, whose name is its parameter, has been relayed."""
    upto = f"SELECT max(upto) FROM {quoted(RELAYED.name)} WHERE outbox = ? AND {newest(RELAYED)}"  # noqa: S608 - ours
    return f'"commit" <= coalesce(({upto}), 0)'


def _deletion(table: Table, condition: str, *parameters: str | int) -> Statement:
    return Statement(f"DELETE FROM {quoted(physical(table))} WHERE {condition}", list(parameters))  # noqa: S608 - declared names


def _filter(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
