"""Sets that hold few values: their chances are counted, and so is how few p-values they can have at all.

A count of 3 is followed by 4, so hardly any p-value is attained, and a fall below 1 can be no surprise at all. As many
trials as there are sets would cost most of the level then: a set counts by the chance that it really has.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtr

from detectors.codes import Bools, Floats, Integers
from detectors.verdict.sets import total

MANY: Final = 20.0  # values of the smaller sample in a set, or outside of it: so many and the tail of a root is right
CANDIDATE, CALM = 0.05, 1.2  # the p-value by a root, and the inflation, below which the exact one is taken
DECISIVE: Final = 0.1  # p-values above can be taken for greater than they are: no level is that great
REACH: Final = 10.0  # standard errors, and four times as many values: no chance beyond that is worth counting
TINY: Final = 1e-300


class Pairs(NamedTuple):
    """How many values of `m` are in each set before, and of `n` now, of one shape; (series, 1) is enough for both."""

    before: Floats
    now: Floats
    m: Floats
    n: Floats

    def take(self, *at: NDArray[np.int64]) -> "Pairs":
        """Those of some series and sets."""
        return Pairs(self.before[at], self.now[at], self.m[at[0], 0], self.n[at[0], 0])

    def few(self) -> Bools:
        """Whether less than MANY of the smaller sample are to be expected in a set, or outside of it."""
        both, size = self.before + self.now, self.m + self.n
        return np.asarray(np.minimum(both, size - both) * np.minimum(self.m, self.n) < MANY * size)

    def exact(self, inflation: Floats | float = 1.0) -> Floats:
        """Twice the chance of as few or as many values now, given how many both samples have; at most 1.

        `inflation` is how much more the counts vary than independent draws. Of a set that holds most values, what it
        lacks is counted.
        """
        rest = 2 * (self.before + self.now) > self.m + self.n
        before, now = np.where(rest, self.m - self.before, self.before), np.where(rest, self.n - self.now, self.now)
        draws = _Draws.of(before + now, self.m, self.n, inflation)
        both = before + now > 0
        return np.where(both, np.minimum(2 * np.minimum(draws.as_many(now), draws.as_few(now)), 1.0), 1.0)


class _Draws(NamedTuple):
    """The binomial by which the count now, `middle` in the mean, is one of a size, in steps of `each`.

    It has mean and variance of a hypergeometric. Of rare values it is that of how many of them are now (Przyborowski
    and Wilenski 1940, Homogeneity of results in testing samples from Poisson series); beside a large first sample, that
    of the share of the values. Where counts vary more, it has that variance, and the skewness of values that come
    together: now and then where they vary little more, as those of a negative binomial do, else nearly all alike.
    """

    size: Floats
    share: Floats
    middle: Floats
    each: Floats | float

    @classmethod
    def of(cls, both: Floats, m: Floats, n: Floats, inflation: Floats | float) -> "_Draws":
        # The third moment over the second, where inflation is the second over the first: simulated of user sessions.
        each = inflation + np.minimum(inflation - 1, 1)
        share = 1 - m / (m + n) * (1 - both / (m + n))
        middle = both * n / (m + n)
        return cls(middle * inflation / each**2 / np.maximum(share, TINY), share, middle, each)

    def as_many(self, now: Floats) -> Floats:
        """The chance of so many values now or more."""
        steps = self._steps(now)
        chance = betainc(np.maximum(steps, TINY), np.maximum(self.size - steps, 0.0) + 1.0, self.share)
        return np.where((now > 0) & (steps > 0), chance, 1.0)

    def as_few(self, now: Floats) -> Floats:
        """The chance of so many values now or fewer."""
        steps = np.maximum(self._steps(now), 0.0)
        chance = 1 - betainc(steps + 1.0, np.maximum(self.size - steps, TINY), self.share)
        return np.where(steps < self.size, chance, 1.0)

    def _steps(self, now: Floats) -> Floats:
        return self.size * self.share + (now - self.middle) / self.each


def settled(p: Floats, roots: Floats, pairs: Pairs, inflation: Floats, few: Bools) -> Floats:
    """P-values of sets by their roots, exact where there are few values, (series, sets).

    How much counts vary is known no better of few: what that adds to the tail of a root, it adds to a counted one. Of
    values that come together, a step is more than one, which is doubt enough.
    """
    rows, which = np.nonzero(few & (p < CANDIDATE))
    each, by_root, p = inflation[rows, which], p[rows, which], p.copy()
    exact, sure = pairs.take(rows, which).exact(each), 2 * ndtr(-np.abs(roots[rows, which]))
    doubt = np.where(sure > 0, by_root / np.maximum(sure, TINY), 1.0)
    p[rows, which] = np.where(each < CALM, np.minimum(exact * doubt, 1.0), np.maximum(exact, by_root))
    return p


def real(p: Floats, pairs: Pairs, inflation: Floats, few: Bools) -> Floats:
    """The share of trials that sets really are of attaining the smallest of their p-values, (series, 1), at most 1.

    Tarone 1990, A modified Bonferroni method for discrete data.
    """
    both, size = pairs.before + pairs.now, pairs.m + pairs.n
    least, occupied = p.min(axis=1, keepdims=True), both > 0
    held = occupied.sum(axis=1, keepdims=True)
    decisive = least * np.maximum((occupied & ~few).sum(axis=1, keepdims=True), 1) < DECISIVE
    rows, which = np.nonzero(few & occupied & (both < size) & (least > 0) & decisive)
    m, n = pairs.m[rows, 0], pairs.n[rows, 0]
    fewer = np.minimum(both[rows, which], m + n - both[rows, which])
    each, chance = inflation[rows, which], np.where(occupied, least, 0.0)
    first, same = _distinct(rows, fewer, each)
    chance[rows, which] = attained(least[rows[first], 0], fewer[first], m[first], n[first], each[first])[same]
    share = total(chance)[:, None] / np.maximum(least * held, TINY)
    return np.where(least > 0, share, 1.0)  # of what no number tells from 0 nothing can be said, and nothing need be


def _distinct(rows: Integers, fewer: Floats, inflation: Floats) -> tuple[Integers, Integers]:
    """Where sets of a series first hold so few, and which of these each one is like: of many rare ones, most are."""
    if (inflation != 1).any():
        every = np.arange(len(rows))
        return every, every
    key = rows * (np.max(fewer, initial=0.0) + 1) + fewer
    _, first, same = np.unique(key, return_index=True, return_inverse=True)
    return first, same.ravel()


def attained(p: Floats, both: Floats, m: Floats, n: Floats, inflation: Floats) -> Floats:
    """The chance that `Pairs.exact` is at most `p`, given that both samples have so many, the lesser part of all."""
    draws = _Draws.of(both, m, n, inflation)
    reach = np.ceil(REACH * np.sqrt(draws.middle * inflation) + 4 * REACH * draws.each)
    low, high = np.floor(draws.middle), np.ceil(draws.middle)  # about as likely as not, either
    many = _greatest(lambda y: np.where(y > both, 0.0, draws.as_many(y)), p / 2, low, low + reach)
    few = _greatest(lambda y: np.where(y < 0, 0.0, draws.as_few(y)), p / 2, high, np.maximum(high - reach, -1.0))
    return many + few


def _greatest(chance: Callable[[Floats], Floats], p: Floats, likely: Floats, never: Floats) -> Floats:
    """The greatest chance up to `p` of whole numbers between one that is likelier and one that is not."""
    for _ in range(int(np.ceil(np.log2(np.max(np.abs(never - likely), initial=1.0)))) + 1):
        middle = np.trunc((likely + never) / 2)
        above = chance(middle) > p
        likely, never = np.where(above, middle, likely), np.where(above, never, middle)
    return np.minimum(chance(never), p)
