"""How much more panes vary than independent draws would, learned from the panes of a reference.

Values that follow each other, and users with many events, vary more; not all contrasts alike: of an autoregressive
series with coefficient 0.5 the location varies 2.9 times as much, a cell 1.1 times. So each contrast has its own
inflation, and its own tail.
"""

from typing import Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr

from detectors.codes import Floats
from detectors.distances import Counts
from detectors.verdict.scores import scores
from detectors.verdict.sets import Sets, total

PANES_MIN = 60  # below, nothing is learned: a promise would be a guess
SHRUNK = 10  # panes' worth of what the contrasts of a series have in common
NORMAL = np.inf  # degrees of freedom


class Spread(Struct, frozen=True):
    """Variance beside that of independent draws, 1 or more, and degrees of freedom of the tail, (series, contrasts).

    Contrasts are the scores, then the sets. `panes` is how many taught it; of 0, independence is assumed.
    """

    inflation: Floats
    freedom: Floats
    panes: int

    @classmethod
    def independent(cls, series: int, contrasts: int) -> Self:
        """Nothing learned."""
        shape = series, contrasts
        return cls(np.ones(shape), np.full(shape, NORMAL), 0)

    @classmethod
    def learn(cls, panes: Counts, on_line: NDArray[np.bool_]) -> Self:
        """Of the counts of panes that follow each other, (panes, series, cells), at least PANES_MIN of them.

        Each should be as long as the windows that are judged, or as long as leaves enough of them.
        """
        assert len(panes) >= PANES_MIN, len(panes)
        both = panes.sum(axis=0)
        weights = scores(both, on_line)
        sets = Sets.of(on_line.sum(axis=1), panes.shape[2])
        means = np.stack([_means(pane, weights, sets) for pane in panes])
        n = panes.sum(axis=2, dtype=np.float64)[..., None]
        overall = _means(both, weights, sets)
        squares = total(both[:, None, :] * weights**2) / np.maximum(both.sum(axis=1), 1)[:, None]
        squares = np.concatenate((squares, overall[:, weights.shape[1] :]), axis=1)  # an indicator is its own square
        variance = np.maximum(squares - overall**2, 1e-300)
        away = np.where(n > 0, (means - overall) * np.sqrt(n / variance), 0.0)
        return cls(*_inflated(away), len(panes))

    def tail(self, z: Floats) -> Floats:
        """The chance of a deviate at least as far from 0 on the same side, by the contrasts, (series, contrasts)."""
        away = -np.abs(z) / np.sqrt(self.inflation)
        normal = np.isinf(self.freedom)
        return np.asarray(np.where(normal, ndtr(away), stdtr(np.where(normal, 1.0, self.freedom), away)))


def _means(counts: Counts, weights: Floats, sets: Sets) -> Floats:
    """The mean of each contrast, (series, contrasts)."""
    n = np.maximum(counts.sum(axis=1, dtype=np.float64), 1.0)[:, None]
    scored = total(counts[:, None, :] * weights)
    return np.asarray(np.concatenate((scored, sets.counts(counts)), axis=1) / n)


def _inflated(away: Floats) -> tuple[Floats, Floats]:
    """Inflation and degrees of freedom of standardised deviations, (panes, series, contrasts)."""
    panes = len(away)
    square, fourth = (away**2).mean(axis=0), (away**4).mean(axis=0)
    factor = square * panes / (panes - 1)
    common = np.median(np.where(square > 0, factor, np.nan), axis=1, keepdims=True)
    factor = (factor * panes + SHRUNK * np.nan_to_num(common, nan=1.0)) / (panes + SHRUNK)
    excess = np.where(square > 0, fourth / np.where(square > 0, square, 1.0) ** 2, 3.0) - 3 - 2 * np.sqrt(24 / panes)
    heavy = np.where(excess > 0, 4 + 6 / np.where(excess > 0, excess, 1.0), np.inf)
    return np.maximum(1.0, factor * (1 - 0.5 * np.sqrt(2 / panes))), np.minimum(heavy, panes - 1.0)
