"""Each of several classes beside all others: as many binary classifiers, measured as one is.

Decisions follow from the confusion matrix. Scores have cells of their own, ROWS rows for each class: one for each group
of neighbouring bins, one for scores outside [0, 1]. So a pair raises one count and adds three values for each class.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from detectors import quanta
from detectors.codes import Floats, Integers
from detectors.performance import cells
from detectors.performance.cells import Cells, Layout
from detectors.performance.classes import binary_metrics, discrimination
from detectors.performance.classes.baselines import baseline
from detectors.performance.classes.binary import LEAST, LOSS, SCORE, Binary, Outcomes, edges
from detectors.performance.classes.binary_metrics import METRICS, NOTHING
from detectors.performance.delta import right
from detectors.performance.measured import Measured

CLASSES_MAX = 30  # 3.5 KB of cells each; what one measures of a window is a row for each class and metric
SETTINGS = Binary(bins=64)
GROUPS, WIDE = SETTINGS.groups, SETTINGS.bins // SETTINGS.groups
ROWS = GROUPS + 1  # of each class
LAYOUT = Layout(2 * WIDE, np.array([LOSS, SCORE, SCORE], np.int64))  # log loss, squared error, score
DECIDED = {  # as a model of several classes calls them: as one of two does
    **{name: name for name in ("accuracy", "balanced_accuracy", "f_half", "f2", "kappa")},
    "mcc": "matthews",
}
SCORED = (
    *("roc_auc", "average_precision", "lift", "log_loss", "brier", "reliability", "resolution"),
    "calibration_error",
)
MACRO = ("roc_auc", "average_precision", "log_loss", "brier", "calibration_error")
WEIGHTED = ("roc_auc", "average_precision")
MICRO = ("roc_auc", "average_precision")
AVERAGES = (
    *(f"macro_{name}" for name in MACRO),
    *(f"weighted_{name}" for name in WEIGHTED),
    *(f"micro_{name}" for name in MICRO),
)


class Apart(NamedTuple):
    """Metrics of each class, (rows, classes), and over them, (rows,)."""

    each: dict[str, Measured]
    averages: dict[str, Measured]


def of(truth: Integers, scores: Floats) -> Cells:
    """The cells of pairs, ROWS for each class: `truth` (n,) places of classes, -1 unknown; `scores` (n, classes).

    A true class beyond the last is none of them. A score that is nan says nothing; one outside [0, 1] is ranked, and
    has no loss.
    """
    pair, column = np.nonzero((truth >= 0)[:, None] & ~np.isnan(scores))
    score, positive = scores[pair, column], truth[pair] == column
    place = np.searchsorted(edges(SETTINGS.bins)[1:-1], score, side="right")
    outside = (score < 0) | (score > 1)
    group = np.where(outside, GROUPS, place // WIDE)
    counted = WIDE * positive + np.where(outside, score > 1, place % WIDE)
    known = np.where(outside, np.nan, score)
    loss = -np.log(np.clip(np.where(positive, known, 1 - known), LEAST, 1 - LEAST))
    values = np.stack((loss, np.square(known - positive), known), axis=1)
    rows, n_rows = column * ROWS + group + 1, ROWS * scores.shape[1] + 1
    made = cells.of(LAYOUT, counted[:, None].astype(np.int64), values, rows[:, None], n_rows)
    return made.take(np.arange(1, n_rows))  # the first is of all classes together, which is nothing


def read(matrix: Floats, apart: Cells | None, classes: int) -> Outcomes:
    """What confusion matrices, (rows, names, names), and cells of scores say of each class: (rows * classes,) rows."""
    labels, answers, hits = (one[:, :classes] for one in (matrix.sum(axis=2), matrix.sum(axis=1), right(matrix)))
    others = matrix.sum(axis=(1, 2))[:, None] - labels - answers + hits
    confusion = np.stack((others, answers - hits, labels - hits, hits), axis=2).reshape(-1, 4)
    n = len(confusion)
    if apart is None:
        nothing = np.full((n, 2), np.nan)
        scores, scored = np.zeros((n, 2, SETTINGS.bins + 2)), np.full((n, GROUPS), np.nan)
        return Outcomes(SETTINGS, confusion, scores, scored, nothing, nothing)
    counts = apart.counts.reshape(n, ROWS, 2, WIDE).astype(np.float64)
    regular = counts[:, :GROUPS].transpose(0, 2, 1, 3).reshape(n, 2, SETTINGS.bins)
    below, above = (counts[:, GROUPS, :, side, None] for side in (0, 1))
    moments, finite = apart.moments.reshape(n, ROWS, 3, -1), apart.finite.reshape(n, ROWS, 3)
    told = quanta.read(quanta.carried(moments.sum(axis=1)), finite.sum(axis=1), LAYOUT.exponents)
    both = np.stack((told.mean, told.deviation), axis=2)
    size = finite[:, :GROUPS, 2]
    total = moments[:, :GROUPS, 2, 0] * 2.0**quanta.SUM_BITS + moments[:, :GROUPS, 2, 1]
    scored = np.where(size > 0, np.ldexp(total / np.maximum(size, 1), SCORE), np.nan)
    return Outcomes(
        SETTINGS, confusion, np.concatenate((below, regular, above), axis=2), scored, both[:, 0], both[:, 1]
    )


def measure(
    matrix: Floats,
    apart: Cells | None,
    classes: int,
    level: float = 0.95,
    exact: Mapping[str, Floats] = NOTHING,
) -> Apart:
    """All of them; nan where undefined.

    `exact` is as `binary_metrics.measure` has it: (rows, classes) by name, and (rows,) of those over all scores.

    Errors of classes go together in a way that cells do not tell. So an average over them has the interval that it
    would have if they did so fully, which is never too short; and one over all scores of all classes has that of as
    many scores as there are labels.
    """
    seen = read(matrix, apart, classes)
    shape = (len(matrix), classes)
    ravelled = {name: values.ravel() for name, values in exact.items() if name in SCORED}
    wanted = {*DECIDED.values(), *(() if apart is None else SCORED)}
    found = binary_metrics.measure(seen, level, wanted, ravelled)
    each = {name: _by_class(found[of], shape) for name, of in DECIDED.items()}
    if apart is None:
        return Apart(each, {})
    each |= {name: _by_class(found[name], shape) for name in SCORED}
    averages = _over_classes(each, seen, shape)
    pooled = _pooled(seen, shape)
    few = pooled._replace(scores=pooled.scores / classes)
    for name in MICRO:
        told = _as_few(METRICS[name].measure, pooled, few, level)
        known = exact.get(f"micro_{name}")
        averages[f"micro_{name}"] = told if known is None else discrimination.exactly(told, known, 1.0)
    return Apart(each, averages)


def baselines(matrix: Floats, apart: Cells | None, classes: int) -> Apart:
    """What the better of two constant decisions, and the classes' shares as scores, would have had; values alone."""
    seen = read(matrix, apart, classes)
    shape, names = (len(matrix), classes), DECIDED | {name: name for name in (() if apart is None else SCORED)}
    each = {name: _alone(baseline(METRICS[of], seen).reshape(shape)) for name, of in names.items()}
    if apart is None:
        return Apart(each, {})
    return Apart(each, _over_classes(each, seen, shape))


