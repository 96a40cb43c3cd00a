"""EDDM: errors surely follow each other more closely than they once did; it sees gradual changes sooner than DDM.

Baena-Garcia and others 2006, Early drift detection method. Of the distances between errors since the last alarm, mean
plus two standard deviations is compared with the greatest that it has been: below a share `beta` of it is an alarm. A
step is a pair of prediction and label: 1 an error, 0 none. 40 bytes per series.
"""

import numpy as np
from msgspec import Struct

from detectors.codes import Floats, Integers
from detectors.sequential.fold import Rows, first, last


class State(Rows, frozen=True):
    """Pairs, errors and the last error's number since the last alarm; the distances' squares added up; the greatest."""

    n: Integers
    errors: Integers
    newest: Integers
    squares: Floats
    greatest: Floats


class Eddm(Struct, frozen=True):
    """The detector: pairs and errors before the first alarm, and the share that is one; River's defaults."""

    warm_start: int = 30
    beta: float = 0.9

    def start(self, series: int) -> State:
        """Nothing has been seen."""
        none = np.zeros(series, np.int64)
        return State(none, none, none, np.zeros(series), np.full(series, -1.0))

    def walk(self, state: State, values: Floats, lengths: Integers) -> tuple[Integers, State]:
        """As `Sequential` says."""
        wrong = values != 0
        n = state.n[:, None] + np.arange(1, values.shape[1] + 1)
        errors = state.errors[:, None] + np.cumsum(wrong, axis=1, dtype=np.int64)
        at = np.maximum(np.maximum.accumulate(np.where(wrong, n, 0), axis=1), state.newest[:, None])
        before = np.concatenate((state.newest[:, None], at[:, :-1]), axis=1)
        squares = np.where(wrong, np.square(n - before, dtype=np.float64), 0.0)  # whole numbers: sums are exact
        squares = state.squares[:, None] + np.cumsum(squares, axis=1)
        # The distances of all errors so far add up to the number of the last one.
        k = np.maximum(errors, 1)
        variance = np.maximum(squares - at * (at / k), 0.0) / np.maximum(k - 1, 1)
        reached = at / k + 2 * np.sqrt(variance)
        counts = wrong & (n > self.warm_start)
        highest = np.maximum.accumulate(np.where(counts, reached, -1.0), axis=1)
        greatest = np.maximum(highest, state.greatest[:, None])
        found = counts & (errors > self.warm_start) & (reached < greatest)
        found &= reached / np.where(found, greatest, 1.0) < self.beta
        ends = (last(each, lengths) for each in (errors, at, squares, greatest))
        return first(found, lengths), State(state.n + lengths, *ends)
