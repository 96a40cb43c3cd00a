"""The level of one comparison that keeps a month's budget of false triggers."""

from functools import cache, lru_cache
from math import comb

import numpy as np
import scipy
from scipy.special import betainc, ndtr, ndtri

from detectors.codes import Floats
from detectors.overlapping import worth

LEAST, MOST = 1e-15, 0.05  # levels: below, no limit is right to its own size; above, a verdict would mean little
RHO_MAX = 0.99  # a reference that small beside its windows is all noise


@lru_cache(maxsize=4096)  # windows of one length, and restarts, ask again
def alpha_for(  # noqa: PLR0913, PLR0917 - one question with seven parts, in the order of the sentence
    budget_per_month: float, windows_per_month: float, comparisons: int, k: int, n_of: int, rho: float, overlap: int = 1
) -> float:
    """The level at which all comparisons together begin `budget_per_month` runs of "k of the last `n_of` windows".

    `windows_per_month` are those that share no event; where windows slide, each event is in `overlap` of them, all may
    alarm, and a run is of windows that lie their length apart.
    `rho` = n / (n + n_reference) is how much of a window's chance comes from the reference, which all windows share.
    The level is never above 0.05; where budget and windows ask for less than 1e-15, it is 1e-15.
    """
    assert 0 < k <= n_of, (k, n_of)

    def surplus(log_level: float) -> float:
        return comparisons * _runs(np.exp(log_level), windows_per_month, k, n_of, rho, overlap) - budget_per_month

    if surplus(np.log(MOST)) <= 0:
        return MOST
    if surplus(np.log(LEAST)) >= 0:
        return LEAST
    return float(np.exp(scipy.optimize.brentq(surplus, np.log(LEAST), np.log(MOST), xtol=1e-6)))


def _runs(level: float, windows: float, k: int, n_of: int, rho: float, overlap: int) -> float:  # noqa: PLR0913, PLR0917
    """How many runs one comparison at this level begins in so many windows, in the mean over references.

    Given the reference, windows are independent, and each alarms with a chance a. A run begins where the window that
    leaves was quiet, the one that comes alarms, and k - 1 of those between did: C(n-1, k-1) a^k (1 - a)^(n-k+1).
    """
    weights, scores = _references()
    chances = _chances(level, min(rho, RHO_MAX), scores)
    begins = comb(n_of - 1, k - 1) * chances**k * (1 - chances) ** (n_of - k + 1)
    begins = windows * worth(chances, overlap, k) * begins
    return float(weights @ (begins + betainc(k, n_of - k + 1, chances)))  # or it had begun before the first


def _chances(level: float, rho: float, scores: Floats) -> Floats:
    """The chance that a two-sided test at this level alarms, for each score of the reference, (references,).

    A window's score is its own chance and the reference's, variances 1 - rho and rho. With more degrees of freedom than
    this one, windows that share a reference have less in common; so this is the cautious case.
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
