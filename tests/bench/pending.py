"""Labels that come for ten million predictions: what it costs to find whom they meet, and to fold that into windows.

A step's labels are 10,000, half of them of ids that nobody has seen, the others spread over the whole time for which
predictions wait. Earlier labels of a tenth of those lie beside them, and 10,000 have waited in vain. A process of its
own opens the file, so that its size is that of the question.
"""

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sinks.commit import ANSWERS, PAIRS, PREDICTIONS, UNMET, Commit, Texts
from sinks.duck import DuckStore
from stream.config.parse import parse
from stream.config.settings import Settings
from stream.garbage import settle
from stream.joining.meeting import asked, meet
from stream.journey import Journey
from stream.monitor.labels import meetings
from stream.monitor.performance.closing import Performance
from stream.monitor.plans.onboarding import File, Sources
from stream.reference import from_events
from stream.watch import Memory
from tests.bench.events import SEGMENTS, START_MS, reference
from tests.bench.report import Figure
from tests.bench.spent import Spent, Stages

PENDING, LABELS, MODELS = 10_000_000, 10_000, 20
EARLIER = 10  # predictions to a label that has come before
COMMIT = 100_000  # rows
REFERENCE, EXAMPLES = "reference", 2_000
ROUNDS = 7
MS_MAX, MB_MAX = 300.0, 600.0
PREDICTED, SAID = "predictions", "labels"  # topics, and what waits
STAGES: list[tuple[str, object, Callable[..., Any]]] = [
    ("find", DuckStore, DuckStore.meeting),
    ("pair", meetings.Meetings, meetings.Meetings.take),
    ("fold", Performance, Performance.step),
]


class Round(NamedTuple):
    """Milliseconds of processor time of a step, by stage, and how long it took; `keep` is the Commit that follows."""

    find: float
    pair: float
    fold: float
    wall: float
    keep: float

    @property
    def total(self) -> float:
        """Processor time until the Commit is made."""
        return self.find + self.pair + self.fold


class Found(NamedTuple):
    """What was measured: step after step, and the others right after `forget`; MB resident at most."""

    warm: list[Round]
    cold: list[Round]
    resident: float


