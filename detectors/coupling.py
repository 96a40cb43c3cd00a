"""Whether pairs of features still go together: how often both are above, or both below, a cut of their own.

Each feature says +1 above its cut and -1 elsewhere (below it, missing, broken). Sums of products of two are integers,
which add up; means of each come from the counts in cells. So one value of 1e300 is one vote, and nothing needs to be
assumed of any distribution: the variance of a covariance of two such votes follows from the four corners.
"""

from functools import lru_cache
from typing import Final, NamedTuple, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, stdtr

from detectors.codes import Floats, Integers
from detectors.grids import Grid

WORD: Final = 64  # bits
DOUBT: Final = 0.05  # of panes that are independent draws, so many are taken for others
CORNER: Final = 10.0  # events of the rarest corner: below, its count is far from normal
# Of degrees of freedom: what squares of successive differences say beside deviations from the mean.
FRESH: Final = 2 / 3


class Cuts(NamedTuple):
    """The features that are looked at, by their columns, and the first cell above each one's cut, (k,) each."""

    columns: Integers
    first: Integers

    @classmethod
    def of(cls, grid: Grid, counts: Integers, columns: Integers) -> Self:
        """Cuts that part a reference's counts, (cells,), into halves, as nearly as its cells can."""
        first = []
        for offset, regular in zip(grid.offsets[columns].tolist(), grid.regular[columns].tolist(), strict=True):
            running = np.cumsum(counts[offset : offset + regular])
            first.append(1 + int(np.argmin(np.abs(2 * running[:-1] - running[-1]))) if regular > 1 else regular)
        return cls(np.asarray(columns, np.int64), np.array(first, np.int64))

    @property
    def pairs(self) -> tuple[Integers, Integers]:
        """The places of each pair among the features, (pairs,) each."""
        return _pairs(len(self.columns))

    def above(self, grid: Grid) -> NDArray[np.bool_]:
        """Which of a grid's cells are above the cut of their column, (cells,)."""
        found = np.zeros(int(grid.offsets[-1]), np.bool_)
        for column, first in zip(self.columns.tolist(), self.first.tolist(), strict=True):
            offset, regular = int(grid.offsets[column]), int(grid.regular[column])
            found[offset + first : offset + regular] = True
        return found


@lru_cache(maxsize=64)
def _pairs(features: int) -> tuple[Integers, Integers]:
    first, second = np.triu_indices(features, 1)
    return first, second


