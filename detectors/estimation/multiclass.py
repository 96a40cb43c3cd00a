"""Confidence-based estimation for many classes: a calibrator per class, rows that sum to 1, and metrics that follow.

Rows made to sum to 1 are no longer calibrated, and no class' own score says all: by how much they are off in the
reference, among those with a like score and decision, is taken off again. What it is worth is known from the same
labels, and what classes share of it is kept.
"""

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct
from scipy.sparse import csr_array

from detectors.calibration import Calibrator, better
from detectors.codes import Floats, Integers
from detectors.estimation.estimate import UNIT, Estimate, between
from detectors.estimation.ranking import roc_auc as ranked

GROUPS_MAX = 32  # of equally many labelled scores of a class, each once where it was decided and once where not
GROUP = 50  # of these at least
ALL_MAX = 1_024  # groups of all classes: covariances of 8 MB
LEAST = 1e-12  # what the probabilities of a row sum to at least


class Basis(Struct, frozen=True):
    """What a labelled reference knows of each class' scores, in groups of all classes side by side, (groups,)."""

    calibrators: tuple[Calibrator, ...]
    edges: tuple[Floats, ...]  # per class the least score of every group but the first
    more: Floats  # (groups,): by how much the share of a class exceeds its mean probability
    covariance: Floats  # (groups, groups), of these shares

    @classmethod
    def of(cls, scores: Floats, decided: Integers, label: Integers, seed: int) -> Self:
        """The basis of scores, (n, K), all finite, decisions and labels in [0, K), (n,); `seed` is that of `better`."""
        classes = range(scores.shape[1])
        calibrators = tuple(better(scores[:, k], label == k, seed) for k in classes)
        n_groups = max(1, min(GROUPS_MAX, len(label) // GROUP, ALL_MAX // (2 * len(classes))))
        quantiles = np.linspace(0, 1, n_groups + 1)[1:-1]
        edges = tuple(np.unique(np.quantile(scores[:, k], quantiles, method="higher")) for k in classes)
        basis = cls(calibrators, edges, np.empty(0), np.empty((0, 0)))
        left = (label[:, None] == np.arange(len(classes))) - basis.probability(scores)
        groups, total = basis.groups(scores, decided), 2 * sum(len(edge) + 1 for edge in edges)
        n = np.maximum(np.bincount(groups.ravel(), minlength=total), 1)
        more = np.bincount(groups.ravel(), left.ravel(), total) / n
        ends = np.arange(len(label) + 1) * len(classes)
        each = csr_array(((left - more[groups]).ravel(), groups.ravel(), ends), shape=(len(label), total))
        return cls(calibrators, edges, more, (each.T @ each).toarray() / n / n[:, None])

    def probability(self, scores: Floats) -> Floats:
        """What the calibrators of classes say, made to sum to 1, (n, K)."""
        own = np.stack([one.apply(scores[:, k]) for k, one in enumerate(self.calibrators)], axis=1)
        return np.asarray(own / np.maximum(own.sum(axis=1, keepdims=True), LEAST))

    def groups(self, scores: Floats, decided: Integers) -> Integers:
        """The group of each class and event, (n, K)."""
        found, first = [], 0
        for k, edges in enumerate(self.edges):
            found.append(first + 2 * np.searchsorted(edges, scores[:, k], side="right") + (decided == k))
            first += 2 * (len(edges) + 1)
        return np.stack(found, axis=1).astype(np.int64)


class Window(NamedTuple):
    """Events without labels."""

    probability: Floats  # (n, K): rows sum to 1
    decided: Integers  # (n,): in [0, K)
    scores: Floats  # (n, K)


Metric = Callable[[Window], tuple[float, Floats]]  # the value, and by how much each probability raises it, (n, K)


def accuracy(window: Window) -> tuple[float, Floats]:
    """The share of right decisions."""
    right = _right(window)
    return float((right * window.probability).sum() / len(right)), right / len(right)


def macro_f1(window: Window) -> tuple[float, Floats]:
    """The mean over classes of the harmonic mean of precision and recall; 0 of a class without either."""
    right = _right(window)
    hits = (right * window.probability).sum(axis=0)
    both = right.sum(axis=0) + window.probability.sum(axis=0)
    f1 = 2 * hits / np.where(both > 0, both, 1.0)
    return float(f1.mean()), (2 * right - f1) / np.where(both > 0, both, 1.0) / len(f1)


def macro_roc_auc(window: Window) -> tuple[float, Floats]:
    """The mean over classes of how often the class itself has a higher score of it than another one."""
    values, slopes = [], np.empty(window.probability.shape)
    for k in range(len(window.scores.T)):
        order = np.argsort(window.scores[:, k], kind="stable")
        found = ranked(np.ones((1, len(order))), window.probability[order, k])
        values.append(found.value[0])
        slopes[order, k] = found.slope[0]
    return float(np.mean(values)), slopes / len(values)


METRICS: dict[str, Metric] = {metric.__name__: metric for metric in (accuracy, macro_f1, macro_roc_auc)}


def estimate(basis: Basis, scores: Floats, decided: Integers, level: float) -> dict[str, Estimate]:
    """Every metric of a window of scores, (n, K), and decisions, (n,), by name; a row each. Scores are all finite."""
    window = Window(basis.probability(scores), decided, scores)
    groups = basis.groups(scores, decided).ravel()
    found = {}
    for name, metric in METRICS.items():
        plain, slope = metric(window)
        mean = (window.probability * slope).sum(axis=1, keepdims=True)
        chance = np.sqrt((window.probability * (slope - mean) ** 2).sum())
        weights = np.bincount(groups, slope.ravel(), len(basis.more))
        fit = np.sqrt(weights @ basis.covariance @ weights)
        values, errors = np.array([[plain], [plain + weights @ basis.more]]), np.array([[chance], [fit]])
        found[name] = between((values[0], values[1]), (errors[0], errors[1]), level, UNIT)
    return found


def _right(window: Window) -> Floats:
    """1 where a class was decided, (n, K)."""
    return np.asarray(window.decided[:, None] == np.arange(window.probability.shape[1]), np.float64)
