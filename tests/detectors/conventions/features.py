"""Columns as conventions take them."""

import numpy as np
from numpy.typing import NDArray

from detectors.conventions import Categories, Feature, Numbers

Values = NDArray[np.generic]


def feature(reference: Values, current: Values) -> Feature:
    """Numbers as they are, texts as places among all of them."""
    if reference.dtype.kind in "if":
        return Numbers(reference, current)
    texts, places = np.unique(np.concatenate((reference, current)), return_inverse=True)
    return Categories(places[: len(reference)], places[len(reference) :], tuple(texts.tolist()))
