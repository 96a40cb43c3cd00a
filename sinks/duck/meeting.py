"""The meeting of labels and predictions as SQL: passes over what waits, with the few ids that it is about.

The tables have no index. Rows are found by the halves of the hash, one after the other: DuckDB filters while it scans,
roughly, by each join of a single column. So it reads of ten million rows the keys, of the other half few, and of the
other columns hardly more than what is asked: with one join by both halves such a pass took 263 ms, by one half 110.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from sinks.commit import (
    ANSWERS,
    PAIRS,
    PREDICTED,
    PREDICTIONS,
    STANDARDS,
    UNMET,
    Columns,
    Meeting,
    Said,
    Span,
    Standing,
    Steps,
    Table,
    Texts,
    among,
    identities,
    in_vain,
    repeated,
    to_ns,
)
from sinks.duck.schema import CODED, physical, quoted

Decode = Callable[[NDArray[Any]], NDArray[np.object_]]  # ids of words to words
Fetched = Callable[[Table, dict[str, Any]], Columns]
Narrow = Callable[[int], AbstractContextManager[object]]
_Found = dict[str, Any]

_ID: Final = ("key", "check")
_SPAN: Final = '"end" > make_timestamp(?) AND "end" <= make_timestamp(?)'
_OURS: Final = "list_contains(?, model)"
_OURS_CODED: Final = "model IN (SELECT id FROM words WHERE list_contains(?, word))"
_SPANS: Final = (
    "SELECT unnest(?) AS whose, make_timestamp(unnest(?)::BIGINT) AS after, make_timestamp(unnest(?)::BIGINT) AS upto"
)
_SPANS_CODED: Final = f"SELECT id AS whose, after, upto FROM ({_SPANS}) JOIN words ON word = whose"  # noqa: S608 - ours
_SAID: Final = """
SELECT model, version, length, epoch_us("end"), arg_max(status, step), arg_max(labelled, step),
  bool_or(status <> 'provisional') FROM performance
