"""Distances of logarithms of share ratios: half a count is added to each occupied cell, so that they stay finite.

An empty cell that the other side fills counts for as much as the sample sizes allow, and no more: the prior fades as
the samples grow, so the distances see sizes, and equal shares of unequal samples are not quite 0.
"""

import numpy as np
from scipy.special import kl_div

from detectors.codes import Floats
from detectors.distances.shares import Counts, known, smoothed


def psi(expected: Counts, observed: Counts) -> Floats:
    """Population stability index: sum of (share gap) times (log of share ratio), 0 or more, (...,).

    Half a count is added to each cell that is not empty on both sides; natural logarithm.
    """
    return np.asarray(psi_cells(expected, observed).sum(axis=-1))


def psi_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes to psi, 0 or more, (..., cells)."""
    a, b = smoothed(expected, observed)
    logs = np.log(np.where(b > 0, b, 1.0)) - np.log(np.where(a > 0, a, 1.0))
    return np.where(known(expected, observed), (b - a) * logs, 0.0)


def kl(expected: Counts, observed: Counts) -> Floats:
    """Kullback-Leibler divergence of the expected from the observed: sum of e ln(e / o), 0 or more, (...,).

    Kullback and Leibler 1951. The direction that other tools call KL(reference || current).
    """
    return np.asarray(kl_cells(expected, observed).sum(axis=-1))


def kl_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes: e ln(e / o) - e + o, whose excess adds up to 0; 0 or more, (..., cells)."""
    a, b = smoothed(expected, observed)
    return np.where(known(expected, observed), kl_div(a, b), 0.0)


def kl_reverse(expected: Counts, observed: Counts) -> Floats:
    """Kullback-Leibler divergence of the observed from the expected: sum of o ln(o / e), 0 or more, (...,)."""
    return kl(observed, expected)


def kl_reverse_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes to it, 0 or more, (..., cells)."""
    return kl_cells(observed, expected)


def kl_symmetric(expected: Counts, observed: Counts) -> Floats:
    """The mean of both directions, 0 or more, (...,). Their sum is Jeffreys' divergence, which is psi."""
    return np.asarray(kl_symmetric_cells(expected, observed).sum(axis=-1))


def kl_symmetric_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes to it, 0 or more, (..., cells)."""
    return np.asarray(psi_cells(expected, observed) / 2)


def bhattacharyya(expected: Counts, observed: Counts) -> Floats:
    """Minus the logarithm of the overlap, the sum of sqrt(e o): 0 or more, (...,). Bhattacharyya 1943."""
    a, b = smoothed(expected, observed)
    apart = np.square(np.sqrt(a) - np.sqrt(b)).sum(axis=-1) / 2  # 1 - overlap, without its cancellation
    return np.where(known(expected, observed)[..., 0], -np.log1p(-np.minimum(apart, 1.0)), 0.0)
