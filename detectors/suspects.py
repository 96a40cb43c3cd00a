"""Which series may drift at all: a bound that is a fraction of the work, for the many that come nowhere near a limit.

The law: whatever `significance.judge` finds drifted is a suspect. What is no suspect need not be judged.
"""

from functools import cache, lru_cache
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainccinv, kolmogi, ndtri

from detectors.codes import Floats, Integers
from detectors.distances import PRIOR, Counts
from detectors.rare import RARE, merged, slots
from detectors.significance import SMALLEST, TABULATED, excess_cumulants

Bools = NDArray[np.bool_]

BLOCK = 512  # series at a time: temporaries stay in the second-level cache
FREEDOM_LEAST = 8.0  # with fewer degrees of freedom one rare cell may bend the law too far for a bound
SHAPES = np.geomspace(0.5, 1e6, 500)  # of gamma laws whose quantiles are tabulated
TINY = 1e-300  # keeps nothing from being divided by nothing, and its logarithm finite
MARGIN = 1 - 1e-9  # values here are added up in another order than in the judgement


def suspects(
    expected: Counts, observed: Counts, ordered: Bools, alpha: float | Floats, tolerate: float | Floats
) -> Bools:
    """Series that may drift, (series,); the arguments are those of `judge`."""
    n_series = len(expected)
    if not n_series:
        return np.empty(0, np.bool_)
    levels, place = np.unique(np.broadcast_to(alpha / (2.0 + ordered.any(axis=1)), n_series), return_inverse=True)
    share = np.broadcast_to(np.asarray(tolerate, np.float64), n_series)
    on_line = kolmogi(levels)[place]  # few levels: that of all events and that of segments
    psi, triangular, freedom, effective = np.empty((4, n_series))
    rare, far, known = np.empty((3, n_series), np.bool_)
    for i in range(0, n_series, BLOCK):
        block = slice(i, i + BLOCK)
        before, now = (counts[block].astype(np.float64, copy=False) for counts in (expected, observed))
        one = _Merged.of(before, now)
        psi[block], triangular[block] = one.psi(), one.triangular()
        freedom[block], effective[block], rare[block] = one.occupied - 1.0, one.effective, one.rare
        known[block] = np.minimum(one.m, one.n) >= SMALLEST
        far[block] = _far_on_the_line(before, now, ordered[block], share[block], on_line[block])
    psi_least, divergence_least = (
        MARGIN * _least(name, freedom, effective * share**2, rare.astype(np.float64), levels, place) / effective
        for name in ("psi", "jensen_shannon")
    )
    far |= rare & (freedom < FREEDOM_LEAST)
    far |= psi > psi_least
    near = np.flatnonzero(~far & (triangular > divergence_least))
    few = _Merged.of(expected[near].astype(np.float64), observed[near].astype(np.float64))
    far[near] = few.divergence() > divergence_least[near]
    return np.asarray(far & known)


class _Merged(NamedTuple):
    """Series with their rare cells merged, in slots: (series, slots) or (series,)."""

    before: Floats
    now: Floats
    m: Floats
    n: Floats
    occupied: Integers  # slots with any value
    effective: Floats  # the size of one sample that varies as both against each other
    rare: Bools  # whether rare values are left that could not be merged

    @classmethod
    def of(cls, expected: Floats, observed: Floats) -> Self:
        """Of counts, (series, cells)."""
        m, n = expected.sum(axis=1), observed.sum(axis=1)
        both = np.maximum(m + n, 1.0)
        target, width, left = slots((expected + observed) * (np.minimum(m, n) / both)[:, None])
        before, now = merged(expected, target, width), merged(observed, target, width)
        occupied = np.count_nonzero(before + now, axis=1)
        # Nothing is known of an empty side; a size of almost nothing keeps it from being divided by.
        return cls(before, now, m, n, occupied, np.maximum(m * n / both, TINY), (left > 0) & (left < RARE))

    def psi(self) -> Floats:
        """psi; the prior of slots that are empty on both sides adds one known term each, taken off again."""
        a, b = 1 / (self.m + PRIOR * self.occupied), 1 / (self.n + PRIOR * self.occupied)
        shift = np.log(b / a)
        x, y = self.before + PRIOR, self.now + PRIOR
        logs = np.log(y / x)
        logs += shift[:, None]
        y *= b[:, None]
        x *= a[:, None]
        y -= x
        terms = np.einsum("ij,ij->i", y, logs)
        return np.asarray(terms - (self.before.shape[1] - self.occupied) * PRIOR * (b - a) * shift)

    def triangular(self) -> Floats:
        """What `divergence` is at most: 4 log 2 times the sum of (p - q)^2 / (p + q).

        Topsoe 2000, Some inequalities for information divergence and related measures of discrimination.
        """
        a, b = self._shares()
        both = a + b
        both += TINY
        a -= b
        a *= a
        a /= both
        return np.asarray(4 * np.log(2) * a.sum(axis=1))

    def divergence(self) -> Floats:
        """8 times the Jensen-Shannon divergence in nats: 4 times the sum of p log (2 p / (p + q)) of both sides."""
        a, b = self._shares()
        both = a + b
        both += TINY
        total = np.zeros(len(self.m))
        for shares in (a, b):
            ratios = shares / both
            ratios += TINY
            total += np.einsum("ij,ij->i", shares, np.log(ratios))
        return np.asarray(4 * total + 8 * np.log(2))

    def _shares(self) -> tuple[Floats, Floats]:
        m, n = (1 / np.maximum(size, 1.0) for size in (self.m, self.n))
        return self.before * m[:, None], self.now * n[:, None]


