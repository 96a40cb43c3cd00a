"""From scores of several classes to probabilities: one slope and a bias per class, learned from labels.

Bias-corrected temperature scaling (Alexandari, Kundaje and Shrikumar 2020, Maximum likelihood with bias-corrected
calibration is hard to beat at label shift adaptation): classes + 1 numbers, for which a thousand labels are enough.
"""

import numpy as np
from msgspec import Struct

from detectors.codes import Bools, Floats, Integers

LEAST = 1e-6  # of a score: a class that is said to be impossible is not infinitely far from the others
RIDGE = 1.0  # what is known beforehand, slope 1 and no bias, is worth one label: classes without any stay finite
STEPS = 50  # of Newton's method, which mostly needs five
REACH = 2.0  # of one step, where the curve bends too much for a whole one
DONE = 1e-9


class Softmax(Struct, frozen=True):
    """What logarithms of scores are multiplied by, and what is added to that of each class, (classes,)."""

    slope: float
    biases: Floats

    def apply(self, scores: Floats) -> Floats:
        """The probabilities of usable scores, (n, classes); a row adds up to 1 and depends on its own scores only."""
        return _shares(self.slope * logarithms(scores) + self.biases)


def usable(scores: Floats) -> Bools:
    """Which rows are scores of classes, (n,): none of them negative or no number, and one of them positive."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.isfinite(scores).all(axis=1) & (scores >= 0).all(axis=1) & (scores > 0).any(axis=1))


def logarithms(scores: Floats) -> Floats:
    """Of scores as shares of their row's sum, (n, classes)."""
    return np.asarray(np.log(np.maximum(scores / scores.sum(axis=1, keepdims=True), LEAST)))


def fit(scores: Floats, label: Integers) -> Softmax:
    """The most likely calibrator of usable scores, (n, classes), with labels in [0, classes), (n,)."""
    logs, width = logarithms(scores), scores.shape[1]
    told = np.append(logs[np.arange(len(label)), label].sum(), np.bincount(label, minlength=width))
    before = np.append(1.0, np.zeros(width))
    found = before
    for _ in range(STEPS):
        expected, bend = moments(logs, _shares(found[0] * logs + found[1:]))
        step = np.linalg.solve(bend + RIDGE * np.eye(width + 1), told - expected - RIDGE * (found - before))
        largest = float(np.abs(step).max())
        found = found + step * min(1.0, REACH / max(largest, DONE))
        if largest < DONE:
            break
    return Softmax(float(found[0]), found[1:])


def moments(logs: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """Of a label's own logarithm, and of which class it is: the sums of means and of covariances over rows."""
    mean = (shares * logs).sum(axis=1)
    of_classes = shares.sum(axis=0)
    bend = np.empty((len(of_classes) + 1, len(of_classes) + 1))
    bend[0, 0] = (shares * logs**2).sum() - (mean**2).sum()
    bend[0, 1:] = bend[1:, 0] = (shares * (logs - mean[:, None])).sum(axis=0)
    bend[1:, 1:] = np.diag(of_classes) - shares.T @ shares
    return np.append(mean.sum(), of_classes), bend


def _shares(odds: Floats) -> Floats:
    """Log odds as shares that add up to 1, (n, classes)."""
    odds = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
