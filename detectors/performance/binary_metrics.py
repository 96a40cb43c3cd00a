"""The metrics of a binary classifier, by name."""

from collections.abc import Collection

import numpy as np

from detectors.codes import Floats
from detectors.performance import decisions, discrimination, probabilities, reliability
from detectors.performance.binary import Outcomes
from detectors.performance.decisions import ratio
from detectors.performance.limits import Metric
from detectors.performance.measured import Measured


def decided(seen: Outcomes) -> Floats:
    """How many have a decision."""
    return np.asarray(seen.confusion.sum(axis=1))


def selected(seen: Outcomes) -> Floats:
    """How many were decided yes."""
    return np.asarray(seen.confusion[:, 1] + seen.confusion[:, 3])


def positives(seen: Outcomes) -> Floats:
    """How many positives have a decision."""
    return np.asarray(seen.confusion[:, 2:].sum(axis=1))


def negatives(seen: Outcomes) -> Floats:
    """How many negatives have a decision."""
    return np.asarray(seen.confusion[:, :2].sum(axis=1))


def either(seen: Outcomes) -> Floats:
    """How many are positive or decided yes."""
    return np.asarray(seen.confusion[:, 1:].sum(axis=1))


def both(seen: Outcomes) -> Floats:
    """The size of one sample that varies as decided positives against negatives."""
    return ratio(positives(seen) * negatives(seen), decided(seen))


def scored(seen: Outcomes) -> Floats:
    """How many have a score in [0, 1]."""
    return np.asarray(seen.regular.sum(axis=(1, 2)))


def ranked_positives(seen: Outcomes) -> Floats:
    """How many positives have a score."""
    return np.asarray(seen.scores[:, 1].sum(axis=1))


def ranked(seen: Outcomes) -> Floats:
    """The size of one sample that varies as scored positives against negatives."""
    each = seen.scores.sum(axis=2)
    return ratio(each[:, 0] * each[:, 1], each.sum(axis=1))


METRICS: dict[str, Metric[Outcomes]] = {
    "accuracy": Metric(decisions.accuracy, decided, 1),
    "balanced_accuracy": Metric(decisions.balanced_accuracy, both, 1),
    "precision": Metric(decisions.precision, selected, 1),
    "recall": Metric(decisions.recall, positives, 1),
    "specificity": Metric(decisions.specificity, negatives, 1),
    "f1": Metric(decisions.f_beta(1.0), either, 1),
    "f_half": Metric(decisions.f_beta(0.5), either, 1),
    "f2": Metric(decisions.f_beta(2.0), either, 1),
    "matthews": Metric(decisions.matthews, decided, 1, least=-1.0),
    "kappa": Metric(decisions.kappa, decided, 1, least=-1.0),
    "selection_rate": Metric(decisions.selection_rate, decided, 0),
    "true_negatives": Metric(decisions.cell_share(0), decided, 0),
    "false_positives": Metric(decisions.cell_share(1), decided, 0),
    "false_negatives": Metric(decisions.cell_share(2), decided, 0),
    "true_positives": Metric(decisions.cell_share(3), decided, 0),
    "worth": Metric(decisions.worth, decided, 1, least=-np.inf, greatest=np.inf),
    "roc_auc": Metric(discrimination.roc_auc, ranked, 1),
    "average_precision": Metric(discrimination.average_precision, ranked_positives, 1),
    "lift": Metric(discrimination.lift, ranked_positives, 1, greatest=np.inf),
    "log_loss": Metric(probabilities.log_loss, scored, -1, greatest=np.inf),
    "brier": Metric(probabilities.brier, scored, -1),
    "reliability": Metric(reliability.reliability, scored, -1, limited=False),
    "resolution": Metric(reliability.resolution, scored, 1, limited=False),
    "uncertainty": Metric(reliability.uncertainty, scored, 0, greatest=0.25),
    "within_groups": Metric(reliability.within_groups, scored, 0, least=-1.0),
    "calibration_error": Metric(reliability.calibration_error, scored, -1, limited=False),
}


def measure(seen: Outcomes, level: float = 0.95, names: Collection[str] = METRICS) -> dict[str, Measured]:
    """These metrics of each row, with intervals of this confidence. A row's do not depend on the others."""
    return {name: metric.measure(seen, level) for name, metric in METRICS.items() if name in names}
