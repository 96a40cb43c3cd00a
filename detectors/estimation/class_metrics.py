"""Metrics of several classes that are expected of a window without labels, each with its errors.

Most follow from the confusion matrix to be expected. To first order they are linear in the labels, which gives both
errors; what averages over few labels gain or lose because a ratio bends is taken off, by its second derivatives.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.estimation import ranked_classes
from detectors.estimation.classes import Basis, Counted, errors, expected, ranked
from detectors.estimation.estimate import BOTH, OPEN, UNIT, Ends, Estimate, between
from detectors.estimation.fieller import Sums, ends_of
from detectors.performance.classes.agreement import kappa_slopes, mcc_slopes
from detectors.performance.classes.multiclass import TOP_MAX
from detectors.performance.classes.multiclass_metrics import F1, PRECISION, RECALL, Share, averaged

ABSENT = 0.05  # labels to be expected of a class that a window probably does not have at all
FEW = 10.0  # labels, or decisions, of each class that an average needs: of 5 to 10, 91 % of intervals held
ALONE = 20.0  # of one that stands for itself: of fewer, shares are too coarse for an interval
SHARES: Mapping[str, Share] = {"precision": PRECISION, "recall": RECALL, "f1": F1}


class Seen(NamedTuple):
    """The labels to be expected of a window, and how they vary by chance: all by decision and class."""

    cells: Floats  # (classes, classes)
    variances: Floats  # (classes, classes)

    @property
    def shares(self) -> Floats:
        """By class and decision, as realised metrics have them, (1, classes, classes)."""
        return np.asarray(self.cells.T[None] / max(float(self.cells.sum()), 1e-300))


class Told(NamedTuple):
    """A metric, by how much it rises with a label of each decision and class, and what it gains as it bends."""

    value: float
    slopes: Floats  # (classes, classes)
    gain: float = 0.0
    more: float = 0.0  # variance by chance that slopes do not know


def _whole(derivative: Callable[[Floats], tuple[Floats, Floats]], seen: Seen) -> Told:
    """A metric of the whole matrix, none of which bends much."""
    value, slopes = derivative(seen.shares)
    return Told(float(value[0]), slopes[0].T / float(seen.cells.sum()))


def accuracy(seen: Seen) -> Told:
    """The share of right decisions."""
    n = float(seen.cells.sum())
    return Told(float(np.trace(seen.cells)) / n, np.eye(len(seen.cells)) / n)


def worth(table: Floats) -> Callable[[Seen], Told]:
    """What a decision is worth on average, by the worth of each decision and class, (classes, classes)."""

    def mean(seen: Seen) -> Told:
        n = float(seen.cells.sum())
        return Told(float((table * seen.cells).sum()) / n, table / n)

    return mean


def average(seen: Seen, share: Share, *, weighted: bool) -> Told:
    """The mean of a metric over the classes that are there, each weighted by its labels or not; nan of too few."""
    cells = seen.cells
    labels, answers = cells.sum(axis=0), cells.sum(axis=1)
    counted = share.labels * labels + share.answers * answers
    there = counted > ABSENT
    if not there.any() or (not weighted and (counted[there] < FEW).any()):
        return Told(np.nan, np.zeros_like(cells))
    value, slopes = averaged(seen.shares, share, there[None], weighted)
    weights = there / (cells.sum() if weighted else there.sum())
    bent = _bent(seen, share, weighted=weighted)
    gain, more = (np.where(there, each, 0.0) for each in bent)
    n = float(cells.sum())
    return Told(float(value[0]), slopes[0].T / n, float((weights * gain).sum()), float((weights**2 * more).sum()))


def of_class(seen: Seen, share: Share, i: int) -> Told:
    """A metric of one class; nan where it has too few labels, or decisions."""
    cells, none = seen.cells, np.zeros_like(seen.cells)
    labels, answers = cells[:, i].sum(), cells[i].sum()
    below = float(share.labels * labels + share.answers * answers)
    if min(labels if share.labels else np.inf, answers if share.answers else np.inf) < ALONE:
        return Told(np.nan, none)
    value = share.times * float(cells[i, i]) / below
    none[i, i] += share.times / below
    none[:, i] -= share.labels * value / below
    gain, more = _bent(seen, share, weighted=False)
    return Told(value, none, float(gain[i]), float(more[i]))


METRICS: Mapping[str, tuple[Callable[[Seen], Told], Ends]] = {
    "accuracy": (accuracy, UNIT),
    "balanced_accuracy": (partial(average, share=RECALL, weighted=False), UNIT),
    **{f"macro_{name}": (partial(average, share=share, weighted=False), UNIT) for name, share in SHARES.items()},
    **{f"weighted_{name}": (partial(average, share=share, weighted=True), UNIT) for name, share in SHARES.items()},
    **{f"micro_{name}": (accuracy, UNIT) for name in SHARES},
    "mcc": (partial(_whole, mcc_slopes), BOTH),
    "kappa": (partial(_whole, kappa_slopes), BOTH),
}


def ends(name: str) -> Ends:
    """The least and the greatest value of a metric, also of one class, as `recall:name`."""
    known = {"worth": OPEN, **ranked_classes.ENDS, **{metric: each for metric, (_, each) in METRICS.items()}}
    return known.get(name, UNIT)


def estimate(
    basis: Basis, window: Counted, level: float, table: Floats | None = None, names: Collection[str] | None = None
) -> dict[str, Estimate]:
    """Every metric of a window that is defined, or of some names, a row each; with what decisions are worth `worth`.

    `table` (classes, classes) has the worth by decision and class, the one beyond the names last.
    """
    if not window.events.any():
        return {}
    plain, corrected = expected(basis, window)
    variances = np.zeros_like(corrected)
    np.add.at(variances, basis.decision, window.events[:, None] * np.einsum("bii->bi", basis.covariance))
    by_scores, seen = Seen(plain, variances), Seen(corrected, variances)
    found: dict[str, Callable[[Seen], Told]] = {name: metric for name, (metric, _) in METRICS.items()}
    if table is not None:
        found["worth"] = worth(table)
    for i, of in enumerate(basis.names):
        found |= {f"{name}:{of}": partial(of_class, share=share, i=i) for name, share in SHARES.items()}
    if names is not None:
        found = {name: metric for name, metric in found.items() if name in names}
    told: dict[str, Estimate] = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for name, metric in found.items():
            value, slopes, gain, more = metric(seen)
            chance, shared = errors(basis, window, slopes)
            value = float(np.clip(value + gain, *ends(name)))
            if np.isfinite((value, chance, shared)).all():
                numbers = metric(by_scores).value, value, np.hypot(chance, np.sqrt(more)), shared
                one, other, *both = (np.array([number]) for number in numbers)
                told[name] = between((one, other), (both[0], both[1]), level, ends(name))
    for i, of in enumerate(basis.names):
        for share in ("recall", "f1"):  # below the line of a precision are decisions, which are known
            if (which := f"{share}:{of}") in told:
                told[which] = _ratio(basis, window, seen, SHARES[share], i, told[which], level)
    others = _ranked(basis, window, level)
    return told | {name: each for name, each in others.items() if names is None or name in names}


def _ratio(  # noqa: PLR0913, PLR0917 - what it is of
    basis: Basis, window: Counted, seen: Seen, share: Share, i: int, found: Estimate, level: float
) -> Estimate:
    """The estimate of a metric of one class, with the ends of its interval where hits and labels vary."""
    above, below = np.zeros_like(seen.cells), np.zeros_like(seen.cells)
    above[i, i], below[:, i] = share.times, share.labels
    one, other, both = (sum(np.square(errors(basis, window, each))) for each in (above, below, above + below))
    sums = (seen.cells[i, i] * share.times, share.labels * seen.cells[:, i].sum() + share.answers * seen.cells[i].sum())
    hits, all_of, own, common, others = (np.array([each]) for each in (*sums, one, (both - one - other) / 2, other))
    low, high = ends_of(Sums(hits, all_of, (own, common, others)), level, UNIT)
    return found._replace(low=np.minimum(low, found.value), high=np.maximum(high, found.value))


def _ranked(basis: Basis, window: Counted, level: float) -> dict[str, Estimate]:
    """What the ranks of classes say; as many places as there are classes always have the true one."""
    told: dict[str, Estimate] = {}
    trivial = {f"top_{k}_accuracy" for k in range(len(basis.names), TOP_MAX + 1)}
    found = ranked(basis, window)
    for i, name in enumerate(ranked_classes.NAMES if found is not None else ()):
        if found is not None and name not in trivial:
            plain, value, chance, shared = (column[[i]] for column in found[:4])
            value = np.clip(value, *ends(name))
            thirds = None if found.thirds is None else found.thirds[i]
            told[name] = between((plain, value), (chance, shared), level, ends(name), thirds)
    return told


def _bent(seen: Seen, share: Share, *, weighted: bool) -> tuple[Floats, Floats]:
    """What a metric of each class gains on average by bending, and the variance of that, (classes,) each.

    It is f = times h / (labels (h + m) + answers a), and (h + m) f if weighted: h labels of the class were decided as
    such, and m were not. Whatever was decided, these are independent; a is known.
    """
    hits, own = np.diag(seen.cells), np.diag(seen.variances)
    labels, answers = seen.cells.sum(axis=0), seen.cells.sum(axis=1)
    missed = seen.variances.sum(axis=0) - own
    below = share.labels * labels + share.answers * answers
    below = np.where(below > 0, below, np.nan)
    per = share.times * share.labels / below**2
    h, m = share.times / below - per * hits, -per * hits
    hh = -2 * per * (1 - share.labels * hits / below)
    mm = 2 * per * share.labels * hits / below
    hm = mm - per
    if weighted:
        hh, mm, hm = 2 * h + labels * hh, 2 * m + labels * mm, h + m + labels * hm
    gain = (hh * own + mm * missed) / 2
    return gain, (np.square(hh * own) + np.square(mm * missed)) / 2 + np.square(hm) * own * missed
