"""Receiving nothing is not idleness: only a partition at its end for long enough is idle, and its clock is raised.

Pure: the reader's answers and the wall time are passed in.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from stream.clocks import Mark
from stream.config.settings import Settings
from stream.events import NEVER, Partition

BREAK_S = 5.0  # a process that was suspended, or waited for its disk, has not been looking


@dataclass
class Idleness:
    """Since when each partition has been at its end without a break, in wall-clock seconds."""

    settings: Settings
    since: dict[Partition, float] = field(default_factory=dict)
    _observed: float = float("-inf")

    def observe(self, at_end: Collection[Partition], every: Iterable[Partition], now: float) -> None:
        """Note which partitions are at their end now. After a break nothing is known of the time before it."""
        if now - self._observed > BREAK_S:
            self.since.clear()
        self._observed = now
        for partition in every:
            if partition in at_end:
                self.since.setdefault(partition, now)
            else:
                self.since.pop(partition, None)

    def idle(self, now: float) -> set[Partition]:
        """The partitions that have been at their end for long enough."""
        enough = self.settings.events.idle / 1e9
        return {partition for partition, since in self.since.items() if now - since >= enough}

    def releases(self, clocks: Mapping[Partition, Mark], now: float) -> list[tuple[Partition, int]]:
        """The idle partitions whose clock holds panes back, and the event time to raise it to."""
        idle = self.idle(now)
        raised = []
        for partition in sorted(idle):
            until = self._until(partition[0], clocks, idle, now)
            if self._pane(until) > self._pane(self._clock(partition, clocks)):
                raised.append((partition, until))
        return raised

    def _until(self, topic: str, clocks: Mapping[Partition, Mark], idle: set[Partition], now: float) -> int:
        """The least clock of those that are not idle; where all are, the greatest plus the time for which all were."""
        mine = [partition for partition in clocks if partition[0] == topic]
        if all(self._clock(partition, clocks) == NEVER for partition in mine):  # a topic that never had an event
            predictions = topic in self.settings.events.predictions
            mine = [
                partition for partition in clocks if (partition[0] in self.settings.events.predictions) == predictions
            ]
        busy = [self._clock(partition, clocks) for partition in mine if partition not in idle]
        if busy:
            return min(busy)
        greatest = max(self._clock(partition, clocks) for partition in mine)
        waited = now - max(self.since[partition] for partition in mine)
        return NEVER if greatest == NEVER else greatest + int(waited * 1e9)

    def _clock(self, partition: Partition, clocks: Mapping[Partition, Mark]) -> int:
        mark = clocks[partition]
        return mark.clock if partition[0] in self.settings.events.predictions else mark.label_clock

    def _pane(self, time: int) -> int:
        """A release that closes nothing would only lengthen the journal."""
        return NEVER if time == NEVER else (time - self.settings.lateness) // self.settings.pane
