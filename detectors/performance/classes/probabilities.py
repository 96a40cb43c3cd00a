"""Losses of scores that are read as probabilities; only scores in [0, 1] have them."""

import numpy as np

from detectors.codes import Floats
from detectors.performance.classes.binary import LEAST, Outcomes, edges
from detectors.performance.classes.decisions import ratio
from detectors.performance.classes.discrimination import BLUR
from detectors.performance.measured import Measured, deviations, logit_interval


def log_loss(seen: Outcomes, level: float) -> Measured:
    """The mean negative log of the label's probability, in nats; nan where there are no scores."""
    score = np.clip(middles(seen), LEAST, 1 - LEAST)
    value, error = _plain(seen, seen.loss)
    mean, wider = _blurred(seen, seen.loss, -np.log(score), -np.log1p(-score))
    reach = deviations(level) * ratio(wider, mean)
    return Measured(value, error, np.minimum(mean * np.exp(-reach), value), np.maximum(mean * np.exp(reach), value))


def brier(seen: Outcomes, level: float) -> Measured:
    """The mean squared error of the probability (Brier 1950); nan where there are no scores."""
    score = middles(seen)
    value, error = _plain(seen, seen.square)
    low, high = logit_interval(*_blurred(seen, seen.square, (1 - score) ** 2, score**2), level)
    return Measured(value, error, np.minimum(low, value), np.maximum(high, value))


def middles(seen: Outcomes) -> Floats:
    """The scores that the bins stand for, (bins,)."""
    ends = edges(seen.settings.bins)
    return np.asarray((ends[1:] + ends[:-1]) / 2)


def _plain(seen: Outcomes, told: Floats) -> tuple[Floats, Floats]:
    """A mean and its error; of a single pair nobody knows the error."""
    n = seen.regular.sum(axis=(1, 2))
    return told[:, 0], told[:, 1] / np.sqrt(np.where(n > 1, n - 1, np.nan))


def _blurred(seen: Outcomes, told: Floats, of_positive: Floats, of_negative: Floats) -> tuple[Floats, Floats]:
    """The same with a little of the other label's scores in each: a sample seldom has the great losses there are."""
    n = seen.regular.sum(axis=(1, 2))
    size, first, second = n, n * told[:, 0], n * (told[:, 1] ** 2 + told[:, 0] ** 2)
    for side, loss in enumerate((of_positive, of_negative)):  # of negatives' scores as if they were positives
        counts = seen.regular[:, side]
        weights = BLUR * np.nan_to_num(ratio(counts, counts.sum(axis=1, keepdims=True)))
        # Sums, not products of matrices: of those a row's last bits depend on how many rows there are.
        size = size + weights.sum(axis=1)
        first, second = (told + (weights * power).sum(axis=1) for told, power in ((first, loss), (second, loss**2)))
    mean = ratio(first, size)
    deviation = np.sqrt(np.maximum(ratio(second, size) - mean**2, 0))
    return mean, deviation / np.sqrt(np.where(n > 1, n - 1, np.nan))
