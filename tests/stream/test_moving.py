"""Models that are handed over in the midst of all that goes on: the rows are those of monitors that kept them."""

from dataclasses import fields
from typing import Any

import pytest

from sinks import commit as tables
from sinks.commit import TABLES, Table
from stream.config.settings import Topics
from stream.monitor.checkpoint import _Packed
from stream.monitor.state import State
from stream.tiers.moving import MEMORY, MOVES
from tests.stream.monitors import Monitors
from tests.stream.rules.story import FIRST, SECOND, event, label

LABELS = ("labels", 0)
CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults:
  windows: [1m, 5m]
  lateness: 1m
  reference: {learn: 5m}
  output: {kind: binary}
  labels: {within: 10m, coverage: 0.5}
  sequential: {errors: [ddm]}
  policy:
    schedules: [{name: often, cron: "*/7 * * * *"}, {name: many, events: 231}]
    rules:
      - {name: errs, severity: critical, when: {any: [{chosen: {}}, {performance: {}}, {drift: {window: 5m}}]}}
      - {name: drifts, when: {drift: {}}}
"""
N = 14  # predictions of a shop per minute and partition
SHOPS = ("shop2", "shop1", "shop4")  # each has a monitor of its own among a, b and c
MINUTES, DELAY, BEHIND = 36, 3, 2  # labels come later than predictions, and are read later than those of their time
CONTROL, OUTCOMES = Topics().control, Topics().outcomes
ASKED: dict[int, list[dict[str, Any]]] = {
    11: [{"kind": "pause", "model": "shop1"}],
    12: [{"kind": "maintenance", "model": "shop2", "to": "2027-01-15T08:24:00Z", "words": "moving house"}],
    15: [{"kind": "resume", "model": "shop1"}],
    26: [{"kind": "trigger", "model": "shop4"}],
}


def test_every_table_has_an_answer() -> None:
    """Whoever declares another says how it moves; and there is a column to go by."""
    assert {table.name for table in TABLES} == MOVES.keys()
    for table in TABLES:
        move = MOVES[table.name]
        assert move not in {"model", "topic"} or move in {column.name for column in table.columns}, table.name


def test_every_part_of_the_memory_has_an_answer() -> None:
    """What becomes bytes is joined, or the same everywhere; the rest is found again, or over."""
    assert {field.name for field in fields(State)} == MEMORY.keys()
    kept = {"roster", "joined", "teachings"}  # among the entries, and as what was checked
    kept |= {name for name in _Packed.__struct_fields__ if name not in {"entries", "checked"}}
    assert kept == {name for name, join in MEMORY.items() if join in {"joined", "own", "same"}}


def played(shares: dict[int, str], names: str = "abc") -> Monitors:
    """Shops whose labels come late; the models forget what they knew, and one drifts; people and dispatchers speak."""
    log = Monitors(CONFIGURATION, tuple(names), (FIRST, SECOND, LABELS))
    for minute in range(MINUTES):
        log.read()
        if minute in shares:
            log.share(*shares[minute])
        for i, asked in enumerate(ASKED.get(minute, ())):
            log.ask(CONTROL, {"id": f"{minute} {i}", **asked})
        log.ask(OUTCOMES, outcome(max(1, minute // 8)))  # each is told again and again
        for shop in SHOPS:
            for place, partition in enumerate((FIRST, SECOND)):
                log.publish(partition, *(said(minute, shop, 2 * seed + place) for seed in range(N)))
            about = minute - DELAY - BEHIND
            log.publish(LABELS, *(true(about, shop, seed) for seed in range(2 * N) if about >= 0))
    log.read()
    return log.end()


def outcome(n: int) -> dict[str, Any]:
    """What a dispatcher tells."""
    about = {"trigger": f"t{n}", "target": "hook", "state": "started", "at": "2026-11-20T17:00:04Z"}
    return {"id": f"{n}", "data": about | {"model": SHOPS[n % len(SHOPS)]}}


def said(minute: int, shop: str, seed: int) -> bytes:
    """A prediction."""
    drifted = {"features": {"amount": 150, "country": "FR"}} if shop == "shop4" and minute >= 17 else {}
    answer = seed % 2
    more = {"prediction": answer, "score": 0.9 if answer else 0.1, "id": f"{shop} {minute} {seed}"}
    return event(minute + 0.4, shop, seed, **more, **drifted)


def true(minute: int, shop: str, seed: int) -> bytes:
    """Its label, which comes later."""
    good = seed > 0 if minute < 16 else seed % 4 > 1
    answer = seed % 2 if good else 1 - seed % 2
    return label(minute + DELAY + 0.5, shop, id=f"{shop} {minute} {seed}", label=answer)


@pytest.fixture(scope="module")
def kept() -> Monitors:
    """Nobody has handed anything over."""
    return played({})


def test_nothing_fires_twice_and_nothing_is_forgotten(kept: Monitors) -> None:
    """Schedules that wait, labels that are behind, incidents that are open, controls that are in force, outcomes."""
    moved = played({18: "cb", 24: "de"}).results()
    for table, rows in kept.results().items():
        assert rows == moved[table], table


def test_there_is_something_to_forget(kept: Monitors) -> None:
    """Of all kinds, before and after the hand-overs."""

    def seen(table: Table, *names: str) -> set[tuple[Any, ...]]:
        return {tuple(row[name] for name in names) for row in kept.rows(table)}

    assert {("drifts", ""), ("errs", ""), ("errs", "maintenance: moving house")} <= seen(
        tables.INCIDENTS, "rule", "why"
    )
    assert {("schedule",), ("manual",), ("drift",), ("chosen",)} == seen(tables.TRIGGERS, "reason")
    assert {("ddm",), ("verdict",)} <= seen(tables.FINDINGS, "detector")
    assert {("applied",)} == seen(tables.CONTROLS, "outcome")
    assert {("t1",), ("t2",), ("t3",), ("t4",)} == seen(tables.OUTCOMES, "trigger")


def test_panes_that_are_being_looked_at_are_looked_at_once() -> None:
    """What the first panes of a plan say of each other is counted over a hand-over."""

    def taught(shares: dict[int, str]) -> list[dict[str, Any]]:
        configuration = CONFIGURATION.split("  output", maxsplit=1)[0]
        log = Monitors(configuration, ("a", "b"), (FIRST, LABELS))
        for minute in range(140):
            log.read()
            if minute in shares:
                log.share(*shares[minute])
            log.publish(FIRST, *(event(minute + 0.4, "shop4", seed) for seed in range(50)))
        return log.read().end().rows(tables.SPREADS)

    assert taught({}) == taught({100: "a"})
