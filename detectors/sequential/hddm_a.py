"""HDDM-A: the mean since the last alarm is surely above what it was at its lowest, by Hoeffding's inequality.

Frias-Blanco and others 2015, Online and non-parametric drift detection methods based on Hoeffding's bounds, the A-test.
The cut is where the mean plus its bound sqrt(ln(1 / confidence) / 2n) was least; an alarm is a mean that is beyond the
one at the cut by sqrt(m / 2 ln(2 / confidence)) with m = 1 / n_cut - 1 / n. A step is a pair of prediction and label:
1 an error, 0 none. 40 bytes per series, 64 where both sides are tested.
"""

import math

import numpy as np
from msgspec import Struct

from detectors.codes import Bools, Floats, Integers
from detectors.sequential.fold import Rows, first, held, last


class State(Rows, frozen=True):
    """Pairs and errors since the last alarm, (series,); of each side's cut bound, mean and pairs, (series, sides)."""

    n: Integers
    errors: Integers
    least: Floats
    means: Floats
    cuts: Floats


class HddmA(Struct, frozen=True):
    """The detector: the chance of an alarm where nothing changed, and whether fewer errors are one too."""

    drift_confidence: float = 0.001
    two_sided: bool = False

    def start(self, series: int) -> State:
        """Nothing has been seen."""
        none, sides = np.zeros(series, np.int64), (series, 1 + self.two_sided)
        return State(none, none, np.full(sides, np.inf), np.zeros(sides), np.ones(sides))

    def walk(self, state: State, values: Floats, lengths: Integers) -> tuple[Integers, State]:
        """As `Sequential` says."""
        same = slice(1) if np.ptp(state.n) == 0 else slice(None)  # series of one age share what depends on it
        n = state.n[same, None] + np.arange(1, values.shape[1] + 1)
        errors = state.errors[:, None] + np.cumsum(values != 0, axis=1, dtype=np.int64)
        bounds = np.sqrt(1.0 / (2 * n) * math.log(1.0 / self.drift_confidence))
        mean: Floats = errors / n
        found = np.zeros(values.shape, np.bool_)
        sides = []
        for side, sign in enumerate((1, -1)[: 1 + self.two_sided]):
            before = state.least[:, side], state.means[:, side], state.cuts[:, side]
            more, *after = self._side(before, sign * mean, n, bounds)
            found |= more
            sides.append([last(each, lengths) for each in after])
        ends = (np.stack(each, axis=1) for each in zip(*sides, strict=True))
        return first(found, lengths), State(state.n + lengths, last(errors, lengths), *ends)

    def _side(
        self, before: tuple[Floats, Floats, Floats], mean: Floats, n: Integers, bounds: Floats
    ) -> tuple[Bools, Floats, Floats, Floats]:
        """Where the mean is surely above the one at the cut; the cut's bound, mean and number at each step."""
        reached = mean + bounds
        least = np.minimum(np.minimum.accumulate(reached, axis=1), before[0][:, None])
        new = reached <= least
        means = held(new, mean, before[1])
        cuts = held(new, np.broadcast_to(n, mean.shape), before[2])
        m = (n - cuts) / cuts * (1.0 / n)
        apart = mean - means >= np.sqrt(m / 2 * math.log(2.0 / self.drift_confidence))
        return apart & ~new, least, means, cuts
