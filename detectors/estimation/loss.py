"""Direct loss estimation: what a regression model's losses are expected to be, from what its inputs are.

The loss of an event is a sum of effects of a few inputs, the answer among them, learned from a labelled reference by
ridge regression. So the mean loss of a window needs only what its summary holds, counts per cell and two moments, and
has an error in closed form. It assumes that inputs mean what they meant, and that effects of inputs add up.
"""

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct

from detectors.codes import Floats
from detectors.estimation.estimate import OPEN, Ends, Estimate, Thirds, between
from detectors.estimation.inputs import Input, Rows, chosen
from detectors.parts import Summary

RIDGE = 1.0  # what is known of an effect beforehand is worth one event: its deviation is that of the losses
LEAST = 0.1  # of the mean variance, for a window whose own comes out lower or negative
LEVERAGE_MAX = 0.99  # of an event alone in its cells, whose residual left out is unknown
TAIL = 64  # events with the largest residuals, which own third moments: some 10 KB at the precision of 24 bits

POSITIVE: Ends = (0.0, np.inf)


def signed(error: Floats) -> Floats:
    """Prediction less label."""
    return error


LOSSES: dict[str, tuple[Callable[[Floats], Floats], Ends, int]] = {  # each with its power of an error's unit
    "mean_error": (signed, OPEN, 1),
    "mae": (np.abs, POSITIVE, 1),
    "mse": (np.square, POSITIVE, 2),
}
ROOTS = {"rmse": "mse"}  # metrics that are the root of another
ENDS: dict[str, Ends] = {name: ends for name, (_, ends, _) in LOSSES.items()} | dict.fromkeys(ROOTS, POSITIVE)


class Known(NamedTuple):
    """What a reference says of a loss: its mean and variance over events, the part of it that inputs tell."""

    mean: float
    variance: float
    told: float
    n: int  # events


class LossModel(Struct, frozen=True):
    """Effects of (terms,) on a loss: the mean of all comes first."""

    mean: float  # of the reference
    total: float  # its variance
    effects: Floats  # (terms,)
    covariance: Floats  # (terms, terms)
    spread: Floats  # (terms,): effects on the squared residual
    variance: float  # mean squared residual
    residuals: Floats  # (tail,): the largest, of events left out
    weights: Floats  # (tail, terms): those of these events, in an estimate by its terms

    @classmethod
    def fit(cls, terms: Floats, loss: Floats, tail: int = TAIL) -> Self:
        """Learn from the terms of events, (n, terms), and their losses, (n,), all finite; keep a tail of so many.

        The covariance is that of White 1980, with residuals as if each event had been left out (MacKinnon and White
        1985), and of what the ridge takes off effects, which are beforehand as large as losses vary.
        """
        ridge = np.full(terms.shape[1], RIDGE)
        ridge[0] = 0.0
        inverse = np.linalg.inv(terms.T @ terms + np.diag(ridge))
        effects = inverse @ (terms.T @ loss)
        leverage = np.minimum(((terms @ inverse) * terms).sum(axis=1), LEVERAGE_MAX)
        left = (loss - terms @ effects) / (1 - leverage)
        squares = np.square(left)
        middle = (terms.T * squares) @ terms + np.diag(ridge * squares.mean())
        covariance = inverse @ middle @ inverse
        spread = inverse @ (terms.T @ squares)
        covariance = (covariance + covariance.T) / 2  # half of it is kept
        largest = np.sort(np.argsort(-squares, kind="stable")[:tail])
        known = (float(loss.mean()), float(loss.var()), effects, covariance, spread, float(squares.mean()))
        kept = (left[largest], terms[largest] @ inverse)
        return cls(*known, *(values.astype(np.float32).astype(np.float64) for values in kept))

    def estimate(self, terms: Floats, unknown: float, n: int, level: float, ends: Ends) -> Estimate:
        """The mean loss of a window of `n` events: the interval promises that of the losses which its labels give.

        `unknown` is the squared share of inputs beyond the reference's: the error of these is as large as losses vary.
        """
        value = np.clip([float(terms @ self.effects)], *ends)
        variance = max(float(terms @ self.spread), LEAST * self.variance)
        fit = max(float(terms @ self.covariance @ terms), 0.0) + unknown * self.variance
        errors = np.sqrt([variance / n]), np.sqrt([fit])
        return between((value, value), errors, level, ends, self._thirds(terms, n))

    def _thirds(self, terms: Floats, n: int) -> Thirds:
        """Third moments, of the events that have most of them."""
        weights, cubes = self.weights @ terms, self.residuals**3
        return Thirds(float(weights**3 @ cubes), float(weights @ cubes) / n**2, float(weights**2 @ cubes) / n)


class Losses(Struct, frozen=True):
    """What a labelled reference knows of a model's errors, in units in which none is so large that squares overflow."""

    n: int
    unit: float
    inputs: tuple[Input, ...]
    models: dict[str, LossModel]  # by names of LOSSES

    @classmethod
    def of(cls, rows: Rows, error: Floats, unit: float = 1.0) -> Self:
        """Learn from events and their errors, (n,), all finite. The first column has terms in any case."""
        error = error / unit
        every = [Input.of(rows, i) for i in range(len(rows.columns))]
        places = chosen(rows, [one.place for one in every], np.abs(error))
        inputs = tuple(every[i] for i in places)
        terms = np.hstack(
            [np.ones((len(error), 1))]
            + [one.of_rows(rows.cells[i], rows.values[i]) for one, i in zip(inputs, places, strict=True)]
        )
        tails = {name: 0 if ends == OPEN else TAIL for name, (_, ends, _) in LOSSES.items()}  # signed ones have two
        models = {name: LossModel.fit(terms, loss(error), tails[name]) for name, (loss, _, _) in LOSSES.items()}
        return cls(len(error), unit, inputs, models)

    def known(self, name: str) -> Known:
        """What the reference says of a loss."""
        model, unit = self.models[name], self.unit ** LOSSES[name][2]
        told = max(model.total - model.variance, 0.0)
        return Known(unit * model.mean, unit**2 * model.total, unit**2 * told, self.n)

    def estimate(self, summary: Summary, n: int, level: float, row: int = 0) -> dict[str, Estimate]:
        """Every metric of a row of a window's summary, `n` of whose events may get a label; one row each."""
        whole = summary.take([row])
        read = whole.read()
        seen = [one.of_summary(whole, read) for one in self.inputs]
        terms = np.concatenate([np.ones(1), *(terms for terms, _ in seen)])
        unknown = sum(beyond**2 for _, beyond in seen)
        found = {
            name: self.models[name].estimate(terms, unknown, n, level, ends) for name, (_, ends, _) in LOSSES.items()
        }
        found |= {name: root(found[of]) for name, of in ROOTS.items()}
        units = {name: self.unit**power for name, (_, _, power) in LOSSES.items()} | dict.fromkeys(ROOTS, self.unit)
        return {name: Estimate(*(units[name] * part for part in one)) for name, one in found.items()}


def root(estimate: Estimate) -> Estimate:
    """The estimate of the root of a mean loss, by the delta method; nan where the mean is not positive."""
    value = np.sqrt(np.where(estimate.value > 0, estimate.value, np.nan))
    low, high = np.sqrt(estimate.low), np.sqrt(estimate.high)
    return Estimate(value, value, estimate.chance / (2 * value), estimate.shared / (2 * value), low, high)
