"""Bins as Azure Machine Learning makes them, and as Spark counts in them: of equal width over both samples."""

import math

import numpy as np

from detectors.codes import Floats, Integers
from detectors.conventions.convention import Refused

ALONE = 0.005  # of a value that is the only one: how far its bin reaches to either side
EVEN = 1e-10  # Spark takes steps that differ by less for equal, in the feature's unit, and divides instead of searching

Values = Floats | Integers


def binned(reference: Values, current: Values) -> tuple[Integers, Integers]:
    """How many values of either sample are in each bin; both have values."""
    edges = _edges(reference, current)
    return _counted(reference, edges), _counted(current, edges)


def _edges(reference: Values, current: Values) -> Floats:
    """Sturges' number of bins for the smaller sample, in the tool's order of operations; the last edge may fall short.

    Python's numbers, which do not overflow as integers.
    """
    low = min(reference.min().item(), current.min().item())
    high = max(reference.max().item(), current.max().item())
    if low == high:
        reach = abs(low * ALONE) if low else ALONE
        edges = [low - reach, low + reach]
    else:
        bins = math.ceil(math.log2(min(len(reference), len(current))) + 1)
        width = (high - low) / bins
        edges = [low, *(low + i * width for i in range(1, bins + 1))]
    found = np.array(edges, np.float64)
    if not (np.isfinite(found).all() and (np.diff(found) > 0).all()):
        raise Refused("its bins' edges are not finite, or not different, and it fails")
    return found


def _counted(values: Values, edges: Floats) -> Integers:
    """Upper edges are outside but for the last one; what is beyond the edges is nowhere."""
    bins = len(edges) - 1
    inside = values[(values >= edges[0]) & (values <= edges[-1])]
    if np.ptp(np.diff(edges)) < EVEN:
        places = ((inside - edges[0]) / ((edges[-1] - edges[0]) / bins)).astype(np.int64)
    else:
        places = np.searchsorted(edges, inside, "right") - 1
    counts = np.bincount(places, minlength=bins + 1).astype(np.int64)
    counts[bins - 1] += counts[bins]
    return counts[:bins]
