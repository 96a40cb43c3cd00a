"""A captured stream once more: each of its lives is led again, with what the journal says at its position.

Law: by the settings of the time, and where the capture has no hole, the rows are those of the stream, byte for byte.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from sinks.commit import Store
from stream.config.settings import Settings
from stream.counting.clocks import Mark, Release, Start
from stream.events import NEVER, Partition, Records
from stream.joining.meeting import settle
from stream.journey import COMMIT_EVENTS, Journey
from stream.lives import Gap, Hole, Life
from stream.monitor.plans.onboarding import Sources
from stream.monitor.scopes import Marks, topics
from stream.recovery import recall
from stream.watch import Memory


class Recorded(Protocol):
    """The records of a stream, as far as they were captured."""

    def records(self, partition: Partition, offset: int) -> Iterator[Records]:
        """Those of a partition from an offset on, in order."""

    def stretch(self, partition: Partition, offset: int) -> tuple[int, int] | None:
        """The captured stretch that holds an offset, else the next one behind it."""


class _Track:
    """One partition of a life: what is to be read, and what happens on the way."""

    def __init__(self, happened: list[Release | Gap], end: Mark, source: Iterator[Records]) -> None:
        self.happened, self.end, self.ended = deque(happened), end, False
        self.upto = end.offset + (end.row > 0)  # a record that was read in part is read as far again
        self._source, self._left = source, next(source, None)

    def bound(self) -> int:
        """How far it may be read before something else happens."""
        return min(self.upto, self.happened[0].offset) if self.happened else self.upto

    def take(self, begin: int, upto: int) -> Records | None:
        """The next records of a stretch; None where it has no more."""
        while self._left is not None:
            left = self._left.since(int(np.searchsorted(self._left.offsets, begin)))
            n = int(np.searchsorted(left.offsets, upto))
            if n:
                self._left = left.since(n)
                return left.until(n)
            if left.values:
                return None
            self._left = next(self._source, None)
        return None


class _Journey(Journey):
    """Closes no more than was closed: reading again after a start, a life may have come further than it has closed."""

    cap: Marks | None = None

    def _due(self, at: Marks) -> Marks:
        """The watermarks, at most where the life's closes ended."""
        cap, lateness = self.cap, self.settings.lateness
        if cap is None:
            return at
        return Marks(
            {scope: min(mark, _after(cap.events.get(scope), lateness)) for scope, mark in at.events.items()},
            {scope: min(mark, _after(cap.labels.get(scope), 0)) for scope, mark in at.labels.items()},
            {topic: min(mark, _after(cap.topics.get(topic), lateness)) for topic, mark in at.topics.items()},
        )


def _after(end: int | None, lateness: int) -> int:
    return NEVER if end is None or end == NEVER else end + lateness


class Rerun:
    """Leads the lives of a stream again. `events`: how many records have been read; `holes`: what was not there."""

    def __init__(
        self, lives: list[Life], recorded: Recorded, store: Store, sources: Callable[[Settings], Sources]
    ) -> None:
        assert not store.last(), "a stream is told from its beginning"
        self.events = 0
        self.holes: list[Hole] = []
        self._lives, self._recorded, self._store, self._sources = lives, recorded, store, sources
        self._uncommitted = 0

    def run(self, progress: Callable[[int], None]) -> None:
        """Lead all lives. `progress` hears how many records have been read so far."""
        for life in self._lives:
            journey = self._born(life)
            tracks = {each: self._track(life, journey, each) for each in sorted(journey.progress)}
            while sum(self._step(journey, each, track) for each, track in tracks.items()):
                journey.work()
                progress(self.events)
                if self._uncommitted >= COMMIT_EVENTS:
                    self._commit(journey)
            self._commit(journey)

    def _born(self, life: Life) -> Journey:
        known = topics(life.settings)
        began = {each: marks for each, marks in life.began.items() if each[0] in known}
        starts = {
            each: Start(back, (mark.offset, mark.row), life.releases[each]) for each, (mark, back) in began.items()
        }
        memory: Memory = recall(self._store, life.settings)
        memory = replace(memory, starts=starts, clocks={each: mark for each, (mark, _) in began.items()})
        journey = _Journey(life.settings, self._sources(life.settings), memory)
        journey.cap = life.closed
        for partition, mark in sorted(life.found.items()):
            # From the first: until the watermarks have come to its clocks, it holds nobody up.
            journey.find(partition, mark.offset)
            journey.ingest.release(partition, mark.clock, mark.label_clock)
        journey.heeding.tell(life.controls)
        journey.outcomes.tell(life.outcomes)
        return journey

    def _track(self, life: Life, journey: Journey, partition: Partition) -> _Track:
        begin = journey.progress[partition].mark
        source = self._recorded.records(partition, begin.offset)
        return _Track(life.happened.get(partition, []), life.ends.get(partition, begin), source)

    def _step(self, journey: Journey, partition: Partition, track: _Track) -> bool:
        """One step of a partition; whether there was one to be done."""
        at = journey.progress[partition].mark.offset
        if partition in journey.held:
            return False
        if track.happened and track.happened[0].offset <= at:
            _happen(journey, partition, track.happened.popleft())
        elif at < track.upto:
            self._read(journey, partition, track, at)
        elif not track.ended:  # a clock may have led its position, by an event that is behind the end
            track.ended = True
            journey.ingest.release(partition, track.end.clock, track.end.label_clock)
        else:
            return False
        return True

    def _read(self, journey: Journey, partition: Partition, track: _Track, at: int) -> None:
        bound = track.bound()
        begin, end = self._recorded.stretch(partition, at) or (bound, bound)
        if begin > at:
            self._miss(journey, Hole(partition, at, min(begin, bound)))
            return
        upto = min(end, bound)
        records = track.take(at, upto)
        if records is None:
            nothing = np.empty(0, np.int64)
            records = Records(*partition, nothing, nothing, [], upto)
        self.events += len(records.values)
        self._uncommitted += len(records.values)
        journey.receive(records)

    def _miss(self, journey: Journey, hole: Hole) -> None:
        """A hole is a loss: the windows that it touches are incomplete."""
        journey.lose(hole.partition, hole.upto)
        self.holes.append(hole)

    def _commit(self, journey: Journey) -> None:
        settle(journey, self._store)
        self._uncommitted = 0


def _happen(journey: Journey, partition: Partition, what: Release | Gap) -> None:
    match what:
        case Release():
            journey.release(partition, what.clock, what.label_clock, last=what.last)
        case Gap():
            journey.ingest.release(partition, what.clock, what.label_clock)  # an event in the gap may have led them
            journey.lose(partition, what.upto)
