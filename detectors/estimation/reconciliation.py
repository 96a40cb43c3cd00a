"""Estimate and truth, when labels have come: by how much they differ, and whether more often than the interval says."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, ndtr

from detectors.codes import Floats
from detectors.estimation.estimate import Estimate
from detectors.performance.measured import deviations

TINY = 1e-300  # an error of none
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(64)  # of a mean over a normal law


class Reconciled(NamedTuple):
    """What became of estimates."""

    difference: Floats  # (windows,): estimate less truth; nan where either is unknown
    outside: NDArray[np.bool_]  # (windows,): the truth was not in the interval
    chance: float  # of so many outside if the estimates are as good as they say; 1 of no windows


def reconcile(estimate: Estimate, truth: Floats, level: float) -> Reconciled:
    """Compare estimates of one metric, of one basis and with intervals of this level, with the truth, (windows,) each.

    The error of the calibration is common to all windows, so they are outside together more often than if each had its
    own. Given that error, windows are independent: the binomial tail is averaged over it (Vasicek 2002, Loan portfolio
    value, for the law).
    """
    known = ~(np.isnan(truth) | np.isnan(estimate.low))
    difference = np.where(known, estimate.value - truth, np.nan)
    outside = known & ((truth < estimate.low) | (truth > estimate.high))
    n, k = int(known.sum()), int(outside.sum())
    if not k:
        return Reconciled(difference, outside, 1.0)
    common = estimate.shared[known, None] * NODES
    reach = deviations(level) * estimate.error[known, None]
    own = np.maximum(estimate.chance[known, None], TINY)
    each = ndtr((common - reach) / own) + ndtr((-common - reach) / own)
    tail = bdtrc(k - 1, n, np.clip(each.mean(axis=0), 0.0, 1.0))
    return Reconciled(difference, outside, float(tail @ WEIGHTS / WEIGHTS.sum()))


def shifted(estimate: Estimate, truth: Floats, *, shares: bool = True) -> float:
    """The chance of so large a mean difference if the estimates are as good as they say; 1 of no windows.

    It finds what counting cannot where the calibration's error is large beside that of windows: then all of them are
    outside together now and then, and only by how much says that it is more than that. For metrics from 0 to 1, which
    vary like shares: alike on an arcsine scale (Bartlett 1947), where few errors among many labels are no surprise. If
    not `shares`, for mean sizes, which vary alike on a logarithmic one.
    """
    known = ~(np.isnan(truth) | np.isnan(estimate.value))
    n = int(known.sum())
    if not n:
        return 1.0
    mean, true = (
        float(np.clip(column[known].mean(), 0.0, 1.0 if shares else None)) for column in (estimate.value, truth)
    )
    own, common = np.square(estimate.chance[known]).sum() / n**2, float(estimate.shared[known].mean()) ** 2
    if shares:
        error = np.sqrt(own + common) / (2 * max(np.sqrt(mean * (1 - mean)), TINY))
        off = np.arcsin(np.sqrt(mean)) - np.arcsin(np.sqrt(true))
    else:
        error = np.sqrt(own + common) / max(mean, TINY)
        off = np.log(max(mean, TINY)) - np.log(max(true, TINY))
    return float(2 * ndtr(-abs(off) / max(error, TINY)))
