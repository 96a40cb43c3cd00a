"""An estimate: what a metric of a window will probably be when all its labels have come, and how far off it may be."""

from typing import NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.performance.measured import deviations

Ends = tuple[float, float]  # the least and the greatest value of a metric

UNIT: Ends = (0.0, 1.0)
BOTH: Ends = (-1.0, 1.0)
OPEN: Ends = (-np.inf, np.inf)


class Estimate(NamedTuple):
    """A metric of each row, nan where it is undefined; (rows,) each.

    The interval promises to hold the metric that the window's own labels will give: its error has their chance, and
    that of what the reference taught. The latter alone is the error of the metric's expected value.
    """

    plain: Floats  # at the calibrated probabilities, as other tools have it
    value: Floats  # the same without its known bias
    chance: Floats  # standard error by the chance of the window's labels, given its events
    shared: Floats  # standard error by the chance of the reference's labels, which all windows have in common
    low: Floats
    high: Floats

    @property
    def error(self) -> Floats:
        """Both errors together."""
        return np.hypot(self.chance, self.shared)


def between(values: tuple[Floats, Floats], errors: tuple[Floats, Floats], level: float, ends: Ends = OPEN) -> Estimate:
    """The estimate of these values, plain and corrected, and errors, by chance and shared, (rows,) each.

    Its interval has as many errors either way as a normal law needs, and is cut at the metric's ends.
    """
    (plain, value), (chance, shared) = values, errors
    reach = deviations(level) * np.hypot(chance, shared)
    low, high = np.maximum(value - reach, ends[0]), np.minimum(value + reach, ends[1])
    return Estimate(plain, value, chance, shared, low, high)
