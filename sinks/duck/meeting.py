"""The meeting of labels and predictions as SQL: one pass over what waits, with the few ids that it is about.

The tables have no index: a hash join of thousands of ids with ten million rows takes a fifth of a second.
"""

from collections.abc import Callable
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from sinks.commit import ANSWERS, PAIRS, PREDICTIONS, Columns, Meeting, Standing, Steps, Table
from sinks.duck.schema import CODED, physical, quoted
from sinks.duck.statements import microseconds

Decode = Callable[[NDArray[Any]], NDArray[np.object_]]  # ids of words to words
Fetched = Callable[[Table, dict[str, Any]], Columns]

_WITHIN: Final = '"end" > make_timestamp(?) AND "end" <= make_timestamp(?)'
_TOLD: Final = quoted(physical(PREDICTIONS))
_ABOUT: Final = f"""
WITH about AS MATERIALIZED (
  SELECT key, "check" FROM answers WHERE {_WITHIN} AND list_contains(?, model)
  UNION
  SELECT key, "check" FROM {_TOLD} AS fresh
  SEMI JOIN (SELECT key, "check" FROM answers WHERE {_WITHIN} AND list_contains(?, model)) AS said USING (key, "check")
  WHERE {_WITHIN}
)"""  # noqa: S608 - names of ours
_ARRIVED: Final = f'SELECT model, version, "end", count(*) AS n FROM {_TOLD} WHERE {_WITHIN} GROUP BY ALL'  # noqa: S608
_UNMET: Final = f"""
SELECT model, "end", count(*) AS n FROM answers AS said
WHERE {_WITHIN} AND list_contains(?, model) AND NOT EXISTS (
  SELECT 1 FROM {_TOLD} AS told WHERE told.key = said.key AND told."check" = said."check"
    AND told."end" > said."end" - to_microseconds(2 * ?) AND told."end" <= said."end" + to_microseconds(?)
    AND told."end" <= make_timestamp(?)
) GROUP BY ALL"""  # noqa: S608

_SAID: Final = """
SELECT model, version, length, epoch_us("end"), arg_max(status, step), arg_max(labelled, step) FROM performance
WHERE "end" > make_timestamp(?) AND segment = '' GROUP BY ALL"""


def meeting(cursor: duckdb.DuckDBPyConnection, decode: Decode, fetched: Fetched, steps: Steps) -> Meeting:
    """The answer of one moment: the cursor is within a transaction, or nobody writes."""
    since, after, upto = (_bound(time) for time in (steps.since, steps.after, steps.upto))
    models = list(steps.models)
    about = [after, upto, models, since, upto, models, after, upto]

    def met(table: Table) -> Columns:
        columns = ", ".join(quoted(column.name) for column in table.columns)
        sql = f'{_ABOUT} SELECT {columns} FROM {quoted(physical(table))} SEMI JOIN about USING (key, "check") WHERE '  # noqa: S608
        found = cursor.execute(sql + _WITHIN, [*about, since, upto]).fetchnumpy()
        if table.name in CODED:
            found |= {column.name: decode(found[column.name]) for column in table.columns if column.kind == "text"}
        return fetched(table, found)

    arrived = cursor.execute(_ARRIVED, [after, upto]).fetchnumpy()
    models_, versions = (decode(arrived[name]).tolist() for name in ("model", "version"))
    counted = zip(models_, versions, _ns(arrived["end"]), arrived["n"].tolist(), strict=True)
    within = steps.within // 1_000
    unmet = cursor.execute(_UNMET, [*map(_bound, steps.waited), models, within, within, upto]).fetchnumpy()
    return Meeting(
        met(PREDICTIONS),
        met(ANSWERS),
        {(model, version, end): n for model, version, end, n in counted if model in steps.models},
        dict(zip(zip(unmet["model"].tolist(), _ns(unmet["end"]), strict=True), unmet["n"].tolist(), strict=True)),
    )


def standing(cursor: duckdb.DuckDBPyConnection, decode: Decode, since: int) -> Standing:
    """The same question of what is committed, asked once in a life."""
    bound = _bound(since)

    def panes(table: Table, counted: str) -> dict[tuple[str, str, int], int]:
        sql = f'SELECT model, version, "end", {counted}::BIGINT AS n FROM {quoted(physical(table))} '  # noqa: S608
        found = cursor.execute(sql + 'WHERE "end" > make_timestamp(?) GROUP BY ALL', [bound]).fetchnumpy()
        names = (found[name] for name in ("model", "version"))
        models, versions = (decode(each) if table.name in CODED else each for each in names)
        keys = zip(models.tolist(), versions.tolist(), _ns(found["end"]), strict=True)
        return dict(zip(keys, found["n"].tolist(), strict=True))

    said = cursor.execute(_SAID, [bound]).fetchall()
    return Standing(
        panes(PREDICTIONS, "count(*)"),
        panes(PAIRS, "sum(change)"),
        {(model, version, length, end * 1_000): (status, n) for model, version, length, end, status, n in said},
    )


def _bound(time_ns: int) -> int:
    """Event times begin in 1970: what lies before is no bound."""
    return max(0, microseconds(time_ns))


def _ns(times: NDArray[Any]) -> list[int]:
    return list((times.astype("datetime64[us]").astype(np.int64) * 1_000).tolist())
