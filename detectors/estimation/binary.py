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
from detectors.estimation.confusion import ALONG, CONFUSION, ENDS, RATIOS, Confusion, slopes, worth
from detectors.estimation.estimate import OPEN, UNIT, Ends, Estimate, between
from detectors.estimation.fieller import Sums, ends_of
from detectors.estimation.ranking import Ranked, average_precision, roc_auc

Metric = Callable[[Window], Ranked]  # slopes (rows, 2, places), 1 where all are alike


def decided(metric: Confusion) -> Metric:
    """A metric of decisions at the expected cells."""

    def expected(window: Window) -> Ranked:
        cells = _cells(window)
        value = np.asarray(metric(*cells.T), np.float64)
        return Ranked(value, slopes(metric, cells, ALONG)[..., None], np.zeros(len(value)))

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

    With what decisions are worth (tn, fp, fn, tp) also `worth`.
    """
    metrics = METRICS if values is None else METRICS | {"worth": (decided(worth(values)), OPEN)}
    wanted = {name: metric for name, metric in metrics.items() if names is None or name in names}
    found = {name: _estimate(basis, window, *metric, level) for name, metric in wanted.items()}
    return found | {name: _ratio(basis, window, name, found[name], level) for name in RATIOS.keys() & wanted.keys()}


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


def _ratio(basis: Basis, window: Window, name: str, found: Estimate, level: float) -> Estimate:
    """The estimate of a ratio, with the ends of its interval where both sums vary."""
    cells, coefficients = _cells(window), np.array(RATIOS[name])
    one, other = coefficients @ ALONG.T  # (2,) each: by how much a positive label raises it, decided no and decided yes
    above, below = (cells @ coefficients.T).T
    labels = window.counts @ (window.probability * (1 - window.probability))  # (rows, 2)
    group, n_groups = basis.groups[window.bins], int(basis.groups[-1]) + 1
    events = [_by_group(window.counts[:, side], group, n_groups) for side in (0, 1)]  # (rows, groups) each
    weights = [each[0] * events[0] + each[1] * events[1] for each in (one, other)]
    off, variances = basis.known()
    more = [each @ off for each in weights]
    pairs = ((0, 0), (0, 1), (1, 1))
    chance = [labels @ ((one, other)[i] * (one, other)[j]) for i, j in pairs]
    shared = [(weights[i] * weights[j]) @ variances for i, j in pairs]
    if basis.calibrator.learned:
        above, below = above + more[0], below + more[1]
    else:  # as much as scores were wrong beyond what chance explains
        shared = [more[i] * more[j] - each for (i, j), each in zip(pairs, shared, strict=True)]
        there = shared[0] - 2 * found.value * shared[1] + found.value**2 * shared[2] > 0
        shared = [np.where(there, each, 0.0) for each in shared]
    third = window.counts @ (window.probability * (1 - window.probability) * (1 - 2 * window.probability))
    thirds = (third @ one**3, third @ (one**2 * other), third @ (one * other**2), third @ other**3)
    own, both, below_own = (mine + common for mine, common in zip(chance, shared, strict=True))
    low, high = ends_of(Sums(above, below, (own, both, below_own), thirds), level, ENDS[name])
    known = ~np.isnan(found.value)
    low, high = np.minimum(low, found.value), np.maximum(high, found.value)
    return found._replace(low=np.where(known, low, np.nan), high=np.where(known, high, np.nan))


def _cells(window: Window) -> Floats:
    """The expected tn, fp, fn and tp, (rows, 4)."""
    positives = window.counts @ window.probability  # (rows, 2): decided no, decided yes
    negatives = window.counts.sum(axis=-1) - positives
    return np.stack((negatives[:, 0], negatives[:, 1], positives[:, 0], positives[:, 1]), axis=1)


def _by_group(values: Floats, group: Integers, n_groups: int) -> Floats:
    """Values, (rows, many), added up per group, (rows, groups); `group` rises."""
    running = np.concatenate((np.zeros((len(values), 1)), np.cumsum(values, axis=1)), axis=1)
    return np.asarray(np.diff(running[:, np.searchsorted(group, np.arange(n_groups + 1))], axis=1))


def _mean(window: Window, loss: int, slope: Floats) -> Ranked:
    """A mean of losses, which are linear in the label."""
    n = np.maximum(window.counts.sum(axis=(1, 2)), 1.0)
    return Ranked(window.losses[:, loss], slope / n[:, None, None], np.zeros(len(n)))
