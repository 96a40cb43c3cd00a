"""From a real Kafka to committed findings in one process, beside a fixed bare loop, interleaved in one run.

What is timed is what `driftline run` does: its Service with Reader, Journey, Writer, outbox and /metrics snapshot, at
its own cadence of Commits, on one DuckDB file on disk. Only the web server is off, for nobody asks it anything.
"""

import asyncio
import gc
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from sinks import commit as tables
from sinks.duck import DuckStore
from stream import fold, ingest
from stream.app import service as app
from stream.broker import quieten, reader
from stream.config.parse import parse
from stream.config.settings import Settings
from stream.encodings import json as encoding
from stream.journey import Journey
from stream.monitor import judging, monitor, rows, verdicts
from stream.monitor.onboarding import File, Sources
from stream.recovery import recall
from stream.reference import Table, from_events
from stream.web.metrics import exporter
from tests.bench.bare import bare
from tests.bench.events import SEGMENTS, Stream, publish, reference
from tests.bench.report import Figure
from tests.bench.spent import Spent, Stages
from tests.integration.kafka import RealKafka

PARTITIONS = 4
PANE_S = 60
REFERENCE = "reference"
STAGES: list[tuple[str, object, Callable[..., Any]]] = [
    ("getmany", reader.Reader, reader.Reader.fetch),
    ("decode, columns", encoding.Decoder, encoding.Decoder.decode),
    ("judge lateness, buffer", ingest.Ingest, ingest.Ingest.receive),
    ("fold", fold.Buffer, fold.Buffer.fold),
    ("close: distances, limits", judging, judging.judge),
    ("close: rows", rows, rows.pane_row),
    ("close: rows", rows, rows.distance_rows),
    ("close: rows", rows, rows.window_rows),
    ("close: policy, findings", verdicts.Windows, verdicts.Windows.close),
    ("close: panes, windows, steps", monitor.Monitor, monitor.Monitor.advance),
    ("add up", monitor.Monitor, monitor.Monitor.receive),
    ("commit: make", Journey, Journey.take),
    ("commit: hand over", app.Service, app.Service._commit),
    ("journey", Journey, Journey.work),
    ("show status", app.Service, app.Service._observe),
    ("show commit", app.Service, app.Service._kept),
]


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    name: str
    models: int
    segments: tuple[str, ...]
    per_pane: int  # events
    limit: float


CASES = (Case("1 model", 1, (), 10_000, 2.0), Case("50 models, 2 segment fields", 50, SEGMENTS, 50_000, 2.5))
PANES, REPETITIONS = 102, 3
PANES_QUICK = 8


class Measured(app.Service):
    """The service, until it has read n events."""

    n = 0
    read = 0
    stages: Stages | None = None

    def _observe(self, journey: Journey) -> None:
        super()._observe(journey)
        self.read = sum(mark.offset for mark in journey.clocks.values())
        if self.read >= self.n:
            self.stop()

    async def measure(self, n: int) -> Spent:
        """What `run` does, without serving; what that cost per event from the first fetch to the last Commit."""
        self.n, collector = n, gc.get_threshold()
        journey = self._journey = Journey(self.settings, self._sources, recall(self.store, self.settings))
        self._exporter = exporter(self.store, self.status, self.settings)
        await self._connect(journey)
        outbox = asyncio.create_task(self._outbox.run())
        try:
            if self.stages is not None:
                self.stages.begin()
            before = Spent.now()
            await self._read(journey)
            await self._finish(journey)
            return Spent.now().since(before).per(self.read)
        finally:
            gc.unfreeze()  # the bare loop's collector is the interpreter's
            gc.set_threshold(*collector)
            await self._reader.stop()
            await self._outbox.relay.stop()
            outbox.cancel()
            with suppress(asyncio.CancelledError):
                await outbox


