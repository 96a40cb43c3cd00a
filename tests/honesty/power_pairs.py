"""What driftline makes of the two numbers of `power_worlds` together: the votes of each, and how far they moved."""

import numpy as np

from detectors.coupling import chances
from tests.honesty.pairs import every, votes
from tests.honesty.power_worlds import EVENTS, REFERENCE, Streams


def surely(given: Streams, length: int) -> np.ndarray:
    """-ln of the chance of each window of so many panes, (runs, windows)."""
    runs, events, _ = given.values.shape
    cuts = np.nanmedian(given.reference[:, :2], axis=0)
    n = length * EVENTS
    windows = votes(given.values[..., :2], cuts).reshape(runs * events // n, n, 2)
    before, now = every(votes(given.reference[None, :, :2], cuts)), every(windows)
    p = chances(before, now, REFERENCE, n, 0.0, None)
    return -np.log(np.maximum(p, 1e-300)).reshape(runs, -1)
