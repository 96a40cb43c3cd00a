"""Fiddler: the PSI, one event more in each cell; by its documentation, and by what its client publishes of bins.

A schema that Fiddler generates cuts a number into ten bins of equal width between the least and the greatest value that
it saw (fiddler-client 3.14.1, the schemas in its tests). Where values beyond these count, and values on an inner edge,
is not published; nor is the base of its Jensen-Shannon distance; limits are the user's.
"""

import numpy as np

from detectors.codes import Floats, Integers
from detectors.conventions.convention import (
    Categories,
    Convention,
    Feature,
    Numbers,
    Refused,
    Score,
    above,
    filled,
    finite,
)
from detectors.conventions.shares import psi, shares

BINS = 10


def _one_more(reference: Integers, current: Integers) -> Score:
    return above(psi(shares(reference + 1), shares(current + 1)), None)


def _of_categories(feature: Categories) -> Score:
    filled(*feature.present())
    return _one_more(*feature.counts())


def _of_numbers(feature: Numbers) -> Score:
    """What is beyond is in the outer bins, upper edges are outside; where that matters, it says so."""
    reference, current = (np.asarray(finite(side), np.float64) for side in (feature.reference, feature.current))
    filled(reference, current)
    edges = np.linspace(reference.min(), reference.max(), BINS + 1)
    if not (np.diff(edges) > 0).all():
        raise Refused("the reference has one value, and so no bins")
    score = _one_more(*(_counted(side, edges[1:-1]) for side in (reference, current)))
    unsure = _unsure(reference, edges) + _unsure(current, edges)
    if not unsure:
        return score
    words = f"{unsure:,} values are beyond its bins or on their edges; where it counts these is not published"
    return Score(score.value, None, None, problem=words)


def _counted(side: Floats, inner: Floats) -> Integers:
    return np.bincount(np.searchsorted(inner, side, "right"), minlength=BINS).astype(np.int64)


def _unsure(side: Floats, edges: Floats) -> int:
    beyond = (side < edges[0]) | (side > edges[-1])
    return int(np.count_nonzero(beyond | np.isin(side, edges[1:-1])))


def _chosen(_: Feature) -> tuple[str]:
    return ("psi",)


FIDDLER = Convention("Fiddler", {"psi": _of_numbers}, {"psi": _of_categories}, _chosen)
