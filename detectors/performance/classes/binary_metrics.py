"""The metrics of a binary classifier, by name."""

from collections.abc import Collection, Mapping

import numpy as np

from detectors.codes import Floats
from detectors.performance.classes import decisions, discrimination, probabilities, reliability
from detectors.performance.classes.binary import Outcomes
from detectors.performance.measured import Measured
from detectors.performance.metric import Metric

METRICS: dict[str, Metric[Outcomes]] = {
    "accuracy": Metric(decisions.accuracy, 1),
    "balanced_accuracy": Metric(decisions.balanced_accuracy, 1),
    "precision": Metric(decisions.precision, 1),
    "recall": Metric(decisions.recall, 1),
    "specificity": Metric(decisions.specificity, 1),
    "f1": Metric(decisions.f_beta(1.0), 1),
    "f_half": Metric(decisions.f_beta(0.5), 1),
    "f2": Metric(decisions.f_beta(2.0), 1),
    "matthews": Metric(decisions.matthews, 1, least=-1.0),
    "kappa": Metric(decisions.kappa, 1, least=-1.0),
    "selection_rate": Metric(decisions.selection_rate, 0),
    "true_negatives": Metric(decisions.cell_share(0), 0),
    "false_positives": Metric(decisions.cell_share(1), 0),
    "false_negatives": Metric(decisions.cell_share(2), 0),
    "true_positives": Metric(decisions.cell_share(3), 0),
    "worth": Metric(decisions.worth, 1, least=-np.inf, greatest=np.inf),
    "roc_auc": Metric(discrimination.roc_auc, 1),
    "average_precision": Metric(discrimination.average_precision, 1),
    "lift": Metric(discrimination.lift, 1, greatest=np.inf),
    "log_loss": Metric(probabilities.log_loss, -1, greatest=np.inf),
    "brier": Metric(probabilities.brier, -1),
    "reliability": Metric(reliability.reliability, -1),
    "resolution": Metric(reliability.resolution, 1),
    "uncertainty": Metric(reliability.uncertainty, 0, greatest=0.25),
    "within_groups": Metric(reliability.within_groups, 0, least=-1.0),
    "calibration_error": Metric(reliability.calibration_error, -1),
}


NOTHING: Mapping[str, Floats] = {}  # is known exactly


def measure(
    seen: Outcomes,
    level: float = 0.95,
    names: Collection[str] = METRICS,
    exact: Mapping[str, Floats] = NOTHING,
) -> dict[str, Measured]:
    """These metrics of each row, with intervals of this confidence. A row's do not depend on the others.

    `exact` has values by the scores themselves, nan where these are not known: they stand for those by bins.
    """
    found = {name: metric.measure(seen, level) for name, metric in METRICS.items() if name in names}
    greatest = {"lift": 1 / seen.settings.top}
    return found | {
        name: discrimination.exactly(found[name], values, greatest.get(name, 1.0))
        for name, values in exact.items()
        if name in found
    }
