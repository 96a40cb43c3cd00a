"""What a monitor tells the workers: which plans hold from when, from where partitions are read, how far they may be.

It travels on one ordered topic. Plans are said once, before the first board that names them; so a worker that sees a
watermark knows every plan that it stands on.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from stream.clocks import Mark, Release, Start
from stream.config.settings import Settings
from stream.events import Partition
from stream.monitor.scopes import Marks, Scope
from stream.plan import Plan
from stream.roster import Entry, Roster

VERSION: Final = 1

Asked = Mapping[Partition, tuple[int, int]]  # the position at which a partition is idle, and the time to raise it to


@dataclass(frozen=True)
class Board:
    """The state of a monitor at a Commit, as far as workers need it."""

    pane: int
    roster: Roster
    marks: Marks
    bounds: Mapping[str, int]  # per model: from which hash on nothing enters its sample
    starts: Mapping[Partition, Start]  # of partitions of which no Partial has come yet
    gaps: Collection[Partition] = ()  # of these the ones that have lost events lately, see `Link.gap`
    asked: Asked = field(default_factory=dict)  # releases, which their readers make


class UnknownBoard(Exception):
    """Bytes that are nothing of this version."""


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    name: str
    since: int
    basis: str
    versions: dict[str, int]
    plans: list[str]


class _Start(msgspec.Struct, frozen=True, array_like=True):
    partition: Partition
    mark: tuple[int, int, int, int]
    written: int
    releases: list[tuple[int, int, int]]
    gap: bool


class _Board(msgspec.Struct, frozen=True, array_like=True, tag="board"):
    version: int
    pane: int
    entries: list[_Entry]
    events: list[tuple[Scope, int]]
    labels: list[tuple[Scope, int]]
    topics: dict[str, int]
    bounds: dict[str, int]
    starts: list[_Start]
    asked: list[tuple[Partition, tuple[int, int]]]


class _Plan(msgspec.Struct, frozen=True, array_like=True, tag="plan"):
    id: str
    body: bytes


def pack(board: Board, said: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The plans that were not said yet, then the board: each with its key, under which a later one replaces it.

    `said`: the keys of what was.
    """
    for entry in board.roster.entries:
        for plan in entry.plans:
            key = f"plan {plan.id}"
            if key not in said:
                yield key, msgspec.msgpack.encode(_Plan(plan.id, plan.body))
    starts = [
        _Start(
            each,
            start.mark.place,
            start.written,
            [(release.offset, release.clock, release.label_clock) for release in start.releases],
            each in board.gaps,
        )
        for each, start in board.starts.items()
    ]
    body = _Board(
        VERSION,
        board.pane,
        [
            _Entry(entry.name, entry.since, entry.basis, dict(entry.versions), [plan.id for plan in entry.plans])
            for entry in board.roster.entries
        ],
        list(board.marks.events.items()),
        list(board.marks.labels.items()),
        dict(board.marks.topics),
        dict(board.bounds),
        starts,
        list(board.asked.items()),
    )
    yield "board", msgspec.msgpack.encode(body)


class Boards:
    """Reads what was said, in order; `newest` is the last board."""

    def __init__(self, settings: Settings) -> None:
        self.newest: Board | None = None
        self._settings = settings
        self._plans: dict[str, Plan] = {}
        self._roster = Roster()
        self._entries: list[_Entry] = []

    def receive(self, value: bytes) -> None:
        """Take the next message. UnknownBoard where it says nothing that can be understood."""
        try:
            found = msgspec.msgpack.decode(value, type=_Board | _Plan)
        except msgspec.MsgspecError as error:
            raise UnknownBoard(f"not a plan or board of version {VERSION}: {error}") from error
        if isinstance(found, _Plan):
            self._plans[found.id] = Plan.load(found.body)
            return
        if found.version != VERSION:
            raise UnknownBoard(f"a board of version {found.version}, where {VERSION} is known: update the older side")
        if any(name not in self._plans for one in found.entries for name in one.plans):
            return  # compaction has left it before the newer copies of its plans; a newer board stands behind them
        if found.entries != self._entries:  # the same roster stays the same object: what is made of it is kept
            self._entries, self._roster = found.entries, self._read(found.entries)
        marks = Marks(dict(found.events), dict(found.labels), found.topics)
        starts = {
            one.partition: Start(Mark(*one.mark), one.written, tuple(Release(*each) for each in one.releases))
            for one in found.starts
        }
        gaps = frozenset(one.partition for one in found.starts if one.gap)
        self.newest = Board(found.pane, self._roster, marks, found.bounds, starts, gaps, dict(found.asked))

    def _read(self, entries: Iterable[_Entry]) -> Roster:
        """The roster of these entries; plans that none of them names are forgotten."""
        read = []
        for one in entries:
            model = self._settings.model(one.name)
            if model is not None:
                plans = tuple(self._plans[name] for name in one.plans)
                read.append(Entry(one.name, model, one.since, one.basis, one.versions, plans))
        named = {name for one in entries for name in one.plans}
        self._plans = {name: plan for name, plan in self._plans.items() if name in named}
        return Roster(tuple(read))
