"""Rows of a file as messages for a topic, judged as the service would judge them before any of them is sent."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from sinks.topics import Message
from stream.binding import ranking, schema
from stream.config.settings import Settings
from stream.counting.fates import Fates
from stream.encodings.documents import parse
from stream.encodings.identity import CORRECT, RETRACT
from stream.encodings.identity import LABEL as PLAIN
from stream.events import KINDS, LABEL, NEVER, Batch, Records, Reject
from stream.files import FileProblem
from stream.files.captured import is_captured
from stream.files.lines import lines
from stream.files.paths import kind_of
from stream.files.rows import BY_COLUMNS, Given, rows
from stream.roster import Roster

BATCH: Final = 2_000  # rows that are judged, and sent, at once
SHOWN: Final = 3  # events
PROBLEMS_SHOWN: Final = 20
DOES: Final = (PLAIN, CORRECT, RETRACT)


@dataclass(frozen=True)
class Source:
    """A file of events. FileProblem where it is missing, empty, of an unknown kind, or says what is `given`."""

    path: Path
    given: Given = BY_COLUMNS

    def __post_init__(self) -> None:
        if kind_of(self.path) == "lines":
            if any(self.given):
                raise FileProblem(f"{self.path}: JSON lines are sent as they are; --kind and --model are for tables")
        elif kind_of(self.path) == "parquet" and is_captured(self.path):
            raise FileProblem(f"{self.path} is a captured log; driftline replay reads it")

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    def records(self, topic: str) -> Iterator[tuple[Records, int]]:
        """Its events in order, and how many of its bytes they stand for."""
        if kind_of(self.path) == "lines":
            return lines(self.path, topic, 0, BATCH)
        return rows(self.path, topic, 0, BATCH, self.given)

    def place(self, offset: int) -> str:
        """Where a person finds an event; rows of a table are counted below its header."""
        return f"{'line' if kind_of(self.path) == 'lines' else 'row'} {offset + 1}"


class Judged(NamedTuple):
    """Some events of a file. `consumed`: of its bytes so far."""

    messages: list[Message]
    problems: list[str]
    batch: Batch
    consumed: int


class Judge:
    """Says of each event what the service of these settings would say. `now_ms` is when it would be published."""

    def __init__(self, source: Source, topic: str, settings: Settings, now_ms: int) -> None:
        self._source, self._topic, self._now_ms = source, topic, now_ms
        declared = settings.events
        self.declared = topic in {*declared.predictions, *declared.labels}
        if not self.declared:  # another service may read it
            settings = msgspec.structs.replace(
                settings, events=msgspec.structs.replace(declared, predictions=(topic,), labels=(topic,))
            )
        self._decoder = schema(
            (), (), identified=True, bytes_max=settings.limits.event_bytes, ranking=ranking(settings)
        ).decoder
        self._fates = Fates(settings, Roster())

    def judged(self) -> Iterator[Judged]:
        """All events of the file, in order."""
        for records, consumed in self._source.records(self._topic):
            if self._decoder.full:
                self._decoder.forget()
            stamped = replace(records, timestamps_ms=np.full(len(records.values), self._now_ms))
            batch = self._decoder.decode(stamped)
            refused = [*batch.rejects, *self._fates.of(batch).refused, *_unusable(batch)]
            refused.sort(key=attrgetter("row"))
            problems = [f"{self._source.place(stamped.place(each.row)[0])}: {each.detail}" for each in _first(refused)]
            messages = [
                Message(self._topic, batch.heads[head].name.encode(), stamped.payload(at))
                for at, head in zip(batch.at.tolist(), batch.head.tolist(), strict=True)
            ]
            yield Judged(messages, problems, batch, consumed)


def _unusable(batch: Batch) -> Iterator[Reject]:
    """Labels that the service would take, and make nothing of."""
    for i in np.flatnonzero([batch.heads[head].kind == LABEL for head in batch.head.tolist()]).tolist():
        row = int(batch.at[i])
        document = parse(batch.records.payload(row))
        does = document.get("event") if isinstance(document, dict) else None
        if does is not None and does not in DOES:
            yield Reject(row, "", f"event is {does!r:.80}, expected {', '.join(DOES)} or nothing")
        elif not batch.answers[i][0] and does != RETRACT:
            yield Reject(row, "", "the label says nothing: a class or a number is expected, or the event retract")


def _first(refused: Sequence[Reject]) -> Iterator[Reject]:
    """What is wrong with each event first."""
    seen = -1
    for each in refused:
        if each.row != seen:
            yield each
        seen = each.row


@dataclass
class Contents:
    """What a file holds, and what is wrong with it. Times are ns."""

    events: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # by model and kind
    first: int = -NEVER - 1
    last: int = NEVER
    late: int = 0
    wrong: int = 0
    problems: list[str] = field(default_factory=list)
    shown: list[bytes] = field(default_factory=list)
    _clocks: dict[str, int] = field(default_factory=dict)

    def add(self, judged: Judged, settings: Settings) -> None:
        """Take in some more of the file."""
        batch = judged.batch
        self.events += len(judged.messages)
        self.wrong += len(judged.problems)
        self.problems += judged.problems[: PROBLEMS_SHOWN - len(self.problems)]
        self.shown += [message.value for message in judged.messages[: SHOWN - len(self.shown)]]
        for head in np.unique(batch.head).tolist():
            name, kind = batch.heads[head].name, KINDS[batch.heads[head].kind]
            self.counts[name, kind] += int((batch.head == head).sum())
        if len(batch.time):
            self.first, self.last = min(self.first, int(batch.time.min())), max(self.last, int(batch.time.max()))
        self._follow(batch, settings)

    def _follow(self, batch: Batch, settings: Settings) -> None:
        """Count the events whose pane would be closed by earlier ones of their model."""
        kinds = np.array([head.kind for head in batch.heads])[batch.head]
        names = np.array([head.name for head in batch.heads], np.object_)[batch.head]
        for name in sorted(set(names[kinds != LABEL])):
            time = batch.time[(names == name) & (kinds != LABEL)]
            clock = np.maximum.accumulate(
                np.append(self._clocks.get(name, NEVER + settings.lateness + settings.pane), time)
            )
            closed = (clock[:-1] - settings.lateness) // settings.pane * settings.pane
            self.late += int((time < closed).sum())
            self._clocks[name] = int(clock[-1])
