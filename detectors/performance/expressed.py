"""What expressions over metrics are worth: value, standard error and interval.

How two metrics vary together is known of those that follow from the four shares of a binary confusion matrix: there an
expression may have any of them. Of all others it has one, whose interval it takes over.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np

from detectors.codes import Floats
from detectors.performance import ranking, ranking_metrics, regression_metrics
from detectors.performance.classes import binary_metrics, multiclass_metrics, one_vs_rest
from detectors.performance.expression import Expression, parsed
from detectors.performance.measured import Measured, deviations
from detectors.performance.service import latency
from detectors.performance.versions.comparable import CELLS

PRIOR: Final = 0.5  # added to each count for an interval: an empty one is not sure to stay so
HALVINGS: Final = 50  # of the range of a tilt: to the precision of doubles
SAME: Final = 1e-12  # slopes that differ by less, of the steepest, do not: the four shares are 1 together
PARTS: Final = tuple(part / 16 for part in range(1, 17))  # of the way to an end: an expression may turn on it
# Those that follow from the shares of the confusion matrix, written out.
DECIDED: Final[Mapping[str, str]] = {
    "accuracy": "true_negatives + true_positives",
    "precision": "true_positives / (true_positives + false_positives)",
    "recall": "true_positives / (true_positives + false_negatives)",
    "specificity": "true_negatives / (true_negatives + false_positives)",
    "f1": "2 * true_positives / (2 * true_positives + false_positives + false_negatives)",
    "balanced_accuracy": "true_positives / (true_positives + false_negatives) / 2"
    " + true_negatives / (true_negatives + false_positives) / 2",
    "selection_rate": "true_positives + false_positives",
}
_TOLD: Final[Mapping[str, Iterable[str]]] = {
    "binary": binary_metrics.METRICS,
    "multiclass": multiclass_metrics.METRICS,
    "regression": regression_metrics.METRICS,
    "ranking": (
        *ranking_metrics.METRICS,
        *(f"{metric}_at_{cut}" for metric in ranking_metrics.PER_CUT for cut in ranking.Ranking().cuts),
    ),
}
UNKNOWN: Final = {"worth", "interval_coverage", "interval_width", "pinball"}  # nobody may have said what these need
KINDS: Final = {kind: tuple(name for name in names if name not in UNKNOWN) for kind, names in _TOLD.items()}
TAKEN: Final = frozenset((
    *(name for names in _TOLD.values() for name in names),
    *multiclass_metrics.PER_CLASS,
    *one_vs_rest.DECIDED,
    *one_vs_rest.SCORED,
    *one_vs_rest.AVERAGES,
    *latency.METRICS,
    *("coverage", "label_delay_p50", "label_delay_p90", "large_errors"),
))  # fmt: skip


def taken(name: str) -> bool:
    """Whether a metric is called so already, or may be."""
    return name in TAKEN or name.startswith(regression_metrics.PINBALL)


def kinds(expression: Expression) -> tuple[str, ...]:
    """The kinds of answers that have all of its metrics, and know how those vary together."""
    names = {*expression.names}
    together = len(names) == 1 or names <= {*CELLS, *DECIDED}
    return tuple(kind for kind, known in KINDS.items() if names <= {*known} and (together and _alone(kind, names)))


def _alone(kind: str, names: set[str]) -> bool:
    return kind == "binary" or len(names) == 1


def of_one(expression: Expression, measured: Measured) -> Measured:
    """An expression of one metric, (rows,): whatever it is where that one is in its interval."""
    (name,) = expression.names
    told = expression.told({name: measured.value})
    with np.errstate(invalid="ignore"):  # on the way to an interval's missing end nothing is known
        below, above = (
            [expression.value({name: measured.value + (end - measured.value) * part}) for part in PARTS]
            for end in (measured.low, measured.high)
        )
    rises = ~(told.slopes[0] < 0)
    down = [np.where(rises, *both) for both in zip(below, above, strict=True)]
    up = [np.where(rises, *both) for both in zip(above, below, strict=True)]
    return _between(told.value, np.abs(told.slopes[0]) * measured.error, down, up)


def of_decisions(expression: Expression, confusion: Floats, level: float = 0.95) -> Measured:
    """An expression of the shares of tn, fp, fn and tp, whose counts are (rows, 4).

    The interval holds what the expression is along the shares p exp(t w) / sum(p exp(t w)), w its slopes: of all ways
    that lead away from p this is the one on which it changes soonest (Stein 1956, Efficient nonparametric testing and
    estimation; DiCiccio and Romano 1990). On it the likelihood of the counts falls by n log sum(p exp(t w)), which ends
    where a chi-square says so (Wilks 1938). Functions of the value have the same interval.
    """
    written = _written(expression)
    n = confusion.sum(axis=1)
    counts = np.where(n > 0, n, np.nan)
    value = written.value(_shares((confusion / counts[:, None]).T))
    shares = ((confusion + PRIOR) / (n + len(CELLS) * PRIOR)[:, None]).T
    told = written.told(_shares(shares))
    slopes = np.zeros_like(shares)
    for name, slope in zip(written.names, told.slopes, strict=True):
        slopes[CELLS.index(name)] = slope
    steepest = np.abs(slopes).max(axis=0)
    slopes -= (shares * slopes).sum(axis=0)
    spread = np.sqrt((shares * slopes * slopes).sum(axis=0))
    flat = spread <= SAME * steepest
    steps = np.where(flat, 0.0, slopes / np.where(flat, 1.0, spread))
    farthest = deviations(level) ** 2 / 2 / counts
    down, up = ([written.value(_shares(each)) for each in _tilted(shares, way, farthest)] for way in (-steps, steps))
    error = np.where(np.isnan(value), np.nan, np.where(flat, 0.0, spread) / np.sqrt(counts))
    _, _, low, high = _between(value, error, down, up)
    return Measured(value, error, np.where(flat, value, low), np.where(flat, value, high))


def _tilted(shares: Floats, way: Floats, farthest: Floats) -> list[Floats]:
    """Places on a way, up to where the shares' likelihood has fallen by this much per pair, (cells, rows) each."""
    steepest = way.max(axis=0)
    at_top = np.where(way == steepest, shares, 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a way of no steps has no end
        # The fall is at least t times the steepest step, and the logarithm of the share that takes it.
        least, most = np.zeros_like(farthest), (farthest - np.log(at_top)) / steepest
        for _ in range(HALVINGS):
            middle = (least + most) / 2
            beyond = np.log((shares * np.exp(middle * way)).sum(axis=0)) > farthest
            least, most = np.where(beyond, least, middle), np.where(beyond, middle, most)
        found = [shares * np.exp(part * most * (way - steepest)) for part in PARTS]
    return [each / each.sum(axis=0) for each in found]


def _shares(cells: Floats) -> dict[str, Floats]:
    return dict(zip(CELLS, cells, strict=True))


def _between(value: Floats, error: Floats, down: Sequence[Floats], up: Sequence[Floats]) -> Measured:
    """The range of places on both ways, the value among them; without an end where the way has an undefined one."""
    low, high = np.fmin.reduce([value, *down, *up]), np.fmax.reduce([value, *down, *up])
    low = np.where(np.isnan(down).any(axis=0), -np.inf, low)
    high = np.where(np.isnan(up).any(axis=0), np.inf, high)
    known = ~np.isnan(value)
    return Measured(value, error, np.where(known, low, np.nan), np.where(known, high, np.nan))


@cache
def _meanings() -> dict[str, Expression]:
    return {name: parsed(text, CELLS) for name, text in DECIDED.items()}


def _written(expression: Expression) -> Expression:
    """The same by the shares alone."""
    return expression.written(_meanings())
