"""How often intervals of estimated losses hold what the window's labels give: `python -m tests.honesty.losses`.

Arguments are names of worlds; without, all that keep their promise are tried, which takes six minutes. Prints a share
per world, metric and size of the window, and returns 1 if one is outside [0.93, 0.97].
"""

import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from detectors import grids, parts
from detectors.codes import Floats
from detectors.estimation.estimate import Estimate
from detectors.estimation.inputs import Rows
from detectors.estimation.loss import LOSSES, ROOTS, Losses
from tests.honesty.estimation import BOUNDS, LEVEL, RUNS, SIZES

METRICS = (*LOSSES, *ROOTS)


class World(NamedTuple):
    """A regression: inputs, of which `noise` say nothing, and errors of a size that the first ones say."""

    deviation: Callable[[Floats], Floats]  # of errors, by inputs (n, inputs)
    shift: float  # of the first input
    reference: int = 10_000
    inputs: int = 4
    bias: float = 0.0  # of the errors, per unit of the first input
    tails: float = np.inf  # degrees of freedom of the errors
    others: float = 0.0  # the shift of all other inputs


def kink(x: Floats) -> Floats:
    """Larger on either side."""
    return np.asarray(0.5 + 0.5 * np.abs(x[:, 0]))


def slope(x: Floats) -> Floats:
    """Larger upwards, and with another input."""
    return np.asarray(np.exp(0.4 * x[:, 0] + 0.2 * x[:, 1]))


WORLDS = {
    "same": World(kink, 0.0),
    "shifted": World(kink, 0.7),
    "rising": World(slope, 0.7, bias=0.3),
    "falling": World(slope, -0.7, bias=0.3),
    "few labels": World(kink, 0.0, reference=1_000),
    "few, shifted": World(kink, 0.7, reference=1_000),
    "many inputs": World(slope, 0.7, inputs=30),
    "long tails": World(kink, 0.3, tails=8.0),
}

# Effects that multiply, of inputs that shift together: effects that add up know too little, and no interval says so.
# And few labels of skewed errors, where inputs shift: those that would say how large the largest are were never seen.
BEYOND = {
    "all inputs": World(slope, 0.7, reference=2_000, inputs=30, others=0.7),
    "few, skewed": World(slope, 0.7, reference=2_000, inputs=30),
}


class Events(NamedTuple):
    """The answer and inputs, (n, 1 + inputs), and errors, (n,)."""

    values: Floats
    error: Floats


def events(world: World, n: int, shift: float, rng: np.random.Generator) -> Events:
    """Events of a world; the answer is as the first input says."""
    x = rng.normal(0, 1, (n, world.inputs))
    x[:, 0] += shift
    x[:, 1:] += world.others if shift else 0.0
    drawn = rng.normal(0, 1, n) if np.isinf(world.tails) else rng.standard_t(world.tails, n)
    answer = 2 * x[:, 0] + rng.normal(0, 1, n)
    return Events(np.column_stack((answer, x)), world.bias * x[:, 0] + world.deviation(x) * drawn)


def summary(grid: grids.Grid, values: Floats) -> parts.Summary:
    """What a window's panes say."""
    n = len(values)
    return parts.of(grid, values, np.empty((n, 0), np.uint16), np.empty((n, 0), np.int64), 1)


def grid_of(values: Floats) -> grids.Grid:
    """A grid on these columns."""
    return grids.build({f"c{i}": column for i, column in enumerate(values.T)}, {})


def learned(grid: grids.Grid, seen: Events) -> Losses:
    """What labels teach."""
    cells = parts.placed(grid, seen.values, np.empty((len(seen.values), 0), np.uint16))
    k = len(cells)
    rows = Rows(tuple(range(k)), (True,) * k, tuple(grid.widths.tolist()), cells, np.ascontiguousarray(seen.values.T))
    return Losses.of(rows, seen.error)


def truth(error: Floats) -> dict[str, float]:
    """What the labels of a window give."""
    found = {name: float(loss(error).mean()) for name, (loss, _, _) in LOSSES.items()}
    return found | {name: float(np.sqrt(found[of])) for name, of in ROOTS.items()}


def holds(found: Estimate, truth: float) -> bool:
    """The truth is in the interval."""
    return bool(found.low[0] <= truth <= found.high[0])


def covered(world: World, runs: range, sizes: tuple[int, ...] = SIZES) -> dict[tuple[str, int], float]:
    """The share of runs whose interval held the truth, by metric and size."""
    return {key: float(np.mean(each)) for key, each in held(world, runs, sizes).items()}


def held(world: World, runs: range, sizes: tuple[int, ...] = SIZES) -> dict[tuple[str, int], list[bool]]:
    """Whether the interval of each run held the truth, by metric and size."""
    found_in: dict[tuple[str, int], list[bool]] = {(name, n): [] for name in METRICS for n in sizes}
    for run in runs:
        rng = np.random.default_rng((20_261_122, run))
        reference = events(world, world.reference, 0.0, rng)
        grid = grid_of(reference.values)
        losses = learned(grid, reference)
        for n in sizes:
            seen = events(world, n, world.shift, rng)
            found, known = losses.estimate(summary(grid, seen.values), n, LEVEL), truth(seen.error)
            for name in METRICS:
                found_in[name, n].append(holds(found[name], known[name]))
    return found_in


def main(names: list[str], runs: int = RUNS) -> int:
    """Print the table; 1 where a promise is broken."""
    broken = False
    for name in names or list(WORLDS):
        shares = covered((WORLDS | BEYOND)[name], range(runs))
        print(f"{name}: {runs} runs")
        for metric in METRICS:
            mine = [shares[metric, n] for n in SIZES]
            outside = not all(BOUNDS[0] <= share <= BOUNDS[1] for share in mine)
            broken |= outside
            print(f"  {metric:18}", *(f"{share:8.4f}" for share in mine), "  outside" if outside else "", flush=True)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
