"""What a model must beat: the best answer that never looks at its inputs."""

from collections.abc import Mapping

import numpy as np

from detectors.codes import Floats
from detectors.performance.classes.binary import Outcomes, edges
from detectors.performance.classes.decisions import ratio
from detectors.performance.metric import Metric

LEVEL = 0.95  # of intervals that nobody reads


def baseline(metric: Metric[Outcomes], seen: Outcomes) -> Floats:
    """The metric of the best constant answer, (rows,): one of `baselines`."""
    return baselines({"": metric}, seen)[""]


def baselines(metrics: Mapping[str, Metric[Outcomes]], seen: Outcomes) -> dict[str, Floats]:
    """Metrics of the better of two constant decisions, or of the prevalence as every score, (rows,) each.

    nan where the labels leave one undefined, or where neither more nor less is better. A constant has no correlation
    with anything: where only that makes the metric undefined, it is 0.
    """
    decided = [constant(seen, yes=yes) for yes in (False, True)]
    found = {}
    for name, metric in metrics.items():
        values = [metric.measure(each, LEVEL).value for each in decided]
        best = np.fmax(*values) if metric.better > 0 else np.fmin(*values)
        known = ~np.isnan(metric.measure(seen, LEVEL).value)
        found[name] = np.where(known & (metric.better != 0), np.nan_to_num(best), np.nan)
    return found


def of_scores(seen: Outcomes) -> dict[str, Floats]:
    """What the prevalence as every score has of the metrics that follow from it alone, (rows,) each.

    It ranks nothing, and is honest: the same as `baseline` finds, at once.
    """
    each = seen.scores.sum(axis=2)
    prevalence = ratio(each[:, 1], each.sum(axis=1))
    regular = np.where(seen.regular.sum(axis=(1, 2)) > 0, 0.0, np.nan)
    some = np.where(prevalence > 0, prevalence, np.nan)
    return {
        "roc_auc": np.where(prevalence < 1, 0.5 * some / some, np.nan),
        "average_precision": some,
        "lift": some / some,
        "reliability": regular,
        "resolution": regular,
        "calibration_error": regular,
    }


def constant(seen: Outcomes, *, yes: bool) -> Outcomes:
    """The same labels, all decided alike, all with the prevalence as their score."""
    tn, fp, fn, tp = seen.confusion.T
    none = np.zeros_like(tn)
    confusion = (none, tn + fp, none, fn + tp) if yes else (tn + fp, none, fn + tp, none)
    each = seen.scores.sum(axis=2)
    prevalence = ratio(each[:, 1], each.sum(axis=1))
    settings = seen.settings
    place = np.searchsorted(edges(settings.bins)[1:-1], np.nan_to_num(prevalence), side="right")
    rows = np.arange(len(place))
    scores, scored = np.zeros_like(seen.scores), np.full_like(seen.scored, np.nan)
    scores[rows, :, place + 1] = each
    scored[rows, place // (settings.bins // settings.groups)] = prevalence
    inside = np.clip(prevalence, np.finfo(float).tiny, 1 - np.finfo(float).eps)
    loss = -prevalence * np.log(inside) - (1 - prevalence) * np.log1p(-inside)
    square = prevalence * (1 - prevalence)
    told = (np.stack((one, np.zeros_like(one)), axis=1) for one in (loss, square))
    return Outcomes(settings, np.stack(confusion, axis=1), scores, scored, *told)
