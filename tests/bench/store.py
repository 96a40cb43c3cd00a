"""How long a Commit takes on a file at its retention size, and whether the file stays bounded.

`python -m tests.bench.store`: fifty models with fifteen segments each and 28 features close one window per Commit;
rows older than a day of panes are forgotten every twenty Commits. Beside each Commit the machine's own fsync is timed.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sinks.commit import CHECKPOINTS, DRIFT, FINDINGS, PANES, POSITIONS, TRAFFIC, WINDOWS, Columns, Commit, Table
from sinks.duck import DuckStore

MODELS, SEGMENTS, FEATURES = 50, 15, 28
PANE_NS = 300_000_000_000
START_NS = 1_790_000_100_000_000_000
KEPT = 288  # Commits: a day of panes of five minutes
EACH = 20  # Commits between two calls of `forget`
MEASURED = 1_000
P99_MS_MAX = 50.0
GROWTH_MAX = 1.1  # of the file, over the measured Commits
SEGMENT_NAMES = ["", *(f"site={i}" for i in range(1, SEGMENTS))]
PANE_KEYS = list(product([f"model-{i:02d}" for i in range(MODELS)], ["3"], SEGMENT_NAMES))
FEATURE_NAMES = [f"feature_{i:02d}" for i in range(FEATURES)]
DISTANCE_KEYS = [(*key, name) for key in PANE_KEYS for name in FEATURE_NAMES]


class Figures(Struct, frozen=True):
    """What was measured: milliseconds per Commit, per fsync of 4 KiB, per `forget`, and the file's bytes after each."""

    commit_ms: NDArray[np.float64]
    processor_ms: NDArray[np.float64]  # of the same Commits: what a busy machine blurs least
    fsync_ms: NDArray[np.float64]
    forget_ms: NDArray[np.float64]
    nbytes: NDArray[np.int64]


def commits(n: int) -> Iterator[Commit]:
    """Commits of one closed pane each, worst case: random doubles, and bytes that no compression makes smaller."""
    generator = np.random.default_rng(1)
    shape = {PANES: PANE_KEYS, WINDOWS: PANE_KEYS, DRIFT: DISTANCE_KEYS}
    small = {POSITIONS: 16, TRAFFIC: MODELS, FINDINGS: 30, CHECKPOINTS: 4}
    for number in range(1, n + 1):
        end_ns = START_NS + number * PANE_NS
        tables = {table.name: _columns(table, len(keys), keys, end_ns, generator) for table, keys in shape.items()}
        tables |= {table.name: _columns(table, rows, [], end_ns, generator) for table, rows in small.items()}
        yield Commit(number, tables)


def measure(folder: Path, kept: int, measured: int) -> Figures:
    """Fill a store to its retention size, then time Commits on it."""
    path = folder / "driftline.duckdb"
    commit_ms, processor_ms, fsync_ms, forget_ms, nbytes = [], [], [], [], []
    with closing(DuckStore(path)) as store, (folder / "probe").open("wb") as probe:
        for commit in commits(kept + measured):
            begin, processor = perf_counter(), thread_time()
            store.write(commit)
            commit_ms.append(perf_counter() - begin)
            processor_ms.append(thread_time() - processor)
            begin = perf_counter()
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
            fsync_ms.append(perf_counter() - begin)
            if commit.number % EACH == 0:
                bound = START_NS + (commit.number - kept) * PANE_NS
                begin = perf_counter()
                store.forget(panes_before=bound, history_before=bound, samples={})
                forget_ms.append(perf_counter() - begin)
                nbytes.append(path.stat().st_size)
    later = kept // EACH
    return Figures(
        np.array(commit_ms[kept:]) * 1e3,
        np.array(processor_ms[kept:]) * 1e3,
        np.array(fsync_ms[kept:]) * 1e3,
        np.array(forget_ms[later:]) * 1e3,
        np.array(nbytes[later:]),
    )


def main() -> int:
    """Print the figures; 1 where a budget is exceeded."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        figures = measure(Path(folder), KEPT, MEASURED)
    print(f"{len(DISTANCE_KEYS):,} distances and {len(PANE_KEYS)} panes per Commit, {KEPT} Commits kept")
    rows = {
        "commit": figures.commit_ms,
        "  processor": figures.processor_ms,
        "fsync 4 KiB": figures.fsync_ms,
        "forget": figures.forget_ms,
    }
    for name, times in rows.items():
        p50, p99 = np.quantile(times, [0.5, 0.99])
        print(f"{name:12s} n {len(times):5d}  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  max {times.max():6.1f} ms")
    megabytes = figures.nbytes / 1e6
    print(f"file         {' '.join(f'{size:.0f}' for size in megabytes[:: max(1, len(megabytes) // 10)])} MB")
    growth = figures.nbytes[len(megabytes) // 2 :].max() / figures.nbytes[: len(megabytes) // 2].max()
    print(f"growth from the first half to the second: {growth:.2f} (at most {GROWTH_MAX})")
    return int(growth > GROWTH_MAX or bool(np.quantile(figures.commit_ms, 0.99) > P99_MS_MAX))


def _columns(table: Table, n: int, keys: list[tuple[str, ...]], end_ns: int, generator: np.random.Generator) -> Columns:
    names = dict(zip(("model", "version", "segment", "feature"), zip(*keys, strict=True), strict=False))
    columns = {}
    for column in table.columns:
        match column.kind:
            case "text":
                values = names.get(column.name) or generator.choice(np.array(["ok", "drift", "topic"], np.object_), n)
                array = column.array(values)
            case "bytes":
                array = column.array([generator.bytes(size) for size in generator.integers(700, 2_000, n)])
            case "float":
                array = generator.random(n)
            case "bool":
                array = np.ones(n, np.bool_)
            case "int":
                array = generator.integers(0, 5_000, n)
            case "time":
                array = np.full(n, end_ns // 1000, "datetime64[us]")
        columns[column.name] = array
    return columns


if __name__ == "__main__":
    sys.exit(main())
