"""Worlds of a binary classifier whose true performance is known, and samples of them."""

from typing import NamedTuple

import numpy as np
from scipy.special import logit
from scipy.stats import norm

from detectors.performance.classes.binary import Binary, Outcomes, edges

FINE = 2_048  # bins of a score that is nearly continuous
SETTINGS = Binary(worth=(0.0, -1.0, -8.0, 5.0))


class World(NamedTuple):
    """The chance of each label and fine bin, and where a decision becomes yes, by run."""

    chances: np.ndarray  # (runs, 2, FINE)
    yes: np.ndarray  # (runs,): the first fine bin of a yes


def drawn(rng: np.random.Generator, runs: int, prevalence: tuple[float, float] = (0.1, 0.5)) -> World:
    """Normal log odds of two labels 1.5 to 2.5 deviations apart, told up to a quarter too boldly or too timidly."""
    positive = rng.uniform(*prevalence, (runs, 1))
    apart = rng.uniform(1.5, 2.5, (runs, 1))
    slope, shift = rng.uniform(0.75, 1.25, (runs, 1)), rng.uniform(-0.3, 0.3, (runs, 1))
    inner = (logit(edges(FINE)[1:-1]) - shift) / slope  # what honest log odds would be
    ends = (inner - logit(positive)) / apart  # the latent number, of mean -apart / 2 and apart / 2
    chances = []
    for share, mean in ((1 - positive, -apart / 2), (positive, apart / 2)):
        running = np.pad(norm.cdf(ends, mean), ((0, 0), (1, 1)), constant_values=(0.0, 1.0))
        chances.append(share * np.diff(running, axis=1))
    threshold = np.minimum(0.5, positive[:, 0] + 0.15)  # rarer labels are decided sooner
    return World(np.stack(chances, axis=1), np.searchsorted(edges(FINE), threshold))


def sample(rng: np.random.Generator, world: World, n: int) -> np.ndarray:
    """How many of `n` pairs fall on each label and fine bin, (runs, 2, FINE)."""
    runs = len(world.chances)
    flat = world.chances.reshape(runs, -1)
    return rng.multinomial(n, flat / flat.sum(axis=1, keepdims=True)).reshape(world.chances.shape).astype(float)


def outcomes(counts: np.ndarray, yes: np.ndarray, settings: Binary = SETTINGS) -> Outcomes:
    """What cells of such pairs would say; a fine bin's score is its middle."""
    score = (edges(FINE)[1:] + edges(FINE)[:-1]) / 2
    decided = np.arange(FINE) >= yes[:, None]
    sides = [np.where(side[:, None], counts, 0).sum(axis=2) for side in (~decided, decided)]
    binned = counts.reshape(len(counts), 2, settings.bins, -1).sum(axis=-1)
    groups = settings.groups
    n, both = counts.sum(axis=(1, 2)), counts.sum(axis=1)
    in_group = both.reshape(len(counts), groups, -1)
    with np.errstate(invalid="ignore"):
        scored = (in_group * score.reshape(groups, -1)).sum(axis=-1) / in_group.sum(axis=-1)
    values = [np.stack((-np.log1p(-score), -np.log(score))), np.stack((score**2, (1 - score) ** 2))]
    told = []
    for value in values:
        mean, square = ((counts * power).sum(axis=(1, 2)) / n for power in (value, value**2))
        told.append(np.stack((mean, np.sqrt(np.maximum(square - mean**2, 0))), axis=1))
    return Outcomes(
        settings,
        np.stack(sides, axis=2).reshape(-1, 4),
        np.pad(binned, ((0, 0), (0, 0), (1, 1))),
        scored,
        *told,
    )
