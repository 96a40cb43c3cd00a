"""A worker: partitions that its group gives it, in; their Partials, out. It may come, go and die at any time."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress

from msgspec.structs import replace

from sinks.prometheus import Gathered, Vitals
from sinks.topics import Fenced, Relay, RelayFailed
from stream import garbage
from stream.app.observing import LOOK_S
from stream.app.steady import Steady
from stream.app.trouble import Trouble
from stream.broker import (
    PARTIAL_BYTES,
    BrokerFailed,
    Fetched,
    Membership,
    Questions,
    Reader,
    arguments,
    last_record,
    wait_for_topics,
)
from stream.config.settings import Settings
from stream.events import Partition
from stream.monitor.scopes import topics
from stream.stopping import Stopping
from stream.tiers.board import Board
from stream.tiers.boards import Boards
from stream.worker.claim import Claim
from stream.worker.shown import vitals

PLACE, CLAIMS, PLANS, MONITOR = "Kafka", "the partitions", "the plans topic", "the monitor"
FETCH_MS, RECORDS_MAX = 100, 4_000
PLANS_MS = 500
AGAIN_S = 0.5
LAST_SEND_S, GOODBYE_S = 1.5, 3.0  # a stop as a whole has 5 s
SILENT_S = 5.0  # a monitor says something each second while it reads


class Worker:
    """One process. `run` returns after `stop`; it raises what it cannot mend, for whoever restarts it."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        kafka, self._topics = settings.kafka, topics(settings)
        self._settings, self._environment, self._say = settings, environment, say
        self._stopping, self._trouble = Stopping(), Trouble(say)
        self._questions, self._boards = Questions(kafka, environment), Boards(settings)
        self._events = Steady(Reader(kafka, environment), self._questions, self._trouble, PLACE)
        self._plans = Steady(Reader(kafka, environment), self._questions, self._trouble, PLANS)
        self._membership = Membership(kafka, environment, f"{kafka.name}-ingest", self._topics)
        self._begun, self._waiting = 0.0, "connecting to Kafka"
        self._done = Counter[str]()  # as Gathered names it
        self._vitals, self._observed = Vitals(), -math.inf
        self._board_at: Partition = (settings.topics.plans, 0)
        self._claims: dict[Partition, Claim] = {}
        self._starting: dict[Partition, asyncio.Task[Claim]] = {}

    def stop(self) -> None:
        """Send what was read, leave the group."""
        self._stopping.wish()

    def unready(self) -> str:
        """Why nothing is read and sent; empty where it is. From any thread."""
        n_claimed = len(self._starting)
        claiming = f"taking over {n_claimed} partition{'s' * (n_claimed > 1)}" if n_claimed else ""
        silent = "" if self._newest() else "no monitor has told anything yet"
        return self._waiting or str(self._trouble) or silent or claiming

    def vitals(self) -> Vitals:
        """How it is reading. From any thread."""
        return replace(self._vitals, ready=not self.unready())

    async def run(self) -> None:
        """Work until stopped."""
        listening: asyncio.Task[None] | None = None
        try:
            if await self._stopping.unless(self._connect(), False):
                listening = asyncio.create_task(self._listen())
                while not self._stopping:
                    if listening.done():
                        await listening
                    self._membership.check()
                    await self._follow_group()
                    await self._round()
                    self._observe()
                with suppress(TimeoutError):  # what is not sent now is read again by the next owner
                    async with asyncio.timeout(LAST_SEND_S):
                        await self._send_all(math.inf)
        finally:
            if listening is not None:
                listening.cancel()
            await self._close()

    async def _connect(self) -> bool:
        await self._events.start(self._say)
        await self._plans.start(self._say)
        self._waiting = "waiting for topics"
        written = [*(self._settings.topics.partials_of(topic) for topic in self._topics), self._settings.topics.plans]
        create = self._settings.kafka.create_topics
        await wait_for_topics(self._questions, self._topics, create=create, say=self._say)
        started = "a `driftline monitor` with this configuration makes it"
        await wait_for_topics(self._questions, written, create=False, say=self._say, otherwise=started)
        bounds = await self._questions.bounds([self._board_at])
        self._plans.assign({self._board_at: bounds[self._board_at].beginning})
        await self._membership.start()
        self._begun, self._waiting = time.monotonic(), ""
        garbage.settle()
        return True

    async def _listen(self) -> None:
        """For ever: take in what monitors say."""
        while True:
            fetched = await self._plans.fetch(PLANS_MS, RECORDS_MAX, self._heard, ())
            for item in fetched:
                for value in item.values if isinstance(item, Fetched) else ():
                    self._boards.receive(value or b"")

    def _heard(self) -> dict[Partition, int]:
        return {self._board_at: self._plans.reader.position(self._board_at)}

    def _newest(self) -> Board | None:
        return self._boards.newest

    # ---- whose partitions

    async def _follow_group(self) -> None:
        """Claim what is ours now, let go of what is not, and read from where the claims are."""
        mine = self._membership.assigned
        for partition in [each for each in self._starting if each not in mine]:
            self._starting.pop(partition).cancel()
        for partition in [each for each in self._claims if each not in mine]:
            await self._let_go(partition)
        begun = [each for each, task in self._starting.items() if task.done()]
        for partition in begun:
            task = self._starting.pop(partition)
            try:
                self._claims[partition] = task.result()
                self._trouble.note(CLAIMS, "")
            except (RelayFailed, Fenced, BrokerFailed) as error:
                self._trouble.note(CLAIMS, _why(partition, error))
                await asyncio.sleep(AGAIN_S)
        for partition in mine - self._claims.keys() - self._starting.keys():
            self._starting[partition] = asyncio.create_task(self._claim(partition))
        if begun:
            self._assign()

    async def _claim(self, partition: Partition) -> Claim:
        kafka, (topic, number) = self._settings.kafka, partition
        partials = self._settings.topics.partials_of(topic), number
        claim = Claim(
            self._settings,
            partition,
            Relay(
                lambda: arguments(kafka, self._environment),
                f"{kafka.name}-{topic}-{number}",
                transactional=kafka.transactional,
                message_bytes=PARTIAL_BYTES,
            ),
            lambda: last_record(kafka, self._environment, partials),
        )
        try:
            await claim.begin(self._newest)
        except BaseException:
            await claim.end()
            raise
        return claim

    async def _let_go(self, partition: Partition) -> None:
        await self._claims.pop(partition).end()
        self._assign()

    def _assign(self) -> None:
        self._events.assign(self._positions())

    def _positions(self) -> dict[Partition, int]:
        return {partition: claim.gatherer.read_upto() for partition, claim in self._claims.items()}

    # ---- what they hold

    async def _round(self) -> None:
        """Fetch, gather, send what is due."""
        waiting = self._newest() is None and time.monotonic() - self._begun > SILENT_S
        self._trouble.note(MONITOR, "it has told nothing yet: is `driftline monitor` running?" if waiting else "")
        if not self._claims:
            await self._stopping.sleep(FETCH_MS / 1000)
            return
        held = [partition for partition, claim in self._claims.items() if claim.gatherer.held]
        fetching = self._events.fetch(FETCH_MS, RECORDS_MAX, self._positions, held)
        for item in await self._stopping.unless(fetching, []):
            self._claims[item.topic, item.partition].take(item)
            self._done["records"] += len(item.values) if isinstance(item, Fetched) else 0
        for partition, claim in self._claims.items():
            claim.look(self._newest())
            claim.release(at_end=self._events.at_end(partition))
        await self._send_all(time.monotonic())

    async def _send_all(self, now: float) -> None:
        """Send what is due, all partitions side by side; one whose producer fails is claimed anew."""
        claims = list(self._claims.items())
        sending = (
            claim.send(end=self._events.end(each), at_end=self._events.at_end(each), now=now) for each, claim in claims
        )
        sent = await asyncio.gather(*sending, return_exceptions=True)
        for (partition, _), outcome in zip(claims, sent, strict=True):
            if isinstance(outcome, RelayFailed | Fenced):
                self._trouble.note(CLAIMS, _why(partition, outcome))
                await self._let_go(partition)
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                self._done.update(partials=len(outcome), partial_bytes=sum(map(len, outcome)))

    # ---- what people see

    def _observe(self) -> None:
        """Bring what is shown up to date, where it is old enough."""
        if (now := time.monotonic()) - self._observed >= LOOK_S:
            gathered = Gathered(self._membership.rebalances, **self._done)
            self._vitals = vitals(self._claims, self._newest(), self._events.end, gathered)
            self._observed = now

    async def _close(self) -> None:
        garbage.unsettle()
        for task in self._starting.values():
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await asyncio.gather(
                    self._membership.stop(),
                    self._events.stop(),
                    self._plans.stop(),
                    *(claim.end() for claim in self._claims.values()),
                )


def _why(partition: Partition, error: Exception) -> str:
    """Why a partition has to be claimed anew, for a person."""
    topic, number = partition
    if isinstance(error, Fenced):
        return f"{topic}/{number}: another worker has it now, or this one was suspended"
    return f"{topic}/{number}: {error}"
