"""The service: `fetch`, `take` what has come, `commit` what that decided, show it, tell it: see `run`.

What comes depends on the tier: events, which take the whole journey here, or the Partials of workers.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import Generic

import msgspec

from sinks.commit import Commit, Store
from sinks.prometheus import Exporter
from sinks.topics import Relay
from stream import garbage
from stream.app.forgetting import Forgetting
from stream.app.intake import W
from stream.app.keeping import Keeping
from stream.app.observing import Observer
from stream.app.outbox import Outbox
from stream.app.speaking import Speaker
from stream.app.tiers import Tier
from stream.app.trouble import Trouble
from stream.app.writing import PLACE as STORE
from stream.app.writing import Writer
from stream.broker import arguments
from stream.config.settings import Settings
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall
from stream.stopping import Stopping
from stream.web.app import Served, application
from stream.web.metrics import exporter
from stream.web.page.status import Status
from stream.web.server import listen, serve_on, shown_address

COMMIT_S = 1.0  # at the latest
WAITED_COMMIT_S = 0.2  # where somebody waits for it: people for what was closed, workers for how far they may read
FULL_S = 0.1  # how often a full outbox is looked at
# A stop as a whole has 5 s: the last Commits, what is still to be sent, then the clients, side by side.
COMMIT_GOODBYE_S = 1.5
DRAIN_GOODBYE_S = 0.5
CLIENTS_GOODBYE_S = 1.5


class Service(Generic[W]):
    """One process. `run` returns after `stop`, when all that was read is committed; it raises what it cannot mend."""

    def __init__(  # noqa: PLR0913 - the parts of a process, each once
        self,
        settings: Settings,
        store: Store,
        sources: Sources,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        *,
        tier: Tier[W],
    ) -> None:
        self.settings, self.store = settings, store
        self.address = ""  # where the page is, once it is up
        self._sources, self._say, self._tier = sources, say, tier
        self._stopping, self._trouble = Stopping(), Trouble(say)
        self._intake = tier.intake(settings, dict(environment), self._trouble, say)
        self._observer = Observer(settings)
        relay = Relay(
            lambda: arguments(settings.kafka, environment),
            f"monitor-{name(settings)}",
            transactional=settings.kafka.transactional,
        )
        self._outbox = Outbox(relay, settings.topics, self._trouble)
        self._speaker = Speaker(settings, environment)
        self._receiver = self._speaker.receiver()
        self._writer = Writer(store, self._show, self._trouble, self._stopping)
        self._keeping = Keeping(self._writer, self._outbox, self._intake, say)
        self._exporter: Exporter | None = None
        self._status = Status()
        self._dirty = self._waited = False  # since the last Commit

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
            committed_s=self._writer.kept_s,
            hooks=self._receiver.answered,
            triggers_pending=n_triggers,
            dead_letters_pending=n_letters,
        )

    async def run(self) -> None:
        """Serve until stopped."""
        listener = listen(self.settings.http.listen)
        self._exporter = await asyncio.to_thread(exporter, self.store, self.status, self.settings)
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(self._serve(listener, self._exporter))]
            try:
                watch = await asyncio.to_thread(self._recall)
                if await self._stopping.unless(self._connect(watch), False):
                    beside += [tasks.create_task(self._outbox.run()), tasks.create_task(self._intake.look(watch))]
                    await self._read(watch)
                    await self._finish(watch)
            finally:
                self._status = msgspec.structs.replace(self._status, ready=False, reason="stopping")
                await self._close()
                for task in beside:
                    if not task.cancelling():  # twice would cut off the web server's own goodbye
                        task.cancel()

    # ---- the loop

    async def _read(self, watch: W) -> None:
        committed = time.monotonic()
        forgetting = Forgetting(committed)
        while not self._stopping:
            fetched = await self._stopping.unless(self._intake.fetch(watch), [])
            self._waited |= self._intake.take(watch, fetched)
            now = time.monotonic()
            left = self._keeping.due or watch.monitor.meetings.behind
            self._dirty |= bool(fetched or watch.monitor.ledger) or left
            if self._dirty and now - committed >= (WAITED_COMMIT_S if self._waited else COMMIT_S):
                await self._commit(watch)
                committed = now
                if (retention := watch.retention()) is not None and forgetting.due(retention.history, now):
                    await self._writer.forget(retention, watch.monitor.sampled(), watch.monitor.meetings.unsampled())
                    forgetting.done(retention.history, now, time.monotonic())
            self._observe(watch)
            while self._outbox.full and not self._stopping:
                await self._stopping.sleep(FULL_S)

    async def _commit(self, watch: W) -> None:
        if await self._keeping.keep(watch):
            self._dirty = self._waited = False

    def _show(self, commit: Commit) -> None:
        if self._exporter is not None:
            self._exporter.show(commit)

    # ---- beginning, housekeeping, end

    def _recall(self) -> W:
        """Go on from what an earlier run has kept."""
        self._outbox.recall(self.store)
        self._keeping.relayed = self._outbox.upto
        memory = self._intake.resume(recall(self.store, self.settings))
        self._observer.resumed = self._intake.resumed
        self._status = msgspec.structs.replace(self._status, started=True, reason="", commit=memory.last)
        return self._tier.watch(self.settings, self._sources, memory)

    async def _connect(self, watch: W) -> bool:
        await self._intake.connect(watch)
        garbage.settle()
        self._dirty = True  # the partitions that were found
        self._status = msgspec.structs.replace(self._status, ready=True)
        return True

    async def _finish(self, watch: W) -> None:
        """Commit what was read, give the outbox a moment, and commit what it has sent."""
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMIT_GOODBYE_S):
                await self._commit_last(watch)
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_GOODBYE_S):
                await self._outbox.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMIT_GOODBYE_S):
                await self._commit_last(watch)

    async def _commit_last(self, watch: W) -> None:
        if (self._dirty or self._keeping.due) and not self._writer.refused:
            await self._commit(watch)
        if self._writer.refused:
            self._say(f"{STORE} did not take the last commit: what it holds is read again by the next start")

    async def _close(self) -> None:
        garbage.unsettle()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLIENTS_GOODBYE_S):
                await asyncio.gather(self._intake.stop(), self._outbox.relay.stop(), self._speaker.stop())

    # ---- what people see

    async def _serve(self, listener: socket.socket, shown: Exporter) -> None:
        self.address = shown_address(listener)
        self._say(f"the page is at {self.address}")
        door, receiver = self._speaker.door(), self._receiver
        served = Served.of(self.store, self.status, self.settings, shown, door, receiver=receiver)
        await serve_on(application(lambda: served), listener)

    def _observe(self, watch: W) -> None:
        self._status = self._observer.look(self._status, watch, lambda: self._intake.ends(watch), self._intake.idle())


def name(settings: Settings) -> str:
    """Who speaks: whoever else has the same name, and reads and writes the same topics, is fenced, and nobody else."""
    events, topics = settings.events, settings.topics
    about = (sorted(events.predictions), sorted(events.labels), topics.triggers, topics.dead_letters)
    return f"{settings.identity}-{blake2b(msgspec.json.encode(about), digest_size=4).hexdigest()}"
