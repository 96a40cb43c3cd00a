"""Answers and labels as texts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats
from stream.encodings.schema import category_text


def texts_of(answer: NDArray[Any], value: Floats) -> NDArray[Any]:
    """Categories; numbers by their name."""
    bare = np.flatnonzero((answer == "") & np.isfinite(value))
    texts = answer.copy()
    numbers, which = np.unique(value[bare], return_inverse=True)
    texts[bare] = np.array([category_text(each) for each in numbers.tolist()], np.object_)[which]
    return texts
