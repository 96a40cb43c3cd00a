"""Drives the real pure half over a world: batches and order at random, killed at random."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sinks import commit as tables
from sinks.commit import RESULTS, Store, Table
from sinks.memory import MemoryStore
from stream.events import Partition
from stream.joining.meeting import settle
from stream.journey import Journey
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall
from tests.simulation.world import World, settings

BATCH_MAX = 40
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Run:
    """One life of the service after another over the same store."""

    world: World
    seed: int
    batch_max: int = BATCH_MAX
    commit_share: float = 0.3  # of the steps
    kill_share: float = 0.0
    store: Store = field(default_factory=MemoryStore)
    steps: int = 0
    kills: int = 0
    reread: list[int] = field(default_factory=list)  # records read again after each kill
    commits_per_pane: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.changed = False
        self.journey = self._born()

    def finish(self) -> Rows:
        """Run to the end of the log; the rows that the guarantee compares, in key order."""
        while not self._done():
            self.step()
        self._commit()
        return rows(self.store)

    def step(self) -> None:
        """One random step: read a batch, or fall idle where the world says so; perhaps commit, perhaps die."""
        self.steps += 1
        if self.rng.random() < self.kill_share:
            self._kill()
            return
        ready = [partition for partition in self.world.log if self._can_move(partition)]
        if ready:
            self._move(self.rng.choice(ready))
        if self.rng.random() < self.commit_share or not ready:
            self._commit()
        if not self.changed and not ready and self._at_change():
            self._commit()
            self.changed = True
            self.journey = self._born()

    def _born(self) -> Journey:
        chosen = settings(self.changed)
        journey = Journey(chosen, Sources(chosen.limits), recall(self.store, chosen))
        for partition in self.world.log:
            if partition not in journey.ingest.progress:
                journey.find(partition, self.world.log[partition][0][0])
        self.released = self._journaled()
        return journey

    def _kill(self) -> None:
        """Everything in memory is gone."""
        before = {partition: mark.offset for partition, mark in self._committed().items()}
        self.kills += 1
        self.journey = self._born()
        after = {partition: mark.offset for partition, mark in self.journey.clocks.items()}
        self.reread.append(sum(before.get(partition, after[partition]) - after[partition] for partition in after))

    def _committed(self) -> dict[Partition, Any]:
        return dict(recall(self.store, settings(self.changed)).clocks)

    def _journaled(self) -> set[tuple[Partition, int]]:
        found = self.store.select(tables.JOURNAL)
        columns = (found[name].tolist() for name in ("kind", "topic", "partition", "offset"))
        return {((topic, n), offset) for kind, topic, n, offset in zip(*columns, strict=True) if kind == "release"}

    def _stop_at(self, partition: Partition) -> int:
        """How far a partition may be read before something else has to happen there."""
        bounds = [self.world.end(partition)]
        bounds += [
            s.offset for s in self.world.silences if s.partition == partition and self._waits(s.partition, s.offset)
        ]
        if not self.changed:
            bounds.append(self.world.change_at[partition])
        return min(bounds)

    def _waits(self, partition: Partition, offset: int) -> bool:
        return (partition, offset) not in self.released

    def _can_move(self, partition: Partition) -> bool:
        if partition in self.journey.held:
            return False
        at = self.journey.clocks[partition].offset
        return at < self._stop_at(partition) or self._silence(partition) is not None

    def _silence(self, partition: Partition) -> int | None:
        """The index of a silence that begins where the partition is."""
        at = self.journey.clocks[partition].offset
        if not self.changed and at >= self.world.change_at[partition]:
            return None
        for i, silence in enumerate(self.world.silences):
            if silence.partition == partition and silence.offset == at and self._waits(partition, at):
                return i
        return None

    def _move(self, partition: Partition) -> None:
        i = self._silence(partition)
        if i is not None:
            silence = self.world.silences[i]
            self.released.add((partition, silence.offset))
            self.journey.release(partition, silence.until, silence.until)
            return
        at = self.journey.clocks[partition].offset
        end = min(self._stop_at(partition), at + self.rng.randrange(1, self.batch_max + 1))
        self.journey.receive(self.world.records(partition, at, end))
        self.journey.work()

    def _commit(self) -> None:
        settle(self.journey, self.store)

    def _at_change(self) -> bool:
        return all(self.journey.clocks[p].offset >= offset for p, offset in self.world.change_at.items())

    def _done(self) -> bool:
        return (
            self.changed
            and not any(self._can_move(partition) for partition in self.world.log)
            and not self.journey.held
        )


def copied(store: Store) -> MemoryStore:
    """All that it holds at this moment; columns are never changed, so both have them."""
    assert isinstance(store, MemoryStore)
    copy = MemoryStore()
    copy._last, copy._chunks = store._last, {name: list(chunks) for name, chunks in store._chunks.items()}
    return copy


def rows(store: Store) -> Rows:
    """The rows that must be equal, in key order, without the number of the Commit that wrote them."""
    found: Rows = {}
    for table in RESULTS:
        columns = store.select(table)
        names = [column.name for column in table.columns]
        found[table.name] = list(zip(*(_plain(columns[name]) for name in names), strict=True))
    return found


def together(shares: Sequence[Rows]) -> Rows:
    """The rows of all stores, in key order."""

    def keys(table: Table) -> Callable[[Sequence[object]], list[object]]:
        names = [column.name for column in table.columns]
        return lambda row: [row[names.index(name)] for name in table.key]

    return {
        table.name: sorted((row for share in shares for row in share[table.name]), key=keys(table))  # type: ignore[arg-type]  # of one type each
        for table in RESULTS
    }


def _plain(column: np.ndarray) -> list[Any]:
    """Bytes for floats, so that nan equals itself and nothing is rounded."""
    return [value.hex() for value in column.tolist()] if column.dtype == np.float64 else column.tolist()
