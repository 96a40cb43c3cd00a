"""The same scene undisturbed: one process that reads large batches, and is told what the journal of a run says."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from sinks.commit import JOURNAL, Store
from sinks.memory import MemoryStore
from stream.counting.clocks import Mark, Release, Start
from stream.events import Partition
from stream.joining.meeting import settle
from stream.journey import Journey
from stream.recovery import recall
from stream.watch import Memory
from tests.simulation.scene import Scene
from tests.simulation.shape import sources

BATCH = 250  # records

Row = tuple[str, str, int, int, int, str]  # kind, topic, partition, offset, until, detail


def journal(store: Store) -> set[Row]:
    """Every input that is not an event."""
    columns = store.select(JOURNAL)
    names = ("kind", "topic", "partition", "offset", "until", "detail")
    return set(zip(*(columns[name].tolist() for name in names), strict=True))


@dataclass
class Told:
    """Reads all of a scene. `journals`: what a run had been given by the end of each act."""

    scene: Scene
    journals: list[set[Row]]
    store: MemoryStore = field(default_factory=MemoryStore)
    _releases: dict[Partition, list[Release]] = field(default_factory=lambda: defaultdict(list))
    _losses: dict[Partition, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def finish(self) -> Store:
        """Read act by act."""
        before: set[Row] = set()
        for act, known in enumerate(self.journals):
            settings = self.scene.shape.settings(act)
            memory = self._tell(sorted(known - before), recall(self.store, settings))
            journey = Journey(settings, sources(settings.limits), memory)
            controls = [row for row in known - before if row[0] == "control"]
            journey.heeding.tell([((topic, n), *noted) for _, topic, n, *noted in controls])
            outcomes = [row for row in known - before if row[0] == "outcome"]
            journey.outcomes.tell([((topic, n), *noted) for _, topic, n, *noted in outcomes])
            self._read(journey, self.scene.ends(act))
            before = known
        return self.store

    def _tell(self, rows: list[Row], memory: Memory) -> Memory:
        """What a run has met in an act, where it met it."""
        starts = dict(memory.starts)
        for kind, topic, n, offset, until, detail in rows:
            each: Partition = (topic, n)
            clocks: dict[str, Any] = msgspec.json.decode(detail)
            if kind == "found":
                starts[each] = Start(Mark(offset, 0, clocks["clock"], clocks["labels"]), (offset, 0))
            elif kind == "release":
                self._releases[each].append(Release(offset, until, clocks["labels"]))
            elif kind == "lost":
                self._losses[each][offset] = until
                self._releases[each].append(Release(offset, clocks["clock"], clocks["labels"]))
        told = {
            each: Start(
                start.mark, start.written, tuple(r for r in self._releases[each] if r.offset >= start.mark.offset)
            )
            for each, start in starts.items()
        }
        return replace(memory, starts=told)

    def _read(self, journey: Journey, ends: dict[Partition, int]) -> None:
        while any(mark.offset < ends[each] for each, mark in journey.clocks.items()):
            for each, mark in journey.clocks.items():
                if each not in journey.held and mark.offset < ends[each]:
                    self._move(journey, each, mark.offset, ends[each])
            journey.work()
        assert not journey.held
        settle(journey, self.store)

    def _move(self, journey: Journey, each: Partition, at: int, end: int) -> None:
        losses = self._losses[each]
        if at in losses:
            journey.lose(each, losses[at])
            return
        one = self.scene.log[each]
        batch = one.ends[min(one.first(at) + BATCH, len(one.ends)) - 1]
        stop = min((end, batch, *(begin for begin in losses if begin > at)))
        assert stop > at, f"{each}: {stop} is not behind {at}"
        journey.receive(self.scene.records(each, at, stop))