def _far_on_the_line(expected: Floats, observed: Floats, ordered: Bools, tolerate: Floats, quantile: Floats) -> Bools:
    """Where the Kolmogorov-Smirnov distance may be above its limit, (series,).

    It is at most half of the sum of all gaps, so only few have to be added up cell by cell.
    """
    line = ordered.astype(np.float64)
    m, n = (np.maximum(np.einsum("ij,ij->i", counts, line), 1.0) for counts in (expected, observed))
    gaps = observed * (1 / n)[:, None]
    gaps -= expected * (1 / m)[:, None]
    gaps *= line
    limit = MARGIN * (tolerate + quantile / np.sqrt(m * n / (m + n)))
    far = np.abs(gaps, out=line).sum(axis=1) > 2 * limit
    some = np.flatnonzero(far)
    running = np.cumsum(gaps[some], axis=1)
    far[some] = np.abs(running, out=running).max(axis=1, initial=0.0) > limit[some]
    return np.asarray(far)


def _least(  # noqa: PLR0913, PLR0917 - columns of one table
    name: str, freedom: Floats, away: Floats, rare: Floats, levels: Floats, place: Integers
) -> Floats:
    """What the limit of a distance, times the effective size, is at least at `levels[place]`, (series,).

    After merging, at most one cell is `rare`, 0 or 1. The other cells' cumulants are at least `_excess_least` above a
    chi-square's, the rare one's at most 1 below. That gives the least mean and variance, and the greatest shape: the
    excess of the third cumulant outweighs that of the second. The greater the shape, the nearer the quantile.
    """
    first, second = _excess_least(name)
    mean = freedom + 4 * away + first * freedom - rare
    variance = 2 * (freedom + 8 * away + second * freedom - rare)
    shape = (freedom + 8 * away + rare) ** 3 / (2 * np.maximum(freedom + 12 * away - rare, 0.5) ** 2)
    quantiles = np.array([_quantiles(level) for level in levels.tolist()])
    return np.asarray(mean + quantiles[place, np.searchsorted(SHAPES, shape)] * np.sqrt(np.maximum(variance, 0.0)))


@lru_cache(maxsize=4_096)
def _quantiles(level: float) -> Floats:
    """How many deviations from its mean a gamma law's upper quantile lies, for each of SHAPES and beyond."""
    quantiles = (gammainccinv(SHAPES, level) - SHAPES) / np.sqrt(SHAPES)
    return np.append(quantiles, -ndtri(level))


@cache
def _excess_least(name: str) -> tuple[float, float]:
    """The least excess of the first two cumulants over all means that are not rare; 0 where all are positive."""
    tabulated = excess_cumulants(name)[:2]
    at_rare = [np.interp(RARE, TABULATED, table) for table in tabulated]
    least = np.minimum(np.min(tabulated[:, TABULATED >= RARE], axis=1), at_rare)
    first, second = np.minimum(least, 0.0).tolist()
    return first, second
