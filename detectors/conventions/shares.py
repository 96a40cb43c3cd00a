"""Formulas that several tools share, of two rows of shares; zero rules and bins are the tools' own."""

import numpy as np
import scipy
from scipy.special import rel_entr

from detectors.codes import Floats, Integers


def shares(counts: Integers | Floats) -> Floats:
    """Counts as shares of their sum."""
    return np.asarray(counts / counts.sum(), np.float64)


def psi(expected: Floats, observed: Floats) -> float:
    """Population stability index: sum of (p - q) ln(p / q); no share may be zero."""
    return float(np.sum((expected - observed) * np.log(expected / observed)))


def divergence(expected: Floats, observed: Floats, base: float = np.e) -> float:
    """Jensen-Shannon divergence; terms of empty cells are zero."""
    middle = (expected + observed) / 2
    both = rel_entr(expected, middle).sum() + rel_entr(observed, middle).sum()
    return float(max(both, 0.0) / (2 * np.log(base)))


def jensen_shannon(expected: Floats, observed: Floats, base: float = np.e) -> float:
    """Jensen-Shannon distance: the root of the divergence.

    SciPy's, as tools use it: near 0 the root shows the last digits of the sums.
    """
    return float(scipy.spatial.distance.jensenshannon(expected, observed, base))


def hellinger(expected: Floats, observed: Floats) -> float:
    """Hellinger distance: the distance of the root shares over root two."""
    return float(np.sqrt(np.sum((np.sqrt(expected) - np.sqrt(observed)) ** 2)) / np.sqrt(2))


def l_infinity(expected: Floats, observed: Floats) -> float:
    """Largest gap of any share."""
    return float(np.abs(expected - observed).max())