WHERE "end" > make_timestamp(?) AND segment = '' GROUP BY ALL"""

_WORSE: Final = """
SELECT DISTINCT model, version, length, epoch_us("end"), metric FROM performance
WHERE "end" > make_timestamp(?) AND segment = '' AND verdict = 'worse'"""


def meeting(
    cursor: duckdb.DuckDBPyConnection, narrow: Narrow, *, decode: Decode, fetched: Fetched, steps: Steps
) -> Meeting:
    """The answer of one moment: the cursor is within a transaction, or nobody writes.

    What all that waits is read for is about so many rows, and asked within `narrow`.
    """
    if steps.rows_max is not None:
        steps = steps.first(*_Questions(cursor, steps).held())
    ask = _Questions(cursor, steps)
    new = ask.ours(ANSWERS, _ID, steps.after, steps.upto)
    fresh = ask.ours(PREDICTIONS, ("model", "version", "end", *_ID), steps.after, steps.upto)
    said = ask.ours(UNMET, ("model", "end", *_ID), *steps.waited)
    with narrow(len(new["key"]) + len(fresh["key"]) + len(said["key"])):
        before = ask.before(fresh)
        answers = ask.seen(ANSWERS, _every(ANSWERS), _either(new, fresh))  # so the steps are about the ids of these
        told = ask.seen(PREDICTIONS, _every(PREDICTIONS), _either(answers, said))  # one pass for both questions
    asked = among(identities(told), identities(answers))
    return Meeting(
        steps,
        _decoded(PREDICTIONS, {name: column[asked] for name, column in told.items()}, decode, fetched),
        _decoded(ANSWERS, answers, decode, fetched),
        _by_pane(fresh, decode),
        _by_pane(_repeats(fresh, before, steps.grace), decode),
        in_vain(told, said, steps),
    )


def _by_pane(rows: _Found, decode: Decode) -> dict[tuple[str, str, int], int]:
    """How many there are of each model and version that end then."""
    number = np.zeros(len(rows["end"]), np.int64)
    columns = [np.unique(rows[name], return_inverse=True) for name in ("model", "version", "end")]
    for values, place in columns:
        number = number * len(values) + place
    _, first, n = np.unique(number, return_index=True, return_counts=True)
    models, versions = (decode(rows[name][first]).tolist() for name in ("model", "version"))
    return dict(zip(zip(models, versions, to_ns(rows["end"][first]).tolist(), strict=True), n.tolist(), strict=True))


def _repeats(fresh: _Found, before: _Found, grace: int) -> _Found:
    """The fresh predictions that repeat others; `before` are those of earlier panes that they may repeat."""
    both = {name: np.concatenate((before[name], fresh[name])) for name in ("version", *_ID)}
    ends = np.concatenate([to_ns(found["end"]) for found in (before, fresh)])
    again = repeated(both, ends, grace)[len(before["end"]) :]
    return {name: column[again] for name, column in fresh.items()}


def _every(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _either(some: _Found, others: _Found) -> _Found:
    """The ids of both."""
    return {name: np.concatenate((some[name], others[name])) for name in _ID}


def said(cursor: duckdb.DuckDBPyConnection, decode: Decode, models: Sequence[str], after: int, upto: int) -> Said:
    """What models said in a span of panes. Of texts only the distinct ones are decoded."""
    sql = f"SELECT {_listed(Said._fields)} FROM {quoted(physical(PREDICTIONS))} WHERE {_SPAN} AND {_OURS_CODED}"  # noqa: S608 - names of ours
    found = cursor.execute(sql, [_bound(after), _bound(upto), list(models)]).fetchnumpy()

    def texts(name: str) -> Texts:
        ids, codes = np.unique(np.asarray(found[name]), return_inverse=True)
        return Texts(tuple(decode(ids).tolist()), codes)

    score, value = (np.ma.filled(found[name], np.nan) for name in ("score", "value"))
    ends = to_ns(found["end"])
    several, segments = (np.empty(len(ends), np.object_) for _ in range(2))
    several[:] = [bytes(each) for each in found["several"]]
    segments[:] = [bytes(each) for each in found["segments"]]
    return Said(texts("model"), texts("version"), ends, score, value, texts("answer").array(), several, segments)


def within(  # noqa: PLR0913, PLR0917 - a question, and how its answer is read
    cursor: duckdb.DuckDBPyConnection,
    decode: Decode,
    fetched: Fetched,
    table: Table,
    spans: Sequence[Span],
    one_in: int,
) -> Columns:
    """Rows in spans, of one pass over the table."""
    sql = (
        f"WITH spans AS ({_SPANS_CODED if table.name in CODED else _SPANS}) "  # noqa: S608 - names of ours
        f'SELECT {_listed(_every(table))} FROM {quoted(physical(table))} JOIN spans ON model = whose AND "end" > after '
        f'AND "end" <= upto WHERE {_SPAN}'  # of all spans together: what lies beyond is not read
    )
    if one_in > 1:
        sql += f' AND ("check" & {one_in - 1}) = 0'
    models, after, upto = zip(*spans, strict=True)
    asked = [list(models), list(map(_bound, after)), list(map(_bound, upto)), _bound(min(after)), _bound(max(upto))]
    return _decoded(table, cursor.execute(sql, asked).fetchnumpy(), decode, fetched)


def standing(cursor: duckdb.DuckDBPyConnection, fetched: Fetched, since: int) -> Standing:
    """The same question of what is committed, asked once in a life."""
    bound = _bound(since)

    def panes(table: Table, counted: str) -> dict[tuple[str, str, int], int]:
        sql = f'SELECT model, version, "end", sum({counted})::BIGINT AS n FROM {quoted(table.name)} '  # noqa: S608
        found = cursor.execute(sql + 'WHERE "end" > make_timestamp(?) GROUP BY ALL', [bound]).fetchnumpy()
        keys = zip(found["model"].tolist(), found["version"].tolist(), to_ns(found["end"]).tolist(), strict=True)
        return dict(zip(keys, found["n"].tolist(), strict=True))

    said = cursor.execute(_SAID, [bound]).fetchall()
    worse = cursor.execute(_WORSE, [bound]).fetchall()
    return Standing(
        panes(PREDICTED, "predictions + repeats"),
        panes(PREDICTED, "repeats"),
        panes(PAIRS, "change"),
        {
            (model, version, length, end * 1_000): (status, n, enough)
            for model, version, length, end, status, n, enough in said
        },
        frozenset(((model, version, length, end * 1_000), metric) for model, version, length, end, metric in worse),
        fetched(STANDARDS, cursor.execute(f"SELECT * FROM {STANDARDS.name}").fetchnumpy()),  # noqa: S608 - a name of ours
    )


class _Questions:
    """What is asked of the tables about some steps."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, steps: Steps) -> None:
        self._cursor, self._steps = cursor, steps

    def ours(self, table: Table, names: Sequence[str], after: int, upto: int, *, n: bool = False) -> _Found:
        """Columns of the models' rows in a span of panes; the distinct ones, with how many there are."""
        ours = _OURS_CODED if table.name in CODED else _OURS
        shown, by = (f"{_listed(names)}, count(*) AS n", " GROUP BY ALL") if n else (_listed(names), "")
        sql = f"SELECT {shown} FROM {quoted(physical(table))} WHERE {_SPAN} AND {ours}{by}"  # noqa: S608 - names of ours
        return self._cursor.execute(sql, [_bound(after), _bound(upto), list(self._steps.models)]).fetchnumpy()

    def held(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The steps at which rows of the models matter, and how many rows, per table."""
        steps = self._steps
        spans = ((PREDICTIONS, (steps.after, steps.upto)), (ANSWERS, (steps.after, steps.upto)), (UNMET, steps.waited))
        ends, counted = [], []
        for table, span in spans:
            found = self.ours(table, ("end",), *span, n=True)
            ends.append(to_ns(found["end"]) + (steps.within if table == UNMET else 0))
            counted.append(found["n"].astype(np.int64))
        return np.concatenate(ends), np.concatenate(counted)

    def before(self, fresh: _Found) -> _Found:  # noqa: ARG002 - by its name
        """Predictions of earlier panes that some may repeat: by half of their ids, few more than do."""
        names = ("version", "end", *_ID)
        sql = f"SELECT {_listed(names)} FROM {quoted(physical(PREDICTIONS))} SEMI JOIN fresh USING (key) WHERE {_SPAN}"  # noqa: S608 - names of ours
        after = self._steps.after
        return self._cursor.execute(sql, [_bound(after - self._steps.grace), _bound(after)]).fetchnumpy()

    def seen(self, table: Table, names: Sequence[str], about: _Found) -> _Found:
        """Columns of all rows of ids that the steps may look at: of each half, then of both."""
        sql = (
            f"SELECT {_listed(names)} FROM {quoted(physical(table))} SEMI JOIN about USING (key) "  # noqa: S608 - names of ours
            f'SEMI JOIN about AS others USING ("check") WHERE {_SPAN}'
        )
        found = self._cursor.execute(sql, [_bound(self._steps.since(table)), _bound(self._steps.upto)]).fetchnumpy()
        both = among(identities(found), identities(about))
        return {name: column[both] for name, column in found.items()}


def _decoded(table: Table, found: _Found, decode: Decode, fetched: Fetched) -> Columns:
    """Rows as the table has them: ids of words as words."""
    if table.name in CODED:
        found |= {column.name: decode(found[column.name]) for column in table.columns if column.kind == "text"}
    return fetched(table, found)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))


def _bound(time_ns: int) -> int:
    """Whole microseconds, for a time is after `time_ns` where it is after those. Event times begin in 1970."""
    return max(0, time_ns // 1_000)
