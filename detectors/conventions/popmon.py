"""popmon: the PSI of categories, as its formula is meant and as it is called.

Known to be wrong, and so `psi_as_called`: it is given counts, not shares, so it grows with the sample.
"""

import numpy as np

from detectors.conventions.convention import Categories, Convention, Feature, Numbers, Refused, Score, above, filled
from detectors.conventions.shares import psi, shares

ADDED = 1e-5


def _psi(feature: Categories) -> Score:
    filled(*feature.present())
    return above(psi(*(shares(counts) + ADDED for counts in feature.counts())), None)


def _psi_as_called(feature: Categories) -> Score:
    filled(*feature.present())
    return above(psi(*(counts.astype(np.float64) + ADDED for counts in feature.counts())), None)


def _of_numbers(_: Numbers) -> Score:
    raise Refused("how popmon bins numbers is not reproduced")


def _chosen(_: Feature) -> tuple[str]:
    return ("psi",)


POPMON = Convention("popmon", {"psi": _of_numbers}, {"psi": _psi, "psi_as_called": _psi_as_called}, _chosen)
