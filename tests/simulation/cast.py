"""The processes: the shell's own objects in their own order, with stand-ins for clients, threads and sleep."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from msgspec.structs import replace

from sinks.commit import Commit, Keep, Meeting, Said, Steps, Store, StoreFailed
from sinks.memory import MemoryStore
from sinks.topics import Fenced, RelayFailed
from stream.app.following import Following
from stream.app.intake import Intake
from stream.app.keeping import Keeping
from stream.app.outbox import Outbox
from stream.app.reading import Reading
from stream.app.trouble import Trouble
from stream.app.writing import Writer
from stream.broker import BrokerFailed
from stream.broker.questions import Bounds, Found
from stream.config.settings import Settings
from stream.events import Partition
from stream.journey import Journey
from stream.monitor.labels.meetings import Meetings
from stream.recovery import recall
from stream.retention import Retention
from stream.tiers.boards import Boards
from stream.tiers.follower import Follower
from stream.worker.claim import Claim
from tests.simulation.asking import CONTROL, OUTCOMES
from tests.simulation.kafka import Kafka, Relay, events, last_record, partials
from tests.simulation.shape import sources
from tests.simulation.turns import Process, Turn

SIDES = (CONTROL, OUTCOMES)
FORGET_EVERY = 4  # Commits
COMMIT_SHARE, FIND_SHARE = 0.3, 0.3  # of the rounds


class Disk(MemoryStore):
    """A store whose writes fail now and then."""

    def __init__(self, kafka: Kafka) -> None:
        super().__init__()
        self._kafka = kafka

    def write(self, commit: Commit) -> None:
        """Keep it all, or nothing."""
        if self._kafka.fails("store calls that failed"):
            raise StoreFailed("disk full")
        super().write(commit)

    def take_over(self, commit: Commit) -> None:
        """Keep what is handed over: nothing fails, or it would be done again from the beginning."""
        super().write(commit)

    def meeting(self, steps: Steps) -> Meeting:
        """Say what is known of labels, or nothing."""
        if self._kafka.fails("questions of labels that failed"):
            raise StoreFailed("disk full")
        rows_max = (1, 20, steps.rows_max)[self.last() % 3] if steps.rows_max else None
        met = super().meeting(replace(steps, rows_max=rows_max))
        self._kafka.happened["steps of labels in pieces"] += met.steps.upto < steps.upto
        return met

    def said(self, models: Sequence[str], after: int, upto: int) -> Said:
        """Say what was predicted, or nothing."""
        if self._kafka.fails("questions of labels that failed"):
            raise StoreFailed("disk full")
        return super().said(models, after, upto)


class Service:
    """A life of `driftline run` or `driftline monitor`: what `stream.app.service` does, without its listener."""

    def __init__(self, kafka: Kafka, store: Store, settings: Settings, batch_max: int, *, tiers: bool) -> None:
        self._kafka, self._dice, self._store = kafka, kafka.dice, store
        trouble = Trouble(_silent)
        self.intake: Intake[Any] = (Following if tiers else Reading)(settings, {}, trouble, _silent, clock=kafka.clock)
        self.intake._steady = (partials if tiers else events)(kafka, batch_max)  # type: ignore[assignment]
        self.intake._questions = self.intake._listening.questions = _Questions(kafka)  # type: ignore[assignment]
        if isinstance(self.intake, Following):
            self.intake._relay = Relay(kafka, f"plans-{settings.monitors.name}")  # type: ignore[assignment]
        self.outbox = Outbox(Relay(kafka, f"monitor-{settings.monitors.name}"), settings.topics, trouble)
        self.outbox.recall(store)
        writer = Writer(store, _silent, trouble, _Going(), self._thread)  # type: ignore[arg-type]
        self._keeping = Keeping(writer, self.outbox, self.intake, _silent, self.outbox.upto)
        memory = self.intake.resume(recall(store, settings))
        self.watch: Any = (Follower if tiers else Journey)(settings, sources(settings.limits), memory)
        self.kept = dict(memory.clocks)  # of the last Commit
        self._keeps = False  # a Commit is on its way
        self.process = Process(service=self._live(), outbox=self._send())

    async def _live(self) -> None:
        """What `Service._read` does, round by round."""
        while self._kafka.topics_of_events - {topic for topic, _ in self._kafka.partitions()}:
            await Turn("waiting for a topic")
        await self.intake.find(self.watch)
        self.intake._adopt(self.watch)
        while True:
            fetched = await self.intake.fetch(self.watch)
            self.intake.take(self.watch, fetched)
            if self._dice.random() < COMMIT_SHARE:
                clocks, self._keeps = self.watch.clocks, True
                if await self._keeping.keep(self.watch):
                    self.kept = clocks
                    if self._kafka.scene.shape.forgets and self.watch.number % FORGET_EVERY == 0:
                        forget(self._store, self.watch.monitor.meetings, self.watch.retention())
                self._keeps = False
            if self._dice.random() < FIND_SHARE and len(self._kafka.partitions()) > len(self.watch.progress):
                await self.intake.find(self.watch)

    async def _send(self) -> None:
        """What `Outbox.run` does, without its rests."""
        while True:
            await Turn("before it sends")
            try:
                await self.outbox.relay.start()
                if any(self.outbox.pending):
                    await self.outbox.send()
            except RelayFailed:
                continue

    async def _thread(self, function: Callable[..., str], *arguments: object) -> str:
        """A thread that waits for a disk."""
        slow = self._dice.choice((0, 0, 0, 2, 8))
        self._kafka.happened["slow commits"] += slow > 2
        for _ in range(slow):
            await Turn("the disk is slow")
        found = function(*arguments)
        await Turn("refused by the disk" if found else "written, and nobody told")
        return found

    @property
    def settled(self) -> bool:
        """Whether all that was decided is kept and sent."""
        monitor = self.watch.monitor
        waits = self._keeps or monitor.ledger or monitor.meetings.due()
        at = {each: n for side in self.watch.sides.values() for each, n in side.positions.items()}
        heeded = not any(self._kafka.topic(each).since(at.get(each, 0)) for each in SIDES)
        return heeded and not (waits or self.watch.held or any(self.outbox.pending))


def forget(store: Store, meetings: Meetings, retention: Retention | None) -> None:
    """Let go what no label, prediction or window can ask for; history stays."""
    needed = meetings.needed_since()
    bounds: dict[Keep, int] = {"waiting": needed[0], "answered": needed[1]} if needed else {}
    if retention is not None:
        bounds["earlier"] = retention.earlier
    store.forget(bounds, {}, meetings.unsampled())


class Worker:
    """One partition's share of a worker process: what `stream.worker` does with one claim."""

    def __init__(self, kafka: Kafka, settings: Settings, partition: Partition, batch_max: int) -> None:
        self._kafka, self._partition = kafka, partition
        self._boards, self._heard = Boards(settings), 0
        self._plans = (settings.topics.plans, 0)
        self._source = events(kafka, batch_max)
        at = settings.topics.partials_of(partition[0]), partition[1]
        name = "{}-{}".format(*partition)
        self.claim = Claim(
            settings, partition, Relay(kafka, name), lambda: last_record(kafka, at), kafka.clock, self._sleep
        )
        self.process = Process(worker=self._work())

    async def _work(self) -> None:
        """Begin, then fetch, gather, and send what is due, until something fails."""
        claim, each = self.claim, self._partition
        try:
            await claim.begin(self._newest)
            self._source.assign({each: claim.gatherer.read_upto()})
            while True:
                held = [each] if claim.gatherer.held else []
                for item in await self._source.fetch(0, 1, lambda: {each: claim.gatherer.read_upto()}, held):
                    claim.take(item)
                claim.look(self._newest())
                claim.release(at_end=self._source.at_end(each))
                now, end = self._kafka.now, self._source.end(each)
                await claim.send(end=end, at_end=self._source.at_end(each), now=now)
        except (RelayFailed, Fenced, BrokerFailed):
            return

    def _newest(self) -> Any:  # noqa: ANN401 - a board, or none
        """Hear some of what monitors have said since the last time."""
        topic, dice = self._kafka.topic(self._plans), self._kafka.dice
        come = topic.since(self._heard)
        heard = dice.randint(0, len(come))
        self._kafka.happened["boards delivered late"] += heard < len(come)
        for offset, value in come[:heard]:
            self._boards.receive(value)
            self._heard = offset + 1
            if dice.random() < self._kafka.fault_share:
                self._boards.receive(value)
                self._kafka.happened["boards delivered twice"] += 1
        return self._boards.newest

    async def _sleep(self, seconds: float) -> None:
        assert seconds
        await Turn("waiting for a board")


class _Questions:
    """Stands for `Questions`."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka

    async def partitions(self, names: Collection[str]) -> Found:
        """Those of events that there are by now; those that driftline writes are there, and are enough."""
        await Turn("looking for partitions")
        if CONTROL[0] in names:
            return Found(SIDES, ())
        if self._kafka.topics_of_events.isdisjoint(names):
            return Found(tuple((topic, n) for topic in names for n in range(9)), ())
        return Found(tuple(self._kafka.partitions()), ())

    async def bounds(self, partitions: list[Partition]) -> dict[Partition, Bounds]:
        """Where they begin and end."""
        high, wall = self._kafka.scene.log, self._kafka.wall
        if set(partitions) <= set(SIDES):
            return {each: Bounds(0, len(self._kafka.topic(each).values)) for each in partitions}
        return {each: Bounds(self._kafka.beginning(each), high[each].high(wall)) for each in partitions}


class _Going:
    """Stands for `Stopping`: nobody wishes to end."""

    def __bool__(self) -> bool:
        return False

    async def sleep(self, seconds: float) -> None:
        """Wait for the disk."""
        assert seconds
        await Turn("waiting for the disk")


def _silent(*_: object) -> None:
    """Say nothing."""
