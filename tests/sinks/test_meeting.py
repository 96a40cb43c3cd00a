"""Which labels and predictions some steps are about: both stores, and a loop over all rows."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from sinks.commit import (
    ANSWERS,
    HALVINGS_MAX,
    PREDICTIONS,
    UNMET,
    Columns,
    Commit,
    Meeting,
    Span,
    Steps,
    Store,
    Table,
    type_of,
)
from stream.events import NEVER
from tests.sinks.rows import MINUTE_NS, START_US, plain, rows

START_NS = START_US * 1_000
PANES = 40
MODELS = ("fraud", "churn", "Z")
SEEDS = range(12)
Row = dict[str, Any]


def world(seed: int) -> tuple[list[Commit], int]:
    """Commits of labels and predictions in no order of time, and how many panes they wait for each other.

    Few ids, so that they repeat, among versions too; of two ids one half of the hash may be the same, either half.
    """
    generator = np.random.default_rng(seed)
    n, n_ids = (int(generator.choice(sizes)) for sizes in ((3, 300, 300), (2, 20, 400)))
    made = {table.name: _drawn(table, generator, n, n_ids) for table in (PREDICTIONS, ANSWERS, UNMET)}
    cuts = np.sort(generator.integers(0, n + 1, 3)).tolist()
    commits = [
        Commit(
            number, {name: {each: column[first:last] for each, column in found.items()} for name, found in made.items()}
        )
        for number, (first, last) in enumerate(zip((0, *cuts), (*cuts, n), strict=True), 1)
    ]
    return commits, int(generator.choice((0, 1, 3, 9)))


def _drawn(table: Table, generator: np.random.Generator, n: int, n_ids: int) -> Columns:
    """Rows as the stores' other tests have them, but for whose they are, and when."""
    found = dict(rows(table, generator, n))
    n = len(found["key"])
    identity, model = generator.integers(0, n_ids, n), generator.integers(0, len(MODELS), n)
    number = identity * len(MODELS) + model
    found["model"] = np.array(MODELS, np.object_)[model]
    found["key"], found["check"] = number // 2 - 2**62, number % 2 * (2**63 - 1) + number % 3
    found["end"] = (START_US + generator.integers(0, PANES, n) * (MINUTE_NS // 1_000)).astype("datetime64[us]")
    return found


def asked(seed: int, panes: int) -> Iterator[Steps]:
    """Questions: the very first, all at once, pane by pane, and cut at random; of some models, or of all."""
    generator = np.random.default_rng((seed, 1))
    within = panes * MINUTE_NS + int(generator.choice((0, 0, 0, 1, MINUTE_NS // 2 + 1)))
    cuts = [(NEVER, 0), (NEVER, PANES), (-1, PANES), *((i, i + 1) for i in range(0, PANES, 5))]
    cuts += [tuple(sorted(pair)) for pair in generator.integers(-1, PANES + 15, (8, 2)).tolist()]
    for first, last in cuts:
        after, upto = (time if time == NEVER else START_NS + time * MINUTE_NS for time in (first, last))
        models = tuple(generator.choice(MODELS, int(generator.integers(1, 4)), replace=False).tolist())
        yield Steps(models, after, upto, within, int(generator.choice((within, MINUTE_NS))))


def by_a_loop(
    commits: list[Commit], steps: Steps
) -> tuple[list[str], list[str], Counter[Any], Counter[Any], Counter[Any]]:
    """What `Steps` and `Meeting` say, one row after the other."""

    def seen(table: Table) -> list[Row]:
        found = [row for commit in commits for row in plain(commit.tables[table.name])]
        times = [row | {"end": row["end"] * 1_000} for row in found if row["model"] in steps.models]
        first, last = steps.waited if table == UNMET else (steps.since(table), steps.upto)
        return [row for row in times if first < row["end"] <= last]

    told, said = seen(PREDICTIONS), seen(ANSWERS)
    about = {_id(row) for row in said if row["end"] > steps.after}
    about |= {_id(row) for row in told if row["end"] > steps.after} & {_id(row) for row in said}
    unmet = [
        row
        for row in seen(UNMET)
        if not any(_id(one) == _id(row) and row["end"] < one["end"] <= row["end"] + steps.within for one in told)
    ]
    return (
        sorted(repr(row) for row in told if _id(row) in about),
        sorted(repr(row) for row in said if _id(row) in about),
        Counter((row["model"], row["version"], row["end"]) for row in told if row["end"] > steps.after),
        Counter((row["model"], row["version"], row["end"]) for row in _again(told, steps) if row["end"] > steps.after),
        Counter((row["model"], row["end"], _bit(row["key"])) for row in unmet),
    )


def _again(told: list[Row], steps: Steps) -> Iterator[Row]:
    """Predictions whose id their version had shortly before, one after the other."""
    before: dict[Any, int] = {}
    for row in sorted(told, key=lambda row: int(row["end"])):
        which = (*_id(row), row["version"])
        if row["end"] - before.get(which, NEVER) <= steps.grace:
            yield row
        before[which] = row["end"]


def _id(row: Row) -> tuple[int, int]:
    return row["key"], row["check"]


def _bit(key: int) -> int:
    """The lowest of the last bits that is set."""
    return next((1 << i for i in range(HALVINGS_MAX) if key >> i & 1), 0)


def told(met: Meeting) -> tuple[list[str], list[str], Counter[Any], Counter[Any], Counter[Any]]:
    """A store's answer, its rows in one order."""
    predictions, answers = (
        sorted(repr(row | {"end": row["end"] * 1_000}) for row in plain(found))
        for found in (met.predictions, met.answers)
    )
    return predictions, answers, Counter(met.arrived), Counter(met.repeats), Counter(met.unmet)


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_are_about_the_ids_that_a_loop_over_all_rows_finds(store: Store, seed: int) -> None:
    """Repeated ids, several versions, several models, half of a hash in common, long and short waits, any cut."""
    commits, panes = world(seed)
    for commit in commits:
        store.write(commit)
    for steps in asked(seed, panes):
        assert by_a_loop(commits, steps) == told(store.meeting(steps)), steps


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_too_many_steps_are_answered_in_pieces_one_after_the_other(store: Store, seed: int) -> None:
    """As many panes as have so many rows, but one with any; together they are all steps, each answered once."""
    commits, panes = world(seed)
    for commit in commits:
        store.write(commit)
    for steps in list(asked(seed, panes))[1:3]:
        held = sorted(_held(commits, steps))
        left = replace(steps, rows_max=40)
        while left.after < left.upto:
            met = store.meeting(left)
            assert by_a_loop(commits, met.steps) == told(met), met.steps
            mine, rest = ([at for at in held if (at <= met.steps.upto) == taken] for taken in (True, False))
            assert len(mine) <= 40 or len(set(mine)) == 1
            assert met.steps.upto == left.upto if not rest else len(mine) + rest.count(rest[0]) > 40
            held, left = rest, replace(left, after=met.steps.upto)
        assert not held


def _held(commits: list[Commit], steps: Steps) -> list[int]:
    """The steps at which rows matter, a row each."""
    found = []
    for table in (PREDICTIONS, ANSWERS, UNMET):
        for row in (row for commit in commits for row in plain(commit.tables[table.name])):
            at = row["end"] * 1_000 + (steps.within if table == UNMET else 0)
            if row["model"] in steps.models and steps.after < at <= steps.upto:
                found.append(at)
    return found


@pytest.mark.parametrize("n", [0, 50])
def test_an_answer_has_the_columns_of_its_tables(store: Store, n: int) -> None:
    """In their order and of their types, with rows and without."""
    generator = np.random.default_rng(1)
    store.write(Commit(1, {table.name: _drawn(table, generator, n, 5) for table in (PREDICTIONS, ANSWERS)}))
    met = store.meeting(Steps(MODELS, NEVER, START_NS + PANES * MINUTE_NS, MINUTE_NS, MINUTE_NS))
    for table, found in ((PREDICTIONS, met.predictions), (ANSWERS, met.answers)):
        expected = [(column.name, type_of[column.kind]) for column in table.columns]
        assert expected == [(name, column.dtype) for name, column in found.items()]
        assert bool(n) == bool(len(found["key"]))


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_spans_are_those_whose_panes_end_within(store: Store, seed: int) -> None:
    """After the beginning of a span, and up to its end; of its model only; all ids, or every other one."""
    commits, _ = world(seed)
    for commit in commits:
        store.write(commit)
    generator = np.random.default_rng((seed, 3))
    cuts = np.sort(generator.integers(-1, PANES + 3, (len(MODELS), 4)), axis=1) * MINUTE_NS + START_NS
    spans = [
        Span(model, *pair) for model, row in zip(MODELS, cuts.tolist(), strict=True) for pair in (row[:2], row[2:])
    ]
    for table, one_in in ((PREDICTIONS, 1), (ANSWERS, 1), (PREDICTIONS, 2)):
        every = [row for commit in commits for row in plain(commit.tables[table.name])]
        expected = [
            row
            for row in every
            if any(one.model == row["model"] and one.after < row["end"] * 1_000 <= one.upto for one in spans)
            and row["check"] % one_in == 0
        ]
        found = store.within(table, spans, one_in)
        assert [column.name for column in table.columns] == list(found)
        assert sorted(map(repr, expected)) == sorted(map(repr, plain(found)))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_models_said_is_told_by_both_stores(seed: int, store: Store) -> None:
    """Every prediction of a span of panes once, whoever's it is and however often its id was there."""
    commits, panes = world(seed)
    for commit in commits:
        store.write(commit)
    for steps in asked(seed, panes):
        found = store.said(steps.models, steps.after, steps.upto)._asdict()
        every = [row for commit in commits for row in plain(commit.tables[PREDICTIONS.name])]
        mine = [row | {"end": row["end"] * 1_000} for row in every]
        mine = [row for row in mine if row["model"] in steps.models and steps.after < row["end"] <= steps.upto]
        columns = ([each.hex() if isinstance(each, float) else each for each in found[name].tolist()] for name in found)
        told = zip(*columns, strict=True)
        wanted = [tuple(row[name] for name in found) for row in mine]
        assert sorted(map(repr, wanted)) == sorted(map(repr, told))
