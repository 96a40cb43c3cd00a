"""Whether windows of which a reference is the sum differ among each other: then so does a new one, change or none.

The same hour of other days says how an hour usually is, and of independent draws nothing more is needed. Where days
have levels of their own, a handful of them does not tell how far these go.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from detectors.codes import Floats
from detectors.distances import Counts
from detectors.verdict.scores import scores
from detectors.verdict.sets import total

DOUBT: Final = 0.02  # of series whose windows are alike, so many are taken for others
FILLED: Final = 5.0  # values that a cell holds in each window, for its square to be right


def apart(windows: Counts, on_line: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which series surely vary more between windows than independent draws do, (series,).

    Of counts, (windows, series, cells); empty ones say nothing. By each mean score, and by all cells that are filled
    together (Pearson 1900), a part of DOUBT for each.
    """
    n = windows.sum(axis=2, dtype=np.float64)
    both = windows.sum(axis=0)
    freedom = np.maximum((n > 0).sum(axis=0) - 1, 0)[:, None]
    weights, share = scores(both, on_line), both / np.maximum(both.sum(axis=1, keepdims=True), 1)
    each = total(windows[:, :, None, :] * weights) / np.maximum(n, 1)[..., None]  # (windows, series, scores)
    mean = total(share[:, None, :] * weights)
    variance = total(share[:, None, :] * weights**2) - mean**2
    squares = (n[..., None] * (each - mean) ** 2).sum(axis=0) / np.where(variance > 0, variance, np.inf)
    expected = n[..., None] * share
    filled = np.where(n[..., None] > 0, expected, np.inf).min(axis=0) >= FILLED
    pearson = total(np.where(filled, (windows - expected) ** 2 / np.maximum(expected, 1e-9), 0.0)).sum(axis=0)
    cells = freedom * total(np.where(filled, 1 - share, 0.0))[:, None]
    p: Floats = np.concatenate((_tail(freedom + 0 * squares, squares), _tail(cells, pearson[:, None])), axis=1)
    return np.asarray((p <= DOUBT / p.shape[1]).any(axis=1))


def _tail(freedom: Floats, squares: Floats) -> Floats:
    """The chance of so great a sum of squares; 1 without any."""
    return np.where(freedom > 0, chdtrc(np.maximum(freedom, 1e-9), squares), 1.0)
