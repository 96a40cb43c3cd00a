"""The level of one comparison that keeps a month's budget of false triggers."""

from functools import cache, lru_cache
from math import comb

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from detectors.codes import Floats
from detectors.overlapping import worth

LEAST, MOST = 1e-15, 0.05  # levels: below, no limit is right to its own size; above, a verdict would mean little
RHO_MAX = 0.99  # a reference that small beside its windows is all noise
WAYS = 1, 2, 4, 8, 16  # in which a series may alarm that say nothing of each other: few numbers to solve for


@lru_cache(maxsize=4096)  # windows of one length, and restarts, ask again
def alpha_for(  # noqa: PLR0913, PLR0917 - one question with eight parts, in the order of the sentence
    budget_per_month: float,
    windows_per_month: float,
    comparisons: int,
    k: int,
    n_of: int,
    rho: float,
    overlap: int = 1,
    contrasts: int = 1,
) -> float:
    """The level at which all comparisons together begin `budget_per_month` runs of "k of the last `n_of` windows".

    `windows_per_month` are those that share no event; where windows slide, each event is in `overlap` of them, all may
    alarm, and a run is of windows that lie their length apart.
    `rho` = n / (n + n_reference) is how much of a window's chance comes from the reference, which all windows share.
    `contrasts`: in so many ways, none of which says anything of another, each comparison alarms, and each at its share
    of the level. What the reference lends one of them it lends all windows, but no other contrast: the more there are,
    the less windows have in common. Fewer than there are is the cautious side.
    The level is never above 0.05; where budget and windows ask for less than 1e-15, it is 1e-15.
    """
    assert 0 < k <= n_of, (k, n_of)

    def surplus(log_level: float) -> float:
        level = np.exp(log_level)
        return comparisons * _runs(level, windows_per_month, k, n_of, rho, overlap, contrasts) - budget_per_month

    if surplus(np.log(MOST)) <= 0:
        return MOST
    if surplus(np.log(LEAST)) >= 0:
        return LEAST
    return float(np.exp(scipy.optimize.brentq(surplus, np.log(LEAST), np.log(MOST), xtol=1e-6)))


def ways(occupied: NDArray[np.integer]) -> NDArray[np.int64]:
    """In how many ways, one of WAYS, a series alarms whose reference has so many cells with values; any shape.

    Of c shares that add up to 1 c - 1 are free. It is never more than sixteen: four scores of the rank have half of
    the level, by which windows have as much in common as by sixteen equal parts.
    """
    found: NDArray[np.int64] = np.array(WAYS)[np.searchsorted(WAYS, np.maximum(occupied - 1, 1), side="right") - 1]
    return found


def _runs(  # noqa: PLR0913, PLR0917
    level: float, windows: float, k: int, n_of: int, rho: float, overlap: int, contrasts: int
) -> float:
    """How many runs one comparison at this level begins in so many windows, in the mean over references.

    A run begins where the window that leaves was quiet, the one that comes alarms, and k - 1 of those between did, in
    any of C(n-1, k-1) orders; or it had begun before the first.
    """
    weights, scores = _references()
    each = -np.expm1(np.log1p(-level) / contrasts)
    chances = _chances(each, min(rho, RHO_MAX), scores)
    both = _mixed(weights, chances, n_of + 1)
    begins = comb(n_of - 1, k - 1) * _alarmed(k, n_of - k + 1, both, contrasts)
    before = sum(comb(n_of, j) * _alarmed(j, n_of - j, both, contrasts) for j in range(k, n_of + 1))
    return float(windows * _clumped(k, n_of, weights, chances, overlap) * begins + before)


def _mixed(weights: Floats, chances: Floats, most: int) -> Floats:
    """E a^i (1 - a)^j over references whose windows alarm with the chance a, (i, j), both up to `most`."""
    none = np.ones((1, len(chances)))
    alarm, quiet = (np.cumprod(np.vstack([none, *([one[None]] * most)]), axis=0) for one in (chances, 1 - chances))
    return np.asarray((alarm * weights) @ quiet.T)


def _alarmed(alarms: int, quiet: int, both: Floats, contrasts: int) -> float:
    """The chance that certain windows alarm, by one contrast or another, and certain others by none; see `_mixed`.

    Given the reference, windows are independent. Contrasts have references of their own: of j windows that none has
    moved yet, the next one moves t and leaves the rest alone with a chance of C(j, t) E a^t (1 - a)^(j - t + quiet).
    """
    if contrasts == 1:
        return float(both[alarms, quiet])
    step = np.zeros((alarms + 1, alarms + 1))
    for left in range(alarms + 1):
        for moved in range(left + 1):
            step[left, left - moved] = comb(left, moved) * both[moved, left - moved + quiet]
    return float(np.linalg.matrix_power(step, contrasts)[alarms, 0])


def _clumped(k: int, n_of: int, weights: Floats, chances: Floats, overlap: int) -> float:
    """How often runs begin where windows overlap, beside once where none do, in the mean over references."""
    if overlap == 1:
        return 1.0
    begins = weights * chances**k * (1 - chances) ** (n_of - k + 1)
    return float(begins @ worth(chances, overlap, k) / begins.sum())


def _chances(level: float, rho: float, scores: Floats) -> Floats:
    """The chance that a two-sided test at this level alarms, for each score of the reference, (references,).

    A window's score is its own chance and the reference's, variances 1 - rho and rho.
    """
    limit = -ndtri(level / 2)
    shift, spread = np.sqrt(rho) * scores, np.sqrt(1 - rho)
    return np.asarray(ndtr((shift - limit) / spread) + ndtr((-shift - limit) / spread))


@cache
def _references() -> tuple[Floats, Floats]:
    """Normal weights and scores, (references,) each; for such integrands the trapezoid rule is nearly exact."""
    scores = np.linspace(-10.0, 10.0, 801)
    weights = np.exp(-(scores**2) / 2)
    return weights / weights.sum(), scores
