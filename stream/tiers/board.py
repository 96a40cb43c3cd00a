"""What a monitor tells the workers: which plans hold from when, from where partitions are read, how far they may be.

It travels on one ordered topic (`stream/tiers/boards.py` reads it). Plans are said once, before the first board that
names them; so a worker that sees a watermark knows every plan that it stands on.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from stream.counting.clocks import Start
from stream.events import Partition, Position
from stream.joining.sampling import Rate
from stream.monitor.scopes import Marks, Scope
from stream.roster import Roster

VERSION: Final = 4

Asked = Mapping[Partition, tuple[int, int]]  # the position at which a partition is idle, and the time to raise it to


@dataclass(frozen=True)
class Board:
    """The state of a monitor at a Commit, as far as workers need it."""

    monitor: str  # its name; empty where there is only one
    digest: str  # of the configuration that it goes by
    pane: int
    roster: Roster
    marks: Marks
    bounds: Mapping[str, int]  # per model: from which hash on nothing enters its sample
    starts: Mapping[Partition, Start]  # of partitions of which no Partial has come yet
    gaps: Collection[Partition] = ()  # of these the ones that have lost events lately, see `Link.gap`
    asked: Asked = field(default_factory=dict)  # releases, which their readers make


class UnknownBoard(Exception):
    """Bytes that are nothing of this version."""


class PackedEntry(msgspec.Struct, frozen=True, array_like=True):
    """A model, with the ids of its plans, and its rates."""

    name: str
    since: int
    basis: str
    versions: dict[str, int]
    plans: list[str]
    rates: tuple[Rate, ...]


class PackedStart(msgspec.Struct, frozen=True, array_like=True):
    """Where a partition begins."""

    partition: Partition
    mark: tuple[int, int, int, int]
    written: Position
    releases: list[tuple[int, int, int]]
    gap: bool


class PackedBoard(msgspec.Struct, frozen=True, array_like=True, tag="board"):
    """A board as bytes carry it."""

    version: int
    monitor: str
    digest: str
    pane: int
    entries: list[PackedEntry]
    events: list[tuple[Scope, int]]
    labels: list[tuple[Scope, int]]
    topics: dict[str, int]
    bounds: dict[str, int]
    starts: list[PackedStart]
    asked: list[tuple[Partition, tuple[int, int]]]


class PackedPlan(msgspec.Struct, frozen=True, array_like=True, tag="plan"):
    """A plan, said before the first board that names it."""

    id: str
    body: bytes


def unpack(value: bytes) -> PackedBoard | PackedPlan:
    """What was said. UnknownBoard where that cannot be understood."""
    try:
        found = msgspec.msgpack.decode(value, type=PackedBoard | PackedPlan)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnknownBoard(f"not a plan or board of version {VERSION}: {error}") from error
    if isinstance(found, PackedBoard) and found.version != VERSION:
        raise UnknownBoard(f"a board of version {found.version}, where {VERSION} is known: update the older side")
    return found


def pack(board: Board, said: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The plans that were not said yet, then the board: each with its key, under which a later one replaces it.

    `said`: the keys of what was.
    """
    for entry in board.roster.entries:
        for plan in entry.plans:
            key = f"plan {plan.id}"
            if key not in said:
                yield key, msgspec.msgpack.encode(PackedPlan(plan.id, plan.body))
    starts = [
        PackedStart(
            each,
            start.mark.place,
            start.written,
            [(release.offset, release.clock, release.label_clock) for release in start.releases],
            each in board.gaps,
        )
        for each, start in board.starts.items()
    ]
    body = PackedBoard(
        VERSION,
        board.monitor,
        board.digest,
        board.pane,
        [
            PackedEntry(
                entry.name,
                entry.since,
                entry.basis,
                dict(entry.versions),
                [plan.id for plan in entry.plans],
                entry.rates.rates,
            )
            for entry in board.roster.entries
        ],
        list(board.marks.events.items()),
        list(board.marks.labels.items()),
        dict(board.marks.topics),
        dict(board.bounds),
        starts,
        list(board.asked.items()),
    )
    yield f"board {board.monitor}".rstrip(), msgspec.msgpack.encode(body)
