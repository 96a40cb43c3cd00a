"""How honest scores are as probabilities: calibration, and the parts of the Brier score.

Groups of neighbouring bins are compared with their labels. In a sample even an honest score misses the rate of its
group. So values of calibration and resolution are too great, by amounts that are known: their intervals are for the
truth, without that excess, and need not hold the value.
"""

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
from scipy.special import erf, gammainc

from detectors.codes import Floats
from detectors.performance.classes.binary import Outcomes
from detectors.performance.classes.decisions import ratio
from detectors.performance.classes.probabilities import middles
from detectors.performance.measured import Measured, normal_interval, wilson

HALVINGS = 50  # of the range [0, 1] that an end is searched in
TINY = 1e-30  # for a mean or variance of 0

Law = Callable[[Floats], tuple[Floats, Floats]]  # the true value -> the mean and variance of what samples show


class Curve(NamedTuple):
    """Scores and labels of each group, nan where there are none; (rows, groups) each."""

    score: Floats  # the mean
    rate: Floats  # of positives
    n: Floats
    low: Floats  # of the rate
    high: Floats


class Groups(NamedTuple):
    """What scores and labels say by group, 0 where there are none, (rows, groups); `n` counts all, (rows, 1)."""

    n: Floats
    share: Floats
    score: Floats
    rate: Floats
    noise: Floats  # a label's variance by the number of all pairs: what chance adds to a squared distance

    @classmethod
    def of(cls, seen: Outcomes) -> Self:
        """A label varies as if one more pair of its group had come out just as its score says."""
        each, positives = seen.grouped.sum(axis=1), seen.grouped[:, 1]
        n, score = each.sum(axis=1, keepdims=True), np.nan_to_num(seen.scored)
        rate = (positives + score) / (each + 1)
        variance = rate * (1 - rate) * (each + 1) ** 2 / (each**2 + each + 1)  # of the right mean if the score is right
        noise = np.where(each > 0, ratio(variance, n), 0.0)
        return cls(n, np.nan_to_num(ratio(each, n)), score, np.nan_to_num(ratio(positives, each)), noise)


def curve(seen: Outcomes, level: float) -> Curve:
    """The calibration curve: rates of positives by mean score, with Wilson's intervals."""
    positives, n = seen.grouped[:, 1], seen.grouped.sum(axis=1)
    return Curve(seen.scored, ratio(positives, n), n, *wilson(positives, n, level))


def calibration_error(seen: Outcomes, level: float) -> Measured:
    """The mean distance of groups' scores from their rates, weighted by size (Naeini, Cooper and Hauskrecht 2015).

    For the interval, distances are to each other as the variances of labels are: as a shift of the log odds makes them.
    """
    groups = Groups.of(seen)
    deviation = np.sqrt(np.nan_to_num(ratio(groups.noise, groups.share)))  # of a group's distance by chance
    shape = np.nan_to_num(ratio(groups.noise, (groups.share * groups.noise).sum(axis=1, keepdims=True)))
    n = groups.n[:, 0]

    def law(true: Floats) -> tuple[Floats, Floats]:
        away = true[..., None] * shape
        scaled = away / np.maximum(deviation, TINY)
        # The mean of a folded normal law (Leone, Nelson and Nottingham 1961).
        mean = deviation * np.sqrt(2 / np.pi) * np.exp(-(scaled**2) / 2) + away * erf(scaled / np.sqrt(2))
        variance = (groups.share**2 * np.maximum(away**2 + deviation**2 - mean**2, 0)).sum(axis=-1)
        sizes = np.maximum((groups.share * away**2).sum(axis=-1) - true**2, 0)
        return (groups.share * mean).sum(axis=-1), variance + ratio(sizes, n)

    value = np.where(n > 0, (groups.share * np.abs(groups.score - groups.rate)).sum(axis=1), np.nan)
    return _measured(value, law, level)


def reliability(seen: Outcomes, level: float) -> Measured:
    """The mean squared distance of groups' scores from their rates (Murphy 1973); 0 is honest."""
    groups = Groups.of(seen)
    return _squares(groups, groups.score - groups.rate, groups.noise.sum(axis=1), level)


def resolution(seen: Outcomes, level: float) -> Measured:
    """The mean squared distance of groups' rates from the rate of all (Murphy 1973); more is better.

    What chance adds to it is as in Ferro and Fricker 2012, A bias-corrected decomposition of the Brier score.
    """
    groups = Groups.of(seen)
    every, gaps = _resolved(groups)
    excess = groups.noise.sum(axis=1) - ratio(every * (1 - every), groups.n)[:, 0]
    return _squares(groups, gaps, excess, level)


