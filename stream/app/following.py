"""Partials in, boards out: what a monitor reads of workers, and what it tells them once it is kept."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sinks.topics import Message, Relay, RelayFailed
from stream.app.intake import Intake
from stream.broker import MESSAGE_BYTES, PARTIAL_BYTES, POLICY, RETENTION, Fetched, Gap, arguments, configs
from stream.events import Partition
from stream.tiers.board import Asked, pack
from stream.tiers.chain import ChainBroken
from stream.tiers.follower import Follower

PLACE = "the plans topic"
# Of a topic with one board a second; a worker reads all that is left of it when it starts.
COMPACTED = {POLICY: "compact", "segment.bytes": "16777216", "segment.ms": "600000", "min.cleanable.dirty.ratio": "0.1"}
COMPACTED |= {MESSAGE_BYTES: str(PARTIAL_BYTES)}  # of models with many features and segments a plan is large
ATTESTED_S = 3.0  # workers say each second where a partition ends; an older word says nothing about now


@dataclass
class Following(Intake[Follower]):
    """The intake of `driftline monitor`. Its partitions are those of the event topics; it reads their Partials."""

    _said: set[str] = field(default_factory=set)  # the keys of what this process has told
    _told: list[tuple[str, bytes]] = field(default_factory=list)  # the last board, with its key
    _attested: dict[Partition, float] = field(default_factory=dict)  # when a reader last said that it is at the end
    _asked: Asked = field(default_factory=dict)  # of whose workers a release is wished

    def __post_init__(self) -> None:
        super().__post_init__()
        kafka = self.settings.kafka
        self._sources = {self.settings.topics.partials_of(topic): topic for topic in self._topics}
        self._relay = Relay(
            lambda: arguments(kafka, self.environment),
            f"plans-{self.settings.identity}",
            transactional=kafka.transactional,
            message_bytes=PARTIAL_BYTES,
        )

    def _count(self, watch: Follower, fetched: list[Fetched | Gap]) -> bool:
        """Add Partials up, and close what is due; whether workers should hear of it. ChainBroken: some are gone."""
        now = self.clock()
        for item in fetched:
            partition = self._sources[item.topic], item.partition
            if isinstance(item, Gap):
                raise ChainBroken(
                    f"{item.topic}/{item.partition}: partials {item.wanted} to {item.beginning} are gone (the topic's "
                    "retention overtook us), and with them what they counted; keep that topic as long as the events"
                )
            for offset, value in zip(item.offsets.tolist(), item.values, strict=True):
                watch.receive(partition, offset, value or b"")
            if item.values:
                self._attested[partition] = now
        at_end = {each: offset for each, offset in watch.at_end.items() if now - self._attested[each] < ATTESTED_S}
        self._idleness.observe(at_end, now)
        closed = watch.work() if fetched else False
        clocks, before = watch.clocks, self._asked
        self._asked = {each: (clocks[each].offset, until) for each, until in self._idleness.releases(clocks, now)}
        return closed or not self._asked.keys() <= before.keys()

    async def told(self, watch: Follower) -> None:
        """Tell workers what the last Commit stands on. What cannot be told now is told with the next one."""
        packed = list(pack(watch.board(self._asked), self._said))
        if packed == self._told:
            return
        messages = [Message(self.settings.topics.plans, key.encode(), body, partition=0) for key, body in packed]
        try:
            await self._relay.send(messages)
        except RelayFailed as error:
            self.trouble.note(PLACE, str(error))
            return
        self.trouble.note(PLACE, "")
        self._told = packed[-1:]  # the next time its plans are known
        self._said |= {key for key, _ in packed}

    async def stop(self) -> None:
        """Disconnect, within seconds."""
        await super().stop()
        await self._relay.stop()

    def ends(self, watch: Follower) -> dict[Partition, int]:
        """Only workers see where the event topics end; they say so with each Partial."""
        return watch.ends

    def _positions(self, watch: Follower) -> Mapping[Partition, int]:
        partials_of = self.settings.topics.partials_of
        return {(partials_of(topic), n): watch.next_partial((topic, n)) for topic, n in watch.progress}

    def _held(self, watch: Follower) -> Collection[Partition]:
        return [(self.settings.topics.partials_of(topic), n) for topic, n in watch.held]

    async def _offer(self, found: Collection[Partition]) -> None:
        """The topics between the tiers: of Partials as many partitions as of events, of boards one."""
        plans = self.settings.topics.plans
        wanted = {partials: sum(1 for each, _ in found if each == topic) for partials, topic in self._sources.items()}
        wanted[plans] = 1
        present = Counter(topic for topic, _ in (await self._questions.partitions(wanted)).partitions)
        for topic, n in wanted.items():
            if not present[topic]:
                config = COMPACTED if topic == plans else await self._config(self._sources[topic])
                await self._questions.create((topic,), n, config)
                self.say(f"created topic {topic}, partitions: {n}")
            elif present[topic] < n:
                await self._questions.grow(topic, n)
                self.say(f"topic {topic} has {n} partitions now")

    async def _config(self, topic: str) -> dict[str, str]:
        """That of an event topic, where the broker tells: its Partials shall live as long. They may be large."""
        known = (await configs(self.settings.kafka, self.environment, [topic])).get(topic, {})
        return {MESSAGE_BYTES: str(PARTIAL_BYTES), **({RETENTION: known[RETENTION]} if known.get(RETENTION) else {})}