def products(above: NDArray[np.bool_]) -> Integers:
    """Sums over events of the products of two features' votes, (pairs,): of who is above its cut, (k, n).

    Counted in words of 64 votes: a product of matrices takes several times as long, or all processors (measured).
    """
    k, n = above.shape
    packed = np.zeros((k, -(-n // WORD) * WORD // 8), np.uint8)
    packed[:, : -(-n // 8)] = np.packbits(above, axis=1)
    words = packed.view(np.uint64)
    first, second = _pairs(k)
    return np.asarray(n - 2 * np.bitwise_count(words[first] ^ words[second]).sum(axis=1, dtype=np.int64))


class Together(NamedTuple):
    """Of each pair, (pairs,): the covariance of its votes, its variance of one event, the correlation that it suggests.

    `rarest`: events in the rarest corner, if the two had nothing to do with each other.
    """

    covariance: Floats
    variance: Floats
    correlation: Floats
    rarest: Floats


def together(grid: Grid, cuts: Cuts, counts: Integers, sums: Integers) -> Together:
    """What counts, (cells,), and sums of products, (pairs,), say."""
    n = int(counts[: grid.offsets[1]].sum())
    high = np.concatenate(([0], np.cumsum(np.where(cuts.above(grid), counts, 0))))
    n_above = high[grid.offsets[cuts.columns + 1]] - high[grid.offsets[cuts.columns]]
    mean = (2 * n_above - n) / max(n, 1)
    i, j = cuts.pairs
    joint = sums / max(n, 1)
    covariance = joint - mean[i] * mean[j]
    # E[(u - a)^2 (v - b)^2] with u^2 = v^2 = 1.
    one, other = 1 + mean[i] ** 2, 1 + mean[j] ** 2
    fourth = one * other - 2 * mean[i] ** 2 * other - 2 * mean[j] ** 2 * one + 4 * mean[i] * mean[j] * joint
    sides = np.sqrt((1 - mean[i] ** 2) * (1 - mean[j] ** 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip(covariance / sides, -1.0, 1.0)
    # Of two normal numbers the votes of whose medians agree so often (Sheppard 1899).
    correlation = np.sin(np.pi / 2 * share)
    rarer = (1 - np.abs(mean)) / 2
    return Together(covariance, np.maximum(fourth - covariance**2, 0.0), correlation, n * rarer[i] * rarer[j])


class Spread(Struct, frozen=True):
    """How much more than independent draws covariances of panes vary, 1 or more, and degrees of freedom, (pairs,)."""

    inflation: Floats
    freedom: Floats

    @classmethod
    def learn(cls, covariances: Floats, variances: Floats, n: Integers, *, features_vary: bool) -> Self:
        """Of panes that follow each other, (panes, pairs) each, and their events, (panes,).

        Neighbours are compared, so that a trend does not count. Where no pair surely varies more, nor any feature by
        itself, none does.
        """
        differences = np.diff(covariances, axis=0)
        each = variances / n[:, None]
        expected = np.maximum(each[1:] + each[:-1], 1e-30)
        inflation = (differences**2 / expected).mean(axis=0)
        freedom = np.full(inflation.shape, FRESH * len(differences))
        surely = chdtrc(freedom, freedom * inflation) < DOUBT / max(inflation.size, 1)
        if not (surely.any() or features_vary):
            return cls(np.ones(inflation.shape), np.full(inflation.shape, np.inf))
        return cls(np.maximum(inflation, 1.0), freedom)


def moved(  # noqa: PLR0913, PLR0917 - two sides, and what is known of both
    expected: Together, observed: Together, n_expected: int, n: int, tolerate: float, spread: Spread | None
) -> Floats:
    """The chance of covariances so far apart in any of the pairs, (pairs,), at most 1; see `chances`."""
    found = chances(expected, observed, n_expected, n, tolerate, spread)
    return np.minimum(len(found) * found, 1.0)


def chances(  # noqa: PLR0913, PLR0917 - two sides, and what is known of both
    expected: Together, observed: Together, n_expected: int, n: int, tolerate: float, spread: Spread | None
) -> Floats:
    """The chance of covariances so far apart in each pair, (pairs,); 1 where it is not known.

    `tolerate`: so large a share of the events may go from agreeing to not, or back.
    """
    apart = np.abs(observed.covariance - expected.covariance) - 2 * tolerate
    pairs = apart.shape
    inflation, freedom = (
        (np.ones(pairs), np.full(pairs, np.inf)) if spread is None else (spread.inflation, spread.freedom)
    )
    # Nothing tolerated, it is that of both together, leaning to the smaller sample by a third: counts of a rare corner
    # are skew, and vary the more the more there are (of a Poisson count y beside m, the root of the likelihood ratio is
    # nearly y - m over the root of 2/3 m + 1/3 y). By a sixth only where that takes variance off: so it is of a
    # symmetric binomial. Else each side has its own, and the greater one is surely enough.
    part = n / max(n_expected + n, 1)
    leaning = (1 - 2 * part) * (observed.variance - expected.variance) / 3
    pooled = (1 - part) * expected.variance + part * observed.variance
    both = pooled + np.where(leaning < 0, leaning / 2, leaning)
    variance = np.maximum(expected.variance, observed.variance) if tolerate else both
    error = np.sqrt(inflation * variance * (1 / max(n_expected, 1) + 1 / max(n, 1)))
    with np.errstate(invalid="ignore", divide="ignore"):
        away = -apart / error
    normal = np.isinf(freedom)
    tail = np.where(normal, ndtr(away), stdtr(np.where(normal, 1.0, freedom), away))
    surely = known(expected, observed) & (apart > 0)
    return np.where(surely, 2 * np.nan_to_num(tail, nan=0.5), 1.0)


def known(expected: Together, observed: Together) -> NDArray[np.bool_]:
    """Of which pairs there is enough to judge by, (pairs,)."""
    return np.asarray(np.minimum(expected.rarest, observed.rarest) >= CORNER)
