"""Top-k accuracy and log loss of several classes before labels.

Both are means over events of what a score is worth if this or that class is true: by its rank, and by its logarithm. So
they are linear in labels, and calibrated probabilities say what each event is expected to be worth.
"""

import numpy as np

from detectors.codes import Bools, Floats, Integers
from detectors.estimation.estimate import UNIT, Ends
from detectors.performance.classes.multiclass import LEAST, TOP_MAX

NAMES = (*(f"top_{k}_accuracy" for k in range(1, TOP_MAX + 1)), "log_loss")
ENDS: dict[str, Ends] = dict.fromkeys(NAMES, UNIT) | {"log_loss": (0.0, np.inf)}


def rankable(scores: Floats) -> Bools:
    """Which rows of usable scores, (n, classes), have a rank and a loss whatever is true: none is above 1."""
    return np.asarray((scores <= 1).all(axis=1), np.bool_)


def moments(probability: Floats, scores: Floats) -> tuple[Floats, Floats, Floats]:
    """The mean of what each event will be worth, of its square and of its cube, by probabilities (n, classes).

    (n, names) each.
    """
    ranks, losses = _ranks(scores), _losses(scores)
    hits = [np.where(ranks < k, probability, 0.0).sum(axis=1) for k in range(1, TOP_MAX + 1)]
    means, squares, cubes = (
        np.stack((*hits, (probability * losses**power).sum(axis=1)), axis=1) for power in range(1, 4)
    )
    return means, squares, cubes


def of_labels(scores: Floats, label: Integers) -> Floats:
    """What each event was worth, (n, names), by its label in [0, classes)."""
    at = np.arange(len(label)), label
    rank, loss = _ranks(scores)[at], _losses(scores)[at]
    return np.column_stack((*(rank < k for k in range(1, TOP_MAX + 1)), loss)).astype(np.float64)


def _ranks(scores: Floats) -> Integers:
    """How many classes come before each one, (n, classes): of equal scores the later class does, as where labels are.

    What is beyond the names, which is last, is no rival of others where nothing was said of it.
    """
    order = np.argsort(-scores[:, ::-1], axis=1, kind="stable")
    ranks = np.empty(scores.shape, np.int64)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(scores.shape[1]), scores.shape), axis=1)
    ranks = ranks[:, ::-1].copy()
    ranks[:, :-1] -= (scores[:, :-1] == 0) & (scores[:, -1:] == 0)
    return ranks


def _losses(scores: Floats) -> Floats:
    return np.asarray(-np.log(np.clip(scores, LEAST, 1 - LEAST)))
