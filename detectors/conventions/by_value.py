"""Numbers as categories: each different value is one."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.conventions.convention import Categories, Numbers

Side = Floats | Integers


def _not_missing(side: Side) -> NDArray[np.bool_]:
    return ~np.isnan(side)


def by_value(feature: Numbers, known: Callable[[Side], NDArray[np.bool_]] = _not_missing) -> Categories:
    """The same rows with places among all values, ascending; what is not `known` is missing."""
    sides = feature.reference, feature.current
    values = np.unique(np.concatenate([side[known(side)] for side in sides]))
    places = [np.where(known(side), np.searchsorted(values, side), -1) for side in sides]
    return Categories(places[0], places[1], tuple(map(str, values.tolist())), "numbers")
