"""Jensen-Shannon: how much a value says about which side it comes from, both sides being equally likely.

Lin 1991, Divergence measures based on the Shannon entropy; Endres and Schindelin 2003 for the root, a metric. Nothing
is added to empty cells, for the middle of both sides is empty only where both are.
"""

import numpy as np
from scipy.special import rel_entr

from detectors.codes import Floats
from detectors.distances.shares import Counts, known, shares

BIT = np.log(2)


def jensen_shannon(expected: Counts, observed: Counts) -> Floats:
    """Jensen-Shannon distance: the root of the divergence to base 2, 0 to 1, (...,)."""
    return np.asarray(np.sqrt(jensen_shannon_divergence(expected, observed)))


def jensen_shannon_divergence(expected: Counts, observed: Counts) -> Floats:
    """Jensen-Shannon divergence in bits, 0 to 1, (...,)."""
    return np.asarray(np.clip(jensen_shannon_cells(expected, observed).sum(axis=-1), 0.0, 1.0))


def jensen_shannon_natural(expected: Counts, observed: Counts) -> Floats:
    """The root of the divergence to base e, 0 to sqrt(ln 2), which is 0.8326, (...,)."""
    return np.asarray(np.sqrt(jensen_shannon_divergence_natural(expected, observed)))


def jensen_shannon_divergence_natural(expected: Counts, observed: Counts) -> Floats:
    """Jensen-Shannon divergence in nats, 0 to ln 2, (...,)."""
    return np.asarray(np.clip(jensen_shannon_natural_cells(expected, observed).sum(axis=-1), 0.0, BIT))


def jensen_shannon_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes to the divergence in bits, the square of the distance, (..., cells)."""
    return np.asarray(_nats(expected, observed) / (2 * BIT))


def jensen_shannon_natural_cells(expected: Counts, observed: Counts) -> Floats:
    """What each cell contributes to the divergence in nats, (..., cells)."""
    return np.asarray(_nats(expected, observed) / 2)


def _nats(expected: Counts, observed: Counts) -> Floats:
    """Twice the divergence by cell; rounding may leave one a hair below 0."""
    a, b = shares(expected), shares(observed)
    middle = (a + b) / 2
    return np.where(known(expected, observed), np.maximum(rel_entr(a, middle) + rel_entr(b, middle), 0.0), 0.0)