def bounds(apart: Cells, classes: int) -> Apart:
    """How far values by bins may be off, as values alone: `discrimination.bounds`."""
    shape = (len(apart.counts) // (ROWS * classes), classes)
    seen = read(np.zeros((shape[0], classes, classes)), apart, classes)
    each = {name: _alone(off.reshape(shape)) for name, off in discrimination.bounds(seen).items()}
    averages = _over_classes(each, seen, shape)
    pooled = discrimination.bounds(_pooled(seen, shape))
    return Apart(each, averages | {f"micro_{name}": _alone(pooled[name]) for name in MICRO})


def averaged(values: Floats, weights: Floats) -> Floats:
    """The mean over the classes that have a value, (rows,); nan without any. Both are (rows, classes)."""
    some = np.where(np.isnan(values), 0.0, weights)
    total = some.sum(axis=1)
    mean = (some * np.nan_to_num(values)).sum(axis=1)
    return np.where(total > 0, mean / np.where(total > 0, total, 1.0), np.nan)


def _over_classes(each: Mapping[str, Measured], seen: Outcomes, shape: tuple[int, int]) -> dict[str, Measured]:
    """Averages of what there is of each class: all alike, and weighted by how many labels have a score."""
    labels = seen.scores[:, 1].sum(axis=1).reshape(shape)
    alike = {f"macro_{name}": _averaged(each[name], np.ones(shape)) for name in MACRO if name in each}
    return alike | {f"weighted_{name}": _averaged(each[name], labels) for name in WEIGHTED if name in each}


def _by_class(measured: Measured, shape: tuple[int, int]) -> Measured:
    return Measured(*(column.reshape(shape) for column in measured))


def _alone(values: Floats) -> Measured:
    return Measured(values, values, values, values)


def _averaged(each: Measured, weights: Floats) -> Measured:
    """The mean of a metric over the classes that have one, with the mean of their ends."""
    weights = np.where(np.isnan(each.value), 0.0, weights)
    return Measured(*(averaged(column, weights) for column in each))


def _pooled(seen: Outcomes, shape: tuple[int, int]) -> Outcomes:
    """All scores of all classes as if they were one's; only they can be told."""
    scores = seen.scores.reshape(*shape, 2, -1).sum(axis=1)
    nothing = np.full((shape[0], 2), np.nan)
    return Outcomes(SETTINGS, np.zeros((shape[0], 4)), scores, np.full((shape[0], GROUPS), np.nan), nothing, nothing)


def _as_few(metric: Callable[[Outcomes, float], Measured], whole: Outcomes, few: Outcomes, level: float) -> Measured:
    """The value of all scores with the error, and the reach, of fewer."""
    value, less = metric(whole, level).value, metric(few, level)
    low, high = value - (less.value - less.low), value + (less.high - less.value)
    return Measured(value, less.error, np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0))
