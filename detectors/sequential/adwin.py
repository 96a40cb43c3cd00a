"""ADWIN: the steps since the last alarm fall into two parts whose means surely differ.

Bifet and Gavalda 2007, Learning from time-changing data with adaptive windowing; the cut's bound and the buckets are
those of River. Steps are summed in buckets of 1, 2, 4, ... of them, at most `max_buckets` of a size, oldest first. Once
in `clock` steps every border between two buckets is a cut: an alarm where the means on its sides differ by more than
eps = sqrt(2 m v ln(2 ln n / delta)) + 2 / 3 m ln(2 ln n / delta), with the variance v of all and
m = 1 / (n0 - least + 1) + 1 / (n1 - least + 1). Like River's, it then starts from nothing, so no bucket ever leaves. A
step is any number, such as a closed pane's mean; the bound supposes numbers that are at most 1 apart. 24 bytes per
series, and 40 more each time that the steps double.
"""

import numpy as np
from msgspec import Struct

from detectors.codes import Bools, Floats, Integers
from detectors.sequential.fold import Rows


class State(Rows, frozen=True):
    """Steps since the last alarm, their sum and squared deviations, (series,); sums (series, sizes, max_buckets)."""

    n: Integers
    total: Floats
    deviations: Floats
    buckets: Floats


class Adwin(Struct, frozen=True):
    """The detector; River's names and defaults."""

    delta: float = 0.002
    clock: int = 32
    max_buckets: int = 5
    min_window_length: int = 5
    grace_period: int = 10

    def start(self, series: int) -> State:
        """Nothing has been seen."""
        none = np.zeros(series)
        return State(np.zeros(series, np.int64), none, none, np.zeros((series, 1, self.max_buckets)))

    def walk(self, state: State, values: Floats, lengths: Integers) -> tuple[Integers, State]:
        """As `Sequential` says. Each time round, every series goes on up to when cuts are looked at next."""
        at, done, ahead = lengths.copy(), np.zeros_like(lengths), np.arange(self.clock)
        while (left := np.minimum(self.clock - state.n % self.clock, lengths - done)).any():
            places = np.minimum(done[:, None] + ahead, values.shape[1] - 1)
            steps = np.where(ahead < left[:, None], np.take_along_axis(values, places, axis=1), 0.0)
            state, done = self._add(state, steps, left), done + left
            due = (left > 0) & (state.n % self.clock == 0) & (state.n > self.grace_period)
            if len(rows := np.flatnonzero(due)):
                rang = rows[self._cut(state.at(rows))]
                at[rang], done[rang] = done[rang] - 1, lengths[rang]
        return at, state

    def _add(self, state: State, steps: Floats, left: Integers) -> State:
        """After the first so many of each row's steps; behind them are zeros."""
        total = np.cumsum(np.concatenate((state.total[:, None], steps), axis=1), axis=1)
        number = state.n[:, None] + np.arange(steps.shape[1])
        before = np.maximum(number, 1)
        off = steps - total[:, :-1] / before
        squared = np.where(np.arange(steps.shape[1]) < left[:, None], number * off * off / (number + 1), 0.0)
        deviations = np.cumsum(np.concatenate((state.deviations[:, None], squared), axis=1), axis=1)[:, -1]
        return State(state.n + left, total[:, -1], deviations, self._merge(state, steps, left))

    def _merge(self, state: State, steps: Floats, left: Integers) -> Floats:
        """The buckets after these steps: where one too many has a size, the two oldest become one of the next size."""
        buckets, most, n = state.buckets, self.max_buckets, state.n
        made: list[Floats] = []
        while left.any():
            if len(made) == buckets.shape[1]:
                buckets = np.pad(buckets, ((0, 0), (0, 1), (0, 0)))
            held = np.concatenate((buckets[:, len(made), :], np.zeros((len(n), steps.shape[1] + most + 1))), axis=1)
            np.put_along_axis(held, _kept(n, most)[:, None] + np.arange(steps.shape[1]), steps, axis=1)
            merged = _merged(n + left, most) - _merged(n, most)
            rest = np.take_along_axis(held, 2 * merged[:, None] + np.arange(most), axis=1)
            made.append(np.where(np.arange(most) < _kept(n + left, most)[:, None], rest, 0.0))
            widest = 2 * int(merged.max())
            steps = held[:, 0:widest:2] + held[:, 1:widest:2]
            n, left = _merged(n, most), merged
        return np.concatenate((np.stack(made, axis=1), buckets[:, len(made) :]), axis=1)

    def _cut(self, state: State) -> Bools:
        """Which series fall into two parts, (series,)."""
        series, sizes, most = state.buckets.shape
        counts = np.zeros((series, sizes), np.int64)
        n = state.n
        for size in range(sizes):
            counts[:, size], n = _kept(n, most), _merged(n, most)
        there = (np.arange(most) < counts[:, ::-1, None]).reshape(series, -1)
        sums = np.where(there, state.buckets[:, ::-1].reshape(series, -1), 0.0)
        lengths = there * np.repeat(2.0 ** np.arange(sizes)[::-1], most)
        total, width = state.total[:, None], state.n[:, None].astype(np.float64)
        n0 = np.cumsum(lengths, axis=1)
        n1 = width - n0
        u0 = np.cumsum(sums, axis=1)
        u1 = np.cumsum(np.concatenate((total, -sums), axis=1), axis=1)[:, 1:]
        least = self.min_window_length
        there &= (n1 > 0) & (n1 >= least) & (n0 >= least)
        n0, n1 = np.where(there, n0, least), np.where(there, n1, least)
        m = 1.0 / (n0 - least + 1.0) + 1.0 / (n1 - least + 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):  # one step, whose logarithm is 0
            surely = np.log(2.0 * np.log(width) / self.delta)
            bound = np.sqrt(2.0 * m * (state.deviations[:, None] / width) * surely) + 2.0 / 3.0 * surely * m
            apart = np.abs(u0 / n0 - u1 / n1)
        return np.asarray((there & (apart > bound)).any(axis=1))


def _merged(n: Integers, most: int) -> Integers:
    """How many pairs of buckets of a size have become one, after so many came to it."""
    return np.maximum((n - (most - 1)) // 2, 0)


def _kept(n: Integers, most: int) -> Integers:
    """How many buckets of a size there are, after so many came to it."""
    return n - 2 * _merged(n, most)
