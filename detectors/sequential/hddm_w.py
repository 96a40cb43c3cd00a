"""HDDM-W: a moving average since a cut is surely above the one up to it, by McDiarmid's inequality.

Frias-Blanco and others 2015, Online and non-parametric drift detection methods based on Hoeffding's bounds, the W-test.
An exponentially weighted average has the bound sqrt(b ln(1 / confidence) / 2), where b is the sum of its squared
weights. The cut is where average plus bound was least; an average of what came after it, beyond the one at the cut by
the bound of both, is an alarm. Step: a pair of prediction and label: 1 an error, 0 none. 64 bytes per series, 104 where
both sides are tested.
"""

import math

import numpy as np
import scipy
from msgspec import Struct

from detectors.codes import Bools, Floats, Integers
from detectors.sequential.fold import Rows, first, held, last


class State(Rows, frozen=True):
    """Pairs, average and its squared weights since the last alarm, (series,); of each side, (series, sides), the cut.

    That is: the least average plus bound; average, squared weights and number there; the first value after it.
    """

    n: Integers
    average: Floats
    weights: Floats
    least: Floats
    cut_average: Floats
    cut_weights: Floats
    cut: Integers
    opening: Floats


class HddmW(Struct, frozen=True):
    """The detector: the chance of an alarm, the weight of the newest pair, and whether fewer errors are one too."""

    drift_confidence: float = 0.001
    lambda_val: float = 0.05
    two_sided: bool = False

    def start(self, series: int) -> State:
        """Nothing has been seen."""
        none, sides = np.zeros(series), (series, 1 + self.two_sided)
        cut = np.zeros(sides), np.zeros(sides), np.zeros(sides, np.int64), np.zeros(sides)
        return State(np.zeros(series, np.int64), none, np.ones(series), np.full(sides, np.inf), *cut)

    def walk(self, state: State, values: Floats, lengths: Integers) -> tuple[Integers, State]:
        """As `Sequential` says."""
        n = state.n[:, None] + np.arange(1, values.shape[1] + 1)
        x = (values != 0).astype(np.float64)
        average = self._average(state, x)
        # Of series of one age, the squared weights are the same.
        same = slice(1) if np.ptp(state.n) == 0 else slice(None)
        c = (1 - self.lambda_val) ** 2
        added = np.full((len(state.n[same]), values.shape[1]), self.lambda_val * self.lambda_val)
        weights, _ = scipy.signal.lfilter([1.0], [1.0, -c], added, axis=1, zi=c * state.weights[same, None])
        weights = np.broadcast_to(weights, values.shape)
        found = np.zeros(values.shape, np.bool_)
        sides = []
        for side, sign in enumerate((1, -1)[: 1 + self.two_sided]):
            before = state.least[:, side], *_cut(state, side)
            more, *after = self._side(before, sign * average, weights, n, sign * x)
            found |= more
            sides.append([last(each, lengths) for each in after])
        ends = (np.stack(each, axis=1) for each in zip(*sides, strict=True))
        whole = last(average, lengths), last(weights, lengths)
        return first(found, lengths), State(state.n + lengths, *whole, *ends)

    def _average(self, state: State, x: Floats) -> Floats:
        """Weighted averages; the first pair is the first average."""
        keep = 1 - self.lambda_val
        begun = np.where(state.n == 0, x[:, 0], self.lambda_val * x[:, 0] + keep * state.average)
        after = scipy.signal.lfilter([self.lambda_val], [1.0, -keep], x[:, 1:], axis=1, zi=(keep * begun)[:, None])[0]
        return np.concatenate((begun[:, None], after), axis=1)

    def _side(
        self,
        before: tuple[Floats, Floats, Floats, Integers, Floats],
        average: Floats,
        weights: Floats,
        n: Integers,
        x: Floats,
    ) -> tuple[Bools, Floats, Floats, Floats, Integers, Floats]:
        """Where what came after the cut is surely above it, and what the cut is at each step."""
        reached = average + np.sqrt(weights * math.log(1.0 / self.drift_confidence) / 2)
        least = np.minimum(np.minimum.accumulate(reached, axis=1), before[0][:, None])
        new = reached < np.concatenate((before[0][:, None], least[:, :-1]), axis=1)
        cut = tuple(held(new, each, known) for each, known in zip((average, weights, n), before[1:4], strict=True))
        opens = np.concatenate(((before[3] == n[:, 0] - 1)[:, None], new[:, :-1]), axis=1)
        opening = held(opens, x, before[4])
        age = n - cut[2]
        # Both averages weigh what came after the cut alike; they differ in what they held when it came.
        later = average + np.exp(age * math.log1p(-self.lambda_val)) * (opening - cut[0])
        c = (1 - self.lambda_val) ** 2
        settled = self.lambda_val**2 / (1 - c)
        bound = cut[1] + settled + (1 - settled) * np.exp(age * math.log(c))
        found = later - cut[0] > np.sqrt(bound * math.log(1.0 / self.drift_confidence) / 2)
        return found & ~new, least, *cut, opening


def _cut(state: State, side: int) -> tuple[Floats, Floats, Integers, Floats]:
    return state.cut_average[:, side], state.cut_weights[:, side], state.cut[:, side], state.opening[:, side]
