"""Windows beside their slot of the days before, as the stream has it: what these days teach is learned once a day."""

from typing import NamedTuple

import numpy as np
from msgspec.structs import astuple

from detectors.budgets import ways
from detectors.verdict import judge
from detectors.verdict.apart import apart
from detectors.verdict.days import Days
from stream.config.checking.earlier import SLOTS


class Judged(NamedTuple):
    """P-values of windows, of which anything is known, and in how many ways they may alarm, (windows, features)."""

    p: np.ndarray
    known: np.ndarray
    ways: np.ndarray


def beside(now: np.ndarray, before: np.ndarray, on_line: int, n: int, tolerate: float) -> Judged:
    """The windows of one day, (slots, features, cells), and all that teach, (days, slots, features, cells).

    They are compared with those of the last `n` days; slots of a week begin with those of this day.
    """
    slots, features, cells = now.shape
    sizes, now = np.full(slots * features, cells), now.reshape(-1, cells)
    line = np.broadcast_to(np.arange(cells) < on_line, now.shape)
    days = Days.learn(before[:, :: -(-before.shape[1] // SLOTS)], line[:features], sizes[:features])
    earlier = before[-n:, :slots].reshape(n, -1, cells)
    known, spread, uneven = ~apart(earlier, line) | (tolerate > 0), None, np.zeros(len(now), np.bool_)
    if days is not None:
        days = Days(*(each[np.tile(np.arange(features), slots)] for each in astuple(days)[:-1]), days.windows)
        spread = days.spread(earlier, now.sum(axis=1), line, sizes)
        known, uneven = known | days.differ, days.differ & ~line.any(axis=1)
    expected = earlier.sum(axis=0)
    p = judge(expected, now, line, tolerate, spread, None, uneven).p
    found = p, known, ways(np.count_nonzero(expected, axis=1))
    return Judged(*(each.reshape(slots, features) for each in found))
