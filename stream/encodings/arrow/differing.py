"""Which values differ: by marks where they are integers close together, else by sorting."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.events import Ints


def distinct(values: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """The different values in their order, and where each is among them, (n,)."""
    if len(values) and values.dtype.kind in "iu":
        least, n = values.min(), int(values.max()) - int(values.min()) + 1
        if n <= len(values):  # a place for each that there may be: less than half the time of sorting (measured)
            places = np.subtract(values, least, dtype=np.int64)
            met, found = np.zeros(n, np.bool_), np.empty(n, values.dtype)
            met[places], found[places] = True, values
            return found[met], (np.cumsum(met) - 1).take(places)
    return np.unique(values, return_inverse=True)
