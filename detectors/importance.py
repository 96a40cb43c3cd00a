"""The reference's own performance, its events weighted so that its inputs are distributed as the window's are.

A second opinion on estimates, of other assumptions: labels depend on the inputs given as they did, whatever the scores
say. Weights are those of raking: the least change after which the reference has the window's shares in the cells of
every column (Deming and Stephan 1940, On a least squares adjustment of a sampled frequency table).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from detectors.calibration import Bools
from detectors.codes import Floats, Integers
from detectors.estimation.confusion import CONFUSION, ENDS, Confusion, ratio, slopes
from detectors.estimation.estimate import OPEN, UNIT, Ends, Estimate, between

ROUNDS = 50  # over all columns; of a few columns five suffice
SWEEPS = 5  # over all columns, to take off what they explain together
CLOSE = 1e-9  # shares that differ by less are equal


class Weights(NamedTuple):
    """How much each event of the reference counts, and what that is worth."""

    cells: Integers  # (n, columns): that its events fall in
    weights: Floats  # (n,), sum 1
    effective: float  # so many events of equal weight would be as much (Kish 1965): n if nothing drifted
    covered: float  # the least share, over columns, of the window in cells that the reference knows


class Rows(NamedTuple):
    """The reference's labelled events, (n,) each."""

    score: Floats
    decided: Bools
    label: Bools


def rake(cells: Integers, widths: Integers, counts: Integers) -> Weights:
    """Weights of events in these cells, (n, columns), of `widths` each, for a window's counts, (all cells,).

    With one column they are the ratio of the shares. What the window has in cells where the reference has nothing
    cannot be matched: it is left out, and told.
    """
    target, covered = _targets(cells, widths, counts)
    weights = np.full(len(cells), 1 / len(cells))
    for _ in range(ROUNDS):
        before = weights
        for column, wanted in zip(cells.T, target, strict=True):
            shares = np.bincount(column, weights, len(wanted))
            weights = weights * (wanted / np.where(shares > 0, shares, 1.0))[column]
        if np.abs(weights - before).sum() < CLOSE:
            break
    weights = weights / weights.sum()
    return Weights(cells, weights, float(1 / np.square(weights).sum()), covered)


Metric = Callable[[Rows, Floats], tuple[float, Floats]]  # of weights that sum to 1: a value, and each event's influence


def estimate(rows: Rows, weights: Weights, n: int, level: float) -> dict[str, Estimate]:
    """Every metric of the weighted reference, by name, as an estimate of what `n` events of a window will give.

    By the delta method each event moves the metric by its weight times its influence. What the cells explain of that is
    no error, as both have the same shares: only what is left within them is, of the reference and of the window's own.
    """
    return {
        name: _estimate(metric(rows, weights.weights), weights, n, level, ends)
        for name, (metric, ends) in METRICS.items()
    }


def estimate_mean(losses: Floats, weights: Weights, n: int, level: float) -> Estimate:
    """The mean of what each event of the reference lost, (n,), likewise."""
    value = weights.weights @ losses
    return _estimate((float(value), losses - value), weights, n, level, OPEN)


def decided(metric: Confusion) -> Metric:
    """A metric of decisions."""

    def weighted(rows: Rows, weights: Floats) -> tuple[float, Floats]:
        place = 2 * rows.label + rows.decided  # tn, fp, fn, tp
        cells = np.bincount(place, weights, 4).astype(np.float64)
        moved = slopes(metric, cells[None], np.eye(4))[0]
        return float(metric(*cells)), (moved - moved @ cells)[place]

    return weighted


def roc_auc(rows: Rows, weights: Floats) -> tuple[float, Floats]:
    """How often a positive has a higher score than a negative; equal scores count half."""
    _, place = np.unique(rows.score, return_inverse=True)
    positives, negatives = (np.bincount(place, weights * label) for label in (rows.label, ~rows.label))
    below = np.cumsum(negatives) - negatives / 2
    above = positives.sum() - np.cumsum(positives) + positives / 2
    value = ratio((positives * below).sum(), positives.sum() * negatives.sum())
    gained = np.where(
        rows.label, ratio(below[place], negatives.sum()) - value, ratio(above[place], positives.sum()) - value
    )
    return float(value), gained / np.where(rows.label, positives.sum(), negatives.sum())


METRICS: dict[str, tuple[Metric, Ends]] = {
    **{name: (decided(metric), ENDS[name]) for name, metric in CONFUSION.items()},
    "roc_auc": (roc_auc, UNIT),
}


def _estimate(found: tuple[float, Floats], weights: Weights, n: int, level: float, ends: Ends) -> Estimate:
    """One metric, with its errors."""
    left = np.square(_within(found[1], weights))
    value, variances = np.array([found[0]]), [weights.weights**2 @ left, weights.weights @ left / max(n, 1)]
    fit, chance = (np.sqrt([variance]) for variance in variances)
    return between((value, value), (chance, fit), level, ends)


def _targets(cells: Integers, widths: Integers, counts: Integers) -> tuple[list[Floats], float]:
    """The window's share of each cell per column, of those that the reference knows; and the least share covered."""
    target, covered = [], 1.0
    for column, wanted in zip(cells.T, np.split(counts, np.cumsum(widths)[:-1]), strict=True):
        known = np.where(np.bincount(column, minlength=len(wanted)) > 0, wanted, 0)
        covered = min(covered, float(ratio(known.sum(), wanted.sum())))
        target.append(np.asarray(ratio(known, known.sum())))
    return target, covered


def _within(influence: Floats, found: Weights) -> Floats:
    """What is left of the influence when the weighted mean of each cell is taken off, column by column, (n,)."""
    for _ in range(SWEEPS):
        for column in found.cells.T:
            share = np.bincount(column, found.weights)
            sums = np.bincount(column, found.weights * influence)
            influence = influence - (sums / np.where(share > 0, share, 1.0))[column]
    return influence
