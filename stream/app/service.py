"""The service: `fetch` records, let them take the `Journey`, `commit` what it decided, show it, tell it: see `run`."""

import asyncio
import gc
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import blake2b

import msgspec

from sinks import commit as tables
from sinks.commit import Commit, Store, plain
from sinks.prometheus import Exporter
from sinks.topics import Relay
from stream.app.idleness import Idleness
from stream.app.intake import Intake
from stream.app.observing import Observer
from stream.app.outbox import Outbox
from stream.app.stopping import Stopping
from stream.app.trouble import Trouble
from stream.app.writing import PLACE as STORE
from stream.app.writing import Writer
from stream.broker import Fetched, Gap, arguments
from stream.config.settings import Settings
from stream.events import Records
from stream.journey import Journey
from stream.monitor.onboarding import Sources
from stream.recovery import recall
from stream.web.app import application
from stream.web.metrics import exporter
from stream.web.server import listen, serve_on
from stream.web.status import Status

COMMIT_S = 1.0  # at the latest
CLOSE_COMMIT_S = 0.2  # between two Commits of a catch-up, in which every round closes something
FORGET_S = 60.0  # how often retention runs
YOUNG_MAX = 50_000  # objects before the garbage collector looks: a fetch makes thousands that need no such look
FULL_S = 0.1  # how often a full outbox is looked at
# A stop as a whole has 5 s: the last Commits, what is still to be sent, then the clients, side by side.
COMMIT_GOODBYE_S = 1.5
DRAIN_GOODBYE_S = 0.5
CLIENTS_GOODBYE_S = 1.5


