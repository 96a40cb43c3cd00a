"""Confidence-based performance estimation: what a binary classifier's metrics are expected to be, without labels.

Calibrated probabilities make every cell of the confusion matrix an expected count, and every metric follows (Kivimaki
et al 2024, Confidence-based estimators for predictive performance in model monitoring). It assumes that a score means
what it meant in the reference. Metrics are linear in the labels to first order, with one slope per place
and decision: from the slopes follow both errors.
"""

from collections.abc import Callable, Collection

import numpy as np

from detectors.codes import Floats, Integers
from detectors.estimation.basis import Basis, Window
from detectors.estimation.confusion import CONFUSION, ENDS, Confusion, slopes, worth
from detectors.estimation.estimate import OPEN, UNIT, Ends, Estimate, between
from detectors.estimation.ranking import Ranked, average_precision, roc_auc

Metric = Callable[[Window], Ranked]  # slopes (rows, 2, places), 1 where all are alike


def decided(metric: Confusion) -> Metric:
    """A metric of decisions at the expected cells."""

    def expected(window: Window) -> Ranked:
        positives = window.counts @ window.probability  # (rows, 2): decided no, decided yes
        negatives = window.counts.sum(axis=-1) - positives
        cells = np.stack((negatives[:, 0], negatives[:, 1], positives[:, 0], positives[:, 1]), axis=1)
        value = np.asarray(metric(*cells.T), np.float64)
        # A positive label moves an event from tn to fn if it was decided no, from fp to tp if yes.
        return Ranked(
            value, slopes(metric, cells, np.array([[-1, 0, 1, 0], [0, -1, 0, 1.0]]))[..., None], np.zeros(len(value))
        )

    return expected


def ranked(metric: Callable[[Floats, Floats], Ranked]) -> Metric:
    """A metric of the order of scores, whatever was decided."""

    def expected(window: Window) -> Ranked:
        found = metric(window.counts.sum(axis=1), window.probability)
        return found._replace(slope=found.slope[:, None])

    return expected


def log_loss(window: Window) -> Ranked:
    """The mean surprise at the label, in nats."""
    return _mean(window, 0, -window.log_odds)


def brier(window: Window) -> Ranked:
    """The mean squared error of the scores."""
    return _mean(window, 1, 1 - 2 * window.scores)


METRICS: dict[str, tuple[Metric, Ends]] = {
    **{name: (decided(metric), ENDS[name]) for name, metric in CONFUSION.items()},
    "roc_auc": (ranked(roc_auc), UNIT),
    "average_precision": (ranked(average_precision), UNIT),
    "log_loss": (log_loss, (0.0, np.inf)),
    "brier": (brier, UNIT),
}


def estimate(
    basis: Basis,
    window: Window,
    level: float,
    values: tuple[float, float, float, float] | None = None,
    names: Collection[str] | None = None,
) -> dict[str, Estimate]:
    """Every metric of the window, by name, or those with some names.

    With what decisions are worth (tn, fp, fn, tp) also `business_value`.
    """
    metrics = METRICS if values is None else METRICS | {"business_value": (decided(worth(values)), OPEN)}
    wanted = {name: metric for name, metric in metrics.items() if names is None or name in names}
    return {name: _estimate(basis, window, *metric, level) for name, metric in wanted.items()}


def _estimate(basis: Basis, window: Window, metric: Metric, ends: Ends, level: float) -> Estimate:
    """One metric, with its errors."""
    plain, slope, bend = metric(window)
    labels = window.probability * (1 - window.probability)
    chance = np.sqrt((window.counts * slope**2 * labels).sum(axis=(1, 2)))
    weights = _by_group((window.counts * slope).sum(axis=1), basis.groups[window.bins], int(basis.groups[-1]) + 1)
    off, variances = basis.known()
    more, variance = weights @ off, weights**2 @ variances
    if basis.calibrator.learned:
        # Steps that follow the labels are too far apart: they flatter every metric by what they leave over in groups.
        return between((plain, plain + bend + more), (chance, np.sqrt(variance)), level, ends)
    # Scores that are trusted are as wrong as they were in the reference beyond what chance explains.
    return between((plain, plain + bend), (chance, np.sqrt(np.maximum(more**2 - variance, 0.0))), level, ends)


def _by_group(values: Floats, group: Integers, n_groups: int) -> Floats:
    """Values, (rows, many), added up per group, (rows, groups); `group` rises."""
    running = np.concatenate((np.zeros((len(values), 1)), np.cumsum(values, axis=1)), axis=1)
    return np.asarray(np.diff(running[:, np.searchsorted(group, np.arange(n_groups + 1))], axis=1))


def _mean(window: Window, loss: int, slope: Floats) -> Ranked:
    """A mean of losses, which are linear in the label."""
    n = np.maximum(window.counts.sum(axis=(1, 2)), 1.0)
    return Ranked(window.losses[:, loss], slope / n[:, None, None], np.zeros(len(n)))
