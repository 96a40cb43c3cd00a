"""The service: `fetch` records, let them take the `Journey`, `commit` what it decided, show it, tell it. Read `run` top to bottom."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import msgspec

from sinks import commit as tables
from sinks.commit import Commit, Store
from sinks.prometheus import Exporter
from sinks.topics import Relay
from stream.app import observing
from stream.app.idleness import Idleness
from stream.app.outbox import Outbox
from stream.app.writing import Writer
from stream.broker import ConnectionProblem, Fetched, Gap, Questions, Reader, arguments, wait_for_topics
from stream.config.settings import Settings
from stream.events import Partition, Records
from stream.journey import Journey
from stream.monitor.onboarding import Sources
from stream.recovery import recall
from stream.web.app import application
from stream.web.metrics import exporter
from stream.web.server import listen, serve_on
from stream.web.status import Status

RECORDS_MAX = 2_000  # per fetch: 2.0 us per event at 500 to 2,000, more beyond (cache)
FETCH_MS = 100
COMMIT_S = 1.0  # at the latest
CLOSE_COMMIT_S = 0.2  # between two Commits of a catch-up, in which every round closes something
LOOK_S = 30.0  # how often new partitions are looked for
FORGET_S = 60.0  # how often retention runs
CONNECT_S = 20.0  # how long a first start waits for the brokers
COMMIT_GOODBYE_S = 2.5  # for the last Commit of a stop
GOODBYE_S = 1.0  # for what is still to be sent at the end


class Service:
    """One process. `run` returns after `stop`, when everything read is committed; it raises what a restart cannot mend by itself."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        sources: Sources,
        environment: Mapping[str, str],
        say: Callable[[str], None],
    ) -> None:
        self.settings, self.store = settings, store
        self.address = ""  # where the page is, once it is up
        self._sources, self._environment, self._say = sources, dict(environment), say
        self._stopping = asyncio.Event()
        self._status = Status()
        self._journey: Journey | None = None
        self._ends: dict[Partition, int] = {}
        self._idleness = Idleness(settings)
        self._reader = Reader(settings.kafka, environment)
        self._questions = Questions(settings.kafka, environment)
        relay = Relay(lambda: arguments(settings.kafka, environment), "run", transactional=settings.kafka.transactional)
        self._outbox = Outbox(relay, settings)
        self._writer = Writer(store, self._kept)
        self._exporter: Exporter | None = None
        self._dirty = False

    def stop(self) -> None:
        """Finish the batch, commit, flush, close: within seconds."""
        self._stopping.set()

    def status(self) -> Status:
        """The service at this moment."""
        return self._status

    async def run(self) -> None:
        """Serve until stopped."""
        journey = self._journey = Journey(self.settings, self._sources, recall(self.store, self.settings))
        self._outbox.recall(self.store)
        self._status = msgspec.structs.replace(self._status, started=True, reason="connecting to Kafka")
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(self._serve())]
            try:
                if await self._unless_stopped(self._connect(journey)):
                    beside.append(tasks.create_task(self._outbox.run()))
                    await self._read(journey)
                    await self._finish(journey)
            finally:
                await self._reader.stop()
                await self._outbox.relay.stop()
                for task in beside:
                    task.cancel()

    # ---- the loop

    async def _read(self, journey: Journey) -> None:
        committed = looked = forgotten = time.monotonic()
        while not self._stopping.is_set():
            fetched = await self._reader.fetch(FETCH_MS, RECORDS_MAX, journey.held)
            closed = self._take(journey, fetched)
            closed |= self._release(journey)
            now = time.monotonic()
            if self._dirty and now - committed >= (CLOSE_COMMIT_S if closed else COMMIT_S):
                await self._commit(journey)
                committed = now
            if now - looked >= LOOK_S:
                await self._look(journey)
                looked = now
            if now - forgotten >= FORGET_S:
                await self._forget(journey)
                forgotten = now
            self._observe(journey)
            while self._outbox.full and not self._stopping.is_set():
                self._observe(journey)
                await asyncio.sleep(0.1)

    def _take(self, journey: Journey, fetched: list[Fetched | Gap]) -> bool:
        """Records in; whether something was closed."""
        for item in fetched:
            if isinstance(item, Gap):
                self._say(
                    f"{item.topic}/{item.partition}: records {item.wanted} to {item.beginning} are gone from the topic "
                    "(its retention overtook us); their windows will be marked incomplete"
                )
                journey.lose((item.topic, item.partition), item.beginning)
            else:
                values = list(item.values)
                journey.receive(
                    Records(item.topic, item.partition, item.offsets, item.timestamps, values, item.position)
                )
        if not fetched and not journey.held:
            return False
        self._dirty = True
        return journey.work()

    def _release(self, journey: Journey) -> bool:
        """Let idle partitions hold nobody up; whether something was closed."""
        now = time.monotonic()
        every = list(journey.ingest.progress)
        at_end = {partition for partition in every if partition not in journey.held and self._reader.at_end(partition)}
        self._idleness.observe(at_end, every, now)
        closed = False
        for partition, until in self._idleness.releases(journey.clocks, now):
            closed |= journey.release(partition, until, until)
            self._dirty = True
        return closed

    async def _commit(self, journey: Journey) -> None:
        journey.relayed(self._outbox.upto)
        await self._writer.write(journey.take())
        self._dirty = False

    def _kept(self, commit: Commit) -> None:
        """A Commit is kept: show it, tell it."""
        self._outbox.add(commit)
        if self._exporter is not None:
            self._exporter.show(commit)
        triggers = commit.tables.get(tables.TRIGGERS.name)
        if triggers is not None:
            for model, version, incident in zip(triggers["model"], triggers["version"], triggers["incident"], strict=True):
                self._say(f"trigger: {model} version {version or '(none)'} needs retraining (incident {incident})")

    # ---- beginning, housekeeping, end

    async def _connect(self, journey: Journey) -> None:
        """Find the brokers and the topics, and go where the last Commit ended."""
        begun, said = time.monotonic(), False
        while True:
            try:
                await self._reader.start()
                break
            except ConnectionProblem as problem:
                if time.monotonic() - begun >= CONNECT_S:
                    raise
                if not said:
                    self._say(f"{problem}; trying again for {CONNECT_S:.0f} s")
                    said = True
                await asyncio.sleep(1.0)
        topics = list(dict.fromkeys((*self.settings.events.predictions, *self.settings.events.labels)))
        self._status = msgspec.structs.replace(self._status, reason=f"waiting for topics {', '.join(topics)}")
        found = await wait_for_topics(
            self._questions, topics, create=self.settings.kafka.create_topics, say=self._say
        )
        first = not journey.ingest.progress
        await self._find(journey, list(found.partitions), first=first)
        self._say(f"reading {len(found.partitions)} partitions of {', '.join(topics)}")

    async def _find(self, journey: Journey, partitions: list[Partition], *, first: bool) -> None:
        """Assign all partitions. Those of the first start begin where `kafka.from` says, later ones at their earliest."""
        new = [partition for partition in partitions if partition not in journey.ingest.progress]
        bounds = await self._reader.bounds(new)
        for partition in sorted(new):
            latest = first and self.settings.kafka.from_ == "latest"
            journey.find(partition, bounds[partition].end if latest else bounds[partition].beginning)
            self._dirty = True
        self._reader.assign({partition: journey.read_upto(partition) for partition in journey.ingest.progress})

    async def _look(self, journey: Journey) -> None:
        """Look for partitions that were added, and at how far the others have grown."""
        with suppress(ConnectionProblem):
            topics = (*self.settings.events.predictions, *self.settings.events.labels)
            found = (await self._reader.partitions(topics)).partitions
            if set(found) - journey.ingest.progress.keys():
                await self._find(journey, list(found), first=False)
            await self._reader.publish_offsets(
                "driftline", {partition: mark.offset for partition, mark in journey.clocks.items()}
            )

    async def _forget(self, journey: Journey) -> None:
        """Let retention go by the watermark."""
        retention = journey.retention()
        if retention is not None:
            panes, history = retention
            await asyncio.to_thread(self.store.forget, panes_before=panes, history_before=history, learned=())

    async def _finish(self, journey: Journey) -> None:
        """Commit what was read, and give the outbox a moment."""
        self._status = msgspec.structs.replace(self._status, ready=False, reason="stopping")
        with suppress(TimeoutError):  # what could not be kept is read again by the next start
            async with asyncio.timeout(COMMIT_GOODBYE_S):
                if self._dirty:
                    await self._commit(journey)
        with suppress(TimeoutError):
            await self._outbox.drain(GOODBYE_S)

    async def _unless_stopped(self, work: Awaitable[None]) -> bool:
        """Do something that may take long; False where the service was stopped before it was done."""
        doing = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if doing.done():
            doing.result()
            return True
        doing.cancel()
        with suppress(asyncio.CancelledError):
            await doing
        return False

    # ---- what people see

    async def _serve(self) -> None:
        host, _, port = self.settings.http.listen.rpartition(":")
        listener = listen(host.strip("[]"), int(port))
        self.address = "http://{}:{}".format(*listener.getsockname()[:2])
        self._exporter = await asyncio.to_thread(exporter, self.store, self.status, self.settings)
        app = application(self.store, self.status, self.settings, self._exporter)
        self._say(f"the page is at {self.address}")
        await serve_on(app, listener)

    def _observe(self, journey: Journey) -> None:
        problem = self._reader.problem or self._writer.problem or self._outbox.problem
        for partition in journey.ingest.progress:
            lag = self._reader.lag(partition)
            if lag is not None:
                self._ends[partition] = journey.ingest.progress[partition].mark.offset + lag
        triggers, letters = self._outbox.pending
        self._status = Status(
            started=True,
            ready=not problem,
            reason=problem,
            problem=problem,
            watermarks=observing.watermarks(journey),
            partitions=observing.partitions(journey, self._ends, self._idleness.idle(time.monotonic())),
            models=observing.models(journey),
            commit=journey.number,
            commit_seconds=self._writer.seconds,
            triggers_pending=triggers,
            dead_letters_pending=letters,
            memory_bytes=observing.memory_bytes(),
            store_bytes=observing.store_bytes(self.settings.store.path),
        )


def environment() -> dict[str, str]:
    """The process's environment, where secrets may be."""
    return dict(os.environ)
