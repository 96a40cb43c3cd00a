"""Metrics of two versions that are no function of a few means: averages over classes, and of precision over scores.

Each is a function of the shares of labels in cells, those of a confusion matrix or of scores in bins, with its slopes
by them: what one label more in a cell changes, its influence. Means over windows of such shares are right on average
however few labels a window has, so metrics of these means can be compared where those of windows cannot.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.performance.classes.agreement import kappa_slopes, mcc_slopes
from detectors.performance.classes.discrimination import BLUR
from detectors.performance.classes.multiclass_metrics import (
    F1,
    F2,
    F_HALF,
    PRECISION,
    RECALL,
    Share,
    averaged,
    averaged_specificity,
)
from detectors.performance.delta import Derivative, smoothed
from detectors.performance.expression import Expression
from detectors.performance.versions.influence import ENOUGH, Influence
from detectors.performance.versions.tallied_scores import lift, reliability


class Tallied(NamedTuple):
    """A metric of cells: `of` takes the labels of both versions that lie in each, (2, cells), as good as counted."""

    cells: Literal["matrix", "scores"]
    of: Callable[[Floats], Influence]
    better: int = 1


def _matrix(counts: Floats, derivative: Callable[[Floats], Derivative]) -> Influence:
    """By a function of two confusion matrices of shares."""
    size = int(np.sqrt(counts.shape[1]))
    matrix = counts.reshape(2, size, size)
    of_these, smooth = derivative(matrix), smoothed(matrix)
    shares = smooth / smooth.sum(axis=(1, 2), keepdims=True)
    value, slopes = of_these(matrix / matrix.sum(axis=(1, 2), keepdims=True))[0], of_these(shares)[1]
    return Influence(value, slopes.reshape(2, -1), shares.reshape(2, -1))


def _averaged(matrix: Floats, share: Share, weighted: bool) -> Derivative:
    """The mean over the classes of which both versions have enough, or over all that occur, weighted by labels."""
    below = share.parts(matrix)[1] / max(share.labels, share.answers)
    defined = (below > 0 if weighted else below >= ENOUGH).all(axis=0)
    return partial(averaged, share=share, defined=np.stack((defined, defined)), weighted=weighted)


def _specific(matrix: Floats, weighted: bool) -> Derivative:
    """The same of the specificity, by labels of other classes."""
    labels, answers, n = matrix.sum(axis=2), matrix.sum(axis=1), matrix.sum(axis=(1, 2))
    defined = ((n[:, None] - labels >= ENOUGH) & (labels + answers > 0)).all(axis=0)
    return partial(averaged_specificity, defined=np.stack((defined, defined)), weighted=weighted)


def _average(share: Share, *, weighted: bool = False) -> Tallied:
    return Tallied("matrix", partial(_matrix, derivative=partial(_averaged, share=share, weighted=weighted)))


def _specificity(*, weighted: bool) -> Tallied:
    return Tallied("matrix", partial(_matrix, derivative=partial(_specific, weighted=weighted)))


def _agreement(derivative: Derivative) -> Tallied:
    return Tallied("matrix", partial(_matrix, derivative=lambda _: derivative))


def precision_over_scores(counts: Floats) -> Influence:
    """The average precision of negatives and positives by bin, in one row each.

    Those that share a bin count in every order alike, as they do in `discrimination.average_precision`.
    """
    both = counts.reshape(2, 2, -1)
    totals = both.sum(axis=2, keepdims=True)
    each = both / np.where(totals > 0, totals, 1.0)
    blurred = both + BLUR * each[:, ::-1]  # no ranking is without error
    shares = blurred / blurred.sum(axis=(1, 2), keepdims=True)
    value = average_precision(both / both.sum(axis=(1, 2), keepdims=True))[0]
    known = bool((totals[:, 1, 0] >= ENOUGH).all())
    return Influence(np.where(known, value, np.nan), average_precision(shares)[1].reshape(2, -1), shares.reshape(2, -1))


def average_precision(shares: Floats) -> tuple[Floats, Floats]:
    """The average precision of shares of all labels by label and bin, (rows, 2, bins), and its slopes, of their shape.

    In a bin a share t of its labels comes before a positive, t from 0 to 1: the mean of (hits + t p) / (above + t m).
    """
    p, m = shares[:, 1], shares.sum(axis=1)
    above, hits = (one.sum(axis=1, keepdims=True) - np.cumsum(one, axis=1) for one in (m, p))
    there, under = m > 0, (m > 0) & (above > 1e-15)  # what rounding leaves above the highest bin is nothing
    size, over = np.where(there, m, 1.0), np.where(under, above, 1.0)
    rate = np.where(there, p / size, 0.0)
    grown = np.where(under, np.log1p(size / over), 0.0)
    short = np.where(under, hits - over * rate, 0.0)  # how much better the labels above are
    precision = rate + short / size * grown
    total = p.sum(axis=1, keepdims=True)
    value = (p * precision).sum(axis=1, keepdims=True) / np.where(total > 0, total, np.nan)
    by_hits = p * grown / size
    by_above = np.where(under, -p * (rate * grown / size + short / (over * (over + size))), 0.0)
    by_share = 1 / size - np.where(under, over, 0.0) * grown / size**2
    by_size = -rate / size + np.where(
        under, (2 * over * rate - hits) * grown / size**2 + short / (size * (over + size)), 0.0
    )
    below = [np.cumsum(one, axis=1) - one for one in (by_above, by_hits)]
    negatives = p * by_size + below[0]
    positives = precision - value + p * (by_share + by_size) + below[0] + below[1]
    slopes = np.where(there[:, None], np.stack((negatives, positives), axis=1), 0.0) / total[:, None]
    return value[:, 0], slopes


TALLIED: dict[str, Tallied] = {
    "macro_precision": _average(PRECISION),
    "macro_recall": _average(RECALL),
    "macro_f1": _average(F1),
    "weighted_precision": _average(PRECISION, weighted=True),
    "weighted_f1": _average(F1, weighted=True),
    "macro_f_half": _average(F_HALF),
    "macro_f2": _average(F2),
    "weighted_f_half": _average(F_HALF, weighted=True),
    "weighted_f2": _average(F2, weighted=True),
    "macro_specificity": _specificity(weighted=False),
    "weighted_specificity": _specificity(weighted=True),
    "mcc": _agreement(mcc_slopes),
    "average_precision": Tallied("scores", precision_over_scores),
    "lift": Tallied("scores", lift),
    "reliability": Tallied("scores", reliability, better=-1),
}
OF_CLASSES: dict[str, Tallied] = {  # what two classes have as well, by other cells
    "balanced_accuracy": TALLIED["macro_recall"],
    "kappa": _agreement(kappa_slopes),
}


def expressed(expression: Expression, metric: Tallied, better: int) -> Tallied:
    """An expression of one such metric, `better` as there: by the chain rule."""
    (name,) = expression.names

    def of(counts: Floats) -> Influence:
        below = metric.of(counts)
        told = expression.told({name: below.value})
        slope = told.slopes[0]
        return Influence(told.value, slope[:, None] * below.slopes, below.shares, slope**2 * below.more)

    return Tallied(metric.cells, of, better)
