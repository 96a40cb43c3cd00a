"""How far counts are from the counts they are compared with: one pure function per distance, one row per series.

Expected and observed are counts, (series, cells); a cell that is empty in both changes nothing, so shorter rows can be
padded. Where either side is empty nothing is known, and the distance is 0: `detectors.significance` says unknown.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

from detectors.codes import Floats

Counts = NDArray[np.int64] | Floats
Distance = Callable[[Counts, Counts], Floats]

PRIOR = 0.5  # a count per cell: keeps psi finite, fades as 1/n, and cancels the bias of a logarithm of counts


def psi(expected: Counts, observed: Counts) -> Floats:
    """Population stability index: sum of (share gap) times (log of share ratio), 0 or more, (series,).

    Half a count is added to each cell that is not empty on both sides; natural logarithm.
    """
    return np.asarray(psi_cells(expected, observed).sum(axis=-1))


def psi_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes to psi, 0 or more, (series, cells)."""
    occupied = (expected + observed) > 0
    a, b = (_shares(np.where(occupied, counts + PRIOR, 0.0)) for counts in (expected, observed))
    logs = np.log(np.where(occupied, b, 1.0)) - np.log(np.where(occupied, a, 1.0))
    return np.where(_known(expected, observed), (b - a) * logs, 0.0)


def jensen_shannon(expected: Counts, observed: Counts) -> Floats:
    """Jensen-Shannon distance: the root of the divergence to base 2, 0 to 1, (series,).

    Lin 1991, Divergence measures based on the Shannon entropy; Endres and Schindelin 2003 for the root.
    """
    return np.asarray(np.sqrt(np.clip(jensen_shannon_cells(expected, observed).sum(axis=-1), 0.0, 1.0)))


def jensen_shannon_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes to the divergence, the square of the distance, (series, cells)."""
    a, b = _shares(expected), _shares(observed)
    middle = (a + b) / 2
    return np.where(_known(expected, observed), (rel_entr(a, middle) + rel_entr(b, middle)) / (2 * np.log(2)), 0.0)


def kolmogorov_smirnov(expected: Counts, observed: Counts) -> Floats:
    """Largest gap between the cumulative shares of cells in the order of their values, 0 to 1, (series,)."""
    gaps = np.abs(np.cumsum(_shares(expected), axis=-1) - np.cumsum(_shares(observed), axis=-1))
    return np.where(_known(expected, observed)[..., 0], np.minimum(gaps.max(axis=-1, initial=0.0), 1.0), 0.0)


DISTANCES: dict[str, Distance] = {function.__name__: function for function in (psi, jensen_shannon, kolmogorov_smirnov)}


def _known(expected: Counts, observed: Counts) -> NDArray[np.bool_]:
    """Whether both sides have counts, (series, 1)."""
    return np.asarray((expected.sum(axis=-1, keepdims=True) > 0) & (observed.sum(axis=-1, keepdims=True) > 0))


def _shares(counts: Counts) -> Floats:
    """Counts as shares of their row; 0 in an empty row."""
    return np.asarray(counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1))
