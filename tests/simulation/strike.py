"""Plays a scene with the real shell, one await at a time, and strikes it; what it leaves in the store is compared."""

import random
from dataclasses import dataclass, field

from sinks.commit import Store
from stream.events import Partition
from tests.simulation.cast import Disk, Service, Worker
from tests.simulation.kafka import Kafka
from tests.simulation.scene import ACTS, Scene
from tests.simulation.told import Row, journal
from tests.simulation.turns import Process

TURN_S = 0.25  # of wall time between two awaits, at most
STUCK = 20_000  # turns in an act: a clock that jumps half an hour ahead is waited for
BATCHES = (8, 25, 100)
FAULTS = (0.0, 0.01, 0.03)  # of the calls
KILLS = (0.0, 0.01, 0.03)  # of the turns
STRIKES_MAX = 5  # in an act: who is struck again and again never sees that a partition is idle
AWAY_S = 8.0  # how long somebody may be dead or frozen


class Stuck(Exception):
    """Everybody waits for somebody else."""


@dataclass
class Struck:
    """One seed's performance."""

    scene: Scene
    seed: int
    tiers: bool
    store: Store = field(init=False)
    journals: list[set[Row]] = field(default_factory=list)  # by the end of each act

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.kafka = Kafka(self.scene, self.dice, self.dice.choice(FAULTS))
        self.store = Disk(self.kafka)
        self._kill_share, self._batch_max = self.dice.choice(KILLS), self.dice.choice(BATCHES)
        self.service: Service | None = None
        self.workers: dict[Partition, Worker] = {}
        self.frozen: dict[Process, float] = {}  # who does nothing until then, and then goes on as if nothing had been
        self.away: dict[object, float] = {}  # who is not there before
        self.happened = self.kafka.happened

    def finish(self) -> Store:
        """Play all acts."""
        try:
            self._play()
        finally:
            self._go_home()
        return self.store

    def _play(self) -> None:
        for act in range(ACTS):
            self.kafka.act, self.kafka.begun = act, self.kafka.now
            self._settings = self.scene.shape.settings(act)
            turns = self._strikes = 0
            while not self._drained():
                self._turn()
                turns += 1
                if turns > STUCK:
                    raise Stuck(f"act {act}")
            self.happened["turns"] += turns
            self._end_act(act)

    def _end_act(self, act: int) -> None:
        """Everybody goes home; the next act may have another configuration."""
        self.journals.append(journal(self.store))
        if act + 1 < ACTS:
            texts = self.scene.shape.texts
            self.happened["changes of plan"] += texts[act] != texts[act + 1]
        self._go_home()

    def _go_home(self) -> None:
        living = [one.process for one in (self.service, *self.workers.values()) if one is not None]
        for process in (*living, *self.frozen):
            process.kill()
        self.service, self.workers, self.frozen, self.away = None, {}, {}, {}

    def _drained(self) -> bool:
        """Whether all of the act is read, kept and sent."""
        service, kafka = self.service, self.kafka
        if service is None or not service.settled or service.kept != service.watch.clocks:
            return False
        return {each: mark.offset for each, mark in service.kept.items()} == self.scene.ends(kafka.act)

    # ---- who does what

    def _turn(self) -> None:
        self.kafka.now += self.dice.random() * TURN_S
        dice = self.dice.random()
        if dice < self._kill_share and self._strikes < STRIKES_MAX:
            self._strike()
        elif dice > 0.997:
            self._weather()
        self._wake()
        self._appear()
        process = self.dice.choice(self._awake())
        process.step(self.dice.choice(process.names))

    def _awake(self) -> list[Process]:
        living = [worker.process for worker in self.workers.values()]
        if self.service is not None:
            living += [self.service.process] * max(1, len(living))
        return [process for process in living if process not in self.frozen] or [Process(nobody=_nothing())]

    def _appear(self) -> None:
        """Whoever is not there is started, after a while."""
        kafka, settings = self.kafka, self._settings
        if self.service is None and self._there("service"):
            self.service = Service(kafka, self.store, settings, self._batch_max, tiers=self.tiers)
        if not self.tiers:
            return
        for each in self.kafka.partitions():
            if each not in self.workers and self._there(each):
                self.workers[each] = Worker(kafka, settings, each, self._batch_max)
        for each, worker in list(self.workers.items()):
            if not worker.process.names:  # its producer has failed: the partition is claimed anew
                del self.workers[each]

    def _there(self, who: object) -> bool:
        return self.away.get(who, 0.0) <= self.kafka.now

    # ---- faults

    def _strike(self) -> None:
        self._strikes += 1
        if self.workers and self.dice.random() < 0.6:
            each = self.dice.choice(sorted(self.workers))
            worker = self.workers.pop(each)
            self._leave(each)
            if self.dice.random() < 0.5:
                self._killed(worker.process, "worker")
            else:
                self.frozen[worker.process] = self.kafka.now + self.dice.random() * AWAY_S
                self.happened["workers frozen, while another takes over"] += 1
            self._retain(each, worker)
        elif self.service is not None:
            self._killed(self.service.process, "monitor" if self.tiers else "run")
            self.service = None
            self._leave("service")

    def _killed(self, process: Process, who: str) -> None:
        self.happened[f"{who} killed: {next(iter(process.at.values()))}"] += 1
        process.kill()

    def _leave(self, who: object) -> None:
        self.away[who] = self.kafka.now + (self.dice.random() * AWAY_S if self.dice.random() < 0.3 else 0.0)

    def _wake(self) -> None:
        for process, until in list(self.frozen.items()):
            if until <= self.kafka.now:
                self._zombie(process)

    def _zombie(self, process: Process) -> None:
        """It goes on until it notices."""
        if process.names and self.dice.random() < 0.5:
            process.step(self.dice.choice(process.names))
        elif not process.names:
            del self.frozen[process]

    def _retain(self, each: Partition, worker: Worker) -> None:
        """Retention overtakes a partition that nobody reads."""
        if self.dice.random() > 0.2 or not hasattr(worker.claim, "gatherer"):
            return
        one, wall = self.scene.log[each], self.kafka.wall
        first, stable = one.first(worker.claim.gatherer.mark.offset), one.first(one.stable(wall))
        if first < stable:
            self.kafka.retained[each] = one.ends[self.dice.randrange(first, stable)]

    def _weather(self) -> None:
        """What happens to all."""
        if self.dice.random() < 0.3:
            self.kafka.now += self.dice.random() * AWAY_S
            self.happened["machines suspended"] += 1
        self.happened["boards compacted away"] += self.kafka.topic((self._settings.topics.plans, 0)).compact()


async def _nothing() -> None:
    """Nobody is awake."""
