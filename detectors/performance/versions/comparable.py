"""Which metrics of two versions can be compared window by window, what they are made of, and which way is better.

A mean over windows is that of all labels only where a window's value is right on average however few labels it has.
Those of accuracy, losses and areas are. A ratio or a root is not: so it is made of what is, of the four shares of a
confusion matrix or of a mean square. Macro averages and average precision need more, see `tallied`; the rest, such as
the calibration error, cannot be compared.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.performance.classes.decisions import STEP, kappa_of, matthews_of, ratio
from detectors.performance.ranking import Ranking
from detectors.performance.regression_metrics import PINBALL

CELLS = ("true_negatives", "false_positives", "false_negatives", "true_positives")


class Comparable(NamedTuple):
    """A metric as a function of means over labels, its parts, (..., parts) -> (...)."""

    parts: tuple[str, ...]  # metrics of a window
    better: int  # 1: more is better, -1: less is, 0: neither
    value: Callable[[Floats], Floats]
    slopes: Callable[[Floats], Floats]  # (..., parts)
    squared: bool = False  # the part is the square of the metric of a window
    shares: bool = False  # the parts are shares of the labels, each of which is in one


def _first(parts: Floats) -> Floats:
    return parts[..., 0]


def _root(parts: Floats) -> Floats:
    return np.sqrt(parts[..., 0])


def _root_slopes(parts: Floats) -> Floats:
    return np.where(parts > 0, 0.5 / np.sqrt(np.where(parts > 0, parts, 1.0)), np.nan)


def _mean(name: str, better: int) -> Comparable:
    return Comparable((name,), better, _first, np.ones_like)


def _square(name: str) -> Comparable:
    return Comparable((name,), -1, _root, _root_slopes, squared=True)


def _explained(parts: Floats) -> Floats:
    """R2, of the mean squared error and the variance of the labels, each right on average in every window."""
    return 1 - parts[..., 0] / np.where(parts[..., 1] > 0, parts[..., 1], np.nan)


def _explained_slopes(parts: Floats) -> Floats:
    variance = np.where(parts[..., 1] > 0, parts[..., 1], np.nan)
    return np.stack((-1 / variance, parts[..., 0] / variance**2), axis=-1)


Decided = Callable[[Floats, Floats, Floats, Floats], Floats]  # of tn, fp, fn, tp


def _of_cells(metric: Decided, cells: Floats) -> Floats:
    return metric(*np.moveaxis(cells, -1, 0))


def _cell_slopes(metric: Decided, cells: Floats) -> Floats:
    with np.errstate(invalid="ignore"):  # nan where no window has said anything yet
        return np.stack([_of_cells(metric, cells + 1j * STEP * one).imag / STEP for one in np.eye(4)], axis=-1)


def _confusion(metric: Decided) -> Comparable:
    return Comparable(CELLS, 1, partial(_of_cells, metric), partial(_cell_slopes, metric), shares=True)


def _f(beta: float) -> Comparable:
    weight = beta * beta
    return _confusion(lambda _, fp, fn, tp: ratio((1 + weight) * tp, (1 + weight) * tp + weight * fn + fp))


RANKED = tuple(
    f"{name}_at_{cut}" for name in ("ndcg", "map", "precision", "recall", "hit_rate") for cut in Ranking().cuts
)
BETTER = (
    "accuracy",
    "micro_precision",
    "micro_recall",
    "micro_f1",
    "weighted_recall",
    "worth",
    "roc_auc",
    "mrr",
    *RANKED,
)
WORSE = ("log_loss", "brier", "mae", "mse", "mape", "smape", "pinball")  # the more of them
NEITHER = (
    *("selection_rate", *CELLS, "mean_error", "interval_coverage", "interval_width"),
    *("barren", "label_variance"),
)
OF_CLASS = {  # as in `recall:grass`
    **dict.fromkeys(("precision", "recall", "specificity", "accuracy", "roc_auc"), 1),
    **dict.fromkeys(("log_loss", "brier"), -1),
    "prevalence": 0,
}
# In this order: what a model without one of them has is the next.
METRICS: dict[str, Comparable] = {
    **{name: _mean(name, 1) for name in BETTER},
    **{f"top_{k}_accuracy": _mean(f"top_{k}_accuracy", 1) for k in range(1, 6)},
    **{name: _mean(name, -1) for name in WORSE},
    **{name: _mean(name, 0) for name in NEITHER},
    **{name: _square(name) for name in ("rmse", "rmsle")},
    "r2": Comparable(("mse", "label_variance"), 1, _explained, _explained_slopes),
    "precision": _confusion(lambda _tn, fp, _fn, tp: ratio(tp, tp + fp)),
    "recall": _confusion(lambda _tn, _fp, fn, tp: ratio(tp, tp + fn)),
    "specificity": _confusion(lambda tn, fp, _fn, _tp: ratio(tn, tn + fp)),
    "balanced_accuracy": _confusion(lambda tn, fp, fn, tp: (ratio(tp, tp + fn) + ratio(tn, tn + fp)) / 2),
    "f1": _f(1.0),
    "f_half": _f(0.5),
    "f2": _f(2.0),
    "matthews": _confusion(matthews_of),
    "kappa": _confusion(kappa_of),
}


def comparable(name: str) -> Comparable | None:
    """How a metric is compared, also one of a class; None where it cannot be."""
    kind, colon, _ = name.partition(":")
    if colon and kind in OF_CLASS:
        return _mean(name, OF_CLASS[kind])
    if name.startswith(PINBALL):
        return _mean(name, -1)
    return METRICS.get(name)
