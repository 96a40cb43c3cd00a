"""How well scores rank positives above negatives, from counts in bins, which lose the order of what shares one.

The true value on the scores themselves lies within a bound that the counts give, see its tests.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from detectors.codes import Floats
from detectors.performance.classes.binary import Outcomes
from detectors.performance.classes.decisions import ratio
from detectors.performance.measured import Measured, wilson

NAMES = ("roc_auc", "average_precision", "lift")
BLUR = 0.1  # of a pair with the other label's scores joins each label, for an interval: no ranking is without error


def roc_auc(seen: Outcomes, level: float) -> Measured:
    """The chance that a positive scores above a negative, ties half; nan where either label is missing."""
    return _measured(_area, seen, level)


def average_precision(seen: Outcomes, level: float) -> Measured:
    """The precision at each positive's score, averaged over the positives; nan where there are none.

    Pairs that share a bin count in every order alike, because few of their scores are equal; unless all share one.
    Where many scores are equal that is more than scikit-learn's, which takes equal ones at once, as one threshold does.
    """
    return _measured(_average, seen, level)


def lift(seen: Outcomes, level: float) -> Measured:
    """How much denser the positives are in the settings' top share of scores than in all; nan where there are none."""
    top = seen.settings.top
    found = _measured(lambda negatives, positives: _captured(negatives, positives, top), seen, level)
    return Measured(*(one / top for one in found))


def bounds(seen: Outcomes) -> dict[str, Floats]:
    """How far the value on the scores themselves may lie either way, by metric, (rows,); nan where there is none.

    Scores that share a bin may be in any order, or equal. So half of the pairs of either label that share one are not
    ranked. The precision is least where the negatives of each bin come first and its positives one by one, greatest
    where its positives come first and are equal. Of the bin at the border of the top any may be among it.
    """
    negatives, positives = _sides(seen)
    p, q, both = _total(positives), _total(negatives), negatives + positives
    area = ratio((positives * negatives).sum(axis=1), 2 * p[:, 0] * q[:, 0])
    above, hits = _above(both), _above(positives)
    later = above + negatives
    one_by_one = positives - (later - hits) * _harmonic(later, positives, positives > 0)
    at_once = np.where(positives > 0, positives * ratio(hits + positives, above + positives), 0.0)
    value, _ = _average(negatives, positives)
    least, most = (ratio(each.sum(axis=1), p[:, 0]) for each in (one_by_one, at_once))
    top = seen.settings.top
    taken = np.clip(top * _total(both) - above, 0.0, both)  # how many of each bin are among the top
    share = np.where(both > 0, positives * taken / np.where(both > 0, both, 1.0), 0.0)
    more, less = np.minimum(positives, taken) - share, share - np.maximum(taken - negatives, 0.0)
    captured = ratio(np.maximum(more.sum(axis=1), less.sum(axis=1)), p[:, 0]) / top
    return dict(zip(NAMES, (area, np.maximum(most - value, value - least), captured), strict=True))


def exactly(found: Measured, exact: Floats, greatest: float) -> Measured:
    """A value by bins with the exact one in its place where that is known, and the interval moved with it, (rows,)."""
    known = ~np.isnan(exact) & ~np.isnan(found.value)
    moved = np.where(known, exact - found.value, 0.0)
    value = np.where(known, exact, found.value)
    low, high = np.maximum(found.low + moved, 0.0), np.minimum(found.high + moved, greatest)
    ends = (np.minimum(low, value), found.low), (np.maximum(high, value), found.high)
    return Measured(value, found.error, *(np.where(known, *both) for both in ends))


def _measured(value: Callable[[Floats, Floats], tuple[Floats, Floats]], seen: Outcomes, level: float) -> Measured:
    """A value and its error from negatives and positives by bin; the interval's from blurred ones."""
    found, error = value(*_sides(seen))
    more, wider = value(*_blurred(seen))
    size = ratio(more * (1 - more), wider**2)  # of a share that varies as much
    low, high = wilson(more * size, size, level)
    return Measured(found, error, np.minimum(low, found), np.maximum(high, found))


