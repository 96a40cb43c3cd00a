"""What stands between the processes: topics, transactions and fencing, as Kafka has them, and their faults."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sinks.topics import Fenced, Message, RelayFailed
from stream.broker import BrokerFailed, Fetched, Gap
from stream.broker.silence import FRESH_S
from stream.events import Partition
from tests.simulation.scene import ACT, Scene
from tests.simulation.turns import Turn


@dataclass
class Topic:
    """One partition that driftline writes. None: a control record, or what was aborted or compacted away."""

    values: list[tuple[bytes | None, bytes | None]] = field(default_factory=list)  # key, value
    opened: int = 0  # records of a transaction that has not ended

    def since(self, offset: int) -> list[tuple[int, bytes]]:
        """What a reader of committed records finds from an offset on."""
        return [(at, value) for at, (_, value) in enumerate(self.values[offset:], offset) if value is not None]

    def compact(self) -> int:
        """Keep only the last value of each key; how many went."""
        newest = {key: at for at, (key, _) in enumerate(self.values)}
        gone = [at for at, (key, value) in enumerate(self.values) if value is not None and newest[key] != at]
        for at in gone:
            self.values[at] = (None, None)
        return len(gone)


@dataclass
class Kafka:
    """All brokers. `now` is wall time, in seconds; an act's begins anew at its number times ACT."""

    scene: Scene
    dice: random.Random
    fault_share: float  # of the calls that may fail
    now: float = 0.0
    act: int = 0
    begun: float = 0.0  # when the act began
    happened: Counter[str] = field(default_factory=Counter)
    topics: dict[Partition, Topic] = field(default_factory=lambda: defaultdict(Topic))
    epochs: Counter[str] = field(default_factory=Counter)  # of the newest producer of each name
    open: dict[str, dict[Partition, int]] = field(default_factory=dict)  # transactions: records by partition
    retained: dict[Partition, int] = field(default_factory=dict)  # where event partitions begin, once retention has run

    def clock(self) -> float:
        """Wall time."""
        return self.now

    @property
    def wall(self) -> float:
        """Wall time on the scene's own scale."""
        return ACT * self.act + self.now - self.begun

    @property
    def topics_of_events(self) -> set[str]:
        """All that will ever be there."""
        return {topic for topic, _ in self.scene.log}

    def topic(self, partition: Partition) -> Topic:
        """One that driftline writes."""
        return self.topics[partition]

    def partitions(self) -> list[Partition]:
        """The event partitions that there are by now."""
        return [each for each, born in self.scene.born.items() if born <= self.wall]

    def beginning(self, partition: Partition) -> int:
        """The first offset that there is."""
        return self.retained.get(partition, self.scene.log[partition].offsets[0])

    def fails(self, what: str) -> bool:
        """Whether a call fails now."""
        failing = self.dice.random() < self.fault_share
        self.happened[what] += failing
        return failing

    def abort(self, name: str) -> None:
        """End a transaction of a producer that is no more: what it sent leaves holes."""
        for partition, n in self.open.pop(name, {}).items():
            self.topic(partition).values += [(None, None)] * (n + 1)
            self.happened["transactions left open, aborted by a successor"] += 1


class Relay:
    """A transactional producer. Its owner may die between any two of its steps."""

    def __init__(self, kafka: Kafka, name: str) -> None:
        self._kafka, self._name, self._epoch = kafka, name, 0

    async def start(self) -> None:
        """Fence whoever used the name before, and abort what that left open."""
        if self._epoch:
            return
        await Turn("before it fences")
        if self._kafka.fails("producers that did not start"):
            raise RelayFailed("no coordinator")
        self._kafka.abort(self._name)
        self._kafka.epochs[self._name] += 1
        self._epoch = self._kafka.epochs[self._name]
        await Turn("fenced")

    async def send(self, messages: Sequence[Message]) -> None:
        """One transaction: begun, appended, committed, answered."""
        if not messages:
            return
        await self.start()
        kafka, name = self._kafka, self._name
        await Turn("transaction begun")
        self._check()
        kafka.open[name] = Counter((message.topic, message.partition or 0) for message in messages)
        await Turn("appended")
        self._check()
        if kafka.fails("transactions that failed"):
            kafka.abort(name)
            self._fail()
        del kafka.open[name]
        for message in messages:
            kafka.topic((message.topic, message.partition or 0)).values.append((message.key, message.value))
        for partition in {(message.topic, message.partition or 0) for message in messages}:
            kafka.topic(partition).values.append((None, None))  # the control record
        await Turn("committed")
        if kafka.fails("transactions whose answer was lost"):
            self._fail()

    async def stop(self) -> None:
        """Nothing to disconnect."""

    def _check(self) -> None:
        if self._epoch != self._kafka.epochs[self._name]:
            self._kafka.happened["zombies refused"] += 1
            raise Fenced(self._name)

    def _fail(self) -> None:
        """A producer that failed at anything is never used again."""
        self._epoch = 0
        raise RelayFailed("not surely")


