"""The contrast that won as weights of cells: whose mean over the events is what changed."""

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats
from detectors.distances import Counts
from detectors.verdict import scores
from detectors.verdict.judge import EVERYTHING
from detectors.verdict.sets import runs


def weights(expected: Counts, on_line: NDArray[np.bool_], contrast: int) -> Floats | None:
    """Weights of the `contrast` of a `Judged`, (cells,): a score, or 1 in a set and 0 elsewhere; None for EVERYTHING.

    `expected` and `on_line` are those of the series, (cells,) each, as wide as `judge` had them.
    """
    if contrast == EVERYTHING:
        return None
    if contrast < len(scores.NAMES):
        found: Floats = scores.scores(expected[None, :], on_line[None, :])[0, contrast]
        return found
    begin, end = runs(int(on_line.sum()), len(expected))[contrast - len(scores.NAMES)].tolist()
    cells = np.arange(len(expected))
    return np.where((cells >= begin) & (cells < end), 1.0, 0.0)
