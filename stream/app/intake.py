"""Where events come from: brokers, topics and added partitions are found; clients that gave up are replaced."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from stream.app.idleness import Idleness
from stream.app.listening import Listening
from stream.app.steady import Steady
from stream.app.trouble import Trouble
from stream.broker import (
    BrokerFailed,
    Fetched,
    Gap,
    Questions,
    Reader,
    TopicReplaced,
    offer_topics,
    wait_for_topics,
)
from stream.config.mistakes import ConfigurationError
from stream.config.settings import Settings
from stream.counting.clocks import Mark
from stream.events import Partition
from stream.monitor.scopes import topics
from stream.watch import Memory, Watch

W = TypeVar("W", bound=Watch)

PLACE = "Kafka"
RECORDS_MAX = 4_000  # per fetch: what a round costs is shared by many; at 17 us per event, it takes less than 0.1 s
FETCH_MS = 100
LOOK_S = 5.0  # how often partitions that were added are looked for: their first events wait for so long


@dataclass
class Intake(ABC, Generic[W]):
    """Reads what the journey asks for, from where it is. Failures cost nothing: positions are the journey's."""

    settings: Settings
    environment: Mapping[str, str]
    trouble: Trouble
    say: Callable[[str], None]
    resumed: Mapping[Partition, Mark] = field(default_factory=dict)  # up to where an earlier run has read
    waiting: str = "connecting to Kafka"  # for what, before the first fetch
    clock: Callable[[], float] = time.monotonic
    _added: dict[Partition, int] = field(default_factory=dict)
    _moved: bool = False  # a side topic is to be read from elsewhere

    def __post_init__(self) -> None:
        self._questions, self._idleness = Questions(self.settings.kafka, self.environment), Idleness(self.settings)
        self._steady = Steady(Reader(self.settings.kafka, self.environment), self._questions, self.trouble, PLACE)
        self._topics, self._listening = topics(self.settings), Listening(self.settings, self._questions, self.say)

    def resume(self, memory: Memory) -> Memory:
        """Go on with what an earlier run has read, as far as it is still configured."""
        for topic in sorted({topic for topic, _ in memory.starts} - set(self._topics)):
            self.say(f"topic {topic} is not in `events` any more: it is left where it was")
        self.resumed = {each: mark for each, mark in memory.clocks.items() if each[0] in self._topics}
        return replace(memory, starts={each: memory.starts[each] for each in self.resumed})

    async def connect(self, watch: W) -> bool:
        """Find the brokers and the topics, and go where the last Commit ended. ConnectionProblem after CONNECT_S."""
        await self._steady.start(self.say)
        names, written = ", ".join(self._topics), self.settings.topics
        self.waiting = f"waiting for topics {names}"
        create = self.settings.kafka.create_topics
        found = await wait_for_topics(self._questions, self._topics, create=create, say=self.say)
        await self._check(found.partitions)
        await offer_topics(
            self._questions, (written.triggers, written.dead_letters, *self._listening.offered), self.say
        )
        await self._offer(found.partitions)
        self._added = await self._beginnings(watch, found.partitions)
        await self._listening.find(watch)
        self._adopt(watch)
        self.say(f"reading {len(found.partitions)} partitions of {names}")
        return True

    async def fetch(self, watch: W) -> list[Fetched | Gap]:
        """What has come. While nothing can, `trouble` says why. TopicReplaced: it is another topic now."""
        if self._added or self._moved:
            self._adopt(watch)
        return await self._steady.fetch(FETCH_MS, RECORDS_MAX, lambda: self._all(watch), self._held(watch))

    def take(self, watch: W, fetched: list[Fetched | Gap]) -> bool:
        """Let what has come be heeded or counted, and idle ones hold nobody up; whether a Commit is waited for."""
        rest = self._listening.take(watch, fetched)
        return self._count(watch, rest) or len(rest) < len(fetched)

    @abstractmethod
    def _count(self, watch: W, fetched: list[Fetched | Gap]) -> bool:
        """Let events be counted, and idle partitions hold nobody up; whether a Commit is waited for."""

    @abstractmethod
    def _positions(self, watch: W) -> Mapping[Partition, int]:
        """From where to read what."""

    def _all(self, watch: W) -> Mapping[Partition, int]:
        """The same, with the side topics."""
        return {**self._positions(watch), **self._listening.positions(watch)}

    def _held(self, watch: W) -> Collection[Partition]:
        """Of what is read, what must wait."""
        return watch.held

    @abstractmethod
    def ends(self, watch: W) -> dict[Partition, int]:
        """Where partitions end, as far as that is known."""

    async def told(self, watch: W) -> None:
        """Do what follows when the store has a Commit; here nothing."""

    def idle(self) -> set[Partition]:
        """The partitions that have been at their end for long enough."""
        return self._idleness.idle(self.clock())

    async def stop(self) -> None:
        """Disconnect, within seconds."""
        await self._steady.stop()

    async def look(self, watch: W) -> None:
        """For ever: look for added partitions, which the next fetch will read; show lag tools how far we are."""
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(BrokerFailed, ConfigurationError):  # whoever reads meets the same, and says so
                await self.find(watch)
                await self._show(watch)

    async def find(self, watch: W) -> None:
        """Look for added partitions once."""
        found = await self._questions.partitions(self._topics)
        if set(found.partitions) - watch.progress.keys():
            await self._offer(found.partitions)
        self._added = await self._beginnings(watch, found.partitions)
        self._moved |= await self._listening.find(watch)

    async def _show(self, watch: W) -> None:
        """Let lag tools see how far we are."""

    async def _offer(self, found: Collection[Partition]) -> None:
        """Let other topics be there that go with the partitions found."""

    async def _check(self, found: Collection[Partition]) -> None:
        """TopicReplaced where a partition ends before what was read of it, though perhaps behind what is read again."""
        for partition in sorted(self.resumed.keys() - set(found)):
            raise TopicReplaced(*partition, self.resumed[partition].offset, None)
        for partition, bounds in (await self._questions.bounds(self.resumed)).items():
            if bounds.end < self.resumed[partition].offset:
                raise TopicReplaced(*partition, self.resumed[partition].offset, bounds.end)

    async def _beginnings(self, watch: W, found: Iterable[Partition]) -> dict[Partition, int]:
        """Where new partitions begin: at the first start as `kafka.from` says, later ones at their earliest."""
        known = watch.progress
        bounds = await self._questions.bounds([partition for partition in found if partition not in known])
        latest = not known and self.settings.kafka.from_ == "latest"
        return {partition: each.end if latest else each.beginning for partition, each in bounds.items()}

    def _adopt(self, watch: W) -> None:
        """Assign what is known and what was added, all from where the journey is."""
        for partition, beginning in sorted(self._added.items()):
            watch.find(partition, beginning)
        self._added, self._moved = {}, False
        self._listening.adopt(watch)
        self._steady.assign(self._all(watch))
