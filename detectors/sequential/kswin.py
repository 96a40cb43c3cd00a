"""KSWIN: the newest steps are distributed unlike a draw from the older ones of a window.

Raab, Heusinger and Schleif 2020, Reactive soft prototype computing for concept drift streams. Once a window is full,
each step draws as many of its older steps as there are newest ones, without replacement, and compares both by a
Kolmogorov-Smirnov test; an alarm is a p-value of at most alpha and a distance above 0.1. The draws are those of
Python's `random.Random(seed).sample`, as River's, which seeds anew after each alarm. A step is any number, such as a
closed pane's mean. 8 bytes per series for each step of the window, and 2,512 for the generator.
"""

from bisect import bisect_left
from collections.abc import Callable
from functools import cache, lru_cache
from math import ceil, log
from typing import Any

import numpy as np
import scipy
from msgspec import Struct
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.sequential.fold import Rows, first

Words = NDArray[np.uint32]

DISTANCE = 0.1  # that an alarm exceeds, as River has it
TESTS = 512  # at a time: their sorted samples stay in the second-level cache


class State(Rows, frozen=True):
    """Steps since the last alarm, and a place in the generator's words, (series,); window and words (series, each)."""

    n: Integers
    window: Floats
    words: Words
    place: Integers


class Kswin(Struct, frozen=True):
    """The detector; River's names and defaults, but for the seed, which there is none by default."""

    alpha: float = 0.005
    window_size: int = 100
    stat_size: int = 30
    seed: int = 1

    def start(self, series: int) -> State:
        """Nothing has been seen."""
        words, place = _seeded(self.seed)
        window = np.zeros((series, self.window_size))
        return State(np.zeros(series, np.int64), window, np.tile(words, (series, 1)), np.full(series, place))

    def walk(self, state: State, values: Floats, lengths: Integers) -> tuple[Integers, State]:
        """As `Sequential` says."""
        size = self.window_size
        steps = np.concatenate((state.window, values), axis=1)
        windows = sliding_window_view(steps, size, axis=1)[:, 1:]
        drawn, words, place = self._draw(state, lengths, values.shape[1])
        full = state.n[:, None] + np.arange(1, values.shape[1] + 1) >= size
        found = np.zeros(values.shape, np.bool_)
        rows, columns = np.nonzero(full & (np.arange(values.shape[1]) < lengths[:, None]))
        for start in range(0, len(rows), TESTS):
            row, column = rows[start : start + TESTS], columns[start : start + TESTS]
            window = windows[row, column]
            older = np.take_along_axis(window, drawn[row, column], axis=1)
            found[row, column] = _gaps(older, window[:, size - self.stat_size :]) >= _least(self.alpha, self.stat_size)
        ends = windows[np.arange(len(steps)), lengths - 1]
        return first(found, lengths), State(state.n + lengths, ends, words, place)

    def _draw(self, state: State, lengths: Integers, width: int) -> tuple[Integers, Words, Integers]:
        """What each step draws, (series, columns, drawn), and the generators after them. Series of one age share it."""
        drawn = np.zeros((len(lengths), width, self.stat_size), np.int64)
        words, place = state.words.copy(), state.place.copy()
        ages, which = np.unique(np.stack((state.n, lengths), axis=1), axis=0, return_inverse=True)
        for i, (n, length) in enumerate(ages.tolist()):
            rows = np.flatnonzero(which.reshape(-1) == i)
            tests = n + length - max(n, self.window_size - 1)
            if tests > 0:
                known = state.words[rows[0]], int(state.place[rows[0]])
                drawn[rows, length - tests : length], words[rows], place[rows] = _samples(
                    *known, tests, self.window_size - self.stat_size, self.stat_size
                )
        return drawn, words, place


def _gaps(older: Floats, newest: Floats) -> Integers:
    """The greatest difference between how many of each are at most some value, (tests,)."""
    n = older.shape[1]
    both = np.concatenate((older, newest), axis=1)
    order = both.argsort(axis=1)
    both = np.take_along_axis(both, order, axis=1)
    ahead = np.cumsum(np.where(order < n, 1, -1), axis=1)
    told = np.concatenate((both[:, 1:] != both[:, :-1], np.ones((len(both), 1), np.bool_)), axis=1)
    return np.asarray(np.abs(np.where(told, ahead, 0)).max(axis=1))


@lru_cache(maxsize=64)
def _least(alpha: float, n: int) -> int:
    """The least difference that alarms, among n and n."""

    def rare(gap: int) -> bool:
        other = np.arange(n) + gap - 0.5
        return gap / n > DISTANCE and float(scipy.stats.ks_2samp(np.arange(n), other).pvalue) <= alpha

    return 1 + bisect_left(range(1, n + 1), True, key=rare)


@cache
def _seeded(seed: int) -> tuple[Words, int]:
    """The generator that Python's `random.Random(seed)` is, and its place. Nobody changes the words."""
    keys = [seed >> shift & 0xFFFFFFFF for shift in range(0, max(1, seed.bit_length()), 32)]
    state: Any = np.random.RandomState(keys).get_state(legacy=False)
    return state["state"]["key"].astype(np.uint32), int(state["state"]["pos"])


def _samples(words: Words, place: int, tests: int, n: int, k: int) -> tuple[Integers, Words, int]:
    """What `tests` times `random.sample(range(n), k)` gives, (tests, k), and the generator after it."""
    source: Any = np.random.MT19937()
    known = {"bit_generator": "MT19937", "state": {"key": words, "pos": place}}
    source.state = known
    used, raw = 0, iter(source.random_raw(2 * k * tests).tolist())

    def below(limit: int) -> int:
        nonlocal used
        while True:
            used += 1
            number: int = next(raw, -1)
            number = (number if number >= 0 else int(source.random_raw())) >> (32 - limit.bit_length())
            if number < limit:
                return number

    # Python draws from a list of all where that is smaller than a set of those already drawn.
    sample = _pooled if n <= 21 + (4 ** ceil(log(k * 3, 4)) if k > 5 else 0) else _sought
    drawn = np.array([sample(below, n, k) for _ in range(tests)])
    source.state = known
    source.random_raw(used)
    after = source.state["state"]
    return drawn, after["key"], int(after["pos"])


def _pooled(below: Callable[[int], int], n: int, k: int) -> list[int]:
    pool, drawn = list(range(n)), []
    for left in range(n, n - k, -1):
        at = below(left)
        drawn.append(pool[at])
        pool[at] = pool[left - 1]
    return drawn


def _sought(below: Callable[[int], int], n: int, k: int) -> list[int]:
    drawn: dict[int, None] = {}
    while len(drawn) < k:
        drawn.setdefault(below(n))
    return list(drawn)
