"""Tests of ranks: however large a value is, it is one value. Ties count half on either side.

SciPy's own functions are called unwrapped: to look for nan, axes and shapes that `Samples` does not have was half of a
call's 0.4 ms.
"""

import warnings
from inspect import unwrap

import numpy as np
import scipy
from scipy.special import gammaln, kve

from detectors import distances
from detectors.codes import Floats
from detectors.two_sample.outcome import UNKNOWN, Outcome, Samples

EXACT_MAX = 100  # values of a side up to which the distribution is counted, not approximated
COUNTED_MAX = 20  # likewise, for Cramer and von Mises
TERMS = 30  # of a series that is exact to 1e-15 with them for what it may be
LEAST = 1e-3  # a Cramer-von Mises limit that is surely exceeded
# Critical values of the standardised statistic are B0 + B1 / sqrt(k - 1) + B2 / (k - 1) for k samples, here 2: Scholz
# and Stephens 1987, table 1.
SIGNIFICANCE = np.array([0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001])
CRITICAL = (
    np.array([0.675, 1.281, 1.645, 1.96, 2.326, 2.573, 3.085])
    + np.array([-0.245, 0.25, 0.678, 1.149, 1.822, 2.364, 3.615])
    + np.array([-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154])
)


def ks(expected: Floats, observed: Floats) -> Outcome:
    """Kolmogorov-Smirnov: the largest gap of the cumulative shares, which is the effect, too; 0 to 1.

    The p-value is exact up to 100 values a side, else that of one sample of the effective size (SciPy's `asymp`).
    """
    samples = Samples.of(expected, observed)
    if samples.few:
        return UNKNOWN
    method = "exact" if max(map(len, samples)) <= EXACT_MAX else "asymp"
    with warnings.catch_warnings():  # where the count comes out beside 0 to 1 SciPy says so, and takes `asymp`
        warnings.simplefilter("ignore", RuntimeWarning)
        found = unwrap(scipy.stats.ks_2samp)(*samples, method=method)
    return Outcome(float(found.statistic), float(np.clip(found.pvalue, 0.0, 1.0)), float(found.statistic))


def cramer_von_mises(expected: Floats, observed: Floats) -> Outcome:
    """Cramer and von Mises: the squared gap at all values, as Anderson 1962 standardises it.

    Without ties this is SciPy's. Ties count as if they were evenly spread, those of both sides alike, which makes the
    statistic smaller than any order of theirs would in the mean; SciPy's, of middle ranks, makes of two equal constants
    a p-value of 0.04. The effect is the distance of the same name, 0 to 1/3.
    """
    samples = Samples.of(expected, observed)
    if samples.few:
        return UNKNOWN
    values, before, now = samples.counts()
    m, n = map(len, samples)
    total = m + n
    steps, tied = before / m - now / n, before + now
    start = np.cumsum(before) / m - np.cumsum(now) / n - steps
    # Squares of the gap behind each of t values, start + (i / t) step for i = 1 ... t, added up.
    squares = tied * np.square(start) + (tied + 1) * (start * steps + (2 * tied + 1) / (6 * tied) * np.square(steps))
    statistic = samples.effective / total * float(squares.sum())
    effect = float(distances.DISTANCES["cramer_von_mises"](before, now))
    if len(values) == total and max(m, n) <= COUNTED_MAX:
        return Outcome(statistic, float(scipy.stats.cramervonmises_2samp(*samples, method="exact").pvalue), effect)
    mean = (1 + 1 / total) / 6
    variance = (total + 1) / (45 * total**2) * (4 * m * n * total - 3 * (m**2 + n**2) - 2 * m * n) / (4 * m * n)
    standardised = (statistic - mean) / np.sqrt(45 * variance) + 1 / 6
    return Outcome(statistic, _above(float(standardised)), effect)


def _above(x: float) -> float:
    """The chance of a greater one than x in the limit: Csorgo and Faraway 1996, equation 1.2."""
    if x <= LEAST:
        return 1.0
    k = np.arange(TERMS)
    y = (4 * k + 1) ** 2 / (16 * x)
    weights = np.exp(gammaln(k + 0.5) - gammaln(k + 1)) / np.pi**1.5 * np.sqrt(4 * k + 1)
    return float(np.clip(1 - (weights * np.exp(-2 * y) * kve(0.25, y)).sum() / np.sqrt(x), 0.0, 1.0))


def anderson_darling(expected: Floats, observed: Floats) -> Outcome:
    """Anderson and Darling: the squared gap, the more the further in the tails; the standardised statistic.

    Scholz and Stephens 1987, K-sample Anderson-Darling tests, with ties. Their table goes from 0.001 to 0.25, and so
    does the p-value. The effect is the weighted mean of the squared gap, from 0.
    """
    samples = Samples.of(expected, observed)
    if samples.few or samples.constant:
        return UNKNOWN if samples.few else Outcome(0.0, 1.0, 0.0)
    _, before, now = samples.counts()
    both, total = before + now, before.sum() + now.sum()
    below = np.cumsum(both) - both / 2
    weight = both / total / (below * (total - below) - total * both / 4)
    squares = (weight * np.square(total * (np.cumsum(one) - one / 2) - one.sum() * below) for one in (before, now))
    a2 = (total - 1) / total * sum(float(each.sum()) / n for each, n in zip(squares, map(len, samples), strict=True))
    statistic = (a2 - 1) / _anderson_deviation(*map(len, samples))
    fitted = np.polynomial.polynomial.polyfit(CRITICAL, np.log(SIGNIFICANCE), 2)
    p = float(np.exp(np.polynomial.polynomial.polyval(statistic, fitted)))
    least, most = SIGNIFICANCE[-1], SIGNIFICANCE[0]
    inside = CRITICAL[0] <= statistic <= CRITICAL[-1]  # outside, the parabola would turn around
    p = float(np.clip(p, least, most)) if inside else float(most if statistic < CRITICAL[0] else least)
    return Outcome(float(statistic), p, float(a2 / samples.effective))


def _anderson_deviation(m: int, n: int) -> float:
    """The standard deviation of the statistic without a change: equation 4 of the paper, with two samples put in."""
    total, inverse = m + n, 1 / m + 1 / n
    sums = np.cumsum(1 / np.arange(total - 1, 1, -1))
    single, double = float(sums[-1]) + 1, float((sums / np.arange(2, total)).sum())
    cubic = 4 * double - 6 + (10 - 6 * double) * inverse
    square = 12 * double + 8 * single - 22 + (2 * double - 14 * single - 4) * inverse
    linear = 36 * single + 4 + (2 * single - 6) * inverse
    variance = ((cubic * total + square) * total + linear) * total + 24
    return float(np.sqrt(variance / ((total - 1.0) * (total - 2.0) * (total - 3.0))))


def mann_whitney(expected: Floats, observed: Floats) -> Outcome:
    """Mann and Whitney's U of the window, two-sided: whether values of now are greater as often as smaller.

    The effect is how much more often, -1 to 1: above 0 where values rose (rank-biserial correlation, Kerby 2014).
    """
    samples = Samples.of(expected, observed)
    if samples.few:
        return UNKNOWN
    pairs = len(samples.expected) * len(samples.observed)
    if samples.constant:
        return Outcome(pairs / 2, 1.0, 0.0)
    found = unwrap(scipy.stats.mannwhitneyu)(samples.observed, samples.expected, alternative="two-sided")
    return Outcome(float(found.statistic), float(min(found.pvalue, 1.0)), float(2 * found.statistic / pairs - 1))
