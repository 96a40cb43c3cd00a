"""How good a model with several classes is: of each class, on average over the classes, and over all pairs.

An average over classes leaves out those for which it is not defined, as scikit-learn's does for
`zero_division=nan`.
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple

import numpy as np

from detectors.codes import Bools, Floats
from detectors.performance.cells import Cells
from detectors.performance.classes.agreement import kappa, mcc
from detectors.performance.classes.binary import Binary, Outcomes
from detectors.performance.classes.decisions import f_beta, mean_worth, ratio
from detectors.performance.classes.multiclass import LOSS_SCALE, TOP_MAX, Confusion, Multiclass, constant, read
from detectors.performance.delta import right, share_like, smoothed
from detectors.performance.losses import at_least_nothing
from detectors.performance.measured import Measured, wilson

Metric = Callable[[Confusion, float], Measured]


class Share(NamedTuple):
    """A metric of one class: `times` its hits, over `labels` times its labels and `answers` times its predictions."""

    times: float
    labels: float
    answers: float

    def parts(self, matrix: Floats) -> tuple[Floats, Floats]:
        """Above and below the line, (rows, C) each."""
        return self.times * right(matrix), self.labels * matrix.sum(axis=2) + self.answers * matrix.sum(axis=1)


PRECISION, RECALL, F1 = Share(1, 0, 1), Share(1, 1, 0), Share(2, 1, 1)
F_HALF, F2 = Share(1.25, 0.25, 1), Share(5, 4, 1)
OfClass = Callable[[Confusion, float], Measured]


def of_class(seen: Confusion, level: float, share: Share) -> Measured:
    """A metric of each class, (rows, C).

    Among the pairs that have the class on either side that counts, hits are a binomial share j, so Wilson's interval of
    j holds for times j / (1 + (times - 1) j) as well.
    """
    above, below = share.parts(seen.matrix)
    hits = above / share.times
    extra = share.times - 1
    found = _share(hits, below - extra * hits, level)
    value, _, low, high = (share.times * j / (1 + extra * j) for j in found)
    return Measured(value, found.error * share.times / (1 + extra * found.value) ** 2, low, high)


def f_of_class(seen: Confusion, level: float, beta: float) -> Measured:
    """F-beta of each class, (rows, C), with the interval that it has where there are two."""
    labels, answers, hits = seen.matrix.sum(axis=2), seen.matrix.sum(axis=1), right(seen.matrix)
    nothing = np.zeros((hits.size, 0))
    counts = np.stack((np.zeros_like(hits), answers - hits, labels - hits, hits), axis=2).reshape(-1, 4)
    found = f_beta(beta)(Outcomes(Binary(), counts, nothing, nothing, nothing, nothing), level)
    return Measured(*(column.reshape(hits.shape) for column in found))


def specificity(seen: Confusion, level: float) -> Measured:
    """Of the pairs of other classes, the share that was not given this one, (rows, C)."""
    total = seen.matrix.sum(axis=(1, 2))[:, None]
    labels, answers = seen.matrix.sum(axis=2), seen.matrix.sum(axis=1)
    return _share(total - labels - answers + right(seen.matrix), total - labels, level)


def prevalence(seen: Confusion, level: float) -> Measured:
    """The share of pairs that have this class as their label, (rows, C)."""
    labels = seen.matrix.sum(axis=2)
    return _share(labels, np.broadcast_to(labels.sum(axis=1, keepdims=True), labels.shape), level)


def accuracy(seen: Confusion, level: float) -> Measured:
    """The share of pairs with the right class; also the micro average of precision, recall and F1."""
    return _share(right(seen.matrix).sum(axis=1), seen.matrix.sum(axis=(1, 2)), level)


def top_accuracy(seen: Confusion, level: float, k: int) -> Measured:
    """Of the pairs whose true class has a score, the share where it is among the k best."""
    return _share(seen.ranks[:, :k].sum(axis=1), seen.ranks.sum(axis=1), level)


def log_loss(seen: Confusion, level: float) -> Measured:
    """The mean of minus the natural logarithm of the true class's score."""
    return at_least_nothing(seen.losses.mean(0, LOSS_SCALE, level))


