"""Drives workers and a monitor over a world: a log of Partials and a log of boards between them, killed at random."""

import random
from collections import Counter
from dataclasses import dataclass, field

from sinks.commit import Store
from sinks.memory import MemoryStore
from stream.events import Partition
from stream.joining.meeting import settle
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall
from stream.tiers.board import pack
from stream.tiers.boards import Boards
from stream.tiers.follower import Follower
from stream.tiers.gatherer import Gatherer, beginning
from tests.simulation.driver import Rows, rows
from tests.simulation.world import World, settings

STUCK = 1_000  # steps in which nothing moves


class Stuck(Exception):
    """Everybody waits for somebody else."""


@dataclass
class Worker:
    """One partition's: it lives from kill to kill; what it has not appended is gone with it."""

    gatherer: Gatherer
    boards: Boards
    heard: int  # of the messages of the plans topic
    epoch: int  # of its producer


@dataclass
class Tiers:
    """Workers, one per partition, and a monitor over a store."""

    world: World
    seed: int
    batch_max: int = 40
    kill_share: float = 0.0  # of the steps
    cut_share: float = 0.3
    store: Store = field(default_factory=MemoryStore)
    partials: dict[Partition, list[bytes]] = field(default_factory=dict)
    plans: list[bytes] = field(default_factory=list)
    workers: dict[Partition, Worker] = field(default_factory=dict)
    changed: bool = False
    tail_first: bool = False  # the wrong order: the end is read before the former owner is fenced
    claiming: dict[Partition, bytes | None] = field(default_factory=dict)  # partitions whose owner is not born yet
    epochs: Counter[Partition] = field(default_factory=Counter)  # of the newest producer of each partition
    frozen: list[tuple[Partition, Worker]] = field(default_factory=list)
    worker_kills: int = 0
    refused: int = 0  # Partials of workers that were frozen, and woke when somebody else had their partition
    monitor_kills: int = 0
    steps: int = 0
    reread: int = 0  # Partials that a monitor has read again

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.partials = {partition: [] for partition in self.world.log}
        self._monitor()

    def finish(self) -> Rows:
        """Run to the end of the log; the rows that the guarantee compares, in key order."""
        moved, before = 0, self.follower.clocks
        while not self._done():
            self.step()
            self.steps += 1
            if self.follower.clocks != before:
                moved, before = self.steps, self.follower.clocks
            if self.steps - moved > STUCK:
                raise Stuck
        self._commit()
        return rows(self.store)

    def step(self) -> None:
        """Somebody does something."""
        partition = self.rng.choice(list(self.world.log))
        dice = self.rng.random()
        if self.rng.random() < self.kill_share:
            self._kill(partition)
        elif self.frozen and dice < 0.05:
            self._wake()
        elif dice < 0.5:
            self._work(partition)
        elif dice < 0.8:
            self._follow(partition)
        else:
            self._commit()
        if not self.changed and self._all_at(self.world.change_at):
            self._commit()
            self.changed, self.workers, self.frozen, self.claiming = True, {}, [], {}
            self._monitor()

    # ---- the workers

    def _work(self, partition: Partition) -> None:
        worker = self.workers.get(partition) or self._claim(partition)
        if worker is None:
            return
        self.workers[partition] = worker
        self._hear(worker)
        one = worker.gatherer
        at = one.mark.offset
        silence = next((s for s in self.world.silences if (s.partition, s.offset) == (partition, at)), None)
        held_up = not self.changed and at >= self.world.change_at[partition]
        if silence is not None and one.mark.clock < silence.until and not one.held and not held_up:
            one.release(silence.until, silence.until)
        elif not one.held:
            end = min(self._stop_at(partition, at), at + self.rng.randrange(1, self.batch_max))
            if end > at:
                one.receive(self.world.records(partition, at, end))
        if self.rng.random() < self.cut_share and not self._append(partition, worker):
            del self.workers[partition]

    def _claim(self, partition: Partition) -> Worker | None:
        """Two steps: fence whoever had the partition, then read where its Partials end; others act in between."""
        if partition not in self.claiming:
            self.claiming[partition] = self._tail(partition)
            self.epochs[partition] += not self.tail_first
            return None
        tail = self.claiming.pop(partition)
        if self.tail_first:
            self.epochs[partition] += 1
        else:
            tail = self._tail(partition)
        return self._born(partition, tail)

    def _tail(self, partition: Partition) -> bytes | None:
        return self.partials[partition][-1] if self.partials[partition] else None

    def _born(self, partition: Partition, tail: bytes | None) -> Worker | None:
        read = Boards(settings(self.changed))
        for message in self.plans:
            read.receive(message)
        if read.newest is None:
            return None
        if (begun := beginning(partition, tail, read.newest)) is None:
            return None
        start, gap = begun
        gatherer = Gatherer(settings(self.changed), partition, start, read.newest, gap=gap, first=tail is None)
        return Worker(gatherer, read, len(self.plans), self.epochs[partition])

    def _append(self, partition: Partition, worker: Worker) -> bool:
        """One transaction, which the log refuses of a producer that is not the newest."""
        worker.gatherer.upto = self.world.end(partition)
        worker.gatherer.cut()
        values = worker.gatherer.take()
        if worker.epoch != self.epochs[partition]:
            self.refused += len(values)
            return False
        self.partials[partition] += values
        return True

    def _wake(self) -> None:
        """A frozen worker goes on as if nothing had happened: it sends what it has."""
        partition, worker = self.frozen.pop(self.rng.randrange(len(self.frozen)))
        if self._append(partition, worker) and partition not in self.workers and partition not in self.claiming:
            self.workers[partition] = worker

    def _hear(self, worker: Worker) -> None:
        upto = self.rng.randint(worker.heard, len(self.plans))
        before = worker.boards.newest
        for message in self.plans[worker.heard : upto]:
            worker.boards.receive(message)
        worker.heard = upto
        newest = worker.boards.newest
        if newest is not None and newest is not before:
            worker.gatherer.look(newest)

    def _stop_at(self, partition: Partition, at: int) -> int:
        bounds = [self.world.end(partition)]
        bounds += [s.offset for s in self.world.silences if s.partition == partition and s.offset > at]
        if not self.changed:
            bounds.append(max(at, self.world.change_at[partition]))
        return min(bounds)

    # ---- the monitor

    def _monitor(self) -> None:
        chosen = settings(self.changed)
        self.follower = Follower(chosen, Sources(chosen.limits), recall(self.store, chosen))
        self.said: set[str] = set()
        for partition in self.world.log:
            if partition not in self.follower.progress:
                self.follower.find(partition, self.world.log[partition][0][0])

    def _follow(self, partition: Partition) -> None:
        for _ in range(self.rng.randrange(1, 4)):
            at = self.follower.next_partial(partition)
            if at < len(self.partials[partition]):
                self.follower.receive(partition, at, self.partials[partition][at])
        self.follower.work()

    def _commit(self) -> None:
        settle(self.follower, self.store)
        for key, message in pack(self.follower.board({}), self.said):
            self.plans.append(message)
            self.said.add(key)

    # ---- faults, and the end

    def _kill(self, partition: Partition) -> None:
        dice = self.rng.random()
        if dice < 0.5:
            victim = self.workers.pop(partition, None)
            if victim is not None and dice < 0.25:
                self.frozen.append((partition, victim))
            self.worker_kills += victim is not None
            return
        self.monitor_kills += 1
        before = {each: self.follower.next_partial(each) for each in self.partials}
        self._monitor()
        self.reread += sum(before[each] - self.follower.next_partial(each) for each in before)

    def _all_at(self, offsets: dict[Partition, int]) -> bool:
        return all(self.follower.clocks[p].offset >= offset for p, offset in offsets.items()) and all(
            self.follower.next_partial(p) == len(self.partials[p])
            and p in self.workers
            and not self.workers[p].gatherer.held
            for p in offsets
        )

    def _done(self) -> bool:
        if not self.changed or not self._all_at({p: self.world.end(p) for p in self.world.log}):
            return False
        ends = {s.partition: s.until for s in self.world.silences}
        return all(self.follower.clocks[p].clock >= until for p, until in ends.items())