def uncertainty(seen: Outcomes, level: float) -> Measured:
    """The Brier score of the prevalence as a score: what there is to be resolved."""
    positives, n = seen.regular[:, 1].sum(axis=1), seen.regular.sum(axis=(1, 2))
    rate, (low, high) = ratio(positives, n), wilson(positives, n, level)
    ends = low * (1 - low), high * (1 - high)
    error = np.abs(1 - 2 * rate) * np.sqrt(ratio(rate * (1 - rate), n))
    most = np.where((low <= 0.5) & (high >= 0.5), 0.25, np.maximum(*ends))
    return Measured(rate * (1 - rate), error, np.minimum(*ends), most)


def within_groups(seen: Outcomes, level: float) -> Measured:
    """What scores that differ inside a group add to the Brier score: their variance less twice their covariance.

    Brier = reliability - resolution + uncertainty + this (Stephenson, Coelho and Jolliffe 2008); so it is read from the
    others. For its error a score is the middle of its bin.
    """
    groups = Groups.of(seen)
    parts = [_total(groups, gaps) for gaps in (groups.score - groups.rate, _resolved(groups)[1])]
    value = seen.square[:, 0] - parts[0] + parts[1] - uncertainty(seen, level).value
    counts = seen.regular.reshape(*seen.grouped.shape, seen.settings.bins // seen.settings.groups)
    each, n = counts.sum(axis=(1, 3), keepdims=True), counts.sum(axis=(1, 2, 3))
    label = np.array([0.0, 1.0]).reshape(1, 2, 1, 1)
    gap = middles(seen).reshape(1, 1, counts.shape[2], -1) - label
    squares = [
        (one - np.nan_to_num(ratio((counts * one).sum(axis=(1, 3), keepdims=True), each))) ** 2 for one in (gap, label)
    ]
    influence = squares[0] - squares[1] - value[:, None, None, None]
    free = np.maximum(n - (each > 0).sum(axis=(1, 2, 3)), 1)  # two means of each group are estimated, nearly as one
    error = np.sqrt(ratio((counts * influence**2).sum(axis=(1, 2, 3)), n * free))
    return Measured(value, error, *normal_interval(value, error, level))


def _resolved(groups: Groups) -> tuple[Floats, Floats]:
    """The rate of all, (rows, 1), and how far that of each group is from it."""
    every = (groups.share * groups.rate).sum(axis=1, keepdims=True)
    return every, groups.rate - every


def _total(groups: Groups, gaps: Floats) -> Floats:
    """The mean of squared gaps; nan where there are no scores."""
    return np.where(groups.n[:, 0] > 0, (groups.share * gaps**2).sum(axis=1), np.nan)


def _squares(groups: Groups, gaps: Floats, excess: Floats, level: float) -> Measured:
    """A mean of squared gaps, which exceeds the truth by `excess` on average.

    Its variance is that of chance alone, of chance across a true gap, and of the groups' sizes.
    """
    n, value = groups.n[:, 0], _total(groups, gaps)
    some = np.maximum(np.nan_to_num(value), TINY)
    alone = 2 * (groups.noise**2).sum(axis=1)
    across = 4 * (groups.share * gaps**2 * groups.noise).sum(axis=1) / some
    sizes = ratio(np.maximum((groups.share * gaps**4).sum(axis=1) / some**2 - 1, 0), n)
    return _measured(value, lambda true: (true + excess, alone + across * true + sizes * true**2), level)


def _measured(value: Floats, law: Law, level: float) -> Measured:
    """A value in [0, 1], its error, and between which truths it is neither too great nor too small."""
    low, middle, high = _true(value, law, np.array([[(1 + level) / 2], [0.5], [(1 - level) / 2]]))
    return Measured(value, np.sqrt(law(middle)[1]), low, high)


def _true(value: Floats, law: Law, chance: Floats) -> Floats:
    """The truths of which samples show less than `value` with these chances, (chances, 1), or 0: (chances, rows).

    What samples show has a gamma law. All are looked for at once: a step costs as much for one.
    """
    shape = np.broadcast_shapes(value.shape, chance.shape)
    low, high = np.zeros(shape), np.ones(shape)
    for _ in range(HALVINGS):
        true = (low + high) / 2
        mean, variance = (np.maximum(one, TINY) for one in law(true))
        greater = gammainc(mean**2 / variance, value * mean / variance) > chance  # the value is, so the truth is
        low, high = np.where(greater, true, low), np.where(greater, high, true)
    return np.where(np.isnan(value), np.nan, low)
