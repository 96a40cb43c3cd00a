"""Which cells a distance comes from: those that contribute most, and what all others do together.

`Distance.contributions` says what each cell adds; they sum to the distance, or to its square, to the rounding of its
last bits. Whoever names only a few of them names the rest as one, so that what is told still sums to all of it.
"""

from math import fsum
from typing import NamedTuple

import numpy as np

from detectors.codes import Floats


class Told(NamedTuple):
    """Cells in the order of what they contribute, the greatest first; and the others' places and their sum."""

    cells: tuple[int, ...]
    others: tuple[int, ...]
    rest: float


def told(contributions: Floats, most: int) -> Told:
    """At most `most` cells that contribute anything, of (cells,); the first of equals first.

    `rest` is rounded once, whatever the order of the others: so is `fsum` of all cells.
    """
    order = np.argsort(-contributions, kind="stable")
    order = order[contributions[order] > 0]
    others = order[most:]
    return Told(tuple(order[:most].tolist()), tuple(others.tolist()), fsum(contributions[others].tolist()))