@dataclass
class Source:
    """Stands for `Steady`: reads event partitions, or Partials, from where its owner is."""

    kafka: Kafka
    batch_max: int
    read: Callable[[Partition, int], Fetched | Gap | None]
    high: Callable[[Partition], int]
    ends: dict[Partition, tuple[int, float]] = field(default_factory=dict)  # as answered, and when
    at: dict[Partition, int] = field(default_factory=dict)

    def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read these partitions."""
        self.at, self.ends = dict(positions), {}

    async def fetch(
        self,
        timeout_ms: int,
        records_max: int,
        positions: Callable[[], Mapping[Partition, int]],
        held: Collection[Partition],
    ) -> list[Fetched | Gap]:
        """What has come, of some of the partitions, in any order."""
        assert timeout_ms < records_max
        await Turn("fetching")
        if self.kafka.fails("fetches that failed"):
            self.ends = {}
            return []
        come = []
        wanted = sorted(positions().items())
        self.kafka.dice.shuffle(wanted)
        for each, offset in wanted:
            if each in held or self.kafka.dice.random() < 0.1:
                continue
            item = self.read(each, offset)
            self.at[each] = offset
            if item is not None:
                self.at[each] = item.beginning if isinstance(item, Gap) else item.position
                come.append(item)
            self.ends[each] = self.high(each), self.kafka.now
        return come

    def end(self, partition: Partition) -> int | None:
        """The high watermark, as far as it is known."""
        return self.ends[partition][0] if partition in self.ends else None

    def at_end(self, partition: Partition) -> bool:
        """Whether a fresh answer says that there is nothing more to read."""
        if partition not in self.ends:
            return False
        end, when = self.ends[partition]
        return self.at[partition] == end and self.kafka.now - when < FRESH_S

    async def stop(self) -> None:
        """Nothing to disconnect."""


def events(kafka: Kafka, batch_max: int) -> Source:
    """Reads the event topics, read_committed."""

    def read(partition: Partition, offset: int) -> Fetched | Gap | None:
        if partition not in kafka.scene.log:
            return _stored(kafka, partition, offset, batch_max)
        one = kafka.scene.log[partition]
        if offset < (beginning := kafka.beginning(partition)):
            kafka.happened["losses by retention"] += 1
            return Gap(*partition, offset, beginning)
        first, stable = one.first(offset), one.stable(kafka.wall)
        kafka.happened["open transactions met"] += stable == offset < one.high(kafka.wall)
        if stable <= offset:
            return None
        last = min(first + kafka.dice.randrange(1, batch_max + 1), one.first(stable)) - 1
        # A reader is behind a record, or behind the control records after it as well.
        short = last < first or kafka.dice.random() < 0.9
        position = one.ends[max(last, first - 1)] if short else one.offsets[last] + 1
        found = kafka.scene.records(partition, offset, position)
        kafka.happened["stretches of control records alone"] += not found.values
        return Fetched(*partition, found.offsets, found.timestamps_ms, found.values, position)

    def high(each: Partition) -> int:
        one = kafka.scene.log.get(each)
        return len(kafka.topic(each).values) if one is None else one.high(kafka.wall)

    return Source(kafka, batch_max, read, high)


def partials(kafka: Kafka, batch_max: int) -> Source:
    """Reads what workers have sent, a few at a time."""

    def read(partition: Partition, offset: int) -> Fetched | Gap | None:
        return _stored(kafka, partition, offset, batch_max)

    return Source(kafka, batch_max, read, lambda each: len(kafka.topic(each).values))


def _stored(kafka: Kafka, partition: Partition, offset: int, batch_max: int) -> Fetched | None:
    """What there is of a partition that is no event partition."""
    found = kafka.topic(partition).since(offset)
    if not found:
        return None
    found = found[: kafka.dice.randrange(1, batch_max + 1)]
    offsets = np.array([at for at, _ in found], np.int64)
    return Fetched(*partition, offsets, offsets, [value for _, value in found], int(offsets[-1]) + 1)


async def last_record(kafka: Kafka, partition: Partition) -> bytes | None:
    """The last committed record of a partition that driftline writes."""
    await Turn("before it reads the end")
    if kafka.fails("ends that could not be read"):
        raise BrokerFailed("not now")
    found = [value for _, value in kafka.topic(partition).values if value is not None]
    await Turn("the end is read")
    return found[-1] if found else None
