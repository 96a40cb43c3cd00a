"""How large a change is by distances that judge nothing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats
from detectors.distances import DISTANCES, Counts
from detectors.rare import merged, targets


def effects(
    expected: Counts, observed: Counts, ordered: NDArray[np.bool_], places: Floats, names: Sequence[str]
) -> Floats:
    """Distances of series, (series, names), from counts, marks of cells on a number line, and where cells stand there.

    The four are (series, cells). nan where a side has no values; and for distances that see the order of cells also
    where a side has no numbers. Those that know no order see rare cells together, as the ones that judge do.
    """
    target = targets(expected, observed)
    every = merged(expected, target), merged(observed, target)
    line = np.where(ordered, expected, 0), np.where(ordered, observed, 0)
    values = np.empty((len(expected), len(names)))
    for j, name in enumerate(names):
        distance = DISTANCES[name]
        before, now = every if distance.sees == "cells" else line
        some = (before.sum(axis=1) > 0) & (now.sum(axis=1) > 0)
        values[:, j] = np.where(some, distance(before, now, places), np.nan)
    return values
