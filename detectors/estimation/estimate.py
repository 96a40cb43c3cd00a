"""An estimate: what a metric of a window will probably be when all its labels have come, and how far off it may be."""

from math import isfinite
from typing import NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.performance.measured import deviations
from detectors.performance.skewed import untwisted

Ends = tuple[float, float]  # the least and the greatest value of a metric

UNIT: Ends = (0.0, 1.0)
BOTH: Ends = (-1.0, 1.0)
OPEN: Ends = (-np.inf, np.inf)

STEEP_MAX = 0.35  # of a skewness beyond, the transformation bends back at two errors: 3.6 of them at most
TINY, VAST = 1e-100, 1e100  # an error of none, and the least of losses beyond measure, whose cubes are numbers


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


class Thirds(NamedTuple):
    """Third moments of what an estimate is off by: few large losses make long tails."""

    shared: float  # of the estimate, a weighted sum of losses: their cubes by those of weights
    chance: float  # of the window's own mean
    common: float  # of the estimate with the variance that it says the window has
    far: bool = True  # whether losses may be much larger than any that labels have shown: a share is none


def between(
    values: tuple[Floats, Floats],
    errors: tuple[Floats, Floats],
    level: float,
    ends: Ends = OPEN,
    thirds: Thirds | None = None,
) -> Estimate:
    """The estimate of these values, plain and corrected, and errors, by chance and shared, (rows,) each.

    Its interval has as many errors either way as a normal law needs, more on the side where third moments say that it
    is short, and is cut at the metric's ends.
    """
    (plain, value), (chance, shared) = values, errors
    error = np.hypot(chance, shared)
    below, above = (0.0, 0.0) if thirds is None else _leans(thirds, float(error[0]), level)
    reach = deviations(level)
    low, high = (
        np.maximum(value - (reach + below) * error, ends[0]),
        np.minimum(value + (reach + above) * error, ends[1]),
    )
    return Estimate(plain, value, chance, shared, low, high)


def _leans(thirds: Thirds, error: float, level: float) -> tuple[float, float]:
    """How many errors more than by a normal law an interval reaches down and up.

    Third moments say how skewed the studentised mean is (its Cornish and Fisher expansion: Hall 1992, The bootstrap and
    Edgeworth expansion, 2.6), and Hall's transformation by how much its interval is too short on one side then, as
    where labels are: large losses that were not seen are missing from the estimate and from its error. The other side
    is too long by the skewness of the window's own mean alone: what no label has shown is in no moment.
    """
    if not (error < VAST and all(map(isfinite, (thirds.chance, thirds.shared, thirds.common)))):
        return 0.0, 0.0  # cubes of such errors are no numbers
    z, cube = deviations(level), max(error, TINY) ** 3
    together = (thirds.shared + thirds.common) / (2 * cube)
    skewness, bent = (thirds.shared - thirds.chance) / cube, (z * z - 1) / 6
    steep = 6 * (z * z * together - bent * skewness) / (2 * z * z + 1)
    own = min(abs(thirds.shared / cube), STEEP_MAX)
    wide = z * (1 + own * own * (z**4 + 2 * z * z - 3) / 18)  # what the next term of the expansion asks of tails
    lean = min(abs(steep), STEEP_MAX)
    first = lean * (2 * z * z + 1) / 6  # term of the transformation
    further = -float(untwisted(np.array(-wide), np.array(lean))) - z if thirds.far else first
    shorter = -bent * min(abs(thirds.chance / cube), STEEP_MAX) if thirds.chance * steep > 0 else 0.0
    return (shorter, max(further, 0.0)) if steep > 0 else (max(further, 0.0), shorter)
