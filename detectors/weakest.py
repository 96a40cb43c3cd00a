"""The weakest segments of a window: those surely worse than the rest of it, with the share of false ones controlled.

"Worse" is a greater share of errors.
Benjamini and Hochberg 1995, Controlling the false discovery rate. Segments of different fields overlap, so their
independence is not given; what Benjamini and Yekutieli 2001 ask for any dependence would cost the logarithm of the
number of segments, and overlapping segments were measured to keep the rate without it (tests/honesty/weakest.py).
"""

from typing import NamedTuple, Self

import numpy as np

from detectors.codes import Floats, Integers
from detectors.proportions import least_difference, limits, share


class ErrorGaps(NamedTuple):
    """Gaps between shares of errors; their limits are exact ones, so that few pairs are enough."""

    errors: Integers  # (segments,)
    sizes: Integers
    errors_rest: Integers
    sizes_rest: Integers

    @classmethod
    def of(cls, errors: Integers, sizes: Integers, errors_all: int, size_all: int) -> Self:
        """Segments (segments,) of a window with so many errors in so many pairs."""
        return cls(errors, sizes, errors_all - errors, size_all - sizes)

    @property
    def effects(self) -> Floats:
        """Each segment's share less that of the rest; nan where one of them is empty, (segments,)."""
        return share(self.errors, self.sizes) - share(self.errors_rest, self.sizes_rest)

    def take(self, rows: Integers) -> Self:
        """The gaps of these segments only, (rows,)."""
        return type(self)(*(column[rows] for column in self))

    def least(self, level: float) -> Floats:
        """Lower limits of the effects, each missed with a chance of at most `level`; nan: unknown, (segments,)."""
        mine, rest = share(self.errors, self.sizes), share(self.errors_rest, self.sizes_rest)
        low, _ = limits(self.errors, self.sizes, level)
        _, high = limits(self.errors_rest, self.sizes_rest, level)
        return least_difference(mine, low, rest, high)


class Weakest(NamedTuple):
    """Segments that are surely worse, the worst first, (found,) each."""

    segments: Integers  # their rows
    effects: Floats
    lows: Floats  # of such limits of what was found, at most a share alpha is missed
    shares: Floats  # of the window's pairs
    sizes: Integers


def weakest(gaps: ErrorGaps, total: int, alpha: float = 0.05, tolerate: float = 0.0) -> Weakest:
    """The segments of `total` pairs that are surely worse than the rest of them by more than `tolerate`.

    In the mean, at most a share `alpha` of what is found is not. The procedure finds as many as have their limit above
    `tolerate` at a level of alpha times the share of segments found. That is also the level at which limits of what was
    found are right: Benjamini and Yekutieli 2005, False discovery rate-adjusted multiple confidence intervals for
    selected parameters.
    """
    segments = len(gaps.sizes)
    rows = np.flatnonzero(gaps.effects > tolerate)
    lows = np.empty(0)
    while len(rows):  # from all that may be found downwards: the greatest number that confirms itself
        lows = gaps.take(rows).least(alpha * len(rows) / segments)
        found = lows > tolerate
        if found.all():
            break
        rows, lows = rows[found], lows[found]
    worst = np.argsort(-gaps.effects[rows], kind="stable")
    rows, lows = rows[worst], lows[worst]
    return Weakest(rows, gaps.effects[rows], lows, gaps.sizes[rows] / max(total, 1), gaps.sizes[rows])