def macro(seen: Confusion, level: float, share: Share, of_each: OfClass | None = None) -> Measured:
    """The mean of a metric over the classes; `of_each` measures those where Wilson's interval does not hold.

    Two intervals, and the wider end of each: one goes by the error of the whole, which forgets how skewed the share of
    a class with five pairs is; the other adds up the classes' own (Zou and Donner 2008, Construction of confidence
    limits about effect measures), which forgets that many small errors even out.
    """
    defined = share.parts(seen.matrix)[1] > 0
    whole = share_like(seen.matrix, level, partial(averaged, share=share, defined=defined, weighted=False))
    each = partial(of_class, share=share) if of_each is None else of_each
    value, _, low, high = each(seen, level)
    classes = np.maximum(defined.sum(axis=1), 1)
    smooth = each(seen._replace(matrix=smoothed(seen.matrix)), level).error
    # Classes share pairs, so their errors go together by this much.
    together = whole.error / _norm(np.where(defined, smooth, 0.0)) * classes
    below, above = (together * _norm(np.where(defined, reach, 0.0)) / classes for reach in (value - low, high - value))
    low, high = np.minimum(whole.low, whole.value - below), np.maximum(whole.high, whole.value + above)
    return Measured(whole.value, whole.error, np.maximum(low, 0.0), np.minimum(high, 1.0))


def weighted(seen: Confusion, level: float, share: Share) -> Measured:
    """The mean of a metric over the classes, each weighted by its labels."""
    defined = share.parts(seen.matrix)[1] > 0
    return share_like(seen.matrix, level, partial(averaged, share=share, defined=defined, weighted=True))


def average_specificity(seen: Confusion, level: float, *, weighted: bool) -> Measured:
    """The mean of the specificity over the classes that occur and are not every label, or weighted by their labels."""
    labels, answers, n = seen.matrix.sum(axis=2), seen.matrix.sum(axis=1), seen.matrix.sum(axis=(1, 2))
    defined = (labels + answers > 0) & (labels < n[:, None])
    return share_like(seen.matrix, level, partial(averaged_specificity, defined=defined, weighted=weighted))


def worth(seen: Confusion, level: float) -> Measured:
    """What a decision is worth on average, by the settings' worth of each pair; nan where they have none.

    No pair of classes that occur is sure not to: as of two classes, there is a pair more for each class, of every kind
    alike.
    """
    matrix = seen.matrix
    table = np.full(matrix.shape[1:], np.nan) if seen.worth is None else seen.worth
    occurs = (matrix.sum(axis=1) + matrix.sum(axis=2)) > 0
    among = occurs[:, :, None] & occurs[:, None, :]
    more = matrix + among / np.maximum(occurs.sum(axis=1), 1)[:, None, None]
    flat = (len(matrix), -1)
    return mean_worth(table.ravel(), matrix.reshape(flat), more.reshape(flat), level)


METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "balanced_accuracy": partial(macro, share=RECALL),
    "macro_precision": partial(macro, share=PRECISION),
    "macro_recall": partial(macro, share=RECALL),
    "macro_f1": partial(macro, share=F1),
    "weighted_precision": partial(weighted, share=PRECISION),
    "weighted_recall": accuracy,
    "weighted_f1": partial(weighted, share=F1),
    "macro_specificity": partial(average_specificity, weighted=False),
    "weighted_specificity": partial(average_specificity, weighted=True),
    "macro_f_half": partial(macro, share=F_HALF, of_each=partial(f_of_class, beta=0.5)),
    "macro_f2": partial(macro, share=F2, of_each=partial(f_of_class, beta=2.0)),
    "weighted_f_half": partial(weighted, share=F_HALF),
    "weighted_f2": partial(weighted, share=F2),
    "micro_precision": accuracy,
    "micro_recall": accuracy,
    "micro_f1": accuracy,
    "mcc": mcc,
    "kappa": kappa,
    **{f"top_{k}_accuracy": partial(top_accuracy, k=k) for k in range(1, TOP_MAX + 1)},
    "worth": worth,
    "log_loss": log_loss,
}
PER_CLASS: dict[str, Metric] = {
    "precision": partial(of_class, share=PRECISION),
    "recall": partial(of_class, share=RECALL),
    "f1": partial(of_class, share=F1),
    "specificity": specificity,
    "prevalence": prevalence,
}


