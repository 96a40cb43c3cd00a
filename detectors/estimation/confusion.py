"""Metrics of decisions as functions of the four cells of a confusion matrix, which need not be whole.

Each takes tn, fp, fn, tp of any one shape and is nan where undefined. All are analytic, so that a complex step gives
their derivatives exactly (Squire and Trapp 1998, Using complex variables to estimate derivatives).
"""

from collections.abc import Callable

import numpy as np

from detectors.codes import Floats
from detectors.estimation.estimate import BOTH, UNIT, Ends
from detectors.performance.classes.decisions import STEP

Confusion = Callable[[Floats, Floats, Floats, Floats], Floats]  # complex in `slopes`

Cells = tuple[float, float, float, float]

ALONG = np.array([[-1, 0, 1, 0], [0, -1, 0, 1.0]])  # a positive label moves an event from tn to fn, or from fp to tp


def accuracy(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The share of right decisions."""
    return ratio(tn + tp, tn + fp + fn + tp)


def balanced_accuracy(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The mean of recall and specificity."""
    return ratio(tp, tp + fn) / 2 + ratio(tn, tn + fp) / 2


def precision(_tn: Floats, fp: Floats, _fn: Floats, tp: Floats) -> Floats:
    """The share of positives among those decided yes."""
    return ratio(tp, tp + fp)


def recall(_tn: Floats, _fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The share of positives that were decided yes."""
    return ratio(tp, tp + fn)


def specificity(tn: Floats, fp: Floats, _fn: Floats, _tp: Floats) -> Floats:
    """The share of negatives that were decided no."""
    return ratio(tn, tn + fp)


def f1(_tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The harmonic mean of precision and recall."""
    return ratio(2 * tp, 2 * tp + fp + fn)


def f_half(_tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """F-beta with a beta of a half: precision counts more."""
    return ratio(1.25 * tp, 1.25 * tp + fp + 0.25 * fn)


def f2(_tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """F-beta with a beta of two: recall counts more."""
    return ratio(5 * tp, 5 * tp + fp + 4 * fn)


def matthews(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The correlation of decisions and labels (Matthews 1975)."""
    return ratio(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn)) * np.sqrt((tn + fp) * (tn + fn)))


def kappa(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """Agreement beyond that of chance (Cohen 1960)."""
    return ratio(2 * (tp * tn - fp * fn), (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn))


def true_negatives(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The share of all decisions that are a true no."""
    return ratio(tn, tn + fp + fn + tp)


def false_positives(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The share of all decisions that are a false yes."""
    return ratio(fp, tn + fp + fn + tp)


def false_negatives(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The share of all decisions that are a false no."""
    return ratio(fn, tn + fp + fn + tp)


def true_positives(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
    """The share of all decisions that are a true yes."""
    return ratio(tp, tn + fp + fn + tp)


def worth(values: tuple[float, float, float, float]) -> Confusion:
    """The mean worth of a decision, where a true no, false yes, false no and true yes are worth these values."""

    def mean(tn: Floats, fp: Floats, fn: Floats, tp: Floats) -> Floats:
        true_no, false_yes, false_no, true_yes = values
        return ratio(true_no * tn + false_yes * fp + false_no * fn + true_yes * tp, tn + fp + fn + tp)

    return mean


CONFUSION: dict[str, Confusion] = {
    metric.__name__: metric
    for metric in (
        *(accuracy, balanced_accuracy, precision, recall, specificity, f1, f_half, f2, matthews, kappa),
        *(true_negatives, false_positives, false_negatives, true_positives),
    )
}
# Ratios of two sums of cells: what is above and below the line, by tn, fp, fn and tp. Below the line of the others is
# what is known without labels, or no sum.
RATIOS: dict[str, tuple[Cells, Cells]] = {
    "recall": ((0, 0, 0, 1), (0, 0, 1, 1)),
    "specificity": ((1, 0, 0, 0), (1, 1, 0, 0)),
    "f1": ((0, 0, 0, 2), (0, 1, 1, 2)),
    "f_half": ((0, 0, 0, 1.25), (0, 1, 0.25, 1.25)),
    "f2": ((0, 0, 0, 5), (0, 1, 4, 5)),
}
ENDS: dict[str, Ends] = {name: BOTH if name in {"matthews", "kappa"} else UNIT for name in CONFUSION}


def ratio(part: Floats, whole: Floats) -> Floats:
    """A quotient; nan where the whole is 0, or nan."""
    defined = (whole != 0) & ~np.isnan(whole)
    return np.where(defined, part / np.where(defined, whole, 1.0), np.nan)


def slopes(metric: Confusion, cells: Floats, along: Floats) -> Floats:
    """The derivatives of a metric at cells (rows, 4) along directions (directions, 4): (rows, directions)."""
    moved = cells[:, None, :] + 1j * STEP * along
    found = metric(*np.moveaxis(moved, -1, 0))
    return np.where(np.isnan(found), np.nan, found.imag / STEP)
