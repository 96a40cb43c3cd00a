"""What a monitor makes of what its workers say, and what it tells them."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from sinks.memory import MemoryStore
from sinks.topics import Message, RelayFailed
from stream.app.following import Following
from stream.app.trouble import Trouble
from stream.broker import Fetched, Gap
from stream.config.parse import parse
from stream.events import Partition, Records
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall
from stream.tiers.boards import Boards
from stream.tiers.chain import ChainBroken
from stream.tiers.follower import Follower
from stream.tiers.gatherer import Gatherer
from stream.worker.claim import Claim

BEGIN_MS = 1_795_000_020_000
SETTINGS = parse(
    "events: {predictions: [p], idle: 2s}\n"
    "defaults: {windows: [1m], lateness: 20s, reference: {learn: 10m}}\n"
    'models: {"*": {}}'
)
QUIET, BUSY = ("p", 0), ("p", 1)


class Relay:
    """Keeps what is sent, or refuses it."""

    def __init__(self) -> None:
        self.sent: list[Sequence[Message]] = []
        self.down = False

    async def start(self) -> None:
        """Nobody is there to be fenced."""

    async def send(self, messages: Sequence[Message]) -> None:
        """As a relay does."""
        if self.down:
            raise RelayFailed("no broker")
        self.sent.append(messages)


class World:
    """A monitor with its intake, and two workers without a Kafka."""

    def __init__(self) -> None:
        self.now, self.relay, self.said, self.waited = 100.0, Relay(), list[str](), False
        self.intake = Following(SETTINGS, {}, Trouble(self.said.append), self.said.append)
        self.intake.clock = lambda: self.now
        self.intake._relay = self.relay  # type: ignore[assignment]  # a stand-in
        self.follower = Follower(SETTINGS, Sources(SETTINGS.limits), recall(MemoryStore(), SETTINGS))
        for partition in (QUIET, BUSY):
            self.follower.find(partition, 0)
        board = self.follower.board({})
        self.workers = {each: Gatherer(SETTINGS, each, board.starts[each], board) for each in (QUIET, BUSY)}

    def publish(self, partition: Partition, second: int) -> None:
        """One event, which the partition's worker reads."""
        worker = self.workers[partition]
        first, time = worker.read_upto(), BEGIN_MS + 1_000 * second
        event = b'{"id": "1", "kind": "prediction", "model": "m", "time": %d, "features": {"x": 1}}' % time
        worker.receive(Records(*partition, np.array([first]), np.array([time]), [event], first + 1))

    def hear(self, partition: Partition, *, at_end: bool) -> list[bytes]:
        """The monitor takes what a worker sends, which is given back."""
        worker = self.workers[partition]
        worker.attest() if at_end else worker.cut()
        values, first = worker.take(), self.follower.next_partial(partition)
        offsets = np.arange(first, first + len(values))
        fetched = Fetched("driftline.partials.p", partition[1], offsets, offsets, values, first + len(values))
        self.waited = self.intake.take(self.follower, [fetched])
        return values

    def told(self) -> Boards:
        """What workers know after the next Commit."""
        self.follower.take()
        asyncio.run(self.intake.told(self.follower))
        read = Boards(SETTINGS)
        for messages in self.relay.sent:
            for message in messages:
                read.receive(message.value)
        return read

    def look(self) -> None:
        """Workers take in what was told."""
        newest = self.told().newest
        assert newest is not None
        for worker in self.workers.values():
            worker.look(newest)


def both_have_spoken() -> World:
    """Both partitions have had an event, and their workers know what the monitor makes of them."""
    world = World()
    for partition in (QUIET, BUSY):
        world.publish(partition, 10)
        world.hear(partition, at_end=False)
    world.look()
    return world


def test_an_idle_partition_is_asked_to_raise_its_clock() -> None:
    """Its worker says that it ends there, for long enough; the monitor knows up to where the others are."""
    world = both_have_spoken()
    world.hear(QUIET, at_end=True)
    for second in range(1, 5):
        world.now += 1
        world.publish(BUSY, 60 * second)
        world.hear(BUSY, at_end=False)
        world.hear(QUIET, at_end=True)
    newest = world.told().newest
    assert newest is not None
    assert {QUIET: (1, (BEGIN_MS + 240_000) * 1_000_000)} == newest.asked
    world.now += 60  # nobody has said for long where the partition ends
    world.hear(BUSY, at_end=False)
    assert (newest := world.told().newest) is not None
    assert {} == newest.asked


def test_who_has_been_raised_is_idle_still() -> None:
    """Or a catch-up would wait for `idle` after every `max_ahead`."""
    world = both_have_spoken()
    for _ in range(6):
        world.now += 1
        world.hear(QUIET, at_end=True)
    for minute in (3, 6, 9):
        world.look()
        world.publish(BUSY, 60 * minute)
        world.hear(BUSY, at_end=False)
        assert world.waited, "workers wait for the Commit after which they are asked"
        newest = world.told().newest
        assert newest is not None
        until = (BEGIN_MS + 60_000 * minute) * 1_000_000
        assert {QUIET: (1, until)} == newest.asked
        world.workers[QUIET].release(until, until)
        world.hear(QUIET, at_end=False)


def test_what_cannot_be_told_now_is_told_with_the_next_commit() -> None:
    """And what has been told is not told again."""
    world = World()
    world.relay.down = True
    assert world.told().newest is None
    assert ["the plans topic: no broker; trying again"] == world.said
    world.relay.down = False
    assert world.told().newest is not None
    assert "the plans topic: well again" == world.said[-1]
    n = len(world.relay.sent)
    world.told()
    assert n == len(world.relay.sent)


def test_who_waits_to_begin_goes_on_where_another_has_begun() -> None:
    """One that was frozen may have fenced it, and have begun: no board says then where the partition begins."""
    world = World()
    world.publish(QUIET, 10)
    *_, begun = world.hear(QUIET, at_end=True)
    newest = world.told().newest
    assert newest is not None
    assert QUIET not in newest.starts
    ends = iter((None, None, begun))

    async def last() -> bytes | None:
        return next(ends)

    claim = Claim(SETTINGS, QUIET, world.relay, last, sleep=lambda _: asyncio.sleep(0))  # type: ignore[arg-type]
    asyncio.run(claim.begin(lambda: newest))
    assert claim.gatherer.mark == world.workers[QUIET].mark


def test_partials_that_are_gone_end_the_monitor() -> None:
    """What they counted cannot be counted any more: going on would be wrong."""
    intake = Following(SETTINGS, {}, Trouble(print), print)
    follower = Follower(SETTINGS, Sources(SETTINGS.limits), recall(MemoryStore(), SETTINGS))
    with pytest.raises(ChainBroken, match=r"driftline\.partials\.p/0: partials 3 to 9 are gone"):
        intake.take(follower, [Gap("driftline.partials.p", 0, 3, 9)])
