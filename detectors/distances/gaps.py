"""Distances of the gaps between shares, cell by cell: bounded, and an empty cell is a share of 0 like any other."""

import numpy as np

from detectors.codes import Floats
from detectors.distances.shares import Counts, known, shares


def hellinger(expected: Counts, observed: Counts) -> Floats:
    """Distance between root shares, divided by sqrt(2): 0 to 1 where nothing overlaps, (...,). Hellinger 1909."""
    return np.asarray(np.sqrt(np.minimum(hellinger_cells(expected, observed).sum(axis=-1), 1.0)))


def hellinger_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes to its square, 0 or more, (..., cells)."""
    apart = np.square(np.sqrt(shares(expected)) - np.sqrt(shares(observed))) / 2
    return np.where(known(expected, observed), apart, 0.0)


def total_variation(expected: Counts, observed: Counts) -> Floats:
    """The share that would have to move, half of all gaps: 0 to 1, (...,). What `tolerate` is a limit of."""
    return np.asarray(np.minimum(total_variation_cells(expected, observed).sum(axis=-1), 1.0))


def total_variation_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes: half of its gap, 0 or more, (..., cells)."""
    return np.asarray(np.abs(_rises(expected, observed)) / 2)


def histogram_intersection(expected: Counts, observed: Counts) -> Floats:
    """What the two histograms do not share, 1 less the sum of the smaller shares: 0 to 1, (...,).

    Swain and Ballard 1991. The same number as the total variation; its cells say what was lost, not what came.
    """
    return np.asarray(np.minimum(histogram_intersection_cells(expected, observed).sum(axis=-1), 1.0))


def histogram_intersection_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes: the share that it lost, 0 or more, (..., cells)."""
    return np.asarray(np.maximum(-_rises(expected, observed), 0.0))


def l_infinity(expected: Counts, observed: Counts) -> Floats:
    """The largest gap between the shares of a cell: 0 to 1, (...,)."""
    return np.asarray(np.abs(_rises(expected, observed)).max(axis=-1, initial=0.0))


def _rises(expected: Counts, observed: Counts) -> Floats:
    """By how much the share of each cell rose; 0 where a side is empty, (..., cells)."""
    return np.where(known(expected, observed), shares(observed) - shares(expected), 0.0)
