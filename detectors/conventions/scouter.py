"""Scouter: the PSI on deciles of the reference, its limit a chi-square's quantile over the current sample's size.

Known to be wrong, and so here: the limit takes the reference for infinitely large, so a small one alerts too often; a
category that the reference does not know vanishes (`psi_known_categories_only`, which is what the tool says; `psi` is
its rule on all categories); missing numbers lower every share, so they look like drift everywhere.
"""

import numpy as np
import scipy

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
    there,
)
from detectors.conventions.shares import psi, shares

BINS = 10
ADDED = 1e-10  # to either share
LEVEL = 0.05
LEAST = 100  # values of the current sample: with no more there is no alert


def _score(expected: Floats, observed: Floats, n: int) -> Score:
    value = psi(expected + ADDED, observed + ADDED)
    limit = float(scipy.stats.chi2.ppf(1 - LEVEL, len(expected) - 1)) / n if len(expected) > 1 and n else None
    score = above(value, limit)
    return score if n > LEAST else Score(score.value, limit, None, problem=f"it alerts beyond {LEAST} values only")


def _decile(feature: Numbers) -> Score:
    """Ten bins with open ends, upper edges inside; missing current values are in no bin, and in the number of all.

    Infinities of the current sample are in the outer bins, those of the reference nowhere.
    """
    reference = np.asarray(finite(feature.reference), np.float64)
    current = np.asarray(there(feature.current), np.float64)
    filled(reference, feature.current)
    edges = _deciles(np.sort(reference))
    counts = [np.bincount(np.searchsorted(edges, side), minlength=BINS) for side in (reference, current)]
    return _score(shares(counts[0]), counts[1] / len(feature.current), len(current))


def _deciles(ordered: Floats) -> Floats:
    """Hyndman and Fan 1996, type 7, in the tool's order of operations: a rounding error moves a tie to the next bin."""
    p = np.arange(1, BINS) / BINS
    place = len(ordered) * p + (1.0 - p)
    j = np.floor(place).astype(np.int64)
    h = place - j
    return np.asarray((1.0 - h) * ordered[j - 1] + h * ordered[np.minimum(j, len(ordered) - 1)])


def _counts(feature: Categories) -> tuple[Integers, Integers]:
    filled(*feature.present())
    return feature.counts()


def _union(feature: Categories) -> Score:
    reference, current = _counts(feature)
    return _score(shares(reference), shares(current), int(current.sum()))


def _known(feature: Categories) -> Score:
    reference, current = _counts(feature)
    known = reference > 0
    if not known.any():
        raise Refused("the reference has no values")
    return _score(shares(reference)[known], shares(current)[known], int(current.sum()))


def _chosen(feature: Feature) -> tuple[str]:
    return ("psi_known_categories_only",) if isinstance(feature, Categories) else ("psi_decile",)


SCOUTER = Convention(
    "Scouter",
    {"psi_decile": _decile},
    {"psi_known_categories_only": _known, "psi": _union},
    _chosen,
)
