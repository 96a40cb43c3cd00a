"""What predictions cost that may meet labels: from bytes to a committed file, beside the same without, in turns.

With labels each id is hashed, and the prediction is kept until its label has come. Without Kafka's clients.
"""

import gc
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median
from time import process_time

import msgspec
import numpy as np

from sinks.commit import PREDICTIONS
from sinks.duck import DuckStore
from stream.counting import ingest
from stream.encodings import decoder
from stream.events import Records
from stream.joining import desk
from stream.journey import Journey
from stream.recovery import recall
from tests.bench.events import BLOCK, Stream
from tests.bench.measured import settings, sources
from tests.bench.packed import STAMP_MS, TOPIC
from tests.bench.report import Figure
from tests.bench.speed import CASES, PANE_S, Case
from tests.bench.spent import Stages

EVENTS, BATCH, COMMITS = 10_000, 1_000, 5  # of a Commit, of a batch; Commits of a stretch
STRETCHES = 15
FORGET_EACH = 10  # Commits
RATIO_MAX = 1.5
STAGES = [
    ("decode, columns", decoder.Decoder, decoder.Decoder.decode),
    ("judge lateness, buffer", ingest.Ingest, ingest.Ingest.receive),
    ("wait for labels", desk.Desk, desk.Desk.predictions),
    ("commit: make", Journey, Journey.take),
    ("commit: write", DuckStore, DuckStore.write),
    ("checkpoint", DuckStore, DuckStore.forget),
]


class Side:
    """A journey with its store."""

    def __init__(self, case: Case, folder: Path, labels: tuple[str, ...]) -> None:
        chosen = settings(case.models, case.segments, "none:1", TOPIC, folder / f"{len(labels)}.duckdb")
        chosen = msgspec.structs.replace(chosen, events=msgspec.structs.replace(chosen.events, labels=labels))
        self.store = DuckStore(Path(chosen.store.path), memory_limit=chosen.store.memory_limit)
        self._journey = Journey(chosen, sources(chosen), recall(self.store, chosen))
        self._journey.find((TOPIC, 0), 0)
        self.n_kept = 0

    def take(self, batches: Sequence[Records]) -> float:
        """Seconds of processor time that batches cost, with their Commit, and now and then a checkpoint."""
        begun = process_time()
        for records in batches:
            self._journey.receive(records)
            self._journey.work()
            assert not self._journey.held, "nothing waits for another partition"
        commit = self._journey.take()
        self.store.write(commit)
        if commit.number % FORGET_EACH == 0:
            self.store.forget({}, {})
        spent = process_time() - begun
        self.n_kept += len(commit.tables.get(PREDICTIONS.name, {}).get("key", ()))
        return spent


def once(case: Case, stretches: int, stages: Sequence[Stages] = ()) -> list[tuple[float, float]]:
    """Microseconds per event without labels and with them, stretch by stretch, a Commit of each in turn."""
    n, spent = stretches * COMMITS * EVENTS, []
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder, ExitStack() as stack:
        sides = [Side(case, Path(folder), labels) for labels in ((), ("labels",))]
        for side in sides:
            stack.enter_context(closing(side.store))
        for number, batches in enumerate(_commits(case, n)):
            each = [0.0, 0.0]
            for i in (0, 1) if number % 2 else (1, 0):
                gc.collect()
                with stages[i].watching([*STAGES, ("everything else", Side, Side.take)]) if stages else ExitStack():
                    each[i] = sides[i].take(batches)
            spent.append(each)
        assert not sides[0].n_kept
        assert sides[1].n_kept > 0.99 * n, "late and broken ones apart, all wait"
    totals = np.array(spent).reshape(stretches, COMMITS, 2).sum(axis=1) / (COMMITS * EVENTS) * 1e6
    return [(without, with_) for without, with_ in totals.tolist()]


def _commits(case: Case, n: int) -> Iterator[list[Records]]:
    """The batches of each Commit."""
    batches = []
    for number, block in enumerate(Stream(n, case.models, case.per_pane / PANE_S).blocks()):
        for first in range(0, len(block), BATCH):
            offsets = number * BLOCK + np.arange(first, first + BATCH)
            values = block[first : first + BATCH]
            batches.append(Records(TOPIC, 0, offsets, np.full(BATCH, STAMP_MS), values, int(offsets[-1]) + 1))
            if len(batches) == EVENTS // BATCH:
                yield batches
                batches = []


def figures(quick: bool) -> Iterator[Figure]:
    """The cost with labels over that without."""
    for case in CASES:
        stretches = once(case, 2 if quick else STRETCHES)
        stages = Stages(), Stages()
        once(case, 2, stages)  # for themselves: watching costs a microsecond
        n = COMMITS * EVENTS
        print(f"\nidentified, {case.name}: {len(stretches)} stretches of {n:,} events, in turns; us per event")
        for name, each, costs in zip(("without", "with labels"), zip(*stretches, strict=True), stages, strict=True):
            print(f"  {name:12s} {median(each):6.2f}")
            del costs.us["other"]
            for stage, us in costs.us.most_common():
                print(f"    {stage:24s} {us / (2 * n):6.3f}")
        ratios = [with_ / without for without, with_ in stretches]
        print(f"  ratio {median(ratios):.2f}   ({', '.join(f'{ratio:.2f}' for ratio in ratios)})")
        yield Figure(f"identified, {case.name}: predictions with labels / without", median(ratios), RATIO_MAX, "")
