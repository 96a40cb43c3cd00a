"""Hand-over: what one monitor of a new sharing takes over from the stores of the former ones, as Commits.

All stores must stand at the same positions, with nothing left to send: then what they hold of open panes is on the
topics of Partials, and their memory adds up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from sinks import commit as tables
from sinks.commit import TABLES, Columns, Commit, Rows, Store, Table, to_ns
from stream import outcomes
from stream.config.settings import DAY, Settings
from stream.controls import asked
from stream.controls.heeding import KIND as CONTROL
from stream.controls.heeding import OUTCOME, text
from stream.lives import START
from stream.monitor.checkpoint import pack
from stream.monitor.state import State
from stream.recovery import recall
from stream.tiers.moving import MEMORY, MOVES


class NotHandedOver(Exception):
    """The stores cannot be joined as they are; says what to do."""


def hand_over(stores: Sequence[tuple[str, Store]], settings: Settings) -> Iterator[Commit]:
    """The Commits of a new store for the monitor of the settings, from former stores with their names.

    NotHandedOver before the first of them.
    """
    check(stores)
    memory = pack(joined([recall(store, settings).state for _, store in stores]))
    number = 0
    for i, (_, store) in enumerate(stores):
        for rows in _rows(store, settings, first=i == 0):
            number += 1
            yield Commit(number, rows)
    number += 1
    _, first = stores[0]
    last = {
        tables.POSITIONS.name: _all(tables.POSITIONS, first),
        tables.RELAYED.name: {
            "outbox": np.array([table.name for table in tables.OUTBOXES], np.object_),
            "upto": np.full(len(tables.OUTBOXES), number, np.int64),
        },
        tables.CHECKPOINTS.name: {
            "name": np.array(["monitor"], np.object_),
            "body": np.array([memory], np.object_),
        },
    }
    yield Commit(number, last)


def joined(states: Sequence[State]) -> State:
    """One memory of several that have closed the same panes, each with its share of the models."""
    state, *others = states
    for other in others:
        if _upto(other) != _upto(state):
            raise NotHandedOver("the stores have closed different panes: let every monitor read to the end first")
        for entry in other.roster.entries:
            known = state.roster.get(entry.name)
            if known is None or (entry.plans and not known.plans):
                rest = tuple(one for one in state.roster.entries if one.name != entry.name)
                state.roster = replace(state.roster, entries=(*rest, entry))
        for name in (name for name, join in MEMORY.items() if join == "joined"):
            setattr(state, name, getattr(state, name) | getattr(other, name))
        state.controls = state.controls.joined(other.controls)
    return state


def _upto(state: State) -> tuple[object, ...]:
    return state.closed, state.labels_closed, state.topics_closed


def check(stores: Sequence[tuple[str, Store]]) -> None:
    """Say why stores, with their names, cannot be joined now. NotHandedOver."""
    first, *others = [(name, _all(tables.POSITIONS, store)) for name, store in stores]
    for name, positions in others:
        if any(not np.array_equal(first[1][column], positions[column]) for column in positions):
            raise NotHandedOver(
                f"{name} and {first[0]} stand at different positions: let the workers stop, let every monitor read to "
                "the end (driftline_consumer_lag_records is 0), stop the monitors, and try again"
            )
    for name, store in stores:
        relayed = {row: upto for _, row, upto in zip(*_lists(store.select(tables.RELAYED)), strict=True)}
        for table in tables.OUTBOXES:
            kept = store.select(table)["commit"]
            if len(kept) and int(kept.max()) > relayed.get(table.name, 0):
                left = table.name.replace("_", " ")
                raise NotHandedOver(f"{name} has {left} still to send: start its monitor until it has, and stop it")


def _rows(store: Store, settings: Settings, *, first: bool) -> Iterator[dict[str, Rows]]:
    """What the new monitor keeps of a store, a stretch of time at a time."""
    for table in TABLES:
        for found in _stretches(table, store) if MOVES[table.name] != "anew" else ():
            rows = _kept(table, found, _mine(table, found, settings, first=first))
            if rows:
                yield {table.name: rows}


def _mine(table: Table, found: Columns, settings: Settings, *, first: bool) -> NDArray[np.bool_]:
    """Which rows the monitor owns."""
    move = MOVES[table.name]
    if move == "input":
        told = zip(found["kind"].tolist(), found["detail"].tolist(), strict=True)
        return np.array([_heard(kind, detail, settings, first=first) for kind, detail in told], np.bool_)
    keys = found[move].tolist()
    owned = {key: settings.monitors.mine(key) for key in set(keys)}
    return np.array([owned[key] for key in keys], np.bool_)


def _heard(kind: str, detail: str, settings: Settings, *, first: bool) -> bool:
    """Whether the monitor owns an input: by its model, where it is of one; what is everybody's is taken once.

    Starts are of the former store and its Commits: the new one begins with a start of its own.
    """
    if kind == START:
        return False
    if kind == "plan":
        return settings.monitors.mine(msgspec.json.decode(detail, type=dict[str, str])["model"])
    if kind == OUTCOME:
        return settings.monitors.mine(outcomes.model_of(text(detail)))
    if kind == CONTROL and (model := asked.model_of(text(detail))) != asked.EVERY:
        return settings.monitors.mine(model)
    return first


def _stretches(table: Table, store: Store) -> Iterator[Columns]:
    """The rows of a table, a day of event time at a time; plans in the order of their adoption."""
    if not table.time:
        found = store.select(table)
        for number in np.unique(found["commit"]) if table is tables.PLANS else ():
            yield {name: column[found["commit"] == number] for name, column in found.items()}
        if table is not tables.PLANS:
            yield found
        return
    edge = store.select(table, order=(table.time,), limit=1)[table.time]
    while len(edge):
        since = int(to_ns(edge)[0])
        yield store.select(table, since=since, until=since + DAY)
        edge = store.select(table, since=since + DAY, order=(table.time,), limit=1)[table.time]


def _kept(table: Table, found: Columns, mine: NDArray[np.bool_]) -> Rows:
    return {column.name: found[column.name][mine] for column in table.columns} if mine.any() else {}


def _all(table: Table, store: Store) -> Columns:
    found = store.select(table)
    return {column.name: found[column.name] for column in table.columns}


def _lists(columns: Columns) -> list[list[object]]:
    return [column.tolist() for column in columns.values()]
