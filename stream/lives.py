"""What the journal says of a stream: its lives, each with its configuration, and what happened to its partitions.

A life goes on from a Commit. A start is a new life where something changed with it: the configuration, a reference
file, or what was there to be read again. All others went on as if nothing had been, so they are no input.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from stream.config.digest import digest
from stream.config.settings import Http, Kafka, Settings, StoreSettings, Topics
from stream.counting.clocks import Mark, Release
from stream.events import NEVER, Partition
from stream.monitor.plans.onboarding import Sources
from stream.monitor.scopes import Marks, Scope

START = "start"  # the kind of its row in the journal


class Entry(NamedTuple):
    """A row of the journal."""

    commit: int
    kind: str
    topic: str
    partition: int
    offset: int
    until: int
    detail: str


@dataclass(frozen=True)
class Left:
    """What a Commit leaves to the next life: per partition its mark and its rewind, and the newest closed ends."""

    marks: Mapping[Partition, tuple[Mark, Mark]]
    closed: Marks

    def passed(self) -> int:
        """The end up to which all panes are closed, ns; NEVER where none is."""
        return min(self.closed.events.values(), default=NEVER)


NOTHING_LEFT = Left({}, Marks({}, {}, {}))
_Place = tuple[int, int, int, int]
_Ends = list[tuple[Scope, int]]


class PackedLeft(msgspec.Struct, frozen=True):
    """The same for a document."""

    positions: list[tuple[Partition, _Place, _Place]]
    closed: tuple[_Ends, _Ends, dict[str, int]]

    @classmethod
    def of(cls, left: Left) -> "PackedLeft":
        """What a Commit has left, in order."""
        positions = [(each, mark.place, rewind.place) for each, (mark, rewind) in sorted(left.marks.items())]
        closed = left.closed
        return cls(positions, (sorted(closed.events.items()), sorted(closed.labels.items()), dict(closed.topics)))

    def left(self) -> Left:
        """What was packed."""
        marks = {each: (Mark(*mark), Mark(*rewind)) for each, mark, rewind in self.positions}
        events, labels, topics = self.closed
        return Left(marks, Marks(dict(events), dict(labels), topics))


@dataclass(frozen=True)
class Gap:
    """Records from `offset` on, up to `upto`, were gone before they could be read; the clocks were these."""

    offset: int
    upto: int
    clock: int
    label_clock: int


@dataclass(frozen=True)
class Hole:
    """Records that a stream has read, and that were not captured."""

    partition: Partition
    begin: int
    upto: int

    def __str__(self) -> str:
        topic, partition = self.partition
        return f"{topic}/{partition}: records {self.begin} to {self.upto}"


@dataclass
class Life:
    """From one Commit to another: by which settings, from where, what was found and what happened, up to where.

    `closed`: the ends up to which it has closed panes. Its marks alone do not say so: of a partition that is being read
    again a Commit has the mark that was reached before. None: whatever its marks allow.
    """

    settings: Settings
    files: Mapping[str, str]  # digests of the reference files, by their path
    began: Mapping[Partition, tuple[Mark, Mark]]  # mark and rewind of each partition
    releases: Mapping[Partition, tuple[Release, ...]]  # of former lives, where they may be read again
    found: dict[Partition, Mark] = field(default_factory=dict)
    happened: dict[Partition, list[Release | Gap]] = field(default_factory=dict)  # in order
    controls: list[tuple[Partition, int, int, str]] = field(default_factory=list)  # as the journal has them
    outcomes: list[tuple[Partition, int, int, str]] = field(default_factory=list)  # likewise
    ends: Mapping[Partition, Mark] = field(default_factory=dict)
    closed: Marks | None = None


class Untold(Exception):
    """A journal that does not say how its stream began."""


class _Start(msgspec.Struct, frozen=True):
    """The detail of a start. Without settings: those of the start before."""

    configured: str
    left: PackedLeft
    settings: Settings | None = None
    files: dict[str, str] = {}


def configured(settings: Settings, sources: Sources) -> str:
    """A short name for all that a start is told beside the log."""
    files = sorted((name, file.digest) for name, file in sources.files.items())
    about = (digest(settings), settings.monitors, files)
    return blake2b(msgspec.json.encode(about), digest_size=16).hexdigest()


def told(name: str, left: Left, settings: Settings | None, sources: Sources) -> dict[str, object]:
    """The detail of a start's row; settings where they have changed, without what only moves results."""
    detail: dict[str, object] = {"configured": name, "left": PackedLeft.of(left)}
    if settings is not None:
        detail["settings"] = msgspec.structs.replace(
            settings, kafka=Kafka(), http=Http(), store=StoreSettings(), topics=Topics()
        )
        detail["files"] = {path: file.digest for path, file in sources.files.items()}
    return detail


