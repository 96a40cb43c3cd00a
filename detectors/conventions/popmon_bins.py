"""Bins as popmon makes them of numbers, by histogrammar: of equal width without an end, forty over the reference."""

import numpy as np

from detectors.codes import Floats, Integers
from detectors.conventions.convention import Refused, there

BINS = 40
TAIL = 0.05  # of either side of a float's reference: the forty reach from tail to tail, and a tenth farther

FARTHEST = 2.0**63  # bins' numbers are of 64 bits: a number so far away has none

Values = Floats | Integers


def binned(reference: Values, current: Values) -> tuple[Integers, Integers]:
    """How many values of either sample are in each bin that is not empty, ascending."""
    sides = there(reference), there(current)
    if sides[0].dtype.kind != sides[1].dtype.kind:
        raise Refused("one side is integers and the other is not, which it does not compare")
    origin, width = _whole(sides[0]) if reference.dtype.kind == "i" else _fractional(sides[0])
    if not 0 < width < np.inf:
        raise Refused("its bins' width is not finite, and it fails")
    places = [_placed(np.asarray(side, np.float64), origin, width) for side in sides]
    bins, found = np.unique(np.concatenate(places), return_inverse=True)
    n = len(places[0])
    first, second = (np.bincount(part, minlength=len(bins)) for part in (found[:n], found[n:]))
    return first.astype(np.int64), second.astype(np.int64)


def _placed(side: Floats, origin: float, width: float) -> Floats:
    """The numbers of bins; infinities have one of their own on either side."""
    places = np.floor((side - origin) / width)
    return np.asarray(places[(np.abs(places) < FARTHEST) | np.isinf(side)])


def _whole(reference: Values) -> tuple[float, float]:
    """Between integers; one each, where there are not too many."""
    low, high = float(reference.min()), float(reference.max())
    return float(np.floor(low - 0.5) + 0.5), max(float(np.round((high - low) / BINS)), 1.0)


def _fractional(reference: Values) -> tuple[float, float]:
    low, high = np.quantile(reference, [TAIL, 1 - TAIL]).tolist()
    if low == high:
        low, high = float(reference.min()), float(reference.max())
    reach = (high - low) * (1 / 0.9) if high > low else 1.0
    return low - reach * TAIL, reach / BINS
