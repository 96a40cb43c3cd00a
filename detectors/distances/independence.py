"""Statistics of a table of two rows: they grow with the samples, as evidence does, and are no effect sizes.

Expected counts of both rows come from both samples together, so sizes may differ and a category that one side has not
seen is a small count, not a division by zero.
"""

import numpy as np
from scipy.special import rel_entr

from detectors.codes import Floats
from detectors.distances.shares import Counts, known, shares


def chi_square(expected: Counts, observed: Counts) -> Floats:
    """Pearson's statistic of homogeneity of the two rows: 0 to the size of both samples, (...,). Pearson 1900."""
    return np.asarray(chi_square_cells(expected, observed).sum(axis=-1))


def chi_square_cells(expected: Counts, observed: Counts) -> Floats:
    """What both rows of each cell contribute, 0 or more, (..., cells)."""
    m, n = (side.sum(axis=-1, keepdims=True, dtype=np.float64) for side in (expected, observed))
    both = np.asarray(expected + observed, np.float64)
    # (e - t m / N)^2 / (t m / N) + (o - t n / N)^2 / (t n / N) = m n (e / m - o / n)^2 / t, where t = e + o.
    gaps = np.square(shares(observed) - shares(expected))
    return np.where(known(expected, observed) & (both > 0), m * n * gaps / np.where(both > 0, both, 1.0), 0.0)


def g(expected: Counts, observed: Counts) -> Floats:
    """The likelihood ratio of the same, 2 sum O ln(O / E): 0 or more, (...,). Woolf 1957."""
    return np.asarray(g_cells(expected, observed).sum(axis=-1))


def g_cells(expected: Counts, observed: Counts) -> Floats:
    """What both rows of each cell contribute, 0 or more, (..., cells)."""
    middle = shares(expected + observed)
    rows = (side.sum(axis=-1, keepdims=True) * rel_entr(shares(side), middle) for side in (expected, observed))
    return np.where(known(expected, observed), np.maximum(2 * sum(rows), 0.0), 0.0)