class World:
    """Makes rows of the tables `predictions` and `answers`, all drawn from numbers."""

    def __init__(self, chosen: Settings, n: int) -> None:
        journey = _journey(chosen)
        self.n, self.pane, self.within = n, journey.settings.pane, chosen.defaults.labels.within
        self.start = START_MS * 1_000_000 // self.pane * self.pane
        self.end = self.start + self.within  # of the last pane of predictions
        self._plans = [entry.plans[-1] for entry in journey.state.roster.entries]

    def step(self, i: int) -> int:
        """The end of the pane of a round's labels."""
        return self.end + (i + 1) * self.pane

    def nobodys(self, i: int) -> NDArray[np.int64]:
        """Numbers that no prediction has."""
        return 2 * self.n + i * LABELS + np.arange(LABELS)

    def predictions(self, first: int, n: int) -> dict[str, Any]:
        """Those with the numbers from `first` on, in the order of their times."""
        generator, numbers = np.random.default_rng((1, first)), np.arange(first, first + n)
        at = self.start + (numbers * (self.within / self.n)).astype(np.int64)
        score, same = generator.beta(2, 5, n).round(6), np.zeros(n, np.int64)
        fields = self._plans[0].segments
        rows = [generator.integers(field.first, field.first + len(field.rows), n) for field in fields]
        segments = np.empty(n, np.object_)
        segments[:] = [line.tobytes() for line in np.stack(rows, axis=1).astype("<u2")]
        return _common(PREDICTED, numbers, (at // self.pane + 1) * self.pane, at, numbers) | {
            "version": Texts(("3",), same),
            "plan": Texts(tuple(plan.id for plan in self._plans), numbers % MODELS),
            "score": score,
            "value": np.full(n, np.nan),
            "answer": Texts(("0", "1"), (score > 0.3).astype(np.int64)),
            "segments": segments,
            "several": np.full(n, b"", np.object_),
        }

    def predicted(self, n: int) -> dict[str, Any]:
        """How many there are of each pane and model, of the numbers below n."""
        numbers = np.arange(n)
        pane = ((numbers * (self.within / self.n)).astype(np.int64)) // self.pane
        groups, counts = np.unique(pane * MODELS + numbers % MODELS, return_counts=True)
        same = np.zeros(len(groups), np.int64)
        return {
            "model": Texts(tuple(f"m{i:02d}" for i in range(MODELS)), groups % MODELS),
            "version": Texts(("3",), same),
            "end": ((self.start + (groups // MODELS + 1) * self.pane) // 1_000).astype("datetime64[us]"),
            "predictions": counts,
            "repeats": same,
        }

    @staticmethod
    def answers(numbers: NDArray[np.int64], end: int, first: int) -> dict[str, Any]:
        """Labels of predictions by their numbers, all in one pane; `first` is the offset of the first."""
        n, generator = len(numbers), np.random.default_rng((2, first))
        ends, offsets = np.full(n, end), np.arange(first, first + n)
        return _common(SAID, numbers, ends, ends - 1, offsets) | {
            "does": Texts(("label",), np.zeros(n, np.int64)),
            "answer": Texts(("0", "1"), generator.integers(0, 2, n)),
        }


def _common(
    topic: str, numbers: NDArray[np.int64], end: NDArray[np.int64], at: NDArray[np.int64], offset: NDArray[np.int64]
) -> dict[str, Any]:
    same = np.zeros(len(numbers), np.int64)
    return {
        "model": Texts(tuple(f"m{i:02d}" for i in range(MODELS)), numbers % MODELS),
        "end": (end // 1_000).astype("datetime64[us]"),
        "at": at,
        "key": _mixed(numbers, 1),
        "check": _mixed(numbers, 2),
        "topic": Texts((topic,), same),
        "partition": same,
        "offset": offset,
        "row": same,
    }


def _mixed(numbers: NDArray[np.int64], salt: int) -> NDArray[np.int64]:
    """As good as random: the finalizer of MurmurHash3, by which different numbers stay different."""
    x = numbers.astype(np.uint64) + np.uint64(salt << 60)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        x = (x ^ (x >> np.uint64(33))) * np.uint64(factor)
    return (x ^ (x >> np.uint64(33))).view(np.int64)


def settings(path: Path) -> Settings:
    """Models with labels; every window length is a number of panes of five minutes."""
    models = "\n".join(f"  m{i:02d}: {{}}" for i in range(MODELS))
    return parse(
        f"""
events: {{predictions: [{PREDICTED}], labels: [{SAID}], max_skew: 365d}}
store: {{path: "{path}"}}
defaults: {{windows: [5m, 1h, 1d], segments: [{", ".join(SEGMENTS)}], reference: {{file: {REFERENCE}}}}}
models:
{models}
"""
    )


def _journey(chosen: Settings, last: int = 0) -> Journey:
    """A life that knows all models."""
    table = from_events(reference(EXAMPLES))
    return Journey(chosen, Sources(chosen.limits, {REFERENCE: File(table, "bench")}), Memory(last))


def fill(path: Path, n: int, rounds: int) -> None:
    """A store with what waits: predictions, earlier labels of some of them, and those whose wait is about to end."""
    world = World(settings(path), n)
    generator = np.random.default_rng(3)
    with closing(DuckStore(path)) as store:
        for first in range(0, n, COMMIT):
            _keep(store, predictions=world.predictions(first, min(COMMIT, n - first)))
        _keep(store, predicted=world.predicted(n))
        for first in range(0, n // EARLIER, COMMIT):
            end = world.start + int(world.within * EARLIER * first / n) // world.pane * world.pane
            _keep(store, answers=world.answers(generator.integers(0, n, COMMIT), end, first))
        for i in range(rounds):
            waited = world.answers(world.nobodys(i), world.step(i) - world.within, n + i * LABELS)
            _keep(store, answers=waited, unmet={column.name: waited[column.name] for column in UNMET.columns})


def _keep(store: DuckStore, **tables: dict[str, Any]) -> None:
    store.write(Commit(store.last() + 1, tables))
    store.forget({}, {})


def measure(path: Path, n: int, rounds: int) -> Found:
    """Steps one after the other, in this process; every other one right after `forget`, which lets the cache go."""
    chosen = settings(path)
    world, spent = World(chosen, n), []
    per_pane = n * world.pane // world.within
    with closing(DuckStore(path, memory_limit=chosen.store.memory_limit)) as store:
        journey = _journey(chosen, store.last())
        journey.state.joined = {f"m{i:02d}": world.end for i in range(MODELS)}
        journey.monitor.meetings.recall(store.standing, asked(store))
        store.write(journey.take())
        settle()  # as the service does
        for i in range(rounds):
            known = np.random.default_rng((4, i)).choice(n, LABELS // 2, replace=False)
            numbers = np.concatenate((known, world.nobodys(rounds + i)[len(known) :]))
            journey.monitor.ledger.block(ANSWERS, world.answers(numbers, world.step(i), 2 * n + i * LABELS))
            journey.monitor.ledger.block(PREDICTIONS, world.predictions(n + i * per_pane, per_pane))
            store.write(journey.take())
            if i % 2:
                store.forget({}, {})
            journey.state.closed[PREDICTED,] = journey.state.labels_closed[SAID,] = world.step(i)
            one = _met(journey, store)
            before, made = Spent.now(), journey.take()
            assert len(made.tables[PAIRS.name]["key"]) > 0.8 * len(known), "most of them had no label yet"
            store.write(made)
            spent.append(one._replace(keep=Spent.now().since(before).thread / 1e3))
    return Found(spent[2::2], spent[1::2], _peak_mb())  # the first is that of a process that has just begun


def _met(journey: Journey, store: DuckStore) -> Round:
    stages = Stages()
    with stages.watching(STAGES):
        stages.begin()
        before = Spent.now()
        meet(journey, store)
        wall = Spent.now().since(before).wall / 1e3
    return Round(*(stages.us[stage] / 1e3 for stage, _, _ in STAGES), wall, 0.0)


def _peak_mb() -> float:
    """The greatest resident size of this process; `getrusage` would tell its parent's too."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1e3


def figures(quick: bool) -> Iterator[Figure]:
    """What a step costs, and how large the process is."""
    n, rounds = (PENDING // 10, 3) if quick else (PENDING, ROUNDS)
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        path = Path(folder) / "pending.duckdb"
        for work in (fill, measure):
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                found = pool.submit(work, path, n, rounds).result()
        size = path.stat().st_size / 1e6
    assert isinstance(found, Found)
    print(f"\nlabels: steps of {LABELS:,} labels, {n:,} predictions pending in {size:.0f} MB; ms of processor time")
    for name, each in (("in the cache", found.warm), ("after forgetting", found.cold)):
        parts = (f"{stage} {median(getattr(one, stage) for one in each):7.1f}" for stage in Round._fields)
        print(f"  {name:16s} {'  '.join(parts)}   ({', '.join(f'{one.total:.0f}' for one in each)})")
        what = f"labels, {LABELS:,} among {n:,} pending, {name}"
        yield Figure(f"{what}: found and paired", median(one.find + one.pair for one in each), MS_MAX, " ms")
        yield Figure(f"{what}: and folded", median(one.total for one in each), MS_MAX, " ms")
    yield Figure("labels, resident", found.resident, MB_MAX, " MB")
