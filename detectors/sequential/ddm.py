"""DDM: errors have become surely more frequent than they were at their best.

Gama, Medas, Castillo and Rodrigues 2004, Learning with drift detection. Of the share of errors p since the last alarm
and its standard deviation s = sqrt(p (1 - p) / n), those are kept where p + s was least; p + s beyond p_min + k s_min
is an alarm. A step is a pair of prediction and label: 1 an error, 0 none. 32 bytes per series.
"""

import numpy as np
from msgspec import Struct

from detectors.codes import Floats, Integers
from detectors.sequential.fold import Rows, first, held, last


class State(Rows, frozen=True):
    """Pairs and errors since the last alarm, the least p + s, and the p_min + k s_min of it; (series,) each."""

    n: Integers
    errors: Integers
    least: Floats
    limit: Floats


class Ddm(Struct, frozen=True):
    """The detector: pairs before the first minimum, and standard deviations k to an alarm; River's defaults."""

    warm_start: int = 30
    drift_threshold: float = 3.0

    def start(self, series: int) -> State:
        """Nothing has been seen."""
        none, far = np.zeros(series, np.int64), np.full(series, np.inf)
        return State(none, none, far, far)

    def walk(self, state: State, values: Floats, lengths: Integers) -> tuple[Integers, State]:
        """As `Sequential` says."""
        n = state.n[:, None] + np.arange(1.0, values.shape[1] + 1)
        errors = state.errors[:, None] + np.cumsum(values != 0, axis=1, dtype=np.int64)
        p = errors / n
        s = np.sqrt(p * (1 - p) / n)
        reached = p + s
        counts = reached if state.n.min() >= self.warm_start else np.where(n > self.warm_start, reached, np.inf)
        # Most rows have no new least: it and its limit stay.
        better = np.flatnonzero(counts.min(axis=1) <= state.least)
        least, limit = state.least.copy(), state.limit.copy()
        found = reached > limit[:, None]
        if len(better):
            mine, before = counts[better], least[better]
            running = np.minimum(np.minimum.accumulate(mine, axis=1), before[:, None])
            new = (mine <= running) & (mine < np.inf)
            limits = held(new, p[better] + self.drift_threshold * s[better], limit[better])
            found[better] = reached[better] > limits
            least[better], limit[better] = last(running, lengths[better]), last(limits, lengths[better])
        return first(found, lengths), State(state.n + lengths, last(errors, lengths), least, limit)
