"""Direct loss estimation: what a regression model's losses are expected to be, from what its inputs are.

The loss of an event is a sum of effects, learned from a labelled reference by ridge regression: one per feature for
the cell that its value lies in, and a parabola in the value for what cells with open ends cannot tell. So the mean loss
of a window needs only what its summary holds, counts per cell and two moments per feature, and has an error in closed
form. It assumes that inputs mean what they meant, and that effects of features add up; where two belong together, their
crossed cells can be given as one more feature.
"""

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct

from detectors.codes import Floats, Integers
from detectors.estimation.estimate import Estimate, between

RIDGE = 1.0  # what is known of an effect beforehand is worth one event: its deviation is that of the losses
LEAST = 0.1  # of the mean variance, for a window whose own comes out lower or negative
TERMS_MAX = 1_024  # cells of all features, and two for each numeric one: 8 MB of covariances per loss
LEVERAGE_MAX = 0.99  # of an event alone in its cells, whose residual left out is unknown

Loss = Callable[[Floats, Floats], Floats]


def absolute(label: Floats, predicted: Floats) -> Floats:
    """The distance of each prediction from its label."""
    return np.abs(label - predicted)


def squared(label: Floats, predicted: Floats) -> Floats:
    """Its square."""
    return np.square(label - predicted)


def relative(label: Floats, predicted: Floats) -> Floats:
    """The distance in labels; nan where the label is 0."""
    return np.abs((label - predicted) / np.where(label == 0, np.nan, label))


def squared_log(label: Floats, predicted: Floats) -> Floats:
    """The squared distance of logarithms of one more; nan at or below -1."""
    logs = [np.log1p(np.where(values > -1, values, np.nan)) for values in (label, predicted)]
    return np.asarray(np.square(logs[0] - logs[1]))


LOSSES: dict[str, Loss] = {"mae": absolute, "mse": squared, "mape": relative, "msle": squared_log}
ROOTS = {"rmse": "mse", "rmsle": "msle"}  # metrics that are the root of another


class Inputs(NamedTuple):
    """What windows say of their inputs, a row each."""

    n: Integers  # (rows,): events
    counts: Integers  # (rows, cells): every event is in one cell per feature
    finite: Integers  # (rows, numeric): how many values were finite
    mean: Floats  # (rows, numeric): of the finite values; nan where there are none
    deviation: Floats  # (rows, numeric): likewise, divided by n


class LossModel(Struct, frozen=True):
    """Effects of (terms,): the mean of all, cells, values and squares of values; values are in deviations `scale`."""

    center: Floats  # (numeric,)
    scale: Floats  # (numeric,)
    effects: Floats  # (terms,)
    covariance: Floats  # (terms, terms)
    spread: Floats  # (terms,): effects on the squared residual
    variance: float  # mean squared residual

    @classmethod
    def fit(cls, cells: Integers, widths: Integers, values: Floats, loss: Floats) -> Self:
        """Learn from a reference: the cells of its events, (n, features), of `widths` each, and their losses, (n,).

        `values`, (n, numeric), are of any features; not finite is none. Events whose loss is not finite are left out.
        The covariance is that of White 1980, with residuals as if each event had been left out (MacKinnon and White
        1985), and of what the ridge takes off effects, which are beforehand as large as losses vary.
        """
        known = np.isfinite(loss)
        cells, values, loss = cells[known], values[known], loss[known]
        finite = np.isfinite(values)
        center = np.mean(values, axis=0, where=finite)
        scale = np.std(values, axis=0, where=finite)
        scale = np.where(scale > 0, scale, 1.0)
        standard = np.where(finite, (values - center) / scale, 0.0)
        terms = np.hstack((np.ones((len(loss), 1)), _shares(cells, widths), standard, standard**2))
        assert terms.shape[1] <= TERMS_MAX, terms.shape
        ridge = np.full(terms.shape[1], RIDGE)
        ridge[0] = 0.0
        inverse = np.linalg.inv(terms.T @ terms + np.diag(ridge))
        effects = inverse @ (terms.T @ loss)
        leverage = np.minimum(((terms @ inverse) * terms).sum(axis=1), LEVERAGE_MAX)
        squares = np.square((loss - terms @ effects) / (1 - leverage))
        middle = (terms.T * squares) @ terms + np.diag(ridge * squares.mean())
        spread = inverse @ (terms.T @ squares)
        return cls(center, scale, effects, inverse @ middle @ inverse, spread, float(squares.mean()))

    def estimate(self, inputs: Inputs, level: float) -> Estimate:
        """The mean loss of windows. The interval promises the mean of the losses that their own labels will give.

        It is nan of no events. A cell that the reference never saw has the mean effect, and as much error as losses.
        """
        n = np.where(inputs.n > 0, inputs.n, np.nan)[:, None]
        shift = np.where(inputs.finite > 0, (inputs.mean - self.center) / self.scale, 0.0)
        squares = shift**2 + np.where(inputs.finite > 0, inputs.deviation / self.scale, 0.0) ** 2
        share = inputs.finite / n
        terms = np.hstack((np.ones(n.shape), inputs.counts / n, shift * share, squares * share))
        value = terms @ self.effects
        variance = np.maximum(terms @ self.spread, LEAST * self.variance)
        fit = np.sqrt(np.einsum("rt,tu,ru->r", terms, self.covariance, terms))
        return between((value, value), (np.sqrt(variance / n[:, 0]), fit), level, (0.0, np.inf))


def root(estimate: Estimate) -> Estimate:
    """The estimate of the root of a mean loss, by the delta method; nan where the mean is not positive."""
    value = np.sqrt(np.where(estimate.value > 0, estimate.value, np.nan))
    low, high = np.sqrt(estimate.low), np.sqrt(estimate.high)
    return Estimate(value, value, estimate.chance / (2 * value), estimate.shared / (2 * value), low, high)


def _shares(cells: Integers, widths: Integers) -> Floats:
    """1 for the cell of each feature that an event is in, (n, cells)."""
    assert (cells < widths).all(), "a cell beyond its feature"
    shares = np.zeros((len(cells), int(widths.sum())))
    np.put_along_axis(shares, cells + np.cumsum(widths) - widths, 1.0, axis=1)
    return shares
