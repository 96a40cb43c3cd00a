"""The service's core over files: the same journey without Kafka, as fast as it goes.

Each feed is a file's records in order. A partition that runs ahead of the watermark waits, as it would on a topic; one
whose file has ended holds nobody up; in the end everything is closed, windows that are not full included.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from sinks.commit import Store
from stream.config.settings import Settings
from stream.events import NEVER, Partition, Records
from stream.joining.meeting import settle
from stream.journey import COMMIT_EVENTS, Journey
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall


class Log(Protocol):
    """Records of a file in order; `starts` are its partitions and their first offsets."""

    @property
    def starts(self) -> Mapping[Partition, int]:
        """The partitions, with the first offset of each."""

    def __next__(self) -> Records:
        """The next stretch of one partition."""


@dataclass
class Feed:
    """One file's records, and those of its partitions that had to be read while an earlier record waited."""

    records: Log
    waiting: dict[Partition, deque[Records]] = field(default_factory=dict)
    ended: bool = False

    def pull(self) -> bool:
        """Read the next records of the file; whether there were any."""
        try:
            found = next(self.records)
        except StopIteration:
            self.ended = True
            return False
        self.waiting.setdefault((found.topic, found.partition), deque()).append(found)
        return True


class Replay:
    """Drives a journey over feeds. `events` is how many records have been read."""

    def __init__(self, settings: Settings, sources: Sources, store: Store, feeds: Sequence[Log]) -> None:
        self.events = 0
        self._store, self._settings = store, settings
        self._journey = Journey(settings, sources, recall(store, settings))
        self._feeds = [Feed(feed) for feed in feeds]
        self._uncommitted = 0
        for partition, first in sorted(start for feed in feeds for start in feed.starts.items()):
            if partition not in self._journey.ingest.progress:
                self._journey.find(partition, first)

    def run(self, progress: Callable[[int], None]) -> None:
        """Replay everything. `progress` hears how many records have been read so far."""
        while self._round():
            progress(self.events)
            if self._uncommitted >= COMMIT_EVENTS:
                self._commit()
        if self.events or not self._store.last():  # else all was read, closed and kept before
            self._close_all()
            self._commit()
        progress(self.events)

    def _round(self) -> bool:
        """Offer what may be read; whether anything is left to do."""
        journey, moved = self._journey, False
        for feed in self._feeds:
            if not feed.ended and not any(partition in journey.held for partition in feed.waiting):
                feed.pull()
            moved |= self._offer(feed)
        journey.work()
        self._let_go()
        if moved or journey.held or any(queue for feed in self._feeds for queue in feed.waiting.values()):
            if not moved:  # everything waits for a partition that a file has further on
                for feed in self._feeds:
                    feed.pull()
            return True
        return not all(feed.ended for feed in self._feeds)

    def _offer(self, feed: Feed) -> bool:
        moved = False
        for partition, queue in feed.waiting.items():
            if not queue or partition in self._journey.held:
                continue
            records = self._behind(partition, queue.popleft())
            self.events += len(records.values)
            self._uncommitted += len(records.values)
            self._journey.receive(records)
            moved = True
        return moved

    def _behind(self, partition: Partition, records: Records) -> Records:
        """What an earlier replay into the same store has not read."""
        read = self._journey.ingest.progress[partition].mark.offset
        return records.since(int(np.searchsorted(records.offsets, read)))

    def _let_go(self) -> None:
        """A partition whose file has ended, and which holds the others back, is as good as idle."""
        clocks = self._journey.clocks
        running = {partition for feed in self._feeds if not feed.ended for partition in feed.records.starts}
        running |= {partition for feed in self._feeds for partition, queue in feed.waiting.items() if queue}
        running |= set(self._journey.held)
        least = min((clocks[partition].clock for partition in running if partition in clocks), default=NEVER)
        pane = self._settings.pane
        for partition in sorted(clocks.keys() - running):
            if least != NEVER and clocks[partition].clock // pane < least // pane:
                self._journey.release(partition, least, least)

    def _close_all(self) -> None:
        """Nothing more will come: every window closes."""
        clocks = self._journey.clocks
        last = max((max(mark.clock, mark.label_clock) for mark in clocks.values()), default=NEVER)
        if last == NEVER:
            return
        longest = max(length for _, model in self._settings.patterns for length in model.windows)
        end = last + longest + self._settings.lateness + self._settings.pane
        for partition in sorted(clocks):
            self._journey.release(partition, end, end, last=True)

    def _commit(self) -> None:
        settle(self._journey, self._store)
        self._uncommitted = 0
