"""A worker: partitions that its group gives it, in; their Partials, out. It may come, go and die at any time."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from sinks.topics import Fenced, RelayFailed
from stream.app.intake import reached
from stream.app.stopping import Stopping
from stream.app.trouble import Trouble
from stream.board import Board, Boards
from stream.broker import BrokerFailed, Fetched, Gap, Membership, Questions, Reader, TopicReplaced, wait_for_topics
from stream.config.mistakes import ConfigurationError
from stream.config.settings import Settings
from stream.events import Partition, Records
from stream.worker.claim import Claim

PLACE, CLAIMS, PLANS, MONITOR = "Kafka", "the partitions", "the plans topic", "the monitor"
FETCH_MS, RECORDS_MAX = 100, 4_000
PLANS_MS = 500
AGAIN_S = 0.5
LAST_SEND_S, GOODBYE_S = 1.5, 3.0  # a stop as a whole has 5 s
SILENT_S = 5.0  # a monitor says something each second while it reads


class Worker:
    """One process. `run` returns after `stop`; it raises what it cannot mend, for whoever restarts it."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        declared, kafka = settings.events, settings.kafka
        self._settings, self._environment, self._say = settings, environment, say
        self._topics = tuple(dict.fromkeys((*declared.predictions, *declared.labels)))
        self._stopping, self._trouble = Stopping(), Trouble(say)
        self._questions, self._reader = Questions(kafka, environment), Reader(kafka, environment)
        self._plans, self._boards = Reader(kafka, environment), Boards(settings)
        self._membership = Membership(kafka, environment, f"{kafka.name}-ingest", self._topics)
        self._begun, self._broken = 0.0, False
        self._board_at: Partition = (settings.topics.plans, 0)
        self._claims: dict[Partition, Claim] = {}
        self._starting: dict[Partition, asyncio.Task[Claim]] = {}

    def stop(self) -> None:
        """Send what was read, leave the group."""
        self._stopping.wish()

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
                with suppress(TimeoutError):  # what is not sent now is read again by the next owner
                    async with asyncio.timeout(LAST_SEND_S):
                        await self._send_all(math.inf)
        finally:
            if listening is not None:
                listening.cancel()
            await self._close()

    async def _connect(self) -> bool:
        await reached(self._reader, self._say)
        await self._plans.start()
        written = [*(self._settings.topics.partials_of(topic) for topic in self._topics), self._settings.topics.plans]
        create = self._settings.kafka.create_topics
        await wait_for_topics(self._questions, self._topics, create=create, say=self._say)
        started = "a `driftline monitor` with this configuration makes it"
        await wait_for_topics(self._questions, written, create=False, say=self._say, otherwise=started)
        bounds = await self._plans.bounds([self._board_at])
        self._plans.assign({self._board_at: bounds[self._board_at].beginning})
        await self._membership.start()
        self._begun = time.monotonic()
        return True

    async def _listen(self) -> None:
        """For ever: take in what monitors say."""
        while True:
            try:
                fetched = await self._plans.fetch(PLANS_MS, RECORDS_MAX)
            except BrokerFailed as error:  # a new client, from where this one was
                self._trouble.note(PLANS, str(error))
                position = self._plans.position(self._board_at)
                await self._plans.stop()
                await asyncio.sleep(AGAIN_S)
                await reached(self._plans, self._say)
                self._plans.assign({self._board_at: position})
                continue
            self._trouble.note(PLANS, self._plans.problem)
            for item in fetched:
                for value in item.values if isinstance(item, Fetched) else ():
                    self._boards.receive(value or b"")

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
        claim = Claim(self._settings, self._environment, partition)
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
        if self._broken:
            return  # the next client will be told
        self._reader.assign({partition: claim.gatherer.read_upto() for partition, claim in self._claims.items()})

    # ---- what they hold

    async def _round(self) -> None:
        """Fetch, gather, send what is due."""
        waiting = self._newest() is None and time.monotonic() - self._begun > SILENT_S
        self._trouble.note(MONITOR, "it has told nothing yet: is `driftline monitor` running?" if waiting else "")
        if not self._claims:
            await self._stopping.sleep(FETCH_MS / 1000)
            return
        held = [partition for partition, claim in self._claims.items() if claim.gatherer.held]
        for item in await self._stopping.unless(self._fetch(held), []):
            gatherer = self._claims[item.topic, item.partition].gatherer
            if isinstance(item, Gap):
                gatherer.lose(item.beginning)
            else:
                gatherer.receive(
                    Records(item.topic, item.partition, item.offsets, item.timestamps, list(item.values), item.position)
                )
        for partition, claim in self._claims.items():
            claim.look(self._newest())
            claim.release(at_end=not self._broken and self._reader.at_end(partition))
        await self._send_all(time.monotonic())

    async def _fetch(self, held: list[Partition]) -> list[Fetched | Gap]:
        """What has come; a client that has given up is replaced. TopicReplaced: it is another topic now."""
        try:
            if self._broken:
                await self._reader.stop()
                await self._reader.start()
                self._broken = False
                self._assign()
            fetched = await self._reader.fetch(FETCH_MS, RECORDS_MAX, held)
        except TopicReplaced:
            raise
        except (BrokerFailed, ConfigurationError) as error:  # a secret may be away while it is being rotated
            self._trouble.note(PLACE, str(error))
            self._broken = True
            await asyncio.sleep(AGAIN_S)
            return []
        self._trouble.note(PLACE, self._reader.problem)
        return fetched

    async def _send_all(self, now: float) -> None:
        """Send what is due, all partitions side by side; one whose producer fails is claimed anew."""
        claims = list(self._claims.items())
        unknown: tuple[int | None, bool] = None, False
        known = {
            each: unknown if self._broken else (self._reader.lag(each), self._reader.at_end(each)) for each, _ in claims
        }
        sending = (claim.send(lag=known[each][0], at_end=known[each][1], now=now) for each, claim in claims)
        sent = await asyncio.gather(*sending, return_exceptions=True)
        for (partition, _), outcome in zip(claims, sent, strict=True):
            if isinstance(outcome, RelayFailed | Fenced):
                self._trouble.note(CLAIMS, _why(partition, outcome))
                await self._let_go(partition)
            elif isinstance(outcome, BaseException):
                raise outcome

    async def _close(self) -> None:
        for task in self._starting.values():
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await asyncio.gather(
                    self._membership.stop(),
                    self._reader.stop(),
                    self._plans.stop(),
                    *(claim.end() for claim in self._claims.values()),
                )


def _why(partition: Partition, error: Exception) -> str:
    """Why a partition has to be claimed anew, for a person."""
    topic, number = partition
    if isinstance(error, Fenced):
        return f"{topic}/{number}: another worker has it now, or this one was suspended"
    return f"{topic}/{number}: {error}"
