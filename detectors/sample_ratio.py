"""Sample-ratio mismatch: whether variants get the shares of the traffic that were meant for them.

Lindon and Malek 2022, Anytime-valid inference for multinomial count data: a Bayes factor against the intended shares is
a martingale where they are kept, so it rarely ever becomes great (Ville's inequality), however often one looks.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from detectors.codes import Floats, Integers

# As many events as the belief in the intended shares is worth. A mismatch that needs few events is found sooner by a
# weak belief, one that needs many by a strong one. From 60 : 40 to 50.5 : 49.5 instead of halves, the median number of
# events at this one, 225 to 110,000, was at most 1.4 times that of the best of 10, 100, 1,000 and 10,000 (measured).
BELIEF = 100.0

WINDOWS_LEAST = 10  # of fewer windows nobody knows whether events come together


class SampleRatio(NamedTuple):
    """What counts say of the shares; (tests,) each."""

    p: Floats  # smallest so far: to be passed on to the next look
    mismatch: NDArray[np.bool_]
    variant: Integers  # whose share is furthest from what was meant, in standard errors
    excess: Floats  # by how much that share is above, or below, what was meant


def sample_ratio(
    counts: Integers | Floats, shares: Floats, least: float | Floats = 1.0, alpha: float = 0.05
) -> SampleRatio:
    """Judge counts (tests, variants) of all events since the shares were set, each (tests, variants) or (variants,).

    `least` is the p of the look before. Where the shares are kept, at most a share `alpha` of the tests ever finds a
    mismatch. What is counted must be assigned independently: ids, not the many events of one id, or as many events as
    know as much (`dispersion`).
    """
    shares = np.broadcast_to(np.asarray(shares, np.float64), counts.shape)
    assert (shares > 0).all(), "a variant that should have no traffic"
    assert np.allclose(shares.sum(axis=1), 1.0), "shares that do not add up to 1"
    prior = BELIEF * shares
    n = counts.sum(axis=1)
    evidence = (gammaln(prior + counts) - gammaln(prior) - counts * np.log(shares)).sum(axis=1)
    evidence -= gammaln(BELIEF + n) - gammaln(BELIEF)
    p = np.minimum(least, np.exp(-np.maximum(evidence, 0.0)))
    excess = counts / np.maximum(n, 1)[:, None] - shares
    furthest = np.abs(excess / np.sqrt(shares * (1 - shares))).argmax(axis=1)
    return SampleRatio(p, p <= alpha, furthest, np.take_along_axis(excess, furthest[:, None], axis=1)[:, 0])


def dispersion(counts: Integers) -> float:
    """How many events know as much as an independent one, by how windows differ: 1 or more.

    counts (windows, variants), oldest first. Between neighbours chi-squared is variants - 1 on average, if events are
    independent, and as many times more as events come together (McCullagh and Nelder 1989, section 4.5; neighbours as
    in von Neumann 1941, so that shares which change slowly do not count).
    """
    n = counts.sum(axis=1)
    counts, n = counts[n > 0], n[n > 0]
    total = counts.sum(axis=0)
    if len(n) < WINDOWS_LEAST or (total > 0).sum() < 2:
        return 1.0
    mean = total[total > 0] / total.sum()
    change = np.diff(counts[:, total > 0] / n[:, None], axis=0)
    squared = (change**2 / mean).sum(axis=1) / (1 / n[1:] + 1 / n[:-1])
    return max(1.0, float(squared.mean() / (len(mean) - 1)))
