"""`python -m tests.bench [NAME ...] [--quick]`: figures beside their limits.

All in turn where none is named; the exit code is 1 where a limit is exceeded. The whole takes about an hour,
`--quick` a minute or two: shorter runs of the same, with fewer panes and Commits than the limits are stated for.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: threads for products of this size only wait

import numpy as np

from tests.bench import (
    closing,
    decode,
    deployed,
    dispatched,
    endless,
    identified,
    latency,
    memory,
    packed,
    pending,
    recorded,
    sequential,
    speed,
    store,
    tiers,
    waiting,
    workers,
)
from tests.bench.report import Figure

STORE_RUNS = 3


def _store(quick: bool) -> Iterator[Figure]:
    """The time of a Commit on a file at its retention size: the median of runs, beside the machine's own fsync."""
    runs = []
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as made:
        recording = recorded.record(Path(made))
    store.tell(recording)
    for _ in range(1 if quick else STORE_RUNS):
        with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
            days = (2, 6) if quick else (store.DAYS_KEPT, store.DAYS_MEASURED)
            runs.append(store.measure(Path(folder), recording, *days))
        store.show(runs[-1])
    sync = median(float(np.quantile(figures.fsync_ms, 0.99)) for figures in runs)
    commit = median(float(np.quantile(figures.commit_ms, 0.99)) for figures in runs)
    yield Figure(f"store, p99 of a Commit (of the machine's own fsync: {sync:.1f} ms)", commit, store.P99_MS_MAX, " ms")
    yield Figure("store, the file's greatest size late / early", store.growth(runs[-1]), store.GROWTH_MAX, "")


def _labels(quick: bool) -> Iterator[Figure]:
    """What labels cost when they come, and what predictions cost that wait for them."""
    yield from pending.figures(quick)
    yield from identified.figures(quick)


def _decode(quick: bool) -> Iterator[Figure]:
    """Stages of decoding; it has no limit of its own."""
    del quick
    decode.main()
    yield from ()


BENCHES: dict[str, Callable[[bool], Iterator[Figure]]] = {
    "closing": closing.figures,
    "speed": speed.figures,
    "memory": memory.figures,
    "store": _store,
    "tiers": tiers.figures,
    "workers": workers.figures,
    "deployed": deployed.figures,
    "latency": latency.figures,
    "waiting": waiting.figures,
    "dispatched": dispatched.figures,
    "endless": endless.figures,
    "packed": packed.figures,
    "labels": _labels,
    "decode": _decode,
    "sequential": sequential.figures,
}


def main() -> int:
    """Run what was asked for; 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("benches", nargs="*", metavar="bench", help=f"of {', '.join(BENCHES)}; all where none is named")
    parser.add_argument("--quick", action="store_true", help="shorter runs of the same: a minute or two")
    asked = parser.parse_args()
    if unknown := set(asked.benches) - BENCHES.keys():
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    figures: list[Figure] = []
    for name in asked.benches or BENCHES:
        for figure in BENCHES[name](asked.quick):
            print(figure, flush=True)
            figures.append(figure)
    print("\n" + "\n".join(map(str, figures)))
    return int(not all(figure.kept for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
