"""EWMA: a weighted average of the newest steps is further from the target than chance takes it.

Roberts 1959, Control chart tests based on geometric moving averages; Lucas and Saccucci 1990, Exponentially weighted
moving average control schemes. The average is w x + (1 - w) average, at first the target; an alarm is one further from
it than L sigma sqrt(w / (2 - w) (1 - (1 - w)^2n)) after n steps. A step is any number, such as a closed pane's mean in
standard errors. 16 bytes per series.
"""

import numpy as np
import scipy
from msgspec import Struct

from detectors.codes import Floats, Integers
from detectors.sequential.fold import Rows, first, last


class State(Rows, frozen=True):
    """Steps since the last alarm, and how far their average is from the target; (series,)."""

    n: Integers
    average: Floats


class Ewma(Struct, frozen=True):
    """The detector: the newest step's weight w, the width L of the limits, and what is expected of steps.

    An unchanged series alarms about once in 500 steps (Lucas and Saccucci 1990, table 3).
    """

    weight: float = 0.1
    width: float = 2.814
    target: float = 0.0
    sigma: float = 1.0

    def start(self, series: int) -> State:
        """Nothing has been seen."""
        return State(np.zeros(series, np.int64), np.zeros(series))

    def walk(self, state: State, values: Floats, lengths: Integers) -> tuple[Integers, State]:
        """As `Sequential` says."""
        keep = 1 - self.weight
        off = values - self.target
        average, _ = scipy.signal.lfilter([self.weight], [1.0, -keep], off, axis=1, zi=keep * state.average[:, None])
        n = state.n[:, None] + np.arange(1, values.shape[1] + 1)
        variance = self.weight / (2 - self.weight) * (1 - np.exp(2 * n * np.log(keep)))
        found = np.abs(average) > self.width * self.sigma * np.sqrt(variance)
        return first(found, lengths), State(state.n + lengths, last(average, lengths))
