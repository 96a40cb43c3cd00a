"""Tests of counts of categories, (cells,) each: a category that one side has not seen is a count of 0, not an error.

Expected counts come from both sides together, so sizes may differ. Where most cells are rare, the chi-square law of
`chi_square` and `g` is no more than a guide; `total_variation` counts its chance.
"""

import numpy as np
import scipy
from scipy.special import gammaincc, ndtr

from detectors.codes import Integers
from detectors.distances import DISTANCES
from detectors.two_sample.outcome import UNKNOWN, Outcome

TWO = 2  # cells of a yes or no


def chi_square(expected: Integers, observed: Integers) -> Outcome:
    """Pearson's test of homogeneity, without a continuity correction; the effect is Cramer's V, 0 to 1."""
    return _homogeneity("chi_square", expected, observed)


def g(expected: Integers, observed: Integers) -> Outcome:
    """The likelihood-ratio test of the same; the effect is what a category says about its side, in nats, 0 to ln 2."""
    statistic, p, _ = _homogeneity("g", expected, observed)
    return Outcome(statistic, p, statistic / (2 * max(_total(expected, observed), 1)))


def cramers_v(expected: Integers, observed: Integers) -> Outcome:
    """Cramer's V with its bias taken off (Bergsma 2013), 0 to 1, which is the effect; the p-value is chi_square's."""
    statistic, p, _ = _homogeneity("chi_square", expected, observed)
    if np.isnan(statistic):
        return UNKNOWN
    total = _total(expected, observed)
    cells = np.count_nonzero(expected + observed)
    columns = cells - (cells - 1) ** 2 / (total - 1)
    rows = 2 - 1 / (total - 1)
    square = max(0.0, statistic / total - (cells - 1) / (total - 1))
    smaller = min(columns, rows) - 1
    v = float(np.sqrt(min(square / smaller, 1.0))) if smaller > 0 else 0.0
    return Outcome(v, p, v)


def fisher(expected: Integers, observed: Integers) -> Outcome:
    """Fisher's exact test of two categories, two-sided; the statistic is the odds ratio, infinite where a cell is 0.

    The effect is by how much the share of the second category rose, -1 to 1. Unknown for more than two.
    """
    table = _yes_or_no(expected, observed)
    if table is None:
        return UNKNOWN
    found = scipy.stats.fisher_exact(table[:, ::-1][::-1])  # odds of the second category, now to then
    return Outcome(float(found.statistic), float(min(found.pvalue, 1.0)), _rise(table))


def z_proportion(expected: Integers, observed: Integers) -> Outcome:
    """The z of two shares with a pooled variance, two-sided; above 0 where the second category's share rose.

    The effect is by how much, -1 to 1. Unknown for more than two categories.
    """
    table = _yes_or_no(expected, observed)
    if table is None:
        return UNKNOWN
    m, n = table.sum(axis=1)
    share = table[:, 1].sum() / (m + n)
    deviation = np.sqrt(share * (1 - share) * (1 / m + 1 / n))
    z = _rise(table) / float(deviation) if deviation > 0 else 0.0
    return Outcome(z, float(2 * ndtr(-abs(z))), _rise(table))


def _homogeneity(name: str, expected: Integers, observed: Integers) -> Outcome:
    """A statistic of the table as a chi-square with as many degrees of freedom as occupied cells less one."""
    if not min(np.sum(expected), np.sum(observed)) > 0:
        return UNKNOWN
    statistic = float(DISTANCES[name](expected, observed))
    freedom = np.count_nonzero(expected + observed) - 1
    p = float(gammaincc(freedom / 2, statistic / 2)) if freedom else 1.0
    return Outcome(statistic, p, float(np.sqrt(min(statistic / _total(expected, observed), 1.0))))


def _yes_or_no(expected: Integers, observed: Integers) -> Integers | None:
    """Counts of two categories, (2, 2); None where there are more, or nothing on a side."""
    table = np.array([expected, observed], np.int64)
    if table.sum(axis=1).min(initial=1) < 1 or table.shape[1] == 0:
        return None
    table = table if table.shape[1] == TWO else table[:, table.any(axis=0)]
    if table.shape[1] > TWO:
        return None
    return np.pad(table, [(0, 0), (0, TWO - table.shape[1])])


def _rise(table: Integers) -> float:
    """By how much the share of the second category rose."""
    before, now = table[:, 1] / table.sum(axis=1)
    return float(now - before)


def _total(expected: Integers, observed: Integers) -> int:
    return int(np.sum(expected) + np.sum(observed))