def settings(case: Case, bootstrap: str, topic: str, store: Path) -> Settings:
    """Panes of a minute, three window lengths, and every model known from the first event on."""
    names = "\n".join(f"  m{i:02d}: {{}}" for i in range(case.models))
    return parse(
        f"""
kafka: {{bootstrap: "{bootstrap}"}}
events: {{predictions: [{topic}], max_skew: 365d}}
store: {{path: "{store}"}}
defaults: {{windows: [1m, 5m, 15m], lateness: 10s, segments: [{", ".join(case.segments)}],
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


def full(case: Case, bootstrap: str, topic: str, n: int, stages: Stages | None = None) -> tuple[Spent, dict[str, int]]:
    """One run of the service; its cost per event, and how many rows of what it has kept."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        path = Path(folder) / "bench.duckdb"
        chosen = settings(case, bootstrap, topic, path)
        with closing(DuckStore(path, memory_limit=chosen.store.memory_limit)) as store:
            service = Measured(chosen, store, sources(chosen), {}, lambda _: None)
            service.stages = stages
            with stages.watching(STAGES) if stages is not None else nullcontext():
                spent = asyncio.run(service.measure(n))
            return spent, _kept(store)


def _kept(store: DuckStore) -> dict[str, int]:
    """What was closed, so that a figure cannot be good because nothing was done."""
    ends = store.select(tables.TRAFFIC)["end"]
    windows = store.select(tables.WINDOWS)
    found = {"panes": len(np.unique(ends)), "findings": len(store.select(tables.FINDINGS)["commit"])}
    return found | {
        f"windows of {length // 10**9} s": int((windows["length"] == length).sum())
        for length in np.unique(windows["length"]).tolist()
    }


@contextmanager
def broker() -> Iterator[RealKafka]:
    """A broker of our own."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        kafka = RealKafka(Path(folder))
        kafka.start()
        try:
            yield kafka
        finally:
            kafka.kill()


def figures(quick: bool) -> Iterator[Figure]:
    """All cases; a figure each."""
    quieten()
    with broker() as kafka:
        for topic in ("driftline.dead-letters", "driftline.triggers"):
            kafka.create_topic(topic)
        for case in CASES:
            n = (PANES_QUICK if quick else PANES) * case.per_pane
            topic = kafka.create_topic(f"bench-{case.models}", PARTITIONS, {"retention.ms": "-1"})
            publish(kafka.bootstrap, topic, range(PARTITIONS), Stream(n, case.models, case.per_pane / PANE_S))
            yield _case(case, kafka, topic, n, 1 if quick else REPETITIONS)
            kafka.delete_topic(topic)


def _case(case: Case, kafka: RealKafka, topic: str, n: int, repetitions: int) -> Figure:
    ours, theirs = [], []
    asyncio.run(bare(kafka.bootstrap, topic, PARTITIONS, min(n, 100_000), case.models))  # fills the broker's caches
    for _ in range(repetitions):
        gc.collect()
        theirs.append(asyncio.run(bare(kafka.bootstrap, topic, PARTITIONS, n, case.models)))
        ours.append(full(case, kafka.bootstrap, topic, n)[0])
    stages = Stages()
    _, kept = full(case, kafka.bootstrap, topic, n, stages)
    print(f"\nspeed, {case.name}: {n:,} events, {repetitions} interleaved repetitions; us per event")
    print("  kept: " + ", ".join(f"{many:,} {what}" for what, many in kept.items()))
    for name, runs in (("bare", theirs), ("driftline", ours)):
        medians = (f"{kind} {median(getattr(run, kind) for run in runs):6.2f}" for kind in Spent._fields)
        print(f"  {name:10s} {'  '.join(medians)}")
    for stage, us in stages.us.most_common():
        print(f"    {stage:30s} {us / n:6.3f}")
    ratios = {
        kind: [getattr(a, kind) / getattr(b, kind) for a, b in zip(ours, theirs, strict=True)] for kind in Spent._fields
    }
    for kind, each in ratios.items():
        print(f"  ratio {kind:8s} {median(each):5.2f}   ({', '.join(f'{ratio:.2f}' for ratio in each)})")
    return Figure(f"speed, {case.name}: processor time / bare loop", median(ratios["process"]), case.limit, "")
