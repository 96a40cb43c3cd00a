"""`select` answers as a plain loop over the rows would."""

from collections.abc import Mapping, Sequence
from itertools import count

import numpy as np
import pytest

from sinks.commit import DRIFT, TABLES, Commit, Store, Table
from tests.sinks.rows import INTS, MINUTE_NS, START_US, TEXTS, commit, plain, rows

START_NS = START_US * 1000


def oracle(  # one question, as the protocol asks it
    table: Table,
    written: Sequence[Commit],
    *,
    where: Mapping[str, str | int],
    since: int | None,
    until: int | None,
    order: Sequence[str],
    descending: bool,
    limit: int | None,
    offset: int,
) -> list[dict[str, object]]:
    """The answer, by a loop over rows."""
    kinds = {column.name: column.kind for column in table.columns}
    held = [{"commit": c.number, **row} for c in written for row in plain(c.tables[table.name])]
    if table.keep == "newest":
        held = [row for row in held if row["commit"] == written[-1].number]
    held = [row for row in held if all(row[name] == value for name, value in where.items())]
    held = [row for row in held if since is None or int(str(row[table.time])) * 1000 >= since]
    held = [row for row in held if until is None or int(str(row[table.time])) * 1000 < until]
    for name in reversed([*order, *table.key, "commit"]):  # stable sorts, the last key first
        if kinds.get(name) == "float":
            held.sort(key=lambda row: _comparable(str(row[name])), reverse=descending)
            held.sort(key=lambda row: row[name] == "nan")
        else:
            held.sort(key=lambda row: row[name], reverse=descending)  # type: ignore[arg-type,return-value]  # one type per column
    return held[offset:][:limit]


def _comparable(number: str) -> float:
    """A float; among nans nothing could be sorted, and they come last anyway."""
    return 0.0 if number == "nan" else float.fromhex(number)


def question(table: Table, generator: np.random.Generator) -> dict[str, object]:
    """A random question that the table can answer."""
    where: dict[str, object] = {}
    for column in table.columns:
        if column.kind in ("text", "int") and generator.random() < 0.15:
            where[column.name] = (TEXTS if column.kind == "text" else INTS).tolist()[generator.integers(6)]
    if generator.random() < 0.2:
        where["commit"] = 2
    since, until = (
        START_NS + int(generator.integers(0, 10)) * MINUTE_NS + int(generator.integers(-1, 2)) for _ in "ab"
    )
    names = [column.name for column in table.columns]
    return {
        "where": where,
        "since": since if table.time and generator.random() < 0.4 else None,
        "until": until if table.time and generator.random() < 0.4 else None,
        "order": generator.choice(names, generator.integers(3), replace=False).tolist(),
        "descending": bool(generator.random() < 0.5),
        "limit": int(generator.integers(0, 9)) if generator.random() < 0.5 else None,
        "offset": int(generator.integers(0, 9)) if generator.random() < 0.3 else 0,
    }


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_question_is_answered_like_a_loop_over_rows(store: Store, table: Table) -> None:
    """where, since, until, order, descending, limit and offset together, twenty random questions per table."""
    generator = np.random.default_rng(len(table.name))
    written = [Commit(number, {table.name: rows(table, generator, 40)}) for number in (1, 2)]
    for each in written:
        store.write(each)
    for _ in range(20):
        asked = question(table, generator)
        expected = oracle(table, written, **asked)  # type: ignore[arg-type]  # drawn to fit
        assert expected == plain(store.select(table, **asked)), asked  # type: ignore[arg-type]  # likewise


@pytest.mark.parametrize("descending", [False, True])
def test_undefined_floats_come_last_in_either_order(store: Store, descending: bool) -> None:
    """The largest distances are on the first page, not those that do not exist."""
    store.write(Commit(1, {"distances": rows(DRIFT, np.random.default_rng(1), 50)}))
    undefined = np.isnan(store.select(DRIFT, order=["psi"], descending=descending)["psi"].astype(np.float64))
    assert 0 < undefined.sum() < len(undefined)
    assert np.sort(undefined).tolist() == undefined.tolist()


def test_a_question_about_a_column_that_is_not_there_is_our_mistake(store: Store) -> None:
    """A name that was never declared reaches no SQL."""
    store.write(commit(1, np.random.default_rng(1)))
    with pytest.raises((AssertionError, KeyError)):
        store.select(DRIFT, where={'model" = model --': 1})
    with pytest.raises((AssertionError, KeyError)):
        store.select(DRIFT, order=["nothing"])


def test_pages_make_up_the_whole(store: Store) -> None:
    """Ties are broken by key, so paging neither repeats nor skips a row."""
    store.write(commit(1, np.random.default_rng(6), 100))
    whole = plain(store.select(DRIFT, order=["verdict"]))
    pages = []
    for offset in count(0, 7):
        page = plain(store.select(DRIFT, order=["verdict"], limit=7, offset=offset))
        pages += page
        if not page:
            break
    assert whole == pages
    assert len(whole) > 7
