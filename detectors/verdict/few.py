"""Sets that hold few values: their chances are counted, and so is how few p-values they can have at all.

A count of 3 is followed by 4, so hardly any p-value is attained, and a fall below 1 can be no surprise at all. As many
trials as there are sets would cost most of the level then: a set counts by the chance that it really has.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from detectors.codes import Floats
from detectors.verdict.sets import total

Bools = NDArray[np.bool_]

MANY: Final = 20.0  # values of the smaller sample in a set, or outside of it: so many and the tail of a root is right
CANDIDATE, CALM = 0.05, 1.2  # the p-value by a root, and the inflation, below which the exact one is taken
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

    def exact(self, each: Floats | float = 1.0) -> Floats:
        """Twice the chance of as few or as many values now, given how many both samples have; at most 1.

        `each` values say as much as one independent one. Of a set that holds most values, what it lacks is counted.
        """
        rest = 2 * (self.before + self.now) > self.m + self.n
        before, now = np.where(rest, self.m - self.before, self.before), np.where(rest, self.n - self.now, self.now)
        before, now = before / each, now / each
        size, share = _draws(before + now, self.m / each, self.n / each)
        as_many = np.where(now > 0, betainc(np.maximum(now, TINY), np.maximum(size - now, 0.0) + 1.0, share), 1.0)
        as_few = np.where(size > now, 1 - betainc(now + 1.0, np.maximum(size - now, TINY), share), 1.0)
        return np.where(before + now > 0, np.minimum(2 * np.minimum(as_many, as_few), 1.0), 1.0)


def settled(p: Floats, pairs: Pairs, inflation: Floats, few: Bools) -> Floats:
    """P-values of sets by their roots, exact where there are few values, (series, sets)."""
    rows, which = np.nonzero(few & (p < CANDIDATE))
    each, p = inflation[rows, which], p.copy()
    exact = pairs.take(rows, which).exact(each)
    p[rows, which] = np.where(each < CALM, exact, np.maximum(exact, p[rows, which]))
    return p


def real(p: Floats, pairs: Pairs, inflation: Floats, few: Bools) -> Floats:
    """The share of trials that sets really are of attaining the smallest of their p-values, (series, 1), at most 1.

    Tarone 1990, A modified Bonferroni method for discrete data.
    """
    both, size = pairs.before + pairs.now, pairs.m + pairs.n
    least, occupied = p.min(axis=1, keepdims=True), both > 0
    held = occupied.sum(axis=1, keepdims=True)
    rows, which = np.nonzero(few & occupied & (both < size) & (inflation < CALM) & (least > 0) & (least * held < 2))
    m, n = pairs.m[rows, 0], pairs.n[rows, 0]
    fewer = np.minimum(both[rows, which], m + n - both[rows, which])
    chance = np.where(occupied, least, 0.0)
    chance[rows, which] = attained(least[rows, 0], fewer, m, n, inflation[rows, which])
    return np.asarray(total(chance)[:, None] / np.maximum(least * held, TINY))


def attained(p: Floats, both: Floats, m: Floats, n: Floats, each: Floats) -> Floats:
    """The chance that `Pairs.exact` is at most `p`, given that both samples have so many, the lesser part of all."""
    size, share = _draws(both / each, m / each, n / each)
    middle, most = size * share * each, size * each
    reach = np.ceil(REACH * np.sqrt(middle * (1 - share) * each) + 4 * REACH)

    def as_many(y: Floats) -> Floats:
        chance = betainc(np.maximum(y, 1.0) / each, np.maximum(most - y, 0.0) / each + 1.0, share)
        return np.where(y > both, 0.0, chance)

    def as_few(y: Floats) -> Floats:
        return np.where(
            y < 0, 0.0, 1 - betainc(np.maximum(y, 0.0) / each + 1.0, np.maximum(most - y, TINY) / each, share)
        )

    low, high = np.floor(middle), np.ceil(middle)  # either is as likely as not: the median is no further from the mean
    never = np.maximum(high - reach, -1.0)
    return _greatest(as_many, p / 2, low, low + reach) + _greatest(as_few, p / 2, high, never)


def _greatest(chance: Callable[[Floats], Floats], p: Floats, likely: Floats, never: Floats) -> Floats:
    """The greatest chance up to `p` of whole numbers between one that is likelier and one that is not."""
    for _ in range(int(np.ceil(np.log2(np.max(np.abs(never - likely), initial=1.0)))) + 1):
        middle = np.trunc((likely + never) / 2)
        above = chance(middle) > p
        likely, never = np.where(above, middle, likely), np.where(above, never, middle)
    return np.minimum(chance(never), p)


def _draws(both: Floats, m: Floats, n: Floats) -> tuple[Floats, Floats]:
    """The size and share of the binomial with mean and variance of a hypergeometric: how many of `both` are now.

    Of rare values it is `both` and the share of the second sample (Przyborowski and Wilenski 1940, Homogeneity of
    results in testing samples from Poisson series); beside a large first sample, `n` and the share of the values.
    """
    share = 1 - m / (m + n) * (1 - both / (m + n))
    return both * n / (m + n) / np.maximum(share, TINY), share
