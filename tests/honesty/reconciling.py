"""How often estimates are blamed where nothing changed: `python -m tests.honesty.reconciling`.

A reference, and twelve windows of the same world with a share of their labels, 2,000 times. A run is a false alarm
where the chance of so many truths outside, or so far away, is below a level; at most that share of runs may be one.
Prints the share per world, size of the reference and size of the windows, and returns 1 if one is clearly greater.
"""

import sys
from functools import partial

import numpy as np

from detectors.estimation.basis import Basis
from detectors.estimation.binary import estimate
from stream.monitor.estimates.truths import LAST, LOOKS, OF_NUMBERS, WATCHED, chance_of, widened
from tests.detectors.estimation.rows import of_rows
from tests.honesty import losses
from tests.honesty.estimation import WORLDS, Events, events

LEVELS = (0.05, 0.01, 0.001)  # of all looks at one window together
RUNS = 2_000
SIZES = ((1_000, 50), (1_000, 1_000), (10_000, 50), (10_000, 1_000))  # of the reference and of a window
COVERAGE = 0.8


def blamed(name: str, sizes: tuple[int, int], rng: np.random.Generator) -> float:
    """The chance that one run gives its truths."""
    world, (reference, n) = WORLDS[name], sizes
    seen = events(world, reference, 0.0, rng)
    basis = Basis.of(seen.score, seen.label, 0)
    series: dict[str, list[tuple[float, ...]]] = {each: [] for each in WATCHED}
    for _ in range(LAST):
        window = events(world, n, 0.0, rng)
        told = estimate(basis, of_rows(basis, window.score, window.decided), 0.95)
        some = rng.random(n) < COVERAGE
        truth = _truth(Events(*(column[some] for column in window)))
        for each in WATCHED:
            one = widened(each, told[each], n, int(some.sum()))
            series[each].append((*(float(getattr(one, part)[0]) for part in PARTS), truth[each]))
    return min(chance_of(numbers) for numbers in series.values()) * LOOKS


def blamed_numbers(name: str, sizes: tuple[int, int], rng: np.random.Generator) -> float:
    """The same of a regression."""
    world, (reference, n) = losses.WORLDS[name], sizes
    seen = losses.events(world, reference, 0.0, rng)
    grid = losses.grid_of(seen.values)
    known = losses.learned(grid, seen)
    (metric,), series = OF_NUMBERS, list[tuple[float, ...]]()
    for _ in range(LAST):
        window = losses.events(world, n, 0.0, rng)
        told = known.estimate(losses.summary(grid, window.values), n, 0.95)[metric]
        some = rng.random(n) < COVERAGE
        one = widened(metric, told, n, int(some.sum()))
        truth = losses.truth(window.error[some])[metric]
        series.append((*(float(getattr(one, part)[0]) for part in PARTS), truth))
    return chance_of(series, shares=False) * LOOKS


NUMBERS = {"numbers": "same", "numbers, long tails": "long tails"}
PARTS = ("value", "chance", "shared", "low", "high")


def _truth(seen: Events) -> dict[str, float]:
    return {
        "accuracy": float((seen.decided == seen.label).mean()),
        "brier": float(np.square(seen.score - seen.label).mean()),
    }


def main(names: list[str], runs: int = RUNS) -> int:
    """Try worlds; 1 where one is blamed too often."""
    wrong = 0
    for name in names or [*WORLDS, *NUMBERS]:
        for sizes in SIZES:
            rng = np.random.default_rng(sizes)
            one = partial(blamed_numbers, NUMBERS[name]) if name in NUMBERS else partial(blamed, name)
            chances = np.array([one(sizes, rng) for _ in range(runs)])
            shares = [float((chances < level).mean()) for level in LEVELS]
            wrong += any(
                share > level + 2.6 * (level / runs) ** 0.5 for share, level in zip(shares, LEVELS, strict=True)
            )
            print(f"{name:19} {sizes[0]:7,} {sizes[1]:6,}", *(f"{share:.4f}" for share in shares), flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
