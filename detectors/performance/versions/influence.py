"""What one label more would change in a metric: its influence, by which the metric of two versions varies."""

from typing import NamedTuple

import numpy as np

from detectors.codes import Floats

ENOUGH = 20  # labels or answers of a class, or positives, of either version: of fewer nobody knows how they vary
NOTHING = np.zeros(2)


class Influence(NamedTuple):
    """A metric of two versions, and what it would be moved by."""

    value: Floats  # (2,); nan where either has too few labels
    slopes: Floats  # (2, cells)
    shares: Floats  # (2, cells): by which the slopes vary, with a little of what has not been seen yet
    more: Floats = NOTHING  # (2,): variance of the value that slopes do not know
