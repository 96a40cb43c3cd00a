"""What several monitors say, as one Board for the workers.

All of them admit the same models and versions, and decide the same rates, from the same Partials; plans are made only
by a model's own monitor. So a monitor that is away holds up nobody while its models have their plans: the others say
how far may be read. Where one of its models is still to get a plan, or where it goes by another configuration than the
reader, it is waited for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import TypeVar

from stream.config.digest import digest
from stream.config.sections.monitors import Monitors
from stream.config.settings import Settings
from stream.counting.clocks import Mark, Start
from stream.events import NEVER, Partition
from stream.joining.sampling import Schedule
from stream.monitor.scopes import Marks, Scope, event_scope
from stream.roster import Entry, Roster
from stream.tiers.board import Board

Key = TypeVar("Key")
Value = TypeVar("Value", int, tuple[int, int])


class Shared:
    """Joins boards. The same rosters give the same object again: what readers make of it is kept."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._digest = settings, digest(settings)
        self._rosters: list[Roster] = []
        self._roster = Roster()

    def join(self, told: Mapping[str, Board]) -> Board | None:
        """One board of those by name; None while a monitor has told nothing yet."""
        names = self._settings.monitors.names
        if not names:
            return told.get("")
        if not told.keys() >= set(names):
            return None
        boards = [told[name] for name in names]
        rosters = [board.roster for board in boards]
        if len(rosters) != len(self._rosters) or any(a is not b for a, b in zip(rosters, self._rosters, strict=True)):
            self._rosters, self._roster = rosters, union(told, self._settings.monitors)
        starts = _starts([board.starts for board in boards])
        return replace(
            boards[0],
            monitor="",
            roster=self._roster,
            marks=self._marks(boards),
            bounds={model: bound for board in boards for model, bound in board.bounds.items()},
            starts=starts,
            gaps=[partition for partition in starts if any(partition in board.gaps for board in boards)],
            asked=_greatest(board.asked for board in boards),
        )

    def _marks(self, boards: Sequence[Board]) -> Marks:
        """How far may be read: as the foremost monitor says, where none is waited for."""
        needed: dict[Scope, set[str]] = {}
        for entry in self._roster.entries:
            if not entry.plans:
                owner = self._settings.monitors.owner(entry.name)
                needed.setdefault(event_scope(entry.settings, self._settings), set()).add(owner)
        strange = {board.monitor for board in boards if board.digest != self._digest}

        def reached(scope: Scope) -> int:
            waited_for = needed.get(scope, set()) | strange
            marks = [board.marks.events.get(scope, NEVER) for board in boards if board.monitor in waited_for]
            return min(marks) if marks else max(board.marks.events.get(scope, NEVER) for board in boards)

        scopes = {scope for board in boards for scope in board.marks.events}
        labels, topics = [board.marks.labels for board in boards], [board.marks.topics for board in boards]
        return Marks({scope: reached(scope) for scope in sorted(scopes)}, _greatest(labels), _greatest(topics))


def union(told: Mapping[str, Board], monitors: Monitors) -> Roster:
    """Everybody, each with the plans that its own monitor has made."""
    known: dict[str, list[Entry]] = {}
    for name in monitors.names:
        for entry in told[name].roster.entries:
            known.setdefault(entry.name, []).append(entry)
    joined = []
    for model, entries in known.items():
        own = told[monitors.owner(model)].roster.get(model) or replace(entries[0], plans=())
        versions = {version: since for entry in entries for version, since in entry.versions.items()}
        rates = reduce(Schedule.joined, (entry.rates for entry in entries))
        joined.append(replace(own, versions=versions, rates=rates))
    return Roster(tuple(joined))


def _starts(told: Sequence[Mapping[Partition, Start]]) -> dict[Partition, Start]:
    """Where partitions begin that every monitor knows: behind all that any of them has closed."""
    common: Collection[Partition] = set.intersection(*(set(starts) for starts in told))
    return {partition: _latest([starts[partition] for starts in told]) for partition in sorted(common)}


def _latest(starts: Sequence[Start]) -> Start:
    marks = [start.mark for start in starts]
    first = max(starts, key=lambda start: start.mark.place)
    clocks = max(mark.clock for mark in marks), max(mark.label_clock for mark in marks)
    return replace(first, mark=Mark(first.mark.offset, first.mark.row, *clocks))


def _greatest(told: Iterable[Mapping[Key, Value]]) -> dict[Key, Value]:
    """The greatest value of each key."""
    found: dict[Key, Value] = {}
    for each in told:
        for key, value in each.items():
            found[key] = max(value, found.get(key, value))
    return found
