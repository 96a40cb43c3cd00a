"""How bad a window may be: what a reference and two sample sizes allow."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from scipy.special import ndtri

from detectors.codes import Floats
from detectors.performance.measured import Measured

Seen = TypeVar("Seen")


class Metric(NamedTuple, Generic[Seen]):
    """A metric of what cells say, and what is known of its values."""

    measure: Callable[[Seen, float], Measured]  # with the confidence of its interval
    size: Callable[[Seen], Floats]  # how many pairs it is about, (rows,)
    better: int  # 1: more is better, -1: less is, 0: neither
    least: float = 0.0
    greatest: float = 1.0
    limited: bool = True  # False: its values depend on the sample size, so none of them is a limit


def limit(
    metric: Metric[Seen],
    reference: Measured,
    sizes: tuple[Floats, Floats],
    level: float | Floats,
    tolerate: float | Floats,
) -> Floats:
    """The value beyond which a window is surely worse than the reference by more than a share `tolerate`, (rows,).

    `sizes` are the metric's of the reference and of the window; `level` and `tolerate` may be (rows,), too. A window
    that is worse by just what is tolerated is beyond in a share 1 - `level` of cases. nan where the metric has no
    worse, or the reference no value.

    Values between two ends vary like shares: alike on an arcsine scale (Bartlett 1947). With one end, losses rise in
    proportion, and gains fall like counts: alike on a scale of roots. Without an end values vary as they do.
    """
    m, n = sizes
    if not (metric.better and metric.limited):
        return np.full(np.broadcast_shapes(reference.value.shape, n.shape), np.nan)
    some = (m > 0) & (n > 0)
    ratio = np.where(some, m, np.nan) / np.where(some, n, 1)
    reach = -metric.better * ndtri(level) * np.sqrt(1 + ratio)  # in errors of the reference
    target = np.clip(
        reference.value - metric.better * tolerate * np.abs(reference.value), metric.least, metric.greatest
    )
    if np.isfinite(metric.greatest):
        span = metric.greatest - metric.least
        share, place = ((value - metric.least) / span for value in (reference.value, target))
        varies = np.sqrt(share * (1 - share))
        sure = varies == 0  # as uncertain as a share of that size
        error = np.where(sure, 1 / np.sqrt(np.maximum(m, 1)), reference.error / span / np.where(sure, 1.0, varies))
        angle = np.clip(np.arcsin(np.sqrt(place)) + reach * error / 2, 0, np.pi / 2)
        return np.asarray(metric.least + span * np.sin(angle) ** 2)
    if np.isfinite(metric.least):
        positive = np.where(reference.value > 0, reference.value, np.nan)
        share = reach * reference.error / positive
        return np.asarray(target * (np.exp(share) if metric.better < 0 else np.maximum(1 + share / 2, 0) ** 2))
    return np.asarray(target + reach * reference.error)
