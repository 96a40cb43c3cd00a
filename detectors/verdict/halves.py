"""A level in two halves, for two ways of looking at the same counts: together they cost less than their sum."""

from typing import Final

import numpy as np
from scipy.special import ndtri, owens_t

from detectors.codes import Floats

ALIKE: Final = 0.5  # the correlation of scores and sets, or of cells and all together: 0.45 to 0.7 (simulated)
TINY: Final = 1e-300


def either(p: Floats) -> Floats:
    """The chance that one of the two is at most `p`, of their smaller p-value; up to 2.

    As of two normal deviates with correlation ALIKE. Owen 1956, Tables for computing bivariate normal probabilities:
    both are at most z with a chance of p - 2 T(z, sqrt((1 - ALIKE) / (1 + ALIKE))).
    """
    held = np.clip(p, TINY, 1.0)
    return np.asarray(p * (1 + 2 * owens_t(ndtri(held), np.sqrt((1 - ALIKE) / (1 + ALIKE))) / held))
