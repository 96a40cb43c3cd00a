"""How often intervals of estimated metrics of several classes hold: `python -m tests.honesty.classes`.

Inputs are normal around a middle per class, so what is true of an event is known exactly; scores say it, or are too
sure of themselves. Arguments are names of worlds; without, all but those of BEYOND are tried, which takes an hour.
Prints a share per metric and size of the window, that of all classes together where each has one, and returns 1 if one
is outside.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from detectors.codes import Floats, Integers
from detectors.estimation.class_metrics import METRICS, SHARES, estimate
from detectors.estimation.classes import Basis
from detectors.estimation.ranked_classes import NAMES
from detectors.performance.cells import of as cells_of
from detectors.performance.classes import multiclass, multiclass_metrics
from tests.honesty.estimation import BOUNDS, LEVEL

RUNS = 2_000
SIZES = (100, 1_000, 10_000)


class World(NamedTuple):
    """Shares of classes, and how far apart their inputs lie.

    Scores are the true probabilities to a power, `sure`, made to add up to 1; `blurred`, they are off by chance. In a
    window the later classes are more frequent by `shift`: inputs shift, and labels depend on them as before.
    """

    shares: tuple[float, ...]
    skill: float
    sure: float = 1.0
    shift: float = 0.0
    reference: int = 10_000
    blurred: float = 0.0  # deviation of log odds
    alike: int = 1  # runs with one reference: a large one costs most of a run, and is hardly off


EVEN, UNEVEN = (1 / 3, 1 / 3, 1 / 3), (0.5, 0.25, 0.13, 0.07, 0.05)
MANY, RARE = (0.1,) * 10, (0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.03, 0.02, 0.01)
WORLDS = {
    "three": World(EVEN, 1.5),
    "three, few labels": World(EVEN, 1.5, sure=1.6, reference=2_000),
    "five": World(UNEVEN, 1.5, shift=0.7),
    "five, many labels": World(UNEVEN, 1.5, sure=1.6, shift=0.7, reference=100_000, alike=5),
    "ten": World(MANY, 2.0, sure=1.6, shift=0.7),
    "ten, rare": World(RARE, 2.0),
    "ten, rare, few labels": World(RARE, 2.0, sure=1.6, shift=0.7, reference=2_000),
    "four, good": World((0.4, 0.3, 0.2, 0.1), 3.0, sure=0.7, shift=0.7),
    "five, blurred": World(UNEVEN, 1.5, sure=1.6, blurred=1.0),
    "five, blurred, few labels": World(UNEVEN, 1.5, sure=1.6, blurred=1.0, reference=2_000),
    "five, far, few labels": World(UNEVEN, 1.5, sure=1.6, shift=1.4, reference=1_000),
}
# Where scores are off by chance and inputs shift, the same score means something else: what no estimate by scores sees,
# however many labels there are.
BEYOND = {
    "five, blurred, shifted": World(UNEVEN, 1.5, sure=1.6, shift=0.7, reference=2_000, blurred=1.0),
    "five, blurred, shifted, many labels": World(UNEVEN, 1.5, sure=1.6, shift=0.7, reference=100_000, blurred=1.0),
}


class Events(NamedTuple):
    """Scores, what was decided, and labels."""

    scores: Floats  # (n, classes + 1)
    decided: Integers
    label: Integers


def events(world: World, n: int, shift: float, rng: np.random.Generator) -> Events:
    """Events of a world."""
    k, shares = len(world.shares), np.array(world.shares)
    moved = shares * np.exp(shift * np.linspace(-1, 1, k))
    inputs = rng.normal(0, 1, (n, k))
    inputs[np.arange(n), rng.choice(k, n, p=moved / moved.sum())] += world.skill
    true = shares * np.exp(world.skill * inputs)  # what is true in the reference, and stays so
    label = (rng.random((n, 1)) > np.cumsum(true / true.sum(axis=1, keepdims=True), axis=1)[:, :-1]).sum(axis=1)
    scores = np.zeros((n, k + 1))
    scores[:, :k] = true**world.sure * np.exp(world.blurred * rng.normal(0, 1, (n, k)))
    return Events(scores / scores.sum(axis=1, keepdims=True), scores.argmax(axis=1), label)


def truth(names: tuple[str, ...], seen: Events) -> dict[str, float]:
    """The metrics that labels give."""
    settings = multiclass.Multiclass(names)
    counted, values = multiclass.pairs(settings, seen.label, seen.decided, seen.scores)
    made = cells_of(multiclass.layout(settings), counted, values, np.empty((len(counted), 0), np.int64), 1)
    found = multiclass_metrics.measure(settings, made, names={*METRICS, *SHARES, *NAMES})
    known = {name: float(found[name].value[0]) for name in (*METRICS, *NAMES)}
    return known | {f"{name}:{of}": float(found[name].value[0, i]) for name in SHARES for i, of in enumerate(names)}


def covered(world: World, runs: range, sizes: tuple[int, ...] = SIZES) -> dict[tuple[str, int], list[bool]]:
    """Whether the interval of each run, and class, held the truth, by metric and size."""
    names = tuple(f"{i}" for i in range(len(world.shares)))
    held: dict[tuple[str, int], list[bool]] = {}
    basis, known_of = None, -1
    for run in runs:
        first = run - run % world.alike
        if basis is None or first != known_of:
            rng = np.random.default_rng((20_261_122, first))
            basis, known_of = Basis.of(names, *events(world, world.reference, 0.0, rng)), first
        if world.alike > 1:
            rng = np.random.default_rng((20_261_122, run, 1))
        for n in sizes:
            seen = events(world, n, world.shift, rng)
            window = basis.count(seen.scores, seen.decided, np.zeros(n, np.int64), 1)[0]
            known = truth(names, seen)
            for name, found in estimate(basis, window, LEVEL).items():
                if not np.isnan(known[name]):
                    inside = bool(found.low[0] <= known[name] <= found.high[0])
                    held.setdefault((name.partition(":")[0], n), []).append(inside)
    return held


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.honesty.classes", description=__doc__)
    parser.add_argument("worlds", nargs="*", help=f"some of: {'; '.join(WORLDS | BEYOND)}")
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args(arguments)
    broken = False
    for name in asked.worlds or list(WORLDS):
        world = (WORLDS | BEYOND)[name]
        held = covered(world, range(asked.runs))
        print(f"{name}: {world}, {asked.runs} runs, windows of {SIZES}")
        for metric in dict.fromkeys(metric for metric, _ in held):
            mine = [held.get((metric, n), []) for n in SIZES]
            shares = [float(np.mean(each)) for each in mine if len(each) > asked.runs / 2]
            outside = not all(BOUNDS[0] <= share <= BOUNDS[1] for share in shares)
            broken |= outside
            row = "".join(f"{np.mean(each):8.3f}" if len(each) > asked.runs / 2 else "       -" for each in mine)
            print(f"  {metric:18}{row}{'  outside' * outside}", flush=True)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
