"""The service as it is timed, and the bare loop in turns with it.

What is timed is what `driftline run` does: its Service with Reader, Journey, Writer, outbox and /metrics snapshot, at
its own cadence of Commits, on one DuckDB file on disk. Only the web server is off, for nobody asks it anything. The
bare loop takes its turns while the service rests, in the same process: a machine that others use too is fast and slow
by turns of minutes, and what is compared must meet the same.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sinks import commit as tables
from sinks.duck import DuckStore
from stream.app import service as app
from stream.app.reading import Reading
from stream.app.tiers import RUN
from stream.broker import Fetched, Gap, reader
from stream.config.parse import parse
from stream.config.settings import Settings
from stream.counting import fold, ingest
from stream.encodings import decoder
from stream.journey import Journey
from stream.monitor import monitor, rows
from stream.monitor.plans.onboarding import File, Sources
from stream.monitor.verdicts import judging
from stream.monitor.verdicts.closing import Windows
from stream.recovery import recall
from stream.reference import Table, from_events
from stream.web.metrics import exporter
from tests.bench.bare import Bare
from tests.bench.events import reference
from tests.bench.spent import Spent, Stages

PARTITIONS = 4
REFERENCE = "reference"
STAGES: list[tuple[str, object, Callable[..., Any]]] = [
    ("getmany", reader.Reader, reader.Reader.fetch),
    ("decode, columns", decoder.Decoder, decoder.Decoder.decode),
    ("judge lateness, buffer", ingest.Ingest, ingest.Ingest.receive),
    ("fold", fold.Buffer, fold.Buffer.fold),
    ("close: distances, limits", judging, judging.judge),
    ("close: rows", rows, rows.pane_row),
    ("close: rows", rows, rows.distance_rows),
    ("close: rows", rows, rows.window_rows),
    ("close: policy, findings", Windows, Windows.close),
    ("close: panes, windows, steps", monitor.Monitor, monitor.Monitor.advance),
    ("add up", monitor.Monitor, monitor.Monitor.receive),
    ("commit: make", Journey, Journey.take),
    ("commit: hand over", app.Service, app.Service._commit),
    ("journey", Journey, Journey.work),
    ("show status", app.Service, app.Service._observe),
    ("show commit", app.Service, app.Service._show),
]


@dataclass
class Paced(Reading):
    """A Reading that lets others take their turn before it fetches."""

    turn: Callable[[], Awaitable[None]] | None = field(default=None)

    async def fetch(self, journey: Journey) -> list[Fetched | Gap]:
        """What has come, once it is our turn again."""
        if self.turn is not None:
            await self.turn()
        return await super().fetch(journey)


class Measured(app.Service[Journey]):
    """The service over turns of a topic, each up to a number of events; `between` is done after each of them."""

    def measuring(self, turns: Sequence[int], between: Callable[[int], Awaitable[None]]) -> None:
        """Say what is measured, before `measure`."""
        self._turns, self._between = list(turns), between
        self._end, self._read_before, self._read_now = turns[-1], 0, 0
        self.spent: list[Spent] = []  # per event of each turn
        self._intake = Paced(self.settings, {}, self._trouble, lambda _: None, turn=self._turn)

    def _observe(self, journey: Journey) -> None:
        super()._observe(journey)
        self._read_now = sum(mark.offset for mark in journey.clocks.values())
        if self._read_now >= self._end:
            self.stop()

    async def _turn(self) -> None:
        if self._read_now < self._turns[0]:
            return
        self.spent.append(Spent.now().since(self._before).per(self._read_now - self._read_before))
        self._read_before = self._read_now
        ours = gc.get_threshold()
        gc.set_threshold(*self._interpreters)
        await self._between(self._turns.pop(0))
        gc.set_threshold(*ours)
        self._before = Spent.now()

    async def measure(self, stages: Stages | None = None) -> None:
        """What `run` does, without serving, from the first fetch to the last Commit."""
        self._interpreters = gc.get_threshold()
        journey = self._journey = Journey(self.settings, self._sources, recall(self.store, self.settings))
        self._exporter = exporter(self.store, self.status, self.settings)
        await self._connect(journey)
        outbox = asyncio.create_task(self._outbox.run())
        try:
            if stages is not None:
                stages.begin()
            self._before = Spent.now()
            await self._read(journey)
            await self._finish(journey)
            await self._turn()
        finally:
            gc.unfreeze()
            gc.set_threshold(*self._interpreters)
            await self._intake.stop()
            await self._outbox.relay.stop()
            outbox.cancel()
            with suppress(asyncio.CancelledError):
                await outbox


class Run(NamedTuple):
    """One run of the service, in turns, and of the bare loop in the same."""

    ours: list[Spent]
    theirs: list[Spent]
    kept: dict[str, int]  # how many rows of what


def run(chosen: Settings, topic: str, turns: Sequence[int], stages: Stages | None = None) -> Run:
    """Let the service and the bare loop take turns; with stages the service alone, for watching costs."""
    with closing(DuckStore(Path(chosen.store.path), memory_limit=chosen.store.memory_limit)) as store:
        service = Measured(chosen, store, sources(chosen), {}, lambda _: None, tier=RUN)
        theirs: list[Spent] = []

        async def measured() -> None:
            async with Bare(chosen.kafka.bootstrap, topic, PARTITIONS, len(chosen.patterns)) as bare:

                async def between(upto: int) -> None:
                    if stages is None:
                        theirs.append(await bare.read(upto))

                service.measuring(turns, between)
                await service.measure(stages)

        gc.collect()
        with stages.watching(STAGES) if stages is not None else nullcontext():
            asyncio.run(measured())
        return Run(service.spent, theirs, _kept(store))


def settings(models: int, segments: Sequence[str], bootstrap: str, topic: str, store: Path) -> Settings:
    """Panes of a minute, three window lengths, and every model known from the first event on."""
    names = "\n".join(f"  m{i:02d}: {{}}" for i in range(models))
    return parse(
        f"""
kafka: {{bootstrap: "{bootstrap}"}}
events: {{predictions: [{topic}], max_skew: 365d}}
store: {{path: "{store}"}}
defaults: {{windows: [1m, 5m, 15m], lateness: 10s, segments: [{", ".join(segments)}],
           reference: {{file: {REFERENCE}}}}}
models:
{names}
"""
    )


@cache
def _reference() -> Table:
    return from_events(reference())


def sources(chosen: Settings) -> Sources:
    """A reference as a file would give it, so that learning is over."""
    return Sources(chosen.limits, {REFERENCE: File(_reference(), "bench")})


def _kept(store: DuckStore) -> dict[str, int]:
    """What was closed, so that a figure cannot be good because nothing was done."""
    ends = store.select(tables.TRAFFIC)["end"]
    windows = store.select(tables.WINDOWS)
    found = {"panes": len(np.unique(ends)), "findings": len(store.select(tables.FINDINGS)["commit"])}
    return found | {
        f"windows of {length // 10**9} s": int((windows["length"] == length).sum())
        for length in np.unique(windows["length"]).tolist()
    }
