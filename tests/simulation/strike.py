"""Plays a scene with the real shell, one await at a time, and strikes it; what it leaves in the store is compared."""

import random
from dataclasses import dataclass, field

from stream.config.settings import Settings
from stream.events import Partition
from stream.plan import Plan
from stream.tiers.handover import NotHandedOver, check, hand_over
from tests.simulation.asking import Asking, Telling
from tests.simulation.cast import Disk, Service, Worker
from tests.simulation.kafka import Kafka
from tests.simulation.scene import ACTS, Scene
from tests.simulation.told import Row, journal
from tests.simulation.turns import Process

TURNS_S = {False: 0.3, True: 0.08}  # of wall time between two awaits, at most; more turns are needed with workers
LOOK = 8  # turns from one look at whether all is done to the next
STUCK = 40_000  # turns in an act: a clock that jumps 90 panes ahead is waited for, a quarter of an hour of wall time
BATCHES = (30, 90, 200)
OUTBOX_SHARE = 0.25  # of a service's turns
SHARED = 0.2  # of the seeds with workers: two monitors
SHARES = (("a", "b"), ("b", "c"), ("c",), ("a", "b", "c"))  # to whom the models are handed over, if they are
HANDED_OVER = 0.2  # of the seeds with workers; of those that share the models half
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
    journals: list[set[Row]] = field(default_factory=list)  # by the end of each act

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.kafka = Kafka(self.scene, self.dice, self.dice.choice(FAULTS))
        self.names = ("a", "b") if self.tiers and self.dice.random() < SHARED else ("",)
        self.stores = {name: Disk(self.kafka) for name in self.names}
        self._kill_share, self._batch_max = self.dice.choice(KILLS), self.dice.choice(BATCHES)
        self._places = len(self.scene.log) if self.tiers else 0  # of workers
        self.services: dict[str, Service] = {}
        self.workers: dict[Partition, Worker] = {}
        self.frozen: dict[Process, float] = {}  # who does nothing until then, and then goes on as if nothing had been
        self.away: dict[object, float] = {}  # who is not there before
        self.happened = self.kafka.happened
        self.asking = Asking(self.kafka, self.seed, self.scene.shape.models, len(self.names) == 1)
        self.telling = Telling(self.kafka, self.seed)

    @property
    def ended(self) -> list[Settings]:
        """The configuration of each store in the last act."""
        return [self._settings[name] for name in self.names]

    def finish(self) -> list[Disk]:
        """Play all acts."""
        try:
            self._play()
        finally:
            self._go_home()
        self.happened["monitors that share the models"] += len(self.names) if len(self.names) > 1 else 0
        return list(self.stores.values())

    def _play(self) -> None:
        for act in range(ACTS):
            if act and (heirs := self._heirs()):
                self._share(heirs, act)
            self.kafka.act, self.kafka.begun = act, self.kafka.now
            self._settings = {name: self._configured(act, name) for name in ("", *self.names)}
            turns = self._strikes = 0
            self.asking.begin()
            self.telling.begin()
            while turns % LOOK or not self._ended(act):
                self._turn()
                turns += 1
                if turns > STUCK:
                    raise Stuck(f"act {act}")
            self.happened["turns"] += turns
            self._end_act(act)

    def _configured(self, act: int, name: str) -> Settings:
        shape = self.scene.shape
        return shape.shared(act, self.names, name) if len(self.names) > 1 else shape.settings(act)

    def _heirs(self) -> tuple[str, ...]:
        """The monitors that get the models between two acts; none where those keep them that have them."""
        dice = random.Random(f"hand-over {self.seed}")  # the other draws stay what they are
        if not self.tiers or dice.random() > (0.5 if len(self.names) > 1 else HANDED_OVER):
            return ()
        return dice.choice([each for each in SHARES if each != self.names])

    def _share(self, names: tuple[str, ...], act: int) -> None:
        """Let these monitors have all that is known of the models."""
        former = list(self.stores.items())
        self.names, self._places = names, len(self.scene.log)
        self.stores = {name: Disk(self.kafka) for name in names}
        for name, store in self.stores.items():
            for commit in hand_over(former, self._configured(act, name)):
                store.take_over(commit)
        self.asking.alone = False  # from here on a control of all models would hold from several T
        self.happened["models handed over"] += 1

    def _ended(self, act: int) -> bool:
        """Whether an act is over; before a hand-over workers stop, and what they have sent is read by every monitor."""
        if not self._drained():
            return False
        if act + 1 < ACTS and self._heirs():
            for process in (*(worker.process for worker in self.workers.values()), *self.frozen):
                process.kill()
            self.workers, self.frozen, self._places = {}, {}, 0
            try:
                check(list(self.stores.items()))
            except NotHandedOver:
                return False
        return True

    def _end_act(self, act: int) -> None:
        """Everybody goes home; the next act may have another configuration."""
        self.journals.append(set().union(*map(journal, self.stores.values())))
        if act + 1 < ACTS:
            texts = self.scene.shape.texts
            self.happened["changes of plan"] += texts[act] != texts[act + 1]
        self._go_home()

    def _go_home(self) -> None:
        living = [one.process for one in (*self.services.values(), *self.workers.values())]
        for process in (*living, *self.frozen):
            process.kill()
        self.services, self.workers, self.frozen, self.away = {}, {}, {}, {}

    def _drained(self) -> bool:
        """Whether all of the act is read, kept and sent, by every monitor, and all know the same of it."""
        present = list(self.services.values())
        if len(present) < len(self.names) or not all(map(self._done, present)):
            return False
        return all(one.kept == present[0].kept for one in present)

    def _done(self, service: Service) -> bool:
        if not service.settled or service.kept != service.watch.clocks:
            return False
        return {each: mark.offset for each, mark in service.kept.items()} == self.scene.ends(self.kafka.act)

    # ---- who does what

    def _turn(self) -> None:
        self.kafka.now += self.dice.random() * TURNS_S[self.tiers]
        self.asking.turn(self.stores.values(), self._closed, self._plans)
        self.telling.turn()
        dice = self.dice.random()
        if dice < self._kill_share and self._strikes < STRIKES_MAX:
            self._strike()
        elif dice > 0.997:
            self._weather()
        self._wake()
        if len(self.services) < len(self.names) or len(self.workers) < self._places:
            self._appear()
        process = self._next()
        if process is not None:
            names = process.names
            process.step(names[self.dice.random() < OUTBOX_SHARE] if len(names) > 1 else names[0])
            if process.ended:  # a worker's producer has failed: the partition is claimed anew
                del self.workers[next(each for each, worker in self.workers.items() if worker.process is process)]

    def _closed(self) -> int:
        return max((end for one in self.services.values() for end in one.watch.state.closed.values()), default=0)

    def _plans(self) -> list[Plan]:
        return [
            plan for one in self.services.values() for entry in one.watch.state.roster.entries for plan in entry.plans
        ]

    def _next(self) -> Process | None:
        """Whose turn it is: services get as many as all workers together."""
        n, share = len(self.workers), max(1, len(self.workers))
        everybody = n + share * len(self.services)
        if not everybody:
            return None
        i = self.dice.randrange(everybody)
        chosen = [*self.workers.values()][i] if i < n else [*self.services.values()][(i - n) // share]
        return chosen.process

    def _appear(self) -> None:
        """Whoever is not there is started, after a while."""
        for name in self.names:
            if name not in self.services and self._there(name):
                self.services[name] = self._born(name)
        if not self._places:
            return
        for each, born in self.scene.born.items():
            if each not in self.workers and born <= self.kafka.wall and self._there(each):
                self.workers[each] = Worker(self.kafka, self._settings[""], each, self._batch_max)

    def _born(self, name: str) -> Service:
        return Service(self.kafka, self.stores[name], self._settings[name], self._batch_max, tiers=self.tiers)

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
        elif self.services:
            name = self.dice.choice(sorted(self.services))
            self._killed(self.services.pop(name).process, "monitor" if self.tiers else "run")
            self._leave(name)

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
        self.happened["boards compacted away"] += self.kafka.topic((self._settings[""].topics.plans, 0)).compact()
