"""How often two versions that do not differ are told apart by averages over classes, and by average precision.

`python -m tests.honesty.tallies`. Classes are rare and common, hours differ, the candidate's share of the traffic rises
while they do, and looks are after every window.
"""

import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.performance.classes import binary
from detectors.performance.versions.tallied import OF_CLASSES, TALLIED, Tallied
from detectors.tallies import Tallies, by_tallies

ALPHA = 0.05
RISING = (0.01, 0.5)  # the candidate's share of the traffic, from the first window to the last
METRICS: dict[str, Tallied] = {**TALLIED, **OF_CLASSES}
Floats = NDArray[np.float64]


class World(NamedTuple):
    """Traffic: predictions of both versions in a window, the candidate's share of them, and what answers are like.

    `classes`, the rarest with a share of a percent or so; or, with `positives`, their share, and `levels`, how many
    scores there are (0: all differ). `gap`: so much of the candidate's answers are taken at random.
    """

    per_window: int
    share: tuple[float, float]
    classes: int = 0
    positives: float = 0.0
    levels: int = 0
    gap: float = 0.0


class Story(NamedTuple):
    """Whether any look claims a difference, and the candidate's labels when the first one did (inf: none)."""

    claimed: bool
    labels: float


def story(world: World, windows: int, seed: tuple[int, ...]) -> dict[str, Story]:
    """One run: each metric of the world."""
    rng = np.random.default_rng(seed)
    chances = _of_classes(rng, world, windows) if world.classes else _of_scores(world, windows)
    total = rng.poisson(world.per_window, windows)
    first = rng.binomial(total, np.linspace(*world.share, windows))
    sides = [rng.multinomial(n, chance) for n, chance in zip((first, total - first), chances, strict=True)]
    kind, looks = "matrix" if world.classes else "scores", np.arange(windows)
    found = {}
    for name, metric in METRICS.items():
        if metric.cells == kind:
            with np.errstate(all="ignore"):
                said = by_tallies(Tallies(*sides), metric, looks, alpha=ALPHA).compared.verdict != 0
            labels = float(np.cumsum(first)[said.argmax()]) if said.any() else np.inf
            found[name] = Story(bool(said.any()), labels)
    return found


def _of_classes(rng: np.random.Generator, world: World, windows: int) -> tuple[Floats, Floats]:
    """The chance of each cell of a confusion matrix in each window, of both versions."""
    k = world.classes
    often = np.geomspace(1, 0.02, k) / np.geomspace(1, 0.02, k).sum()
    right = rng.uniform(0.6, 0.95, k)
    wrong = rng.dirichlet(np.ones(k), k) * (1 - np.eye(k))
    matrix = often[:, None] * (np.diag(right) + (1 - right)[:, None] * wrong / wrong.sum(axis=1, keepdims=True))
    hours = 0.15 * (1 + np.sin(np.arange(windows) / 10))[:, None]
    blind = np.outer(often, np.ones(k) / k).ravel()
    usual = (1 - hours) * matrix.ravel() + hours * blind
    return (1 - world.gap) * usual + world.gap * blind, usual


def _of_scores(world: World, windows: int) -> tuple[Floats, Floats]:
    """The chance of each label and bin in each window, of both versions."""
    middles = np.diff(binary.edges(256)) / 2 + binary.edges(256)[:-1]
    size = np.diff(binary.edges(256))
    density = np.stack([size * middles**a * (1 - middles) ** b for a, b in ((0, 3), (2, 1))])
    if world.levels:  # all of a stretch of scores are one
        place = np.minimum((middles * world.levels).astype(np.int64), world.levels - 1)
        level = np.searchsorted(binary.edges(256)[1:-1], (np.arange(world.levels) + 0.5) / world.levels, side="right")
        tied = np.zeros_like(density)
        for i, each in enumerate(density):
            np.add.at(tied[i], level[place], each)
        density = tied
    shares = density / density.sum(axis=1, keepdims=True)
    hours = (world.positives * (1 + 0.5 * np.sin(np.arange(windows) / 10)))[:, None, None]
    usual = np.concatenate(((1 - hours) * shares[:1], hours * shares[1:]), axis=1)
    whole = usual.sum(axis=1, keepdims=True)
    moved = (1 - world.gap) * usual + world.gap * whole * np.concatenate((1 - hours, hours), axis=1)
    return moved.reshape(windows, -1), usual.reshape(windows, -1)


EQUAL = (
    World(400, (0.5, 0.5), classes=5),
    World(40, (0.1, 0.1), classes=5),
    World(400, RISING, classes=12),
    World(100, (0.1, 0.1), classes=12),
    World(400, (0.5, 0.5), positives=0.2),
    World(40, (0.1, 0.1), positives=0.2),
    World(400, RISING, positives=0.03),
    World(100, (0.1, 0.1), positives=0.03),
    World(100, (0.1, 0.1), positives=0.2, levels=11),
    World(400, RISING, positives=0.05, levels=11),
)
DIFFERENT = (
    World(400, (0.5, 0.5), classes=5, gap=0.1),
    World(400, (0.1, 0.1), classes=5, gap=0.1),
    World(400, (0.5, 0.5), positives=0.2, gap=0.2),
    World(400, (0.1, 0.1), positives=0.2, gap=0.2),
)


def main(runs: int = 400, windows: int = 300) -> int:
    """Print the tables; 1 where a figure is outside."""
    worst = 0.0
    for title, worlds in (("equal versions", EQUAL), ("different versions", DIFFERENT)):
        print(f"\n{title}: told apart at any of {windows} looks, {runs} runs; labels of the candidate when half were")
        for world in worlds:
            found = [story(world, windows, (5, i)) for i in range(runs)]
            print(world)
            for name in found[0]:
                claimed = float(np.mean([each[name].claimed for each in found]))
                half = float(np.median([each[name].labels for each in found]))
                worst = max(worst, claimed) if world in EQUAL else worst
                print(f"  {name:20}{claimed:8.1%}{half:12,.0f}", flush=True)
    print(f"\nat most {worst:.1%} of the runs tell equal versions apart; promised {ALPHA:.0%}")
    return int(worst > ALPHA)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
