"""How long a Commit takes on a file at its retention size, and whether the file stays bounded.

`python -m tests.bench.store`: the Commits that a Journey makes (`recorded`), ten days of them kept; now and then
what is older is forgotten. Beside each Commit the machine's own fsync is timed.
"""

import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sinks.commit import Columns, Commit
from sinks.duck import DuckStore
from stream.config.settings import DAY
from tests.bench.recorded import DAILY, START_NS, Recording, record

DAYS_KEPT = 10  # of windows, distances and findings: the event days of the memory bench
DAYS_MEASURED = 34  # 1,020 Commits
PANES_KEPT = 3  # days: one that is open, two for people
# Commits between two calls of `forget`. No divisor of a day's: else the same Commits of each day would come right after
# it, which cost some milliseconds more.
EACH = 37
P99_MS_MAX = 50.0
GROWTH_MAX = 1.1  # of the file, over the measured Commits


class Figures(Struct, frozen=True):
    """What was measured once the file had its size: milliseconds, and bytes."""

    commit_ms: NDArray[np.float64]
    processor_ms: NDArray[np.float64]  # of the same Commits: what a busy machine blurs least
    fsync_ms: NDArray[np.float64]  # of 4 KiB, after each Commit
    forget_ms: NDArray[np.float64]
    nbytes: NDArray[np.int64]  # of the file after each `forget`
    log_nbytes: NDArray[np.int64]  # of its write-ahead log before each: then it is largest


def measure(folder: Path, recording: Recording, kept: int, measured: int) -> Figures:
    """Fill a store to `kept` days, then time the Commits of `measured` more days on it."""
    path, log = folder / "driftline.duckdb", folder / "driftline.duckdb.wal"
    commit_ms, processor_ms, fsync_ms, forget_ms, nbytes, log_nbytes = [], [], [], [], [], []
    with closing(DuckStore(path)) as store, (folder / "probe").open("wb") as probe:
        for commit in recording.commits(kept + measured):
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
                log_nbytes.append(log.stat().st_size)
                begin = perf_counter()
                _forget(store, commit, kept)
                forget_ms.append(perf_counter() - begin)
                nbytes.append(path.stat().st_size)
    first, later = 1 + kept * DAILY, kept * DAILY // EACH
    return Figures(
        np.array(commit_ms[first:]) * 1e3,
        np.array(processor_ms[first:]) * 1e3,
        np.array(fsync_ms[first:]) * 1e3,
        np.array(forget_ms[later:]) * 1e3,
        np.array(nbytes[later:]),
        np.array(log_nbytes[later:]),
    )


def _forget(store: DuckStore, commit: Commit, kept: int) -> None:
    now = START_NS + (commit.number - 1) * DAY // DAILY
    store.forget({"panes": now - min(kept, PANES_KEPT) * DAY, "history": now - kept * DAY}, {})


def growth(figures: Figures) -> float:
    """The file's greatest size in the second half of the measured time, over that in the first."""
    half = len(figures.nbytes) // 2
    return float(figures.nbytes[half:].max() / figures.nbytes[:half].max())


def show(figures: Figures) -> None:
    """Print what was measured."""
    rows = {
        "commit": figures.commit_ms,
        "  processor": figures.processor_ms,
        "fsync 4 KiB": figures.fsync_ms,
        "forget": figures.forget_ms,
    }
    for name, times in rows.items():
        p50, p99 = np.quantile(times, [0.5, 0.99])
        print(f"  {name:12s} n {len(times):5d}  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  max {times.max():6.1f} ms")
    sizes = " ".join(f"{size / 1e6:.0f}" for size in figures.nbytes[:: max(1, len(figures.nbytes) // 10)])
    print(f"  file         {sizes} MB, log up to {figures.log_nbytes.max() / 1e6:.0f} MB, x {growth(figures):.2f}")


def tell(recording: Recording) -> None:
    """Print how many rows the Commits hold: of each table the median, and the most."""
    names = sorted({name for tables in recording.day for name in tables})
    counts = {name: [_n(tables.get(name, {})) for tables in recording.day] for name in names}
    print(f"\nstore, {DAILY} Commits a day; rows in a Commit, median / most")
    print("  " + ", ".join(f"{name} {np.median(n):,.0f} / {max(n):,}" for name, n in counts.items()))


def _n(rows: Columns) -> int:
    return max(map(len, rows.values()), default=0)


def main() -> int:
    """Print the figures of one run; 1 where a limit is exceeded."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        recording = record(Path(folder))
        tell(recording)
        figures = measure(Path(folder), recording, DAYS_KEPT, DAYS_MEASURED)
    show(figures)
    return int(growth(figures) > GROWTH_MAX or bool(np.quantile(figures.commit_ms, 0.99) > P99_MS_MAX))


if __name__ == "__main__":
    sys.exit(main())
