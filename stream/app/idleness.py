"""Receiving nothing is not idleness: only a partition at its end for long enough is idle, and its clock is raised.

Pure: the reader's answers and the wall time are passed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stream.broker.silence import FRESH_S
from stream.config.settings import Settings
from stream.counting.clocks import Mark
from stream.events import NEVER, Partition

BREAK_S = 5.0  # a process that was suspended, or waited for its disk, has not been looking


@dataclass
class Idleness:
    """Since when each partition has been at its end without a break, in wall-clock seconds."""

    settings: Settings
    since: dict[Partition, float] = field(default_factory=dict)
    _observed: float = float("-inf")
    _positions: dict[Partition, int] = field(default_factory=dict)
    # By topic: since when all its partitions are at their end, and its greatest clock then. The present one has been
    # raised by the time for which all were, and would be by the same time again.
    _reached: dict[str, tuple[float, int]] = field(default_factory=dict)
    _unheard: dict[Partition, int | None] = field(default_factory=dict)  # where labels end, while there was none ever

    def observe(self, at_end: Mapping[Partition, int], now: float) -> None:
        """Note which partitions are at their end now, and at which offset.

        One that speaks is not idle, however soon it is read. After a break nothing is known of the time before it.
        """
        broken = now - self._observed > BREAK_S
        self.since = {
            partition: self.since[partition] if not broken and self._positions.get(partition) == position else now
            for partition, position in at_end.items()
        }
        self._positions, self._observed = dict(at_end), now

    def idle(self, now: float) -> set[Partition]:
        """The partitions that have been at their end for long enough."""
        enough = self.settings.events.idle / 1e9
        return {partition for partition, since in self.since.items() if _silent(since, now) >= enough}

    def releases(self, clocks: Mapping[Partition, Mark], now: float) -> list[tuple[Partition, int]]:
        """The idle partitions whose clock holds panes or others back, and the event time to raise it to."""
        idle = self.idle(now)
        untils = {topic: self._until(topic, clocks, idle, now) for topic in {topic for topic, _ in idle}}
        raised = []
        for partition in sorted(idle):
            until = untils[partition[0]]
            if self._holds_back(self._clock(partition, clocks), until):
                raised.append((partition, until))
        return raised

    def _until(self, topic: str, clocks: Mapping[Partition, Mark], idle: set[Partition], now: float) -> int:
        """The least clock of those that are not idle; where all are, the greatest plus the time for which all were."""
        if topic not in self.settings.events.predictions and self._never_labelled(clocks, idle):
            return self._without_labels(clocks)
        mine = [partition for partition in clocks if partition[0] == topic]
        if all(self._clock(partition, clocks) == NEVER for partition in mine):  # a topic that never had an event
            predictions = topic in self.settings.events.predictions
            mine = [
                partition for partition in clocks if (partition[0] in self.settings.events.predictions) == predictions
            ]
        busy = [self._clock(partition, clocks) for partition in mine if partition not in idle]
        if busy:
            return min(busy)
        since = max(self.since[partition] for partition in mine)
        if self._reached.get(topic, (NEVER, NEVER))[0] != since:
            self._reached[topic] = (since, max(self._clock(partition, clocks) for partition in mine))
        greatest = self._reached[topic][1]
        return NEVER if greatest == NEVER else greatest + int(_silent(since, now) * 1e9)

    def _never_labelled(self, clocks: Mapping[Partition, Mark], idle: set[Partition]) -> bool:
        """Whether no topic of labels alone has had one, as far as is known; what raised their clocks then was this."""
        labels = [partition for partition in clocks if not self._predicts(partition)]
        ends = {partition: self._positions.get(partition) for partition in labels}
        if all(clocks[partition].label_clock == NEVER for partition in labels):
            self._unheard = ends
        return idle.issuperset(labels) and ends == self._unheard

    def _without_labels(self, clocks: Mapping[Partition, Mark]) -> int:
        """As if labels were as far behind as they may be: else predictions would wait for the first one for ever."""
        newest = max((self._clock(each, clocks) for each in clocks if self._predicts(each)), default=NEVER)
        within = max(model.labels.within for _, model in self.settings.patterns)
        return NEVER if newest == NEVER else newest - within

    def _predicts(self, partition: Partition) -> bool:
        return partition[0] in self.settings.events.predictions

    def _clock(self, partition: Partition, clocks: Mapping[Partition, Mark]) -> int:
        mark = clocks[partition]
        return mark.clock if self._predicts(partition) else mark.label_clock

    def _holds_back(self, clock: int, until: int) -> bool:
        """Whether a pane is closed by it, or others may not read further; more would only lengthen the journal."""
        if NEVER in (until, clock):
            return until > clock
        return self._pane(until) > self._pane(clock) or until - clock >= self.settings.events.max_ahead

    def _pane(self, time: int) -> int:
        return (time - self.settings.lateness) // self.settings.pane


def _silent(since: float, now: float) -> float:
    """For how long, s, a partition has surely said nothing: the last answer about it may be FRESH_S old."""
    return now - since - FRESH_S
