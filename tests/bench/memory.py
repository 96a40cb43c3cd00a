"""What stays in memory: resident size late in a long stream, beside that early in it.

Fifty models with two segment fields over ten days of event time: unique ids, categories that nobody saw before, late
and broken events, everything kept in one DuckDB file and shown to /metrics. In process, over generated records.

The reference is a file that another process has written: what is freed after making it here would stay with Python's
allocator, 116 MB in which as much could grow unseen.
"""

import gc
import multiprocessing
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import numpy as np

from sinks.commit import Commit
from sinks.duck import DuckStore
from sinks.prometheus import Exporter
from stream.config.parse import parse
from stream.config.settings import DAY
from stream.events import Records
from stream.files.references import reference_file
from stream.journey import Journey
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall
from stream.resident import memory_bytes
from stream.web.metrics import exporter
from stream.web.page.status import Status
from tests.bench.events import BLOCK, SEGMENTS, Stream, reference
from tests.bench.report import Figure

EARLY, LATE = 500_000, 3_000_000
MODELS, DAYS, PARTITIONS, RECORDS = 50, 10, 4, 500
CATEGORIES_NEW = 20_000
AWAKE = 1 / 6  # of each day: as many events in fewer panes, or the closes would take an hour
FORGET_EACH = 5  # Commits
GROWTH_MAX = 1.05
TOPIC = "predictions"


class Run:
    """The pure half with its store and its /metrics, fed block by block."""

    def __init__(self, folder: Path, n: int) -> None:
        path, table = folder / "bench.duckdb", folder / "reference.jsonl"
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            pool.submit(_write_reference, table).result()
        self._stream = Stream(n, MODELS, n / (AWAKE * DAYS * DAY / 1e9), CATEGORIES_NEW, AWAKE)
        models = "\n".join(f"  m{i:02d}: {{}}" for i in range(MODELS))
        self._settings = parse(
            f"""
events: {{predictions: [{TOPIC}], max_skew: 365d, max_ahead: 6h}}
store: {{path: "{path}", keep: 2d, memory_limit: 256MB}}
defaults: {{windows: [5m, 1h, 1d], segments: [{", ".join(SEGMENTS)}], reference: {{file: "{table}"}}}}
models:
{models}
"""
        )
        self._store = DuckStore(path, memory_limit=self._settings.store.memory_limit)
        made = Sources(self._settings.limits, {str(table): reference_file(table)})
        self._journey = Journey(self._settings, made, recall(self._store, self._settings))
        self._exporter: Exporter = exporter(self._store, Status, self._settings)
        for partition in range(PARTITIONS):
            self._journey.find((TOPIC, partition), 0)

    def sizes(self) -> Iterator[tuple[int, int]]:
        """Events read so far, and bytes resident, after each block."""
        with closing(self._store):
            read = 0
            for number, block in zip(count(1), self._stream.blocks(), strict=False):
                self._read(block, read // PARTITIONS)
                read += len(block)
                commit = self._journey.take()
                self._store.write(commit)
                self._exporter.show(commit)
                self._forget(number, commit)
                yield read, _resident()

    def _read(self, block: list[bytes], first: int) -> None:
        """A block, dealt out to the partitions in small batches in turn."""
        each = [block[partition::PARTITIONS] for partition in range(PARTITIONS)]
        for i in range(0, len(each[0]), RECORDS):
            for partition, values in enumerate(each):
                part = list(values[i : i + RECORDS])
                offsets = np.arange(first + i, first + i + len(part))
                stamps = np.full(len(part), -1)
                records = Records(TOPIC, partition, offsets, stamps, part, int(offsets[-1]) + 1)
                self._journey.receive(records)
            self._journey.work()

    def _forget(self, number: int, commit: Commit) -> None:
        bounds = self._journey.retention()
        if number % FORGET_EACH == 0 and bounds is not None:
            self._store.forget(bounds._asdict(), {})
            assert commit.number == self._store.last()


def _write_reference(path: Path) -> None:
    """A reference whose rows are of no model: they are everyone's."""
    path.write_bytes(b"\n".join(reference()).replace(b'"model":"m00",', b""))


def _resident() -> int:
    gc.collect()
    return memory_bytes()


def figures(quick: bool) -> Iterator[Figure]:
    """How much larger the process is late than early."""
    late = LATE // 5 if quick else LATE
    early = late * EARLY // LATE
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        found = dict(Run(Path(folder), late).sizes())
    print(f"\nmemory, {MODELS} models, {len(SEGMENTS)} segment fields, {DAYS} event days; MB resident by events read")
    shown = sorted(found)[:: max(1, len(found) // 12)]
    print("  " + "  ".join(f"{read:,}: {found[read] / 1e6:.0f}" for read in shown))
    # Between two times of forgetting the greatest, so that no figure hangs on when the store was cleaned last.
    span = FORGET_EACH * BLOCK
    sizes = [max(size for read, size in found.items() if mark - span < read <= mark) for mark in (early, late)]
    print(f"  {early:,} events: {sizes[0] / 1e6:.0f} MB; {late:,} events: {sizes[1] / 1e6:.0f} MB")
    yield Figure(f"memory, resident after {late:,} events / after {early:,}", sizes[1] / sizes[0], GROWTH_MAX, "")
