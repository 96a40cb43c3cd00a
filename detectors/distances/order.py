"""Distances between cumulative shares of cells in the order of their values, whatever lies between these.

Cells of numbers only: missing or unseen values have no place in the order. An empty cell changes nothing.
"""

import numpy as np

from detectors.codes import Floats
from detectors.distances.shares import Counts, cumulative_gaps, shares


def kolmogorov_smirnov(expected: Counts, observed: Counts) -> Floats:
    """Largest gap between the cumulative shares of cells in the order of their values, 0 to 1, (...,)."""
    return np.asarray(np.abs(cumulative_gaps(expected, observed)).max(axis=-1, initial=0.0))


def kuiper(expected: Counts, observed: Counts) -> Floats:
    """Largest gap upwards plus largest gap downwards, 0 to 1, (...,). Kuiper 1960.

    As sensitive in the tails as in the middle; the same wherever a circle of values is cut open.
    """
    gaps = cumulative_gaps(expected, observed)
    up, down = gaps.max(axis=-1, initial=0.0), (-gaps).max(axis=-1, initial=0.0)
    return np.asarray(np.minimum(up + down, 1.0))


def cramer_von_mises(expected: Counts, observed: Counts) -> Floats:
    """Mean square of the gap, both sides counted equally: 0 to 1/3 where nothing overlaps, (...,).

    Anderson 1962 without the sample sizes: values of one cell are ties, half of them before and half after the middle.
    """
    return np.asarray(np.minimum(cramer_von_mises_cells(expected, observed).sum(axis=-1), 1 / 3))


def cramer_von_mises_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes, 0 or more, (..., cells)."""
    after = cumulative_gaps(expected, observed)
    before = np.concatenate((np.zeros_like(after[..., :1]), after[..., :-1]), axis=-1)
    return np.asarray((shares(expected) + shares(observed)) / 2 * np.square((before + after) / 2))
