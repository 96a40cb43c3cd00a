"""How often intervals hold that were learned otherwise: `python -m tests.honesty.learned`.

Metrics of the weighted reference. Arguments are names of worlds; without, all
are tried, which takes four minutes. Prints a share per metric and size of the window, and returns 1 if one is outside.
"""

import sys
from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import expit

from detectors import importance
from detectors.codes import Floats, Integers
from detectors.estimation.estimate import Estimate
from tests.honesty.estimation import BOUNDS, LEVEL, RUNS, SIZES

REFERENCE = 10_000
FINE = 32

Held = Iterator[tuple[str, int, bool]]  # metric, size of the window, whether its interval held the truth


def fine(x: Floats) -> Integers:
    """The cells of inputs, as many as a grid has: within wide ones inputs shift too."""
    return np.searchsorted(np.linspace(-2.4, 2.4, FINE - 1), x, side="right").astype(np.int64)


def decisions(n: int, shift: tuple[float, float], rng: np.random.Generator) -> tuple[Integers, importance.Rows]:
    """The cells of two inputs that decide how sure labels are, and events."""
    x = rng.normal(shift, 1.0, (n, 2))
    score = expit(x[:, 0]).round(2)
    label = rng.random(n) < expit(1.5 * x[:, 0] + 0.8 * x[:, 1])
    return fine(x), importance.Rows(score, score >= 0.5, label)


def weights(shift: float, run: int, sizes: tuple[int, ...]) -> Held:
    """Metrics of the weighted reference."""
    rng = np.random.default_rng((3, run))
    known, rows = decisions(REFERENCE, (0.0, 0.0), rng)
    for n in sizes:
        window, seen = decisions(n, (shift, -shift / 2), rng)
        counts = np.concatenate([np.bincount(column, minlength=FINE) for column in window.T])
        raked = importance.rake(known, np.full(2, FINE), counts)
        for name, found in importance.estimate(rows, raked, n, LEVEL).items():
            yield name, n, holds(found, importance.METRICS[name][0](seen, np.full(n, 1 / n))[0])
        squares = [(mine.score - mine.label) ** 2 for mine in (rows, seen)]
        yield "mean", n, holds(importance.estimate_mean(squares[0], raked, n, LEVEL), squares[1].mean())


WORLDS: dict[str, tuple[Callable[[float, int, tuple[int, ...]], Held], float]] = {
    "weights": (weights, 0.0),
    "weights shifted": (weights, 0.5),
}


def holds(found: Estimate, truth: float) -> bool:
    """The truth is in the interval."""
    return bool(found.low[0] <= truth <= found.high[0])


def covered(name: str, runs: range, sizes: tuple[int, ...] = SIZES) -> dict[str, dict[int, float]]:
    """The share of runs whose interval held the truth, by metric and size."""
    world, shift = WORLDS[name]
    held: dict[str, dict[int, list[bool]]] = {}
    for run in runs:
        for metric, n, one in world(shift, run, sizes):
            held.setdefault(metric, {}).setdefault(n, []).append(one)
    return {metric: {n: float(np.mean(each)) for n, each in by_size.items()} for metric, by_size in held.items()}


def main(names: list[str]) -> int:
    """Print the table; 1 where a promise is broken."""
    broken = False
    for name in names or list(WORLDS):
        print(f"{name}: shifted by {WORLDS[name][1]}, {RUNS} runs")
        for metric, shares in covered(name, range(RUNS)).items():
            outside = not all(BOUNDS[0] <= share <= BOUNDS[1] for share in shares.values())
            broken |= outside
            row = [f"{share:8.4f}" for share in shares.values()]
            print(f"  {metric:18}", *row, "  outside" if outside else "", flush=True)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