def measure(
    settings: Multiclass, cells: Cells, level: float = 0.95, names: Collection[str] = METRICS.keys() | PER_CLASS
) -> dict[str, Measured]:
    """Metrics of METRICS, (rows,) each, and of PER_CLASS, (rows, names) each; nan where undefined."""
    seen = read(settings, cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: metric(seen, level) for name, metric in (METRICS | PER_CLASS).items() if name in names}


def baseline(settings: Multiclass, cells: Cells) -> dict[str, Floats]:
    """What the best constant answer would have had, for every metric of METRICS, (rows,) each."""
    labels = read(settings, cells)
    seen = constant(labels)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {name: metric(seen, 0.95).value for name, metric in METRICS.items()}
    if seen.worth is not None:  # the most frequent class may cost more than another
        n = labels.matrix.sum(axis=(1, 2))
        found["worth"] = ratio((labels.matrix.sum(axis=2) @ seen.worth).max(axis=1), n)
    return found


def _norm(values: Floats) -> Floats:
    """The root of the sum of squares, (rows,)."""
    return np.asarray(np.sqrt(np.square(values).sum(axis=1)))


def _share(hits: Floats, n: Floats, level: float) -> Measured:
    """A binomial share."""
    value = hits / np.where(n > 0, n, np.nan)
    return Measured(value, np.sqrt(value * (1 - value) / n), *wilson(hits, n, level))


def averaged(shares: Floats, share: Share, defined: Bools, weighted: bool) -> tuple[Floats, Floats]:
    """The mean of a metric over the classes, and its slopes."""
    above, below = share.parts(shares)
    labels = shares.sum(axis=2) if weighted else np.ones_like(below)
    weights = np.where(defined, labels, 0.0)
    weights = weights / weights.sum(axis=1, keepdims=True)
    below = np.where(defined, below, 1.0)
    each = above / below
    value = (weights * each).sum(axis=1)
    loss = weights * each / below
    slopes = share.times * np.eye(shares.shape[1]) * (weights / below)[:, :, None]
    slopes = slopes - share.labels * loss[:, :, None] - share.answers * loss[:, None, :]
    if weighted:
        slopes = slopes + (weights / np.where(labels > 0, labels, 1.0) * (each - value[:, None]))[:, :, None]
    return value, slopes


def averaged_specificity(shares: Floats, defined: Bools, weighted: bool) -> tuple[Floats, Floats]:
    """The mean of the specificity over the classes, and its slopes."""
    labels, answers, total = shares.sum(axis=2), shares.sum(axis=1), shares.sum(axis=(1, 2))[:, None]
    below = np.where(defined, total - labels, 1.0)
    each = (total - labels - answers + right(shares)) / below
    weights = np.where(defined, labels if weighted else 1.0, 0.0)
    size = weights.sum(axis=1, keepdims=True)
    weights = weights / size
    value = (weights * each).sum(axis=1)
    gain, loss = weights / below, weights * each / below
    # A pair is above the line of all classes but its two, and below that of all but its own.
    above = gain.sum(axis=1)[:, None, None] - gain[:, :, None] - gain[:, None, :]
    slopes = above + np.eye(shares.shape[1]) * gain[:, :, None]
    slopes = slopes - (loss.sum(axis=1, keepdims=True) - loss)[:, :, None]
    if weighted:
        slopes = slopes + (np.where(defined, each - value[:, None], 0.0) / size)[:, :, None]
    return value, slopes
