"""Distances that know how far apart values are: cells stand at positions on the number line.

Positions are finite and ascending, (..., cells) or (cells,); padding repeats the last one. What comes from
`detectors.positions` is bounded by the reference's range, so no value however large can own these distances.
"""

import numpy as np

from detectors.codes import Floats
from detectors.distances.shares import Counts, cumulative_gaps, known, shares


def wasserstein(expected: Counts, observed: Counts, positions: Floats) -> Floats:
    """How far the average event would have to move, in the feature's unit: 0 or more, (...,). Vaserstein 1969."""
    return np.asarray(wasserstein_cells(expected, observed, positions).sum(axis=-1))


def wasserstein_cells(expected: Counts, observed: Counts, positions: Floats) -> Floats:
    """What is carried from each cell to the next one or back, times the way, 0 or more, (..., cells)."""
    return np.asarray(np.abs(cumulative_gaps(expected, observed)) * _ways(positions))


def wasserstein_by_deviation(expected: Counts, observed: Counts, positions: Floats) -> Floats:
    """The same in standard deviations of the reference; nan where that has none, (...,)."""
    return np.asarray(wasserstein_by_deviation_cells(expected, observed, positions).sum(axis=-1))


def wasserstein_by_deviation_cells(expected: Counts, observed: Counts, positions: Floats) -> Floats:
    """What each cell contributes to that, (..., cells)."""
    spread = deviation(expected, positions)
    unit = np.where(spread > 0, spread, np.nan)
    carried = wasserstein_cells(expected, observed, positions) / unit[..., None]
    return np.where(known(expected, observed), carried, 0.0)


def wasserstein_by_range(expected: Counts, observed: Counts, positions: Floats) -> Floats:
    """The same as a share of the range of all positions, filled or not: 0 to 1, (...,)."""
    carried = wasserstein_by_range_cells(expected, observed, positions).sum(axis=-1)
    return np.asarray(np.minimum(carried, 1.0))


def wasserstein_by_range_cells(expected: Counts, observed: Counts, positions: Floats) -> Floats:
    """What each cell contributes to that, (..., cells)."""
    width = positions[..., -1:] - positions[..., :1]  # of empty cells, too: else one event in a tail could stretch it
    return np.asarray(wasserstein_cells(expected, observed, positions) / np.where(width > 0, width, 1.0))


def energy(expected: Counts, observed: Counts, positions: Floats) -> Floats:
    """Root of twice the integral of the squared gap, in roots of the feature's unit: 0 or more, (...,).

    Szekely and Rizzo 2013, Energy statistics: a class of statistics based on distances.
    """
    return np.asarray(np.sqrt(energy_cells(expected, observed, positions).sum(axis=-1)))


def energy_cells(expected: Counts, observed: Counts, positions: Floats) -> Floats:
    """What the way from each cell to the next one contributes to its square, 0 or more, (..., cells)."""
    return np.asarray(2 * np.square(cumulative_gaps(expected, observed)) * _ways(positions))


def deviation(counts: Counts, positions: Floats) -> Floats:
    """Standard deviation (divided by n) of values that all lie at the positions of their cells, (...,)."""
    share = shares(counts)
    away = np.where(counts > 0, positions - (share * positions).sum(axis=-1, keepdims=True), 0.0)
    largest = np.abs(away).max(axis=-1, keepdims=True, initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)  # divided first: squares would overflow
    return np.asarray(unit[..., 0] * np.sqrt((share * np.square(away / unit)).sum(axis=-1)))


def _ways(positions: Floats) -> Floats:
    """How far each cell is from the next one; the last one from itself, (..., cells)."""
    return np.abs(np.diff(positions, axis=-1, append=positions[..., -1:]))
