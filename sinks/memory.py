"""The in-memory twin of the DuckDB store: the same answers, for tests, simulations and replays that keep nothing."""

from collections.abc import Mapping, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from sinks.commit import (
    ANSWERS,
    OUTBOXES,
    PAIRS,
    PERFORMANCE,
    PREDICTED,
    PREDICTIONS,
    RELAYED,
    SAMPLES,
    STANDARDS,
    TABLES,
    UNMET,
    Columns,
    Commit,
    Keep,
    Meeting,
    Said,
    Span,
    Standing,
    Steps,
    Table,
    Unsampled,
    checked,
    in_sample,
    plain,
)
from sinks.commit.meeting import meeting, said, standing, within
from sinks.commit.store import NOWHERE, Where

_Rows = dict[str, NDArray[np.generic]]


class MemoryStore:
    """A Store that is gone with the process. `select` may be called from any thread."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = Lock()  # a reader joins chunks, a writer adds one
        self._chunks: dict[str, list[_Rows]] = {table.name: [_empty(table)] for table in TABLES}

    def last(self) -> int:
        """The number of the newest Commit; 0 before the first."""
        return self._last

    def write(self, commit: Commit) -> None:
        """Keep all rows of a Commit."""
        tables = checked(commit, self._last)
        with self._lock:
            for table, columns in tables:
                self._chunks[table.name].append(_numbered(table, plain(columns), commit.number))
            self._last = commit.number

    def select(  # noqa: PLR0913 - one question, asked by keyword
        self,
        table: Table,
        *,
        where: Where = NOWHERE,
        since: int | None = None,
        until: int | None = None,
        order: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> _Rows:
        """Rows as the protocol says, of one moment."""
        with self._lock:
            rows = self._joined(table)
        if not len(rows["commit"]):
            return dict(rows)
        chosen = _matching(table, rows, where, since, until) & _current(table, rows)
        found = {name: array[chosen] for name, array in rows.items()}
        page = _ordered(found, (*order, *table.key, "commit"), descending=descending)[offset:][:limit]
        return {name: array[page] for name, array in found.items()}

    def meeting(self, steps: Steps) -> Meeting:
        """The answer to a step's question."""
        with self._lock:
            rows = {table.name: self._joined(table) for table in (PREDICTIONS, ANSWERS, UNMET)}
        return meeting(lambda table: rows[table.name], steps)

    def said(self, models: Sequence[str], after: int, upto: int) -> Said:
        """What models said in a span of panes."""
        with self._lock:
            rows = self._joined(PREDICTIONS)
        return said(rows, models, after, upto)

    def standing(self, since: int) -> Standing:
        """How panes and windows stand with their labels."""
        with self._lock:
            rows = {table.name: self._joined(table) for table in (PREDICTED, PAIRS, PERFORMANCE, STANDARDS)}
        return standing(lambda table: rows[table.name], since)

    def within(self, table: Table, spans: Sequence[Span], one_in: int = 1) -> Columns:
        """Rows of models in spans of panes."""
        with self._lock:
            rows = self._joined(table)
        return within(table, rows, spans, one_in)

    def forget(
        self, before: Mapping[Keep, int], samples: Mapping[str, int], unsampled: Sequence[Unsampled] = ()
    ) -> None:
        """Delete what the protocol says."""
        with self._lock:
            for table in TABLES:
                rows = self._joined(table)
                if not len(rows["commit"]):
                    continue
                kept = _current(table, rows)
                if table.keep in before:
                    old = _matching(table, rows, NOWHERE, None, before[table.keep])
                    kept &= ~old | (np.asarray(rows["commit"], np.int64) > self._sent(table))
                if table == SAMPLES:
                    for model, bound in samples.items():
                        kept &= ~((rows["model"] == model) & (np.asarray(rows["hash"], np.int64) > bound))
                for one in unsampled if table == ANSWERS else ():
                    span = _matching(table, rows, {"model": one.model}, one.after + 1, one.upto + 1)
                    kept &= ~span | in_sample(np.asarray(rows["key"], np.int64), one.halvings)
                if not kept.all():
                    self._chunks[table.name] = [{name: array[kept] for name, array in rows.items()}]

    def close(self) -> None:
        """Nothing to give back."""

    def _sent(self, table: Table) -> int:
        """The last Commit whose rows need not wait to be relayed."""
        if table not in OUTBOXES:
            return self._last
        relayed = self._joined(RELAYED)
        mine = _current(RELAYED, relayed) & (relayed["outbox"] == table.name)
        return int(max(relayed["upto"][mine].tolist(), default=0))

    def _joined(self, table: Table) -> _Rows:
        chunks = self._chunks[table.name]
        if len(chunks) > 1:
            joined = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
            self._chunks[table.name] = chunks = [joined]
        return chunks[0]


def _empty(table: Table) -> _Rows:
    return {"commit": np.empty(0, np.int64), **table.empty()}


def _numbered(table: Table, columns: Columns, number: int) -> _Rows:
    n = len(columns[table.columns[0].name])
    copies = {column.name: columns[column.name].copy() for column in table.columns}
    return {"commit": np.full(n, number, np.int64), **copies}


def _current(table: Table, rows: _Rows) -> NDArray[np.bool_]:
    """Which rows count: of a "newest" table, those of the newest Commit that wrote it."""
    commits = rows["commit"]
    if table.keep != "newest" or not len(commits):
        return np.ones(len(commits), np.bool_)
    return np.asarray(commits == commits.max())


def _matching(table: Table, rows: _Rows, where: Where, since: int | None, until: int | None) -> NDArray[np.bool_]:
    matching = np.ones(len(rows["commit"]), np.bool_)
    for name, value in where.items():
        matching &= np.asarray(rows[name] == (_bound(int(value)) if rows[name].dtype.kind == "M" else value), np.bool_)
    if since is not None:
        matching &= rows[table.time] >= _bound(since)
    if until is not None:
        matching &= rows[table.time] < _bound(until)
    return matching


def _bound(time_ns: int) -> np.datetime64:
    """The least microsecond that is not before `time_ns`, which keeps comparisons exact."""
    return np.datetime64(-(-time_ns // 1000), "us")


def _ordered(rows: _Rows, names: Sequence[str], *, descending: bool) -> NDArray[np.intp]:
    """Row numbers in the order of the columns `names`, undefined floats last either way."""
    if len(rows["commit"]) < 2:
        return np.arange(len(rows["commit"]))
    return np.lexsort([_ranks(rows[name], descending=descending) for name in reversed(names)])


def _ranks(array: NDArray[np.generic], *, descending: bool) -> NDArray[np.generic]:
    if not descending and array.dtype.kind != "O":
        return array  # sorts nan last
    ranks: NDArray[np.intp] = np.unique(array, return_inverse=True)[1]  # likewise
    if not descending:
        return ranks
    reversed_ranks: NDArray[np.intp] = len(array) - ranks
    if array.dtype.kind == "f":
        reversed_ranks[np.isnan(array.astype(np.float64))] = len(array) + 1
    return reversed_ranks