class Service:
    """One process. `run` returns after `stop`, when all that was read is committed; it raises what it cannot mend."""

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
        self._sources, self._say = sources, say
        self._stopping, self._trouble = Stopping(), Trouble(say)
        self._intake = Intake(settings, dict(environment), self._trouble, say)
        self._reader = self._intake.reader
        self._idleness, self._observer = Idleness(settings), Observer(settings)
        relay = Relay(
            lambda: arguments(settings.kafka, environment), name(settings), transactional=settings.kafka.transactional
        )
        self._outbox = Outbox(relay, settings.topics, self._trouble)
        self._writer = Writer(store, self._show, self._trouble, self._stopping)
        self._exporter: Exporter | None = None
        self._status = Status()
        self._dirty = False
        self._relayed = 0  # the Commit up to which the store knows that everything has been sent

    def stop(self) -> None:
        """Finish the batch, commit, flush, close: within seconds."""
        self._stopping.wish()

    def status(self) -> Status:
        """The service at this moment; trouble shows at once, even while a Commit or a fetch is waited for."""
        problem, known = str(self._trouble), self._status
        n_triggers, n_letters = self._outbox.pending
        return msgspec.structs.replace(
            known,
            ready=known.ready and not problem,
            reason=problem or ("" if known.ready else known.reason or self._intake.waiting),
            problem=problem,
            commit_seconds=self._writer.seconds,
            triggers_pending=n_triggers,
            dead_letters_pending=n_letters,
        )

    async def run(self) -> None:
        """Serve until stopped."""
        host, _, port = self.settings.http.listen.rpartition(":")
        listener = listen(host.strip("[]"), int(port))
        self._exporter = await asyncio.to_thread(exporter, self.store, self.status, self.settings)
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(self._serve(listener, self._exporter))]
            try:
                journey = await asyncio.to_thread(self._recall)
                if await self._stopping.unless(self._connect(journey), False):
                    beside += [tasks.create_task(self._outbox.run()), tasks.create_task(self._intake.look(journey))]
                    await self._read(journey)
                    await self._finish(journey)
            finally:
                self._status = msgspec.structs.replace(self._status, ready=False, reason="stopping")
                await self._close()
                for task in beside:
                    if not task.cancelling():  # twice would cut off the web server's own goodbye
                        task.cancel()

    # ---- the loop

    async def _read(self, journey: Journey) -> None:
        committed = forgotten = time.monotonic()
        while not self._stopping:
            fetched = await self._stopping.unless(self._intake.fetch(journey), [])
            closed = self._take(journey, fetched)
            closed |= self._release(journey)
            now = time.monotonic()
            self._dirty |= self._outbox.upto != self._relayed
            if self._dirty and now - committed >= (CLOSE_COMMIT_S if closed else COMMIT_S):
                await self._commit(journey)
                committed = now
            if now - forgotten >= FORGET_S:
                if (retention := journey.retention()) is not None:
                    await self._writer.forget(*retention, journey.monitor.sampled())
                forgotten = now
            self._observe(journey)
            while self._outbox.full and not self._stopping:
                await self._stopping.sleep(FULL_S)

    def _take(self, journey: Journey, fetched: list[Fetched | Gap]) -> bool:
        """Records in; whether something was closed."""
        for item in fetched:
            if isinstance(item, Gap):
                self._say(
                    f"{item.topic}/{item.partition}: records {item.wanted} to {item.beginning} are gone from the topic "
                    "(its retention overtook us); the windows that they belong to are marked incomplete"
                )
                journey.lose((item.topic, item.partition), item.beginning)
            else:
                values = list(item.values)
                journey.receive(
                    Records(item.topic, item.partition, item.offsets, item.timestamps, values, item.position)
                )
        if not fetched:
            return False
        self._dirty = True
        return journey.work()

    def _release(self, journey: Journey) -> bool:
        """Let idle partitions hold nobody up; whether something was closed."""
        now = time.monotonic()
        clocks = journey.clocks
        read = clocks.keys() - journey.held
        at_end = {partition: clocks[partition].offset for partition in read if self._intake.at_end(partition)}
        self._idleness.observe(at_end, now)
        closed = False
        for partition, until in self._idleness.releases(clocks, now):
            closed |= journey.release(partition, until, until)
            self._dirty = True
        return closed

    async def _commit(self, journey: Journey) -> None:
        upto = self._outbox.upto
        journey.relayed(upto)
        commit = journey.take()
        if await self._writer.write(commit):
            self._kept(commit)
            self._dirty, self._relayed = False, upto

    def _show(self, commit: Commit) -> None:
        if self._exporter is not None:
            self._exporter.show(commit)

    def _kept(self, commit: Commit) -> None:
        """A Commit is kept: tell it."""
        self._outbox.add(commit)
        triggers = commit.tables.get(tables.TRIGGERS.name)
        if triggers is not None:
            asked = (plain(triggers)[name] for name in ("model", "version", "incident"))
            for model, version, incident in zip(*asked, strict=True):
                self._say(f"trigger: {model} version {version or '(none)'} needs retraining (incident {incident})")

    # ---- beginning, housekeeping, end

    def _recall(self) -> Journey:
        """Go on from what an earlier run has kept."""
        self._outbox.recall(self.store)
        self._relayed = self._outbox.upto
        memory = self._intake.resume(recall(self.store, self.settings))
        self._observer.resumed = self._intake.resumed
        self._status = msgspec.structs.replace(self._status, started=True, reason="", commit=memory.last)
        return Journey(self.settings, self._sources, memory)

    async def _connect(self, journey: Journey) -> bool:
        await self._intake.connect(journey)
        gc.collect()
        gc.freeze()  # plans, state and modules stay: a full collection among them is 50 ms of standstill
        gc.set_threshold(YOUNG_MAX)
        self._dirty = True  # the partitions that were found
        self._status = msgspec.structs.replace(self._status, ready=True)
        return True

    async def _finish(self, journey: Journey) -> None:
        """Commit what was read, give the outbox a moment, and commit what it has sent."""
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMIT_GOODBYE_S):
                await self._commit_last(journey)
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_GOODBYE_S):
                await self._outbox.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMIT_GOODBYE_S):
                await self._commit_last(journey)

    async def _commit_last(self, journey: Journey) -> None:
        if (self._dirty or self._outbox.upto != self._relayed) and not self._writer.refused:
            await self._commit(journey)
        if self._writer.refused:
            self._say(f"{STORE} did not take the last commit: what it holds is read again by the next start")

    async def _close(self) -> None:
        gc.unfreeze()  # else what the interpreter frees at its end looks leaked to DuckDB, which says so at length
        with suppress(TimeoutError):
            async with asyncio.timeout(CLIENTS_GOODBYE_S):
                await asyncio.gather(self._reader.stop(), self._outbox.relay.stop())

    # ---- what people see

    async def _serve(self, listener: socket.socket, shown: Exporter) -> None:
        self.address = "http://{}:{}".format(*listener.getsockname()[:2])
        self._say(f"the page is at {self.address}")
        await serve_on(application(self.store, self.status, self.settings, shown), listener)

    def _observe(self, journey: Journey) -> None:
        idle = self._idleness.idle(time.monotonic())
        self._status = self._observer.look(
            self._status, journey, lambda: self._intake.ends(journey.ingest.progress), idle
        )


def name(settings: Settings) -> str:
    """Who speaks: whoever else has the same name, and reads and writes the same topics, is fenced, and nobody else."""
    events, topics = settings.events, settings.topics
    about = (sorted(events.predictions), sorted(events.labels), topics.triggers, topics.dead_letters)
    return f"{settings.kafka.name}-{blake2b(msgspec.json.encode(about), digest_size=4).hexdigest()}"
