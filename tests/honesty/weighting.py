"""How often intervals of weighted labelled events hold: `python -m tests.honesty.weighting`.

Inputs that depend on each other shift, and labels depend on them as before. Arguments are names of worlds; without, all
are tried, which takes ten minutes. Prints a share per metric and size of the window, how far the truth moved on average
and how much of that was said, and returns 1 if a share is outside.
"""

import sys
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.special import expit

from detectors.codes import Bools, Floats, Integers
from detectors.estimation.estimate import Estimate
from detectors.importance import Labelled, kept, learn, weigh
from detectors.outcomes import KINDS, place
from tests.honesty.estimation import BOUNDS, LEVEL

REFERENCE, RUNS, SIZES = 10_000, 1_000, (1_000, 10_000)
WIDTH = 36  # cells as in a grid: 32 of values, 4 of none
EDGES = np.linspace(-2.6, 2.6, WIDTH - 5)
COMMON = 0.3  # correlation of all inputs


def inputs(n: int, columns: int, shift: float, random: np.random.Generator) -> Floats:
    """Correlated; the first two shift."""
    common = random.normal(0, 1, (n, 1))
    x = np.sqrt(COMMON) * common + np.sqrt(1 - COMMON) * random.normal(0, 1, (n, columns))
    x[:, 0] *= 1 - 0.6 * shift
    x[:, 1 % columns] += shift
    return x


def decisions(n: int, columns: int, shift: float, random: np.random.Generator) -> tuple[Floats, Bools, Bools]:
    """Inputs, decisions, labels: the model is unsure where the first is near 0, and worse where the second is large."""
    x = inputs(n, columns, shift, random)
    label = random.random(n) < expit(2.5 * x[:, 0] / (1 + expit(3 * x[:, 1 % columns])) + 0.3)
    return x, x[:, 0] >= 0, label


def errors(n: int, columns: int, shift: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Inputs, and errors that are larger where the second is."""
    x = inputs(n, columns, shift, random)
    return x, (0.5 + expit(2 * x[:, 1 % columns])) * random.normal(0, 1, n)


def cells(x: Floats) -> Integers:
    """The cells of inputs, (columns, n)."""
    return np.searchsorted(EDGES, x.T, side="right").astype(np.int64)


def counts(found: Integers) -> Integers:
    """Of all columns, side by side."""
    return np.concatenate([np.bincount(column, minlength=WIDTH) for column in found])


def outcome_of(kind: str, values: Floats) -> dict[str, float]:
    """The metrics of outcomes that are known."""
    means = KINDS[kind].outcomes(values).mean(axis=0)
    return {name: metric(means)[0] for name, (metric, _) in KINDS[kind].metrics.items()}


def drawn(kind: str, n: int, columns: int, shift: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Inputs and outcomes."""
    if kind == "errors":
        return errors(n, columns, shift, random)
    x, said, label = decisions(n, columns, shift, random)
    return (x, place(said, label)) if kind == "decisions" else (x, (said == label).astype(np.float64))


WORLDS: dict[str, tuple[str, int, float]] = {
    "decisions": ("decisions", 24, 0.0),
    "decisions shifted": ("decisions", 24, 0.5),
    "few columns shifted": ("decisions", 3, 0.7),
    "answers shifted": ("answers", 12, 0.5),
    "errors": ("errors", 24, 0.0),
    "errors shifted": ("errors", 24, 0.5),
}
Run = tuple[str, int, float, Estimate, float]  # metric, size, what it was in the reference, its estimate, the truth


def tried(world: str, runs: range, sizes: tuple[int, ...]) -> Iterator[Run]:
    """Every metric of every run."""
    kind, columns, shift = WORLDS[world]
    for run in runs:
        random = np.random.default_rng((11, run))
        x, values = drawn(kind, REFERENCE, columns, 0.0, random)
        some = kept(REFERENCE, columns)
        found = Labelled.of(kind, cells(x[some]), np.full(columns, WIDTH), values[some])
        assert found is not None
        known, before = learn(found), outcome_of(kind, values)
        for n in sizes:
            x, values = drawn(kind, n, columns, shift, random)
            truth, said = outcome_of(kind, values), weigh(known, counts(cells(x)), n, LEVEL)
            yield from ((name, n, before[name], one, truth[name]) for name, one in said.found.items())


def covered(world: str, runs: range, sizes: tuple[int, ...] = SIZES) -> dict[str, dict[int, float]]:
    """The share of runs whose interval held the truth, by metric and size."""
    return shares(list(tried(world, runs, sizes)))


def shares(found: Iterable[Run]) -> dict[str, dict[int, float]]:
    """The share of intervals that held the truth, by metric and size."""
    held: dict[str, dict[int, list[bool]]] = {}
    for name, n, _, one, truth in found:
        held.setdefault(name, {}).setdefault(n, []).append(bool(one.low[0] <= truth <= one.high[0]))
    return {name: {n: float(np.mean(each)) for n, each in by_size.items()} for name, by_size in held.items()}


def main(names: list[str]) -> int:
    """Print the table; 1 where a promise is broken."""
    broken = False
    for world in names or list(WORLDS):
        print(f"{world}: {WORLDS[world]}, {RUNS} runs at {SIZES} events")
        runs = list(tried(world, range(RUNS), SIZES))
        for name, held in shares(runs).items():
            outside = not all(BOUNDS[0] <= share <= BOUNDS[1] for share in held.values())
            broken |= outside
            means = np.mean([(was, one.value[0], truth) for of, _, was, one, truth in runs if of == name], axis=0)
            row = "".join(f"{share:8.3f}" for share in held.values())
            print(
                f"  {name:10}{row}   was {means[0]:.4f}, said {means[1]:.4f}, is {means[2]:.4f}{'  OUTSIDE' * outside}"
            )
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
