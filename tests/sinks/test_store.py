"""Laws of every Store, asked of the file and of its in-memory twin."""

from collections.abc import Callable

import numpy as np
import pytest

from sinks.commit import (
    ANSWERS,
    CHECKPOINTS,
    OUTBOXES,
    POSITIONS,
    RELAYED,
    SAMPLES,
    TABLES,
    TRIGGERS,
    Commit,
    Keep,
    Store,
    Table,
    Texts,
    Unsampled,
    columns,
    type_of,
)
from tests.sinks.rows import MINUTE_NS, START_US, commit, plain, rows

BOUND_NS = START_US * 1000 + 5 * MINUTE_NS
tables = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


def state(store: Store) -> dict[str, list[dict[str, object]]]:
    """All rows that the store shows."""
    return {table.name: plain(store.select(table)) for table in TABLES}


@tables
def test_an_empty_table_has_typed_columns(shared: Callable[[str], Store], table: Table) -> None:
    """No rows are a value of the right type, `commit` first."""
    store = shared("empty")
    kinds = {"commit": type_of["int"], **{column.name: type_of[column.kind] for column in table.columns}}
    found = store.select(table)
    assert list(kinds) == list(found)
    assert kinds == {name: array.dtype for name, array in found.items()}
    assert {0} == {len(array) for array in found.values()}


@tables
@pytest.mark.parametrize("seed", range(3))
def test_rows_come_back_as_they_were_written(shared: Callable[[str], Store], table: Table, seed: int) -> None:
    """Every value survives, undefined and extreme ones included, with its type and under its commit's number."""
    store, written = shared(f"rows {seed}"), rows(table, np.random.default_rng(seed), 200)
    number = store.last() + 1
    store.write(Commit(number, {table.name: written}))
    found = store.select(table)
    expected = [{"commit": number, **row} for row in plain(written)]
    assert sorted(map(repr, expected)) == sorted(map(repr, plain(found)))
    assert [type_of["int"], *(type_of[column.kind] for column in table.columns)] == [a.dtype for a in found.values()]


@tables
def test_texts_that_repeat_come_back_like_any_others(shared: Callable[[str], Store], table: Table) -> None:
    """As words and places in them, some words equal and some unused; the callers' own are as good as arrays."""
    store = shared("texts")
    number = store.last() + 1
    written = rows(table, np.random.default_rng(4), 60)
    names = [column.name for column in table.columns if column.kind == "text"]
    texts = {
        name: Texts.joined([Texts(("unused", "Z"), np.empty(0, np.int64)), _texts(written[name])]) for name in names
    }
    store.write(Commit(number, {table.name: {**written, **texts}}))
    store.write(Commit(number + 1, {table.name: written}))
    first, second = (
        [{**row, "commit": 0} for row in plain(store.select(table)) if row["commit"] == each]
        for each in (number, number + 1)
    )
    if table.keep == "newest":
        first = [{"commit": 0, **row} for row in plain(written)]
    assert first
    assert sorted(map(repr, first)) == sorted(map(repr, second))


def _texts(array: np.ndarray) -> Texts:
    """Two columns of the same words, one after the other."""
    half = len(array) // 2
    return Texts.joined([Texts.of(part.tolist()) for part in (array[:half], array[half:])])


def test_strided_and_reversed_columns_are_kept(store: Store) -> None:
    """A view into another array is as good as an array."""
    written = columns(RELAYED, {"outbox": ["c", "b", "a"], "upto": [3, 2, 1]})
    store.write(Commit(1, {"relayed": {name: array[::-2] for name, array in written.items()}}))
    assert [(row["outbox"], row["upto"]) for row in plain(store.select(RELAYED))] == [("a", 1), ("c", 3)]


def test_what_was_written_is_not_changed_through_the_callers_array(store: Store) -> None:
    """The store keeps values, not somebody else's arrays; and gives out values, not its own."""
    upto = np.array([7])
    store.write(Commit(1, {"relayed": {**columns(RELAYED, {"outbox": ["triggers"], "upto": [0]}), "upto": upto}}))
    upto[0] = 8
    store.select(RELAYED)["upto"][:] = 9
    assert store.select(RELAYED)["upto"].tolist() == [7]


def test_the_last_number_is_that_of_the_newest_commit(store: Store) -> None:
    """0 before the first; a commit without rows counts too."""
    assert store.last() == 0
    store.write(Commit(1, {}))
    store.write(commit(2, np.random.default_rng(1)))
    assert store.last() == 2


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_number_must_be_the_next(store: Store, number: int) -> None:
    """A second writer, or a Commit written twice, stops the process."""
    store.write(Commit(1, {}))
    before = state(store)
    with pytest.raises(AssertionError, match="after 1 must be 2"):
        store.write(commit(number, np.random.default_rng(1)))
    assert (1, before) == (store.last(), state(store))


@pytest.mark.parametrize(
    "wrong",
    [
        {"triggerz": {}},
        {"relayed": {"outbox": np.array(["triggers"], np.object_)}},
        {"relayed": {"outbox": np.array(["triggers"], np.object_), "upto": np.array([1, 2])}},
    ],
    ids=["unknown table", "missing column", "uneven lengths"],
)
def test_a_commit_of_another_shape_leaves_nothing(store: Store, wrong: dict[str, dict[str, np.ndarray]]) -> None:
    """What does not fit its declaration is our mistake: nothing of the Commit is kept."""
    good = commit(1, np.random.default_rng(1)).tables
    before = state(store)
    with pytest.raises(AssertionError):
        store.write(Commit(1, {**good, **wrong}))
    assert (0, before) == (store.last(), state(store))


