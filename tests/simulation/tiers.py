"""Drives workers and a monitor over a world: a log of Partials and a log of boards between them, killed at random."""

import random
from dataclasses import dataclass, field

from sinks.commit import Store
from sinks.memory import MemoryStore
from stream import board as boards
from stream.board import Boards
from stream.events import Partition
from stream.follower import Follower
from stream.gatherer import Gatherer
from stream.monitor.onboarding import Sources
from stream.recovery import recall
from stream.wire import end_of
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
    worker_kills: int = 0
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
        elif dice < 0.5:
            self._work(partition)
        elif dice < 0.8:
            self._follow(partition)
        else:
            self._commit()
        if not self.changed and self._all_at(self.world.change_at):
            self._commit()
            self.changed, self.workers = True, {}
            self._monitor()

    # ---- the workers

    def _work(self, partition: Partition) -> None:
        worker = self.workers.get(partition) or self._born(partition)
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
        if self.rng.random() < self.cut_share:
            one.upto = self.world.end(partition)
            one.cut()
            self.partials[partition] += one.take()  # one transaction

    def _born(self, partition: Partition) -> Worker | None:
        read = Boards(settings(self.changed))
        for message in self.plans:
            read.receive(message)
        if read.newest is None:
            return None
        if self.partials[partition]:
            start, gap = end_of(self.partials[partition][-1])
        elif partition in read.newest.starts:
            start, gap = read.newest.starts[partition], partition in read.newest.gaps
        else:
            return None
        return Worker(Gatherer(settings(self.changed), partition, start, read.newest, gap=gap), read, len(self.plans))

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
        self.store.write(self.follower.take())
        for key, message in boards.pack(self.follower.board({}), self.said):
            self.plans.append(message)
            if key != "board":
                self.said.add(key.removeprefix("plan "))

    # ---- faults, and the end

    def _kill(self, partition: Partition) -> None:
        if self.rng.random() < 0.5:
            self.worker_kills += self.workers.pop(partition, None) is not None
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
