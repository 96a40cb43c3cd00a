"""What became of answers, as numbers whose means say how good a model was: decisions, right answers, errors."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from detectors.codes import Bools, Floats
from detectors.estimation.confusion import CONFUSION, ENDS, Confusion, slopes
from detectors.estimation.estimate import UNIT, Ends

POSITIVE: Ends = (0.0, np.inf)
DECIDED = ("accuracy", "precision", "recall", "f1")

Metric = Callable[[Floats], tuple[float, Floats]]  # of means, (outcomes,): a value, and its slopes, (outcomes,)


class Kind(NamedTuple):
    """One kind of outcomes: a number for each event, (n,), as columns, (n, outcomes), and metrics of their means."""

    outcomes: Callable[[Floats], Floats]
    metrics: dict[str, tuple[Metric, Ends]]


def place(decided: Bools, label: Bools) -> Floats:
    """The outcome of decisions, (n,): their cell of a confusion matrix, tn, fp, fn, tp."""
    return (2 * label + decided).astype(np.float64)


def cell(values: Floats) -> Floats:
    """1 in the cell of each decision."""
    return np.asarray(values[:, None] == np.arange(4), np.float64)


def right(values: Floats) -> Floats:
    """1 where an answer was right."""
    return np.asarray(values[:, None], np.float64)


def error(values: Floats) -> Floats:
    """How large errors were, and their squares."""
    return np.stack((np.abs(values), np.square(values)), axis=1)


def of_cells(metric: Confusion) -> Metric:
    """A metric of decisions."""

    def found(means: Floats) -> tuple[float, Floats]:
        cells = np.maximum(means, 0.0)  # effects may take more from a rare cell than it has
        return float(metric(*cells)), np.asarray(slopes(metric, cells[None], np.eye(4))[0])

    return found


def mean(column: int) -> Metric:
    """The mean of one column."""

    def found(means: Floats) -> tuple[float, Floats]:
        return float(means[column]), np.asarray(np.arange(len(means)) == column, np.float64)

    return found


def root(column: int) -> Metric:
    """Its root; nan where it is not positive."""

    def found(means: Floats) -> tuple[float, Floats]:
        value = np.sqrt(means[column]) if means[column] > 0 else np.nan
        return float(value), (np.arange(len(means)) == column) / (2 * value)

    return found


KINDS: dict[str, Kind] = {
    "decisions": Kind(cell, {name: (of_cells(CONFUSION[name]), ENDS[name]) for name in DECIDED}),
    "answers": Kind(right, {"accuracy": (mean(0), UNIT)}),
    "errors": Kind(error, {"mae": (mean(0), POSITIVE), "mse": (mean(1), POSITIVE), "rmse": (root(1), POSITIVE)}),
}