@pytest.mark.parametrize("table", [POSITIONS, RELAYED, CHECKPOINTS], ids=lambda table: table.name)
def test_only_the_newest_rows_of_a_newest_table_count(store: Store, table: Table) -> None:
    """A later Commit replaces all rows of the table; one that does not write it leaves them."""
    generator = np.random.default_rng(2)
    newer = rows(table, generator, 5)
    store.write(Commit(1, {table.name: rows(table, generator, 20)}))
    store.write(Commit(2, {table.name: newer}))
    store.write(Commit(3, {"triggers": rows(TRIGGERS, generator, 1)}))
    assert sorted(map(repr, ({"commit": 2, **row} for row in plain(newer)))) == sorted(
        map(repr, plain(store.select(table)))
    )


BOUNDS: dict[Keep, int] = {
    "panes": BOUND_NS,
    "waiting": BOUND_NS - 60_000_000_000,
    "answered": BOUND_NS - 1,
    "history": BOUND_NS + 1,
}


@pytest.fixture(scope="module")
def forgetful(shared: Callable[[str], Store]) -> tuple[Store, dict[str, list[dict[str, object]]]]:
    """A store of two Commits that has forgotten, and what it held before."""
    generator, store = np.random.default_rng(3), shared("forgetful")
    for number in (1, 2):
        store.write(commit(number, generator))
    before = state(store)
    store.forget(BOUNDS, {})
    return store, before


@tables
def test_forgetting_keeps_what_its_bound_does_not_reach(
    forgetful: tuple[Store, dict[str, list[dict[str, object]]]], table: Table
) -> None:
    """Panes, what waits, and history go by their own bound, exclusive, to the nanosecond; everything else stays."""
    store, before = forgetful
    bound_us = -(-BOUNDS[table.keep] // 1000) if table.keep in BOUNDS else -(2**63)
    unsent = table in OUTBOXES  # nothing has been relayed
    rows_before = before[table.name]
    expected = [row for row in rows_before if unsent or not table.time or int(str(row[table.time])) >= bound_us]
    assert expected == plain(store.select(table))
    assert store.last() == 2


@pytest.mark.parametrize("table", OUTBOXES, ids=lambda table: table.name)
def test_what_no_broker_has_is_not_forgotten(store: Store, table: Table) -> None:
    """Rows of an outbox stay, however old, until the newest Commit that says so has relayed theirs."""
    generator = np.random.default_rng(6)
    for number, upto in ((1, 0), (2, 1), (3, 1), (4, 3)):
        others = [one.name for one in OUTBOXES if one != table]
        told = {"outbox": [table.name, *others], "upto": [upto, 9]}
        store.write(Commit(number, {table.name: rows(table, generator, 9), "relayed": columns(RELAYED, told)}))
        store.forget({table.keep: 2**62}, {})
        assert set(range(upto + 1, number + 1)) == {row["commit"] for row in plain(store.select(table))}


def test_superseded_samples_are_forgotten(store: Store) -> None:
    """Those beyond the bound of their model; a model without a bound keeps all."""
    store.write(Commit(1, {"samples": rows(SAMPLES, np.random.default_rng(4), 100)}))
    before = plain(store.select(SAMPLES))
    bounds = {"fraud": int(np.median([int(str(row["hash"])) for row in before])), "d'où\x00\n\U0001d518": 0}
    store.forget({}, bounds)
    remaining = [row for row in before if int(str(row["hash"])) <= bounds.get(str(row["model"]), 2**63)]
    assert remaining == plain(store.select(SAMPLES))
    assert 0 < len(remaining) < len(before)


def test_labels_of_unsampled_ids_are_forgotten(store: Store) -> None:
    """Of their models, in their spans, exclusive at the beginning; ids that end in enough zeros stay, all signs."""
    found = dict(rows(ANSWERS, np.random.default_rng(4), 400))
    found["key"] = np.random.default_rng(5).integers(-(2**63), 2**63 - 1, len(found["key"])) << 1
    store.write(Commit(1, {"answers": found}))
    before = plain(store.select(ANSWERS))
    spans = [Unsampled("fraud", -(2**63), BOUND_NS, 2), Unsampled("fraud", BOUND_NS, 2**62, 3)]
    spans.append(Unsampled("d'où\x00\n\U0001d518", BOUND_NS + 1, BOUND_NS + 120_000_000_000, 20))

    def goes(row: dict[str, object]) -> bool:
        mine = [
            one for one in spans if one.model == row["model"] and one.after < int(str(row["end"])) * 1000 <= one.upto
        ]
        return any(int(str(row["key"])) % (1 << one.halvings) for one in mine)

    expected = [row for row in before if not goes(row)]
    for _ in range(2):
        store.forget({}, {}, spans)
        assert expected == plain(store.select(ANSWERS))
    assert len(before) - 90 < len(expected) < len(before) - 30


def test_forgetting_twice_is_forgetting_once(store: Store) -> None:
    """Deletion is idempotent, and writing goes on afterwards."""
    generator = np.random.default_rng(5)
    store.write(commit(1, generator))
    store.forget(
        {"panes": BOUND_NS, "history": BOUND_NS},
        {"fraud": 0},
    )
    once = state(store)
    store.forget(
        {"panes": BOUND_NS, "history": BOUND_NS},
        {"fraud": 0},
    )
    assert once == state(store)
    store.write(commit(2, generator))
    assert store.last() == 2
