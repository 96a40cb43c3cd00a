"""What a test of two samples says, and what it is given."""

from typing import NamedTuple

import numpy as np

from detectors.codes import Floats

SMALLEST = 2  # values of either side


class Outcome(NamedTuple):
    """A statistic as the books define it, the chance of a greater one without a change, and a size-free effect."""

    statistic: float
    p: float
    effect: float


UNKNOWN = Outcome(np.nan, np.nan, np.nan)  # too little to say anything


class Samples(NamedTuple):
    """Finite values, ascending; what is missing or infinite is no value, and has cells of its own in a grid."""

    expected: Floats  # (m,)
    observed: Floats  # (n,)

    @classmethod
    def of(cls, expected: Floats, observed: Floats) -> "Samples":
        """The samples of values in any order and shape, of which those that are not finite are left out."""
        before, now = (np.asarray(side, np.float64).ravel() for side in (expected, observed))
        return cls(*(np.sort(side[np.isfinite(side)]) for side in (before, now)))

    @property
    def few(self) -> bool:
        """Whether a side has too few."""
        return min(len(self.expected), len(self.observed)) < SMALLEST

    @property
    def constant(self) -> bool:
        """Whether all values of both sides are one."""
        return bool(max(self.expected[-1], self.observed[-1]) == min(self.expected[0], self.observed[0]))

    @property
    def effective(self) -> float:
        """What a squared gap is multiplied by to be evidence: m n / (m + n)."""
        m, n = len(self.expected), len(self.observed)
        return m * n / (m + n)

    @property
    def exponent(self) -> int:
        """The power of two that is above all values."""
        ends = np.abs([self.expected[[0, -1]], self.observed[[0, -1]]])
        return int(np.frexp(ends.max(initial=0.0))[1])

    def scaled(self) -> "Samples":
        """Divided by that power of two, so that squares and sums of them are finite."""
        return Samples(*(np.ldexp(side, -self.exponent) for side in self))

    def counts(self) -> tuple[Floats, Floats, Floats]:
        """Distinct values of both, and how often each side has them: (k,) each."""
        values, place = np.unique(np.concatenate(self), return_inverse=True)
        m = len(self.expected)
        before, now = (np.bincount(side, minlength=len(values)) for side in (place[:m], place[m:]))
        return values, before.astype(np.float64), now.astype(np.float64)
