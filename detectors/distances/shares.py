"""What all distances begin with: counts as shares, and which series have any."""

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats

Counts = NDArray[np.int64] | Floats

PRIOR = 0.5  # a count per cell: keeps psi finite, fades as 1/n, and cancels the bias of a logarithm of counts


def known(expected: Counts, observed: Counts) -> NDArray[np.bool_]:
    """Whether both sides have counts, (..., 1)."""
    return np.asarray((expected.sum(axis=-1, keepdims=True) > 0) & (observed.sum(axis=-1, keepdims=True) > 0))


def shares(counts: Counts) -> Floats:
    """Counts as shares of their row; 0 in an empty row."""
    return np.asarray(counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1))


def smoothed(expected: Counts, observed: Counts) -> tuple[Floats, Floats]:
    """Both as shares with half a count more in each cell that is not empty on both sides; 0 in the others."""
    occupied = (expected + observed) > 0
    a, b = (shares(np.where(occupied, counts + PRIOR, 0.0)) for counts in (expected, observed))
    return a, b


def cumulative_gaps(expected: Counts, observed: Counts) -> Floats:
    """Cumulative expected less observed shares after each cell, (..., cells); 0 where a side is empty.

    Counts are added, not shares: so the last gap, and that of equal shares, is exactly 0.
    """
    before, now = (
        np.cumsum(side, axis=-1) / np.maximum(side.sum(axis=-1, keepdims=True), 1) for side in (expected, observed)
    )
    return np.where(known(expected, observed), before - now, 0.0)
