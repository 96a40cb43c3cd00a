"""Agreement of labels and predictions beyond chance: one number for a whole confusion matrix."""

import numpy as np

from detectors.codes import Floats
from detectors.performance.classes.multiclass import Confusion
from detectors.performance.delta import correlation_like, right
from detectors.performance.measured import Measured


def kappa(seen: Confusion, level: float) -> Measured:
    """Agreement beyond that of independent labels and predictions (Cohen 1960), -1 to 1."""
    return correlation_like(seen.matrix, level, kappa_slopes)


def mcc(seen: Confusion, level: float) -> Measured:
    """The correlation of labels and predictions (Gorodkin 2004, Comparing two K-category assignments), -1 to 1."""
    return correlation_like(seen.matrix, level, mcc_slopes)


def kappa_slopes(shares: Floats) -> tuple[Floats, Floats]:
    """Cohen's kappa and its slopes."""
    labels, answers = shares.sum(axis=2), shares.sum(axis=1)
    chance = (labels * answers).sum(axis=1)
    value = (right(shares).sum(axis=1) - chance) / (1 - chance)
    crossed = answers[:, :, None] + labels[:, None, :]  # how the chance grows with each share
    slopes = np.eye(shares.shape[1]) - ((1 - value)[:, None, None]) * crossed
    return value, slopes / (1 - chance)[:, None, None]


def mcc_slopes(shares: Floats) -> tuple[Floats, Floats]:
    """The correlation and its slopes."""
    labels, answers = shares.sum(axis=2), shares.sum(axis=1)
    spreads = [1 - np.square(one).sum(axis=1) for one in (labels, answers)]
    root = np.sqrt(spreads[0] * spreads[1])
    value = (right(shares).sum(axis=1) - (labels * answers).sum(axis=1)) / root
    crossed = answers[:, :, None] + labels[:, None, :]
    slopes = (np.eye(shares.shape[1]) - crossed) / root[:, None, None]
    pulls = [value[:, None] * one / spread[:, None] for one, spread in zip((labels, answers), spreads, strict=True)]
    return value, slopes + pulls[0][:, :, None] + pulls[1][:, None, :]
