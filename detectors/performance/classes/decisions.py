"""Metrics of decisions: functions of the four counts of a confusion matrix, in the order tn, fp, fn, tp.

Shares have Wilson's interval. The rest have the error of the delta method on multinomial counts.
"""

from collections.abc import Callable

import numpy as np

from detectors.codes import Floats
from detectors.performance.classes.binary import Outcomes
from detectors.performance.measured import Measured, logit_interval, wilson

STEP = 1e-20  # of a complex derivative, which takes no difference and so loses nothing (Squire and Trapp 1998)
PRIOR = 0.5  # added to each count for an interval: a count of 0 has an error too


def share(successes: Floats, n: Floats, level: float) -> Measured:
    """A share of counts; nan where there are none."""
    value = ratio(successes, n)
    return Measured(value, np.sqrt(ratio(value * (1 - value), n)), *wilson(successes, n, level))


def ratio(part: Floats, whole: Floats) -> Floats:
    """A quotient; nan where the whole is 0."""
    some = whole != 0
    return np.where(some, part / np.where(some, whole, 1.0), np.nan)


def accuracy(seen: Outcomes, level: float) -> Measured:
    """The share of right decisions."""
    tn, _, _, tp = seen.confusion.T
    return share(tn + tp, seen.confusion.sum(axis=1), level)


def precision(seen: Outcomes, level: float) -> Measured:
    """The share of positives among those decided yes."""
    _, fp, _, tp = seen.confusion.T
    return share(tp, tp + fp, level)


def recall(seen: Outcomes, level: float) -> Measured:
    """The share of positives that were decided yes."""
    _, _, fn, tp = seen.confusion.T
    return share(tp, tp + fn, level)


def specificity(seen: Outcomes, level: float) -> Measured:
    """The share of negatives that were decided no."""
    tn, fp, _, _ = seen.confusion.T
    return share(tn, tn + fp, level)


def selection_rate(seen: Outcomes, level: float) -> Measured:
    """The share decided yes."""
    _, fp, _, tp = seen.confusion.T
    return share(tp + fp, seen.confusion.sum(axis=1), level)


def cell_share(cell: int) -> Callable[[Outcomes, float], Measured]:
    """The share of all decisions in one cell of the confusion matrix."""

    def measured(seen: Outcomes, level: float) -> Measured:
        return share(seen.confusion[:, cell], seen.confusion.sum(axis=1), level)

    return measured


def balanced_accuracy(seen: Outcomes, level: float) -> Measured:
    """The mean of recall and specificity; nan where either label is missing.

    The interval combines theirs (Zou and Donner 2008, Construction of confidence limits about effect measures).
    """
    one, other = recall(seen, level), specificity(seen, level)
    value = (one.value + other.value) / 2
    below = np.hypot(one.value - one.low, other.value - other.low) / 2
    above = np.hypot(one.high - one.value, other.high - other.value) / 2
    return Measured(value, np.hypot(one.error, other.error) / 2, value - below, value + above)


def f_beta(beta: float) -> Callable[[Outcomes, float], Measured]:
    """The weighted harmonic mean of precision and recall, which counts `beta` times as much; nan without any yes.

    Its odds are twice those of hits among hits and weighted misses, which for beta 1 are a binomial share. So the
    interval is Wilson's of that share, with the misses' size corrected for unequal weights.
    """
    weight = beta * beta

    def value(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:  # noqa: ARG001  # one of the four
        return ratio((1 + weight) * tp, (1 + weight) * tp + weight * fn + fp)

    def measured(seen: Outcomes, level: float) -> Measured:
        _, fp, fn, tp = seen.confusion.T
        misses = 2 * (weight * fn + fp) / (1 + weight)
        fp, fn = fp + PRIOR, fn + PRIOR  # where nothing was missed, both weights are as likely
        wide = 2 * (weight**2 * fn + fp) / (1 + weight) / (weight * fn + fp)  # the variance of the misses by their mean
        n = ratio((tp + misses) ** 2, misses + tp * wide)
        low, high = wilson(ratio(tp, tp + misses) * n, n, level)
        found = value(*seen.confusion.T)
        return Measured(found, error(value, seen.confusion), 2 * low / (1 + low), 2 * high / (1 + high))

    return measured


def matthews(seen: Outcomes, level: float) -> Measured:
    """The correlation of decision and label (Matthews 1975); nan where either is always the same."""
    return _correlation(matthews_of, seen, level)


def matthews_of(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The same of counts, or shares, of any one shape; complex ones have its slopes."""
    # Roots one by one: products of margins might overflow.
    return ratio(tp * tn - fp * fn, np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn))


def kappa(seen: Outcomes, level: float) -> Measured:
    """Agreement of decision and label beyond that of chance (Cohen 1960); nan where both are always the same."""
    return _correlation(kappa_of, seen, level)


def kappa_of(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The same of counts, or shares, of any one shape; complex ones have its slopes."""
    return ratio(2 * (tp * tn - fp * fn), (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn))


def worth(seen: Outcomes, level: float) -> Measured:
    """What a decision is worth on average, by the settings' worth of each cell; nan where they have none."""
    table = np.array(seen.settings.worth or [np.nan] * 4)
    return mean_worth(table, seen.confusion, seen.confusion + PRIOR, level)


def mean_worth(table: Floats, confusion: Floats, more: Floats, level: float) -> Measured:
    """The mean of what cells are worth, (cells,), by their counts, (rows, cells); `more` are none of which is sure.

    The interval is Wilson's of a share of the way from the least to the greatest worth, at the size that has its error.
    """
    least, span = table.min(), max(table.max() - table.min(), np.finfo(float).tiny)
    way = (table - least) / span
    n = confusion.sum(axis=1)
    value = ratio((confusion * way).sum(axis=1), n)
    variance = np.maximum(ratio((confusion * way**2).sum(axis=1), n) - value**2, 0)
    mean, square = (ratio((more * power).sum(axis=1), more.sum(axis=1)) for power in (way, way**2))
    spread = square - mean**2
    size = n * np.where(spread == 0, 1.0, ratio(mean * (1 - mean), spread))  # of a share that varies as much
    low, high = (least + span * end for end in wilson(value * size, size, level))
    return Measured(least + span * value, span * np.sqrt(ratio(variance, n)), low, high)


def error(value: Callable[..., Floats], confusion: Floats) -> Floats:
    """The standard error of a function of the four counts that depends on their shares only, (rows,)."""
    counts = confusion.T
    slopes = np.array([value(*(counts + 1j * STEP * cell[:, None])).imag for cell in np.eye(4)]) / STEP
    found = np.sqrt((counts * slopes**2).sum(axis=0))  # the slopes along the counts add up to 0
    return np.where(np.isnan(value(*counts)), np.nan, found)


def _correlation(value: Callable[..., Floats], seen: Outcomes, level: float) -> Measured:
    """A value in [-1, 1] with an interval of its Fisher transform (Fisher 1921)."""
    found = value(*seen.confusion.T)
    more = seen.confusion + PRIOR
    ends = logit_interval((value(*more.T) + 1) / 2, error(value, more) / 2, level)
    low, high = (np.where(np.isnan(found), np.nan, 2 * end - 1) for end in ends)
    return Measured(found, error(value, seen.confusion), np.minimum(low, found), np.maximum(high, found))