def _area(negatives: Floats, positives: Floats) -> tuple[Floats, Floats]:
    """The area under the curve and its error by mid-ranks (DeLong, DeLong and Clarke-Pearson 1988)."""
    q, p = _total(negatives), _total(positives)
    beaten = ratio(np.cumsum(negatives, axis=1) - negatives / 2, q)  # the share of negatives that a score beats
    above = ratio(_above(positives) + positives / 2, p)  # and of positives that beat it
    value = ratio((positives * beaten).sum(axis=1, keepdims=True), p)
    variances = [
        ratio((weight * (part - value) ** 2).sum(axis=1, keepdims=True), n * np.maximum(n - 1, 1))
        for weight, part, n in ((positives, beaten, p), (negatives, above, q))
    ]
    return value[:, 0], np.sqrt(variances[0] + variances[1])[:, 0]


def _average(negatives: Floats, positives: Floats) -> tuple[Floats, Floats]:
    """The average precision and its error by the delta method: the influence of one pair on it."""
    both = negatives + positives
    p = _total(positives)
    above, hits = _above(both), _above(positives)
    # The mean over all orders of a bin: the j-th is a positive in p of m, and 1 + (j - 1)(p - 1)/(m - 1) then are.
    rising = np.maximum(positives - 1, 0) / np.maximum(both - 1, 1)
    harmonic = _harmonic(above, both, positives > 0)
    precision = np.minimum(ratio(rising * both + (hits + 1 - rising * (above + 1)) * harmonic, both), 1.0)
    unranked = (both > 0).sum(axis=1, keepdims=True) == 1
    precision = np.where(unranked, ratio(positives, both), precision)
    precision = np.where(positives > 0, precision, 0.0)
    value = ratio((positives * precision).sum(axis=1, keepdims=True), p)
    # A pair more counts itself, and changes the precision at every score that it reaches.
    reached = np.where(both > 0, positives / np.maximum(above + both, 1), 0.0)
    lifted, lowered = np.cumsum(reached, axis=1), np.cumsum(reached * precision, axis=1)
    influence = precision - value + lifted - lowered
    variance = (positives * influence**2 + negatives * lowered**2).sum(axis=1, keepdims=True)
    return value[:, 0], ratio(np.sqrt(variance), p)[:, 0]


def _captured(negatives: Floats, positives: Floats, top: float) -> tuple[Floats, Floats]:
    """The share of positives among the top scores and its error, which knows that the border is estimated too."""
    both = negatives + positives
    n, p = _total(both), _total(positives)

    def taken(share: float) -> Floats:  # how much of each bin is among the top ones
        return np.where(both > 0, np.clip((share * n - _above(both)) / np.where(both > 0, both, 1), 0, 1), 0.0)

    inside, border = taken(top), taken(1.5 * top) - taken(0.5 * top)
    value = ratio((positives * inside).sum(axis=1, keepdims=True), p)
    rate = ratio((positives * border).sum(axis=1, keepdims=True), (both * border).sum(axis=1, keepdims=True))
    moved = rate * (inside - top)
    variance = positives * (inside - value - moved) ** 2 + negatives * moved**2
    return value[:, 0], ratio(np.sqrt(variance.sum(axis=1, keepdims=True)), p)[:, 0]


def _sides(seen: Outcomes) -> tuple[Floats, Floats]:
    """Negatives and positives by bin, (rows, bins + 2)."""
    return seen.scores[:, 0], seen.scores[:, 1]


def _blurred(seen: Outcomes) -> tuple[Floats, Floats]:
    """The same with a little of the other label's scores in each."""
    sides = _sides(seen)
    shares = [np.nan_to_num(ratio(counts, _total(counts))) for counts in sides]
    return np.asarray(sides[0] + BLUR * shares[1]), np.asarray(sides[1] + BLUR * shares[0])


def _harmonic(after: Floats, n: Floats, some: NDArray[np.bool_]) -> Floats:
    """The sum of 1/k over the next n numbers behind another, where it matters: most bins of a window are empty."""
    found = np.zeros(np.shape(after))
    found[some] = digamma(after[some] + n[some] + 1) - digamma(after[some] + 1)
    return found


def _total(counts: Floats) -> Floats:
    """How many there are, (rows, 1)."""
    return np.asarray(counts.sum(axis=1, keepdims=True))


def _above(counts: Floats) -> Floats:
    """How many lie in higher bins, (rows, bins + 2)."""
    return np.asarray(_total(counts) - np.cumsum(counts, axis=1))
