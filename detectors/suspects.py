"""Which series may drift at all: a bound that is a fraction of the work, for the many that come nowhere near a limit.

The law: whatever `significance.judge` finds drifted is a suspect. What is no suspect need not be judged.
"""

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainccinv, kolmogi, ndtri

from detectors.codes import Floats, Integers
from detectors.distances import PRIOR, Counts
from detectors.rare import RARE, merged, targets
from detectors.significance import SMALLEST, TABULATED, excess_cumulants

Bools = NDArray[np.bool_]

BLOCK = 512  # series at a time: temporaries stay in the second-level cache
FREEDOM_LEAST = 8.0  # with fewer degrees of freedom one rare cell may bend the law too far for a bound
SHAPES = np.geomspace(0.5, 1e6, 500)  # of gamma laws whose quantiles are tabulated
MARGIN = 1 - 1e-9  # values here are added up in another order than in the judgement


def suspects(
    expected: Counts, observed: Counts, ordered: Bools, alpha: float | Floats, tolerate: float | Floats
) -> Bools:
    """Series that may drift, (series,); the arguments are those of `judge`."""
    n_series = len(expected)
    level = np.broadcast_to(alpha / (2.0 + ordered.any(axis=1)), n_series)
    share = np.broadcast_to(np.asarray(tolerate, np.float64), n_series)
    found = np.empty(n_series, np.bool_)
    for i in range(0, n_series, BLOCK):
        block = slice(i, i + BLOCK)
        found[block] = _block(expected[block], observed[block], ordered[block], level[block], share[block])
    return found


def _block(expected: Counts, observed: Counts, ordered: Bools, level: Floats, tolerate: Floats) -> Bools:
    expected, observed = expected.astype(np.float64), observed.astype(np.float64)
    m, n = expected.sum(axis=1), observed.sum(axis=1)
    target = targets(expected, observed)
    before, now = merged(expected, target), merged(observed, target)
    together = before + now
    occupied = np.count_nonzero(together, axis=1)
    freedom, effective = occupied - 1.0, m * n / np.maximum(m + n, 1.0)
    together *= (np.minimum(m, n) / np.maximum(m + n, 1.0))[:, None]
    rare = np.count_nonzero(together < RARE, axis=1) > together.shape[1] - occupied
    far = rare & (freedom < FREEDOM_LEAST)
    distances = {"psi": _psi(before, now, m, n, occupied), "jensen_shannon": _divergence(before, now, m, n)}
    for name, value in distances.items():
        least = _least(name, freedom, effective * tolerate**2, rare.astype(np.float64), level)
        far |= value * effective > MARGIN * least
    far |= _beyond(expected * ordered, observed * ordered, level, tolerate)
    return np.asarray(far & (np.minimum(m, n) >= SMALLEST))


def _psi(before: Floats, now: Floats, m: Floats, n: Floats, occupied: Integers) -> Floats:
    """psi, (series,); the prior of cells that are empty on both sides adds one known term each, taken off again."""
    a, b = 1 / (m + PRIOR * occupied), 1 / (n + PRIOR * occupied)
    shift = np.log(b / a)
    x, y = before + PRIOR, now + PRIOR
    logs = np.log(y / x) + shift[:, None]
    y *= b[:, None]
    y -= x * a[:, None]
    terms = np.einsum("ij,ij->i", y, logs)
    return np.asarray(terms - (before.shape[1] - occupied) * PRIOR * (b - a) * shift)


def _divergence(before: Floats, now: Floats, m: Floats, n: Floats) -> Floats:
    """8 times the Jensen-Shannon divergence in nats: half of sum a log a + b log b - (a + b) log (a + b), and log 2."""
    a, b = before / np.maximum(m, 1.0)[:, None], now / np.maximum(n, 1.0)[:, None]
    total = _entropy(a) + _entropy(b) - _entropy(a + b)
    return np.asarray(4 * total + 8 * np.log(2))


def _entropy(shares: Floats) -> Floats:
    """Sum of p log p, (series,)."""
    return np.asarray(np.einsum("ij,ij->i", shares, np.log(np.maximum(shares, 1e-300))))


def _least(name: str, freedom: Floats, away: Floats, rare: Floats, level: Floats) -> Floats:
    """What the limit of a distance, times the effective size, is at least, (series,).

    After merging, at most one cell is `rare`, 0 or 1. The other cells' cumulants are at least `_excess_least` above a
    chi-square's, the rare one's at most 1 below. That gives the least mean and variance, and the greatest shape: the
    excess of the third cumulant outweighs that of the second. The greater the shape, the nearer the quantile.
    """
    first, second = _excess_least(name)
    mean = freedom + 4 * away + first * freedom - rare
    variance = 2 * (freedom + 8 * away + second * freedom - rare)
    shape = (freedom + 8 * away + rare) ** 3 / (2 * np.maximum(freedom + 12 * away - rare, 0.5) ** 2)
    place = np.searchsorted(SHAPES, shape)
    quantiles = np.empty_like(level)
    for one in set(level.tolist()):  # few: a window has one for all events and one for its segments
        mine = level == one
        quantiles[mine] = _quantiles(one)[place[mine]]
    return np.asarray(mean + quantiles * np.sqrt(np.maximum(variance, 0.0)))


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


def _beyond(expected: Counts, observed: Counts, level: Floats, tolerate: Floats) -> Bools:
    """Whether the Kolmogorov-Smirnov distance is above its limit, (series,); it is 0 where nothing is ordered."""
    m, n = (np.maximum(counts.sum(axis=1), 1) for counts in (expected, observed))
    gaps = observed * (1 / n)[:, None]
    gaps -= expected * (1 / m)[:, None]
    widest = np.abs(np.cumsum(gaps, axis=1)).max(axis=1)
    levels, place = np.unique(level, return_inverse=True)
    return np.asarray(widest > MARGIN * (tolerate + kolmogi(levels)[place] / np.sqrt(m * n / (m + n))))
