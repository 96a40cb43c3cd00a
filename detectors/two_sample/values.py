"""Tests of what values are, not only of their order."""

import numpy as np
from scipy.special import gammaincc, stdtr

from detectors.codes import Floats
from detectors.two_sample.outcome import UNKNOWN, Outcome, Samples

POINTS = np.array([0.4, 0.8])  # where characteristic functions are compared, in half interquartile ranges
CORRECTED_BELOW = 25  # values of the larger side
FEWEST = 5  # values of a side from which that means anything


def welch(expected: Floats, observed: Floats) -> Outcome:
    """Welch's t of the means, two-sided, with variances of their own (Welch 1947); above 0 where values rose.

    The effect is the difference in units of the root of the mean variance. One value that is larger than all others
    together hides any change of theirs, so a test of ranks belongs beside it.
    """
    samples = Samples.of(expected, observed)
    if samples.few:
        return UNKNOWN
    if samples.constant:
        return Outcome(0.0, 1.0, 0.0)
    before, now = samples.scaled()
    variances = np.array([before.var(ddof=1), now.var(ddof=1)])
    sizes = np.array([len(before), len(now)])
    gap, errors = float(now.mean() - before.mean()), variances / sizes
    if not errors.sum() > 0:  # two constants that differ
        return Outcome(float(np.copysign(np.inf, gap)), 0.0, float(np.copysign(np.inf, gap)))
    ratios = errors / errors.sum()  # divided first: squares could underflow
    freedom = 1 / float((np.square(ratios) / (sizes - 1)).sum())
    t = gap / float(np.sqrt(errors.sum()))
    return Outcome(t, float(2 * stdtr(freedom, -abs(t))), gap / float(np.sqrt(variances.mean())))


def epps_singleton(expected: Floats, observed: Floats) -> Outcome:
    """Epps and Singleton 1986: the characteristic functions at two points. For numbers of any kind, integers too.

    Unknown below five values a side, and where half of all values are one. The effect is the statistic without the
    sample sizes, from 0.
    """
    samples = Samples.of(expected, observed)
    m, n = map(len, samples)
    if min(m, n) < FEWEST:
        return UNKNOWN
    if samples.constant:
        return Outcome(0.0, 1.0, 0.0)
    low, high = np.quantile(np.concatenate(samples), [0.25, 0.75])
    unit = high / 2 - low / 2
    if not unit > 0:
        return UNKNOWN
    with np.errstate(over="ignore"):
        phases = [np.clip(side / unit, -1e15, 1e15) * POINTS[:, None] for side in samples]
    before, now = (np.concatenate([np.cos(each), np.sin(each)]) for each in phases)
    total = m + n
    covariance = total / m * np.cov(before, bias=True) + total / n * np.cov(now, bias=True)
    inverse = np.linalg.pinv(covariance)
    gap = before.mean(axis=1) - now.mean(axis=1)
    statistic, freedom = float(total * gap @ inverse @ gap), int(np.linalg.matrix_rank(inverse))
    if max(m, n) < CORRECTED_BELOW:
        statistic /= 1 + total**-0.45 + 10.1 * (m**-1.7 + n**-1.7)
    p = float(gammaincc(freedom / 2, max(statistic, 0.0) / 2)) if freedom else 1.0
    return Outcome(statistic, p, statistic / samples.effective)
