"""How often intervals of estimated metrics hold what the window's labels give: `python -m tests.honesty.estimation`.

Arguments are names of worlds; without, all are tried, which takes five minutes. The truth is the window's own
metric, its labels drawn from the true probabilities. Prints a share per world, metric and size of the window, and
returns 1 if one is outside [0.93, 0.97].
"""

import sys
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from detectors.codes import Floats
from detectors.estimation.basis import Basis, Window, expected_losses, of_cells
from detectors.estimation.binary import METRICS, estimate
from detectors.performance.cells import of as cells_of
from tests.detectors.estimation.rows import of_rows

LEVEL = 0.95
RUNS = 2_000
SIZES = (100, 1_000, 10_000)
BOUNDS = (0.93, 0.97)


class World(NamedTuple):
    """A classifier of one input: the log odds of its labels and of its scores, and how inputs shift."""

    label: tuple[float, float]  # slope and intercept
    score: tuple[float, float]
    least: float  # decided yes from this score on
    shift: float
    reference: int


WORLDS = {
    "same": World((1.5, -0.5), (1.0, -0.2), 0.5, 0.0, 10_000),
    "better": World((1.5, -0.5), (1.0, -0.2), 0.5, 0.6, 10_000),
    "worse": World((1.5, -0.5), (1.0, -0.2), 0.5, -0.6, 10_000),
    "calibrated": World((1.5, -0.5), (1.5, -0.5), 0.5, 0.3, 10_000),
    "small reference": World((1.5, -0.5), (1.0, -0.2), 0.5, 0.6, 1_000),
    "rare": World((1.5, -3.5), (1.0, -2.0), 0.2, 0.3, 10_000),
}


class Events(NamedTuple):
    """Scores, what was decided, and labels, (n,) each."""

    score: Floats
    decided: np.ndarray
    label: np.ndarray


def events(world: World, n: int, shift: float, rng: np.random.Generator) -> Events:
    """Events of a world."""
    x = rng.normal(shift, 1.0, n)
    score = expit(world.score[0] * x + world.score[1])
    return Events(score, score >= world.least, rng.random(n) < expit(world.label[0] * x + world.label[1]))


def truth(basis: Basis, seen: Events) -> dict[str, float]:
    """The metrics that labels give: those of a window whose probabilities are 0 and 1."""
    window = of_rows(basis, seen.score, seen.decided)
    label = seen.label[np.argsort(seen.score, kind="stable")].astype(np.float64)
    losses = expected_losses(window.scores, label).mean(axis=0, keepdims=True)
    known = Window(window.counts, label, window.scores, window.log_odds, losses, window.bins)
    return {name: float(metric(known).value[0]) for name, (metric, _) in METRICS.items()}


def covered(world: World, runs: range, sizes: tuple[int, ...] = SIZES) -> dict[tuple[str, int], float]:
    """The share of runs whose interval held the truth, by metric and size."""
    return {key: float(np.mean(each)) for key, each in held(world, runs, sizes).items()}


def held(world: World, runs: range, sizes: tuple[int, ...] = SIZES) -> dict[tuple[str, int], list[bool]]:
    """Whether the interval of each run held the truth, by metric and size; undefined truths do not count."""
    found_in: dict[tuple[str, int], list[bool]] = {(name, n): [] for name in METRICS for n in sizes}
    for run in runs:
        rng = np.random.default_rng((20_261_120, run))
        reference = events(world, world.reference, 0.0, rng)
        basis = Basis.of(reference.score, reference.label, run)
        for n in sizes:
            seen = events(world, n, world.shift, rng)
            pairs = basis.pairs(seen.score, seen.decided)
            window = of_cells(basis, cells_of(basis.layout, *pairs, np.empty((n, 0), np.int64), 1))
            found, known = estimate(basis, window, LEVEL), truth(basis, seen)
            for name, value in known.items():
                if not np.isnan(value):
                    found_in[name, n].append(bool(found[name].low[0] <= value <= found[name].high[0]))
    return found_in


def main(names: list[str]) -> int:
    """Print the table; 1 where a promise is broken."""
    broken = False
    for name in names or list(WORLDS):
        world = WORLDS[name]
        shares = covered(world, range(RUNS))
        print(f"{name}: {world}, {RUNS} runs")
        for metric in METRICS:
            mine = [shares[metric, n] for n in SIZES]
            outside = not all(BOUNDS[0] <= share <= BOUNDS[1] for share in mine)
            broken |= outside
            print(f"  {metric:18}", *(f"{share:8.4f}" for share in mine), "  outside" if outside else "", flush=True)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
