"""What it takes to judge a closed window and measure all distances, beside a fixed sort of the same values."""

from collections.abc import Callable, Iterator
from statistics import median
from time import process_time

import numpy as np

from detectors import parts
from detectors.distances import DISTANCES, USUAL
from detectors.grids import build
from stream.config.settings import Drift, Model
from stream.monitor.acting.findings import findings, telling
from stream.monitor.verdicts import distances, judging
from stream.plan import Plan
from tests.bench.report import Figure

FEATURES, REFERENCE = 50, 100_000
WINDOWS = (1_000, 100_000)  # events
MS_MAX = 10.0
HOUR = 3_600_000_000_000
OTHERS = tuple(name for name in DISTANCES if name not in USUAL)
MODEL = Model(declared=(HOUR,), drift=Drift(OTHERS))


def figures(quick: bool) -> Iterator[Figure]:
    """The median of closing a window of 50 features against a reference of 100,000 rows, by the window's size."""
    rng = np.random.default_rng(1)
    names = [f"f{i:02d}" for i in range(FEATURES)]
    values = rng.normal(size=(REFERENCE, FEATURES))
    grid = build({name: values[:, i] for i, name in enumerate(names)}, {})
    plan = Plan("m", 0, grid, (), _summary(grid, values), "bench", ())
    rounds = 10 if quick else 50
    sort_ms, _ = _alternating(lambda: np.sort(values, axis=0), lambda: None, 3)
    print(f"\nclosing: {FEATURES} features, {len(DISTANCES)} distances, {rounds} rounds in turns; ms of processor time")
    print(f"  a sort of the reference's values, once: {sort_ms:.1f}")
    for n in WINDOWS:
        yield _window(plan, rng.normal(0.02, 1, (n, FEATURES)), rounds)


def _window(plan: Plan, values: np.ndarray, rounds: int) -> Figure:
    summary, n = _summary(plan.grid, values), len(values)
    closed_ms, sort_ms = _alternating(lambda: _close(plan, summary), lambda: np.sort(values, axis=0), rounds)
    judged_ms, _ = _alternating(lambda: judging.judge([_case(plan, summary)]), lambda: None, rounds)
    alone = f"the verdict alone {judged_ms:.2f}, a sort of its values {sort_ms:.2f}"
    print(f"  window of {n:,} events: all {closed_ms:.2f}, {alone}")
    return Figure(f"closing, {n:,} events: verdict and all distances", closed_ms, MS_MAX, " ms")


def _close(plan: Plan, summary: parts.Summary) -> object:
    """What a close does with a window, up to its rows."""
    case = _case(plan, summary)
    (verdicts,) = judging.judge([case])
    columns = np.arange(FEATURES)
    pair = verdicts.expected[0, columns], verdicts.observed[0, columns]
    return findings(case, verdicts, telling(case, verdicts)), distances.measured(
        plan, columns, *pair, MODEL.drift.measures
    )


def _case(plan: Plan, summary: parts.Summary) -> judging.Case:
    return judging.Case("1", HOUR, 0, HOUR, plan, summary, MODEL)


def _summary(grid: parts.Grid, values: np.ndarray) -> parts.Summary:
    none = np.empty((len(values), 0))
    return parts.of(grid, values, none.astype(np.uint16), none.astype(np.int64), 1)


def _alternating(one: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The median milliseconds of processor time of both, in turns: what slows the machine down slows both."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for timed, times in zip((one, other), spent, strict=True):
            began = process_time()
            timed()
            times.append(1e3 * (process_time() - began))
    return median(spent[0]), median(spent[1])