def configured_by(detail: str) -> str:
    """What the detail of a start's row says that it was configured by."""
    return _read(detail).configured


def lives(journal: Iterable[Entry], left: Left) -> list[Life]:
    """The lives of a stream up to a Commit. Untold where the first one is not in the journal."""
    # A loss moves the position: what was at the same one came before it.
    rows = sorted(journal, key=lambda row: (row.commit, row.offset, row.kind == "lost", row.until))
    starts = [row for row in rows if row.kind == START]
    if not starts or starts[0].offset or _read(starts[0].detail).settings is None:
        raise Untold("the journal does not say how the stream began: its store was handed over, or has forgotten it")
    made: list[Life] = []
    for row in starts:
        made.append(_born(_read(row.detail), made[-1] if made else None, rows, row.offset))
    for life, begun, following in zip(made, starts, [*starts[1:], None], strict=True):
        upto = following.offset if following is not None else max(row.commit for row in rows)
        for row in (row for row in rows if begun.offset < row.commit <= upto):
            _happen(life, row)
    for life, after in zip(made, [*(_read(row.detail).left.left() for row in starts[1:]), left], strict=True):
        life.ends, life.closed = {each: mark for each, (mark, _) in after.marks.items()}, after.closed
    return made


def _born(start: _Start, before: Life | None, rows: Iterable[Entry], last: int) -> Life:
    began = start.left.left().marks
    releases: dict[Partition, list[Release]] = {each: [] for each in began}
    for row in rows:
        each = row.topic, row.partition
        if row.kind == "release" and row.commit <= last and each in began and row.offset >= began[each][1].offset:
            releases[each].append(_release(row))
    kept = {each: tuple(found) for each, found in releases.items()}
    if start.settings is not None:
        return Life(start.settings, start.files, began, kept)
    assert before is not None
    return Life(before.settings, before.files, began, kept)


def _happen(life: Life, row: Entry) -> None:
    """One row of a life's journal. Plans are decided again."""
    each = row.topic, row.partition
    match row.kind:
        case "found":
            clocks = msgspec.json.decode(row.detail, type=dict[str, int])
            life.found[each] = Mark(row.offset, 0, clocks["clock"], clocks["labels"])
        case "release":
            life.happened.setdefault(each, []).append(_release(row))
        case "control":
            life.controls.append((each, row.offset, row.until, row.detail))
        case "outcome":
            life.outcomes.append((each, row.offset, row.until, row.detail))
        case "lost":
            clocks = msgspec.json.decode(row.detail, type=dict[str, int])
            life.happened.setdefault(each, []).append(Gap(row.offset, row.until, clocks["clock"], clocks["labels"]))


def _release(row: Entry) -> Release:
    detail = msgspec.json.decode(row.detail, type=dict[str, int])
    return Release(row.offset, row.until, detail["labels"], "last" in detail)


def _read(detail: str) -> _Start:
    return msgspec.json.decode(detail, type=_Start)


def spans(stream: Iterable[Life]) -> dict[Partition, tuple[int, int]]:
    """What a stream has read of each partition: from its first offset to behind its last."""
    found: dict[Partition, tuple[int, int]] = {}
    for life in stream:
        for partition, mark in life.found.items():
            found.setdefault(partition, (mark.offset, mark.offset))
        for partition, mark in life.ends.items():
            if partition in found:  # else it is no topic of events, but of what workers have summed
                begin, end = found[partition]
                found[partition] = begin, max(end, mark.offset + (mark.row > 0))
    return found


def as_one(stream: Sequence[Life], settings: Settings, files: Mapping[str, str]) -> Life:
    """One life of all that happened, by settings of its own; what was counted once is not lost again."""
    read = {*settings.events.predictions, *settings.events.labels}
    one = Life(settings, files, {}, {}, closed=None)
    for life in stream:
        for partition, mark in life.found.items():
            if partition[0] in read:
                one.found.setdefault(partition, mark)
        for partition, happened in life.happened.items():
            left = life.began[partition][0].offset if partition in life.began else 0
            one.happened.setdefault(partition, []).extend(_behind(happened, left))
        one.controls += life.controls
        one.outcomes += life.outcomes
        one.ends = {**one.ends, **life.ends}
    return one


def _behind(happened: Iterable[Release | Gap], offset: int) -> Iterator[Release | Gap]:
    """All releases, and of losses what lies behind an offset."""
    for each in happened:
        if isinstance(each, Release):
            yield each
        elif each.upto > offset:
            yield replace(each, offset=max(each.offset, offset))
