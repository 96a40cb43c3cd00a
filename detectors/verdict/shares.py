"""Whether a share rose or fell by more than is tolerated: roots of likelihood ratios."""

import numpy as np
from scipy.special import xlogy

from detectors.codes import Floats

TINY = 1e-300


def roots(before: Floats, now: Floats, m: Floats, n: Floats, tolerate: Floats) -> Floats:
    """The signed root of the likelihood ratio of "the share changed by more than `tolerate`", of one shape.

    `before` of `m` and `now` of `n` values lie in a set. 0 where the shares are that near; nearly normal where the
    true change is what is tolerated. The restricted estimate is that of Miettinen and Nurminen 1985, Comparative
    analysis of two rates.
    """
    before, now, m, n, tolerate = np.broadcast_arrays(before, now, m, n, tolerate)
    gap = now / np.maximum(n, 1) - before / np.maximum(m, 1)
    far = np.nonzero((np.abs(gap) > tolerate) & (m > 0) & (n > 0))
    sign, x, y, m, n, tolerate = (each[far] for each in (np.sign(gap), before, now, m, n, tolerate))
    x, y = np.where(sign > 0, x, m - x), np.where(sign > 0, y, n - y)  # a fall is a rise of the rest
    share = _restricted(x, y, m, n, tolerate) if tolerate.any() else (x + y) / (m + n)
    ratio = _gain(x, m, share) + _gain(y, n, share + tolerate)
    out = np.zeros(gap.shape)
    out[far] = sign * np.sqrt(np.maximum(2 * ratio, 0.0))
    return out


def _restricted(x: Floats, y: Floats, m: Floats, n: Floats, tolerate: Floats) -> Floats:
    """The likeliest share before, where the share now is that and `tolerate`: the middle root of a cubic."""
    pooled = (x + y) / (m + n)
    third, second = m + n, -(x + y + n * (1 - tolerate) + m * (1 - 2 * tolerate))
    first, last = (
        x * (1 - 2 * tolerate) + y - n * tolerate - m * tolerate * (1 - tolerate),
        x * tolerate * (1 - tolerate),
    )
    middle = -second / (3 * third)
    q = -(middle**3) + first * second / (-6 * third**2) + last / (2 * third)
    p = np.where(q < 0, -1.0, 1.0) * np.sqrt(np.maximum(middle**2 - first / (3 * third), TINY))
    angle = (np.pi + np.arccos(np.clip(q / p**3, -1.0, 1.0))) / 3
    found = np.clip(2 * p * np.cos(angle) + middle, 0.0, 1 - tolerate)
    return np.where(tolerate > 0, found, pooled)


def _gain(k: Floats, n: Floats, share: Floats) -> Floats:
    """By how much the log likelihood of `k` in `n` is above that at a share."""
    rest = n - k
    return np.asarray(
        xlogy(k, np.maximum(k, TINY) / np.maximum(n * share, TINY))
        + xlogy(rest, np.maximum(rest, TINY) / np.maximum(n * (1 - share), TINY))
    )


def surprise(counts: Floats, means: Floats) -> Floats:
    """Each cell's part of half a likelihood ratio: counts times the logarithm of counts by means, 0 of none."""
    return np.asarray(xlogy(counts, np.maximum(counts, TINY) / np.maximum(means, TINY)))
