"""Times out of the tables, which keep them as microseconds: inside they are nanoseconds."""

import numpy as np
from numpy.typing import NDArray


def to_ns(times: NDArray[np.generic]) -> NDArray[np.int64]:
    """A column of times as nanoseconds since 1970, (n,)."""
    return times.astype("datetime64[us]").astype(np.int64) * 1_000
