"""How often intervals of estimates of segments hold what the segment's labels give: `python -m tests.honesty.segments`.

A reference has three segments, each with inputs of its own; labels depend on inputs alike in all. A window has so many
events of one of them, and its inputs have shifted. Arguments are names of worlds; without, all are tried, which takes
six minutes. Prints a share per world, metric and size of the segment, and returns 1 if one is outside.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from detectors.estimation.basis import Basis, of_cells
from detectors.estimation.binary import estimate as of_two
from detectors.estimation.class_metrics import estimate as of_several
from detectors.estimation.classes import Basis as Classes
from detectors.estimation.estimate import TINY, Estimate
from detectors.performance.cells import of as cells_of
from stream.monitor.estimates.heard import LEAST
from stream.monitor.performance.measuring import SEGMENTED
from tests.honesty import classes, estimation, losses
from tests.honesty.estimation import BOUNDS, LEVEL

RUNS = 2_000
SIZES = (100, 1_000, 10_000)
SHARES = (0.6, 0.3, 0.1)  # of the segments, in the reference
Both = tuple[Estimate, float]  # an estimate, and what labels give
Events = TypeVar("Events", estimation.Events, classes.Events, losses.Events)

assert min(SIZES) >= LEAST, "nothing is told of so few"


class World(NamedTuple):
    """A world that is one kind of segment: `where` inputs of each lie, and by how much they `shift` in a window."""

    base: estimation.World | classes.World | losses.World
    where: tuple[float, float, float]
    segment: int
    shift: float


APART = (0.0, 0.8, -1.0)
TWO = estimation.WORLDS["same"]
WORLDS = {
    "two, large segment": World(TWO, APART, 0, 0.0),
    "two, large segment shifts": World(TWO, APART, 0, 0.6),
    "two, good segment": World(TWO, APART, 1, 0.3),
    "two, small segment": World(TWO, APART, 2, 0.0),
    "two, small segment shifts": World(TWO, APART, 2, -0.6),
    "two, calibrated": World(estimation.WORLDS["calibrated"], APART, 2, 0.3),
    "two, few labels": World(estimation.WORLDS["small reference"], APART, 2, 0.3),
    "two, few labels, good segment": World(estimation.WORLDS["small reference"], APART, 1, 0.6),
    "two, rare": World(estimation.WORLDS["rare"], APART, 1, 0.3),
    "five": World(classes.WORLDS["five"], APART, 1, 0.3),
    "five, small segment": World(
        classes.WORLDS["five, many labels"]._replace(reference=10_000, alike=1), APART, 2, -0.3
    ),
    "three, few labels": World(classes.WORLDS["three, few labels"], APART, 2, 0.3),
    "errors": World(losses.WORLDS["same"], APART, 2, 0.0),
    "errors shift": World(losses.WORLDS["rising"], APART, 1, 0.4),
    "errors, few labels": World(losses.WORLDS["few labels"], APART, 2, -0.3),
}


def sizes_of(n: int) -> list[int]:
    """How many events of the reference each segment has."""
    return [round(share * n) for share in SHARES]


def reference(draw: Callable[[int, float], Events], world: World) -> Events:
    """All segments, one after the other."""
    each = [draw(n, at) for n, at in zip(sizes_of(world.base.reference), world.where, strict=True)]
    return type(each[0])(*(np.concatenate(columns) for columns in zip(*each, strict=True)))


def two(world: World, base: estimation.World, run: int, n: Iterable[int]) -> Iterator[tuple[int, dict[str, Both]]]:
    """Of two classes: scores are counted in as many bins as labels tell apart."""
    rng = np.random.default_rng((20_261_123, run))
    known = reference(lambda n, at: estimation.events(base, n, at, rng), world)
    whole = Basis.of(known.score, known.label, run)
    basis = whole.coarse()
    for size in n:
        seen = estimation.events(base, size, world.where[world.segment] + world.shift, rng)
        made = cells_of(basis.layout, *basis.pairs(seen.score, seen.decided), np.empty((size, 0), np.int64), 1)
        found = of_two(basis, of_cells(basis, made), LEVEL, None, SEGMENTED)
        truth = estimation.truth(whole, seen)
        yield size, {name: (one, truth[name]) for name, one in found.items()}


def several(world: World, base: classes.World, run: int, n: Iterable[int]) -> Iterator[tuple[int, dict[str, Both]]]:
    """Of several classes."""
    names = tuple(f"{i}" for i in range(len(base.shares)))
    rng = np.random.default_rng((20_261_124, run))
    basis = Classes.of(names, *reference(lambda n, at: classes.events(base, n, at, rng), world))
    for size in n:
        seen = classes.events(base, size, world.where[world.segment] + world.shift, rng)
        window = basis.count(seen.scores, seen.decided, np.zeros(size, np.int64), 1)[0]
        truth = classes.truth(names, seen)
        yield (
            size,
            {name: (one, truth[name]) for name, one in of_several(basis, window, LEVEL, None, SEGMENTED).items()},
        )


def numbers(world: World, base: losses.World, run: int, n: Iterable[int]) -> Iterator[tuple[int, dict[str, Both]]]:
    """Of numbers."""
    rng = np.random.default_rng((20_261_125, run))
    known = reference(lambda n, at: losses.events(base, n, at, rng), world)
    grid = losses.grid_of(known.values)
    taught = losses.learned(grid, known)
    for size in n:
        seen = losses.events(base, size, world.where[world.segment] + world.shift, rng)
        found, truth = taught.estimate(losses.summary(grid, seen.values), size, LEVEL), losses.truth(seen.error)
        yield size, {name: (one, truth[name]) for name, one in found.items() if name in SEGMENTED}


def told(world: World, run: int, n: Iterable[int]) -> Iterator[tuple[int, dict[str, Both]]]:
    """What is told of the segment in windows with so many events of it, and what its labels give."""
    match world.base:
        case estimation.World() as base:
            return two(world, base, run, n)
        case classes.World() as base:
            return several(world, base, run, n)
        case losses.World() as base:
            return numbers(world, base, run, n)


class Shares(NamedTuple):
    """How often the truth was below, in and above the interval, and by how many errors the estimate exceeds it."""

    below: float
    inside: float
    above: float
    off: float


def covered(world: World, runs: range, sizes: Sequence[int] = SIZES) -> dict[tuple[str, int], Shares]:
    """By metric and size."""
    return {key: _shares(np.array(each, np.float64)) for key, each in missed(world, runs, sizes).items()}


def held(world: World, runs: range, sizes: Sequence[int] = SIZES) -> dict[tuple[str, int], list[bool]]:
    """Whether the interval of each run held the truth, by metric and size."""
    found = missed(world, runs, sizes)
    return {key: [not (below or above) for below, above, _ in each] for key, each in found.items()}


def missed(world: World, runs: range, sizes: Sequence[int]) -> dict[tuple[str, int], list[tuple[bool, bool, float]]]:
    """Whether each truth was below, or above, and by how many errors the estimate exceeds it.

    By metric and size; undefined truths do not count.
    """
    found: dict[tuple[str, int], list[tuple[bool, bool, float]]] = {}
    for run in runs:
        for n, metrics in told(world, run, sizes):
            for name, (one, truth) in metrics.items():
                if not np.isnan(truth):
                    off = float((one.value[0] - truth) / max(one.error[0], TINY))
                    found.setdefault((name, n), []).append((truth < one.low[0], truth > one.high[0], off))
    return found


def _shares(found: np.ndarray) -> Shares:
    below, above, off = found.mean(axis=0).tolist()
    return Shares(below, 1 - below - above, above, off)


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.honesty.segments", description=__doc__)
    parser.add_argument("worlds", nargs="*", help=f"some of: {'; '.join(WORLDS)}")
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args(arguments)
    broken = False
    for name in asked.worlds or list(WORLDS):
        shares = covered(WORLDS[name], range(asked.runs))
        print(f"{name}: {asked.runs} runs, segments of {SIZES}; inside (below, above, off by so many errors)")
        for metric in dict.fromkeys(metric for metric, _ in shares):
            mine = [shares[metric, n] for n in SIZES if (metric, n) in shares]
            outside = not all(BOUNDS[0] <= each.inside <= BOUNDS[1] for each in mine)
            broken |= outside
            row = "".join(f"  {one.inside:.3f} ({one.below:.3f} {one.above:.3f} {one.off:+.2f})" for one in mine)
            print(f"  {metric:12}{row}{'  outside' * outside}", flush=True)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
