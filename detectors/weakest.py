"""The weakest segments of a window: those surely worse than the rest of it, with the share of false ones controlled.

"Worse" is greater here: shares of errors, means of losses. What is better when it is greater comes with the other sign.
Benjamini and Hochberg 1995, Controlling the false discovery rate. Segments of different fields overlap, so their
independence is not given; what Benjamini and Yekutieli 2001 ask for any dependence would cost the logarithm of the
number of segments, and overlapping segments were measured to keep the rate without it (tests/honesty/weakest.py).
"""

from typing import NamedTuple, Protocol, Self

import numpy as np
from scipy.special import stdtrit

from detectors.codes import Floats, Integers
from detectors.proportions import least_difference, limits, share

SMALLEST = 50  # values on either side before a mean is near enough to normal; shares of errors need none


class Gaps(Protocol):
    """By how much segments are worse than the rest of their window."""

    @property
    def sizes(self) -> Integers:
        """Pairs of each segment, (segments,)."""

    @property
    def effects(self) -> Floats:
        """Each segment's value less that of the rest; nan where one of them is empty, (segments,)."""

    def take(self, rows: Integers) -> Self:
        """Only these segments."""

    def least(self, level: float) -> Floats:
        """Lower limits of the effects, each missed with a chance of at most `level`; nan: unknown, (segments,)."""


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
        """Only these segments."""
        return type(self)(*(column[rows] for column in self))

    def least(self, level: float) -> Floats:
        """Lower limits of the effects, each missed with a chance of at most `level`; nan: unknown, (segments,)."""
        mine, rest = share(self.errors, self.sizes), share(self.errors_rest, self.sizes_rest)
        low, _ = limits(self.errors, self.sizes, level)
        _, high = limits(self.errors_rest, self.sizes_rest, level)
        return least_difference(mine, low, rest, high)


class ValueGaps(NamedTuple):
    """Gaps between values with standard errors, such as means of losses; or any metric that has one."""

    values: Floats  # (segments,)
    errors: Floats  # standard errors
    sizes: Integers
    values_rest: Floats
    errors_rest: Floats
    sizes_rest: Integers

    @classmethod
    def of_means(cls, sizes: Integers, means: Floats, variances: Floats, everything: tuple[int, float, float]) -> Self:
        """Segments' sizes, means and variances (divided by n), (segments,), and the same of the whole window."""
        size, mean, variance = everything
        n, rest = np.maximum(sizes, 1), size - sizes
        m = np.maximum(rest, 1)
        # Sums of values and of squares around the window's mean: nothing great is taken from anything great.
        far = np.where(sizes > 0, means - mean, 0.0)
        squares = np.where(sizes > 0, variances, 0.0) + far**2
        far_rest = -sizes * far / m
        variances_rest = np.maximum((size * variance - sizes * squares) / m - far_rest**2, 0.0)
        mine = np.sqrt(variances / np.maximum(n - 1, 1))
        return cls(means, mine, sizes, mean + far_rest, np.sqrt(variances_rest / np.maximum(m - 1, 1)), rest)

    @property
    def effects(self) -> Floats:
        """Each segment's value less that of the rest; nan where one of them is empty, (segments,)."""
        known = np.minimum(self.sizes, self.sizes_rest) > 0
        return np.where(known, self.values - self.values_rest, np.nan)

    def take(self, rows: Integers) -> Self:
        """Only these segments."""
        return type(self)(
            self.values[rows],
            self.errors[rows],
            self.sizes[rows],
            self.values_rest[rows],
            self.errors_rest[rows],
            self.sizes_rest[rows],
        )

    def least(self, level: float) -> Floats:
        """Lower limits of the effects, each missed with a chance of about `level`; nan: unknown, (segments,).

        Welch 1947, The generalization of Student's problem when several different population variances are involved.
        A few values that lack the distribution's long tail have a mean far from it and a small variance; so the side
        with fewer is taken to vary at least as much, per value, as the other.
        """
        known = np.minimum(self.sizes, self.sizes_rest) >= SMALLEST
        n, m = np.maximum(self.sizes, 2), np.maximum(self.sizes_rest, 2)
        mine, rest = n * self.errors**2, m * self.errors_rest**2
        mine, rest = (
            np.where(n < m, np.maximum(mine, rest), mine) / n,
            np.where(m < n, np.maximum(mine, rest), rest) / m,
        )
        both = mine + rest
        known &= both > 0
        freedom = np.where(known, both, 1.0) ** 2 / np.where(known, mine**2 / (n - 1) + rest**2 / (m - 1), 1.0)
        return np.where(known, self.effects + stdtrit(freedom, level) * np.sqrt(both), np.nan)


class Weakest(NamedTuple):
    """Segments that are surely worse, the worst first, (found,) each."""

    segments: Integers  # their rows
    effects: Floats
    lows: Floats  # of such limits of what was found, at most a share alpha is missed
    shares: Floats  # of the window's pairs
    sizes: Integers


def weakest(gaps: Gaps, total: int, alpha: float = 0.05, tolerate: float = 0.0) -> Weakest:
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
