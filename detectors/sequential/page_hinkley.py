"""Page-Hinkley: deviations from the mean so far add up to more than they did at their least.

Page 1954, Continuous inspection schemes; Hinkley 1971, Inference about the change-point from cumulative sum tests; with
a forgetting factor as Sebastiao and Fernandes 2017. The sums are S = alpha S + (x - mean) - delta, and + delta for
falls, where the mean is that of all steps since the last alarm; an alarm is a sum further from its least (greatest)
than the threshold. A step is any number, such as a closed pane's mean. 40 bytes per series.
"""

import numpy as np
import scipy
from msgspec import Struct

from detectors.codes import Bools, Floats, Integers
from detectors.sequential.fold import Rows, first, last

GREATEST = -1.0  # of the falling sum at first, as River has it


class State(Rows, frozen=True):
    """Steps since the last alarm and their sum, the rising sum and its least, the falling one's greatest; (series,)."""

    n: Integers
    total: Floats
    rising: Floats
    least: Floats
    greatest: Floats


class PageHinkley(Struct, frozen=True):
    """The detector; River's names and defaults. `mode` is up, down or both."""

    min_instances: int = 30
    delta: float = 0.005
    threshold: float = 50.0
    alpha: float = 1 - 0.0001
    mode: str = "both"

    def start(self, series: int) -> State:
        """Nothing has been seen."""
        none, far = np.zeros(series), np.full(series, np.inf)
        return State(np.zeros(series, np.int64), none, none, far, np.full(series, GREATEST))

    def walk(self, state: State, values: Floats, lengths: Integers) -> tuple[Integers, State]:
        """As `Sequential` says."""
        n = state.n[:, None] + np.arange(1.0, values.shape[1] + 1)
        total = values.astype(np.float64)
        total[:, 0] += state.total
        np.cumsum(total, axis=1, out=total)
        # S = alpha S + x is a filter of the first order.
        faded = [1.0], [1.0, -self.alpha]
        deviation = values - total / n - self.delta
        rising, _ = scipy.signal.lfilter(*faded, deviation, axis=1, zi=self.alpha * state.rising[:, None])
        # The falling sum has 2 delta more in each step, which fades too: a geometric series.
        apart = n if self.alpha == 1 else (1 - np.exp(n * np.log(self.alpha))) / (1 - self.alpha)
        falling = rising + 2 * self.delta * apart
        up, least = _beyond(rising, state.least, lengths, self.threshold)
        down, most = _beyond(-falling, -state.greatest, lengths, self.threshold)
        found = {"up": up, "down": down, "both": up | down}[self.mode] & (n >= self.min_instances)
        ends = last(total, lengths), last(rising, lengths)
        return first(found, lengths), State(state.n + lengths, *ends, least, -most)


def _beyond(sums: Floats, before: Floats, lengths: Integers, threshold: float) -> tuple[Bools, Floats]:
    """Where sums are further above their least so far than the threshold, and the least after all, (rows,)."""
    found, least = np.zeros(sums.shape, np.bool_), np.minimum(before, sums.min(axis=1))
    # Most rows never come that far above even the least of all: their running minimum is not needed.
    near = np.flatnonzero((sums.max(axis=1) - least > threshold) | (lengths < sums.shape[1]))
    if len(near):
        running = np.minimum(np.minimum.accumulate(sums[near], axis=1), before[near, None])
        found[near] = sums[near] - running > threshold
        least[near] = last(running, lengths[near])
    return found, least
