"""How far the means of panes that follow each other are apart: squares of differences, the wild ones left out.

A shift, a trend or a wild pane touches few differences of neighbours, or all of them a little, where deviations from
the overall mean would all be wrong. Over LAGS distances together they say nearly as much as those deviations do
(Hall, Kay and Titterington 1990, Asymptotically optimal difference-based estimation of variance).
"""

from typing import Final, NamedTuple, Self

import numpy as np
from scipy.special import gammainc

from detectors.codes import Floats, Integers
from detectors.distances import Counts
from detectors.verdict.sets import Sets, total

LAGS: Final = 3
KEPT: Final = 0.95  # of what squares say, when the wild ones are left out (simulated)
WILD: Final = 10.0  # times the variance: one square of 640 of a normal mean is wilder
NEAREST: Final = 7.0  # times their mean: the median of sixty squares seldom errs by more
CALM: Final = 0.9  # at least so many squares are kept: what is more frequent is not wild
TINY: Final = 1e-15  # the variance of what nearly never changes: far above rounding
MEDIAN: Final = 0.455  # of the square of a normal deviate


class Neighbours(NamedTuple):
    """Means of contrasts in panes that are not empty, (panes, series, contrasts), which come first of each series.

    `sizes`, (panes, series), are values of a pane, `n_panes`, (series,), how many are not empty; `variance`, (series,
    contrasts), is that of one value.
    """

    means: Floats
    sizes: Floats
    n_panes: Integers
    variance: Floats

    @classmethod
    def of(cls, panes: Counts, weights: Floats, sets: Sets) -> Self:
        """Of counts, (panes, series, cells), by scores, (series, scores, cells), and sets."""
        both = panes.sum(axis=0)
        overall = means(both, weights, sets)
        squares = total(both[:, None, :] * weights**2) / np.maximum(both.sum(axis=1), 1)[:, None]
        squares = np.concatenate((squares, overall[:, weights.shape[1] :]), axis=1)  # an indicator is its own square
        sizes = panes.sum(axis=2, dtype=np.float64)
        first = np.argsort(sizes == 0, axis=0, kind="stable")
        every = Sets(*(np.tile(each, (len(panes), *[1] * (each.ndim - 1))) for each in sets))
        each = means(panes.reshape(-1, panes.shape[2]), np.tile(weights, (len(panes), 1, 1)), every)
        return cls(
            np.take_along_axis(each.reshape(*panes.shape[:2], -1), first[..., None], axis=0),
            np.take_along_axis(sizes, first, axis=0),
            (sizes > 0).sum(axis=0),
            np.maximum(squares - overall**2, TINY),
        )

    def squares(self, lag: int) -> Floats:
        """Squared differences over what independent draws expect, (panes - lag, series, contrasts); inf of no pane."""
        empty = self.sizes[lag:] == 0
        found = (self.means[lag:] - self.means[:-lag]) ** 2 / self._expected(lag)
        return np.where(empty[..., None], np.inf, found)

    def products(self, limit: Floats) -> Floats:
        """The mean product of the differences of two contrasts, squares up to a limit, (series, contrasts, contrasts).

        Over what independent draws expect of the squares: its diagonal is `inflation`.
        """
        product, n = np.zeros((2, *limit.shape, limit.shape[1]))
        for lag in range(1, LAGS + 1):
            near = self.squares(lag) <= limit
            found = np.where(near, (self.means[lag:] - self.means[:-lag]) / np.sqrt(self._expected(lag)), 0.0)
            product += (found[..., :, None] * found[..., None, :]).sum(axis=0)
            n += (near[..., :, None] & near[..., None, :]).sum(axis=0)
        return np.asarray(product / np.maximum(n, 1))

    def _expected(self, lag: int) -> Floats:
        scale = 1 / np.maximum(self.sizes[lag:], 1) + 1 / np.maximum(self.sizes[:-lag], 1)
        return np.asarray(self.variance * scale[..., None])

    def typical(self) -> tuple[Floats, Floats]:
        """The inflation that the median square tells, and the square that CALM of them do not pass."""
        ordered = np.sort(self.squares(1), axis=0)
        n = np.maximum(self.n_panes - 1, 1)
        middle, high = (
            np.take_along_axis(ordered, (share * (n - 1)).astype(np.int64)[None, :, None], axis=0)[0]
            for share in (0.5, CALM)
        )
        return np.nan_to_num(middle / MEDIAN, posinf=1.0), np.nan_to_num(high, posinf=0.0)

    def inflation(self, limit: Floats) -> tuple[Floats, Floats]:
        """The mean of squares up to a limit, and that of their squares, each (series, contrasts)."""
        square, fourth, n = np.zeros((3, *limit.shape))
        for lag in range(1, LAGS + 1):
            found = self.squares(lag)
            kept = found <= limit
            found = np.where(kept, found, 0.0)
            square += found.sum(axis=0)
            fourth += (found**2).sum(axis=0)
            n += kept.sum(axis=0)
        return square / np.maximum(n, 1), fourth / np.maximum(n, 1)

    def freedom(self) -> Floats:
        """So many independent squares say as much, (series, 1)."""
        each = KEPT * 2 * LAGS / (2 * LAGS + 1)
        return np.asarray(np.maximum(each * self.n_panes, 1.0))[:, None]


def lost(kept: Floats, limit: Floats) -> Floats:
    """By how much squares of normal deviates are more in the mean than those up to a limit, whose mean is `kept`.

    Of all of them a chi-square with one degree of freedom says how many lie below it, and one with three how much of
    their sum. A limit that is nearer than NEAREST is so because others are wild.
    """
    far = np.maximum(limit / np.maximum(kept, TINY), NEAREST) / 2
    return np.asarray(gammainc(0.5, far) / gammainc(1.5, far))


def means(counts: Counts, weights: Floats, sets: Sets) -> Floats:
    """The mean of each contrast, (series, contrasts)."""
    n = np.maximum(counts.sum(axis=1, dtype=np.float64), 1.0)[:, None]
    scored = total(counts[:, None, :] * weights)
    return np.asarray(np.concatenate((scored, sets.counts(counts)), axis=1) / n)


def blocks(panes: Counts, length: int) -> Counts:
    """Counts of so many panes together, those that are not empty, (blocks, series, cells); the last may be shorter."""
    first = np.argsort(panes.sum(axis=2) == 0, axis=0, kind="stable")
    ordered = np.take_along_axis(panes, first[..., None], axis=0)
    return np.add.reduceat(ordered, np.arange(0, len(panes), length), axis=0)
