"""What Evidently takes a column for, which test it chooses, and when all columns together have drifted."""

from typing import Any

import numpy as np

from detectors.conventions.by_value import by_value
from detectors.conventions.convention import (
    Categories,
    Dataset,
    Feature,
    Numbers,
    Refused,
    Scores,
    drifted_features,
    filled,
    finite,
)

SMALL = 1000  # rows of the reference: up to so many a test decides, beyond a distance
FEW, PAIR = 5, 2  # distinct values of a number that is tested like a category
TEXTS = 0.5  # of the current values are different: texts, not categories
SMALL_TEXT, LARGE_TEXT = "perc_text_content_drift", "abs_text_content_drift"
INTEGERS_FEW = 10  # distinct values of a column of integers that is a category
SHARE = 0.5  # of the features: the whole has drifted


def sides(feature: Feature) -> tuple[Any, Any]:
    """What is left of either side when missing values and infinities are dropped."""
    sides = (
        feature.present() if isinstance(feature, Categories) else (finite(feature.reference), finite(feature.current))
    )
    filled(*sides)
    return sides


def _distinct(feature: Feature) -> int:
    return len(np.unique(np.concatenate(sides(feature))))


def chosen(feature: Feature) -> tuple[str]:
    """Its `_get_default_stattest`."""
    try:
        distinct, n = _distinct(feature), len(sides(feature)[0])
    except Refused:
        return ("jensenshannon",)
    if isinstance(feature, Categories) and _are_texts(feature):
        return (LARGE_TEXT,) if n > SMALL else (SMALL_TEXT,)
    many = isinstance(feature, Numbers) and distinct > FEW
    if n > SMALL:
        return ("wasserstein",) if many else ("jensenshannon",)
    return ("ks",) if many else ("chisquare",) if distinct > PAIR else ("z",)


def _are_texts(feature: Categories) -> bool:
    current = feature.present()[1]
    return feature.of == "texts" and len(np.unique(current)) > TEXTS * len(current)


def typed(feature: Feature) -> Feature:
    """Columns of few different integers are categories; the current file decides."""
    if isinstance(feature, Categories) or feature.current.dtype.kind != "i":
        return feature
    if len(np.unique(feature.current)) > INTEGERS_FEW:
        return feature
    return by_value(feature, np.isfinite)


def dataset(scores: Scores) -> Dataset:
    """At least half of the columns."""
    drifted = drifted_features(scores)
    share = len(drifted) / max(1, len(scores))
    return Dataset(bool(scores) and share >= SHARE, drifted, share, SHARE)
