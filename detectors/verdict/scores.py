"""Scores of the rank in the reference: location, scale, skewness and bimodality, each blind to the others.

Orthogonal polynomials of the mid-rank (Rayner and Best 1989, Smooth tests of goodness of fit), compared as means of two
samples, with a tail that is right far out (Lugannani and Rice 1980, Saddle point approximation).
"""

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.distances import Counts
from detectors.verdict.sets import total

NAMES = "location", "scale", "skewness", "bimodality"
FAR = 2.5  # standard errors: nearer than that, a normal tail is right
STEPS = 20  # of Newton; a handful is enough


def scores(expected: Counts, on_line: NDArray[np.bool_]) -> Floats:
    """The scores of every cell, of mean 0 and variance 1 over the values on the line, (series, scores, cells).

    `on_line` marks the cells on a number line, (series, cells); others have score 0, and so have cells that the
    reference does not know. A series with fewer cells than degrees has scores that are 0 throughout.
    """
    weights = np.where(on_line, expected, 0.0)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
    rank = np.cumsum(weights, axis=1) - weights / 2 - 0.5
    known = (weights > 0).astype(np.float64)
    degrees = np.maximum(known.sum(axis=1, keepdims=True) - 1, 0)
    found = [known]
    for degree in range(1, len(NAMES) + 1):
        score = rank**degree * known
        for _ in range(2):  # once more: what rounding left of the lower ones
            for lower in found:
                score = score - total(score * lower * weights)[:, None] * lower
        size = np.sqrt(total(score * score * weights)[:, None])
        found.append(np.where(degree <= degrees, score / np.maximum(size, 1e-150), 0.0))
    return np.stack(found[1:], axis=1)


def roots(scored: Floats, expected: Counts, observed: Counts, inflation: Floats | float = 1.0) -> Floats:
    """By how many standard errors each mean score differs, signed and right in the tails, (series, scores).

    `inflation` is how much more the scores vary than those of independent draws, (series, scores); a root is divided by
    its own square root for that.
    """
    m, n = (np.maximum(counts.sum(axis=1, dtype=np.float64), 1.0)[:, None] for counts in (expected, observed))
    pooled = ((expected + observed) / (m + n))[:, None, :]
    gap = total((observed / n - expected / m)[:, None, :] * scored)
    mean = total(pooled * scored)
    variance = (total(pooled * scored**2) - mean**2) * (1 / n + 1 / m)
    z = np.where(variance > 0, gap / np.sqrt(np.maximum(variance, 1e-300)), 0.0)
    z /= np.sqrt(inflation)
    rows, at = np.nonzero(np.abs(z) > FAR)
    if len(rows):
        centred = scored[rows, at] - mean[rows, at][:, None]
        each = np.broadcast_to(inflation, z.shape)[rows, at]  # so many draws say as much as one independent one
        z[rows, at] = _saddle(centred, pooled[rows, 0], gap[rows, at], (m[rows, 0] / each, n[rows, 0] / each))
    return np.asarray(z)


def sides(  # noqa: PLR0913, PLR0917 - columns of one table
    scored: Floats, expected: Counts, observed: Counts, root: Floats, tail: Floats, inflation: Floats
) -> Integers:
    """On how many sides a mean score may be as far out, (series, scores): 1 or 2.

    Not on the other one if it is likelier than the `tail` of the root that all values of the smaller sample are the
    farthest out there: of 50 values, 90 % of them zeros, the mean can hardly fall.
    """
    m, n = (counts.sum(axis=1)[:, None] for counts in (expected, observed))
    both = (expected + observed)[:, None, :]
    low = (root > 0) == (n <= m)
    farthest = np.where(both > 0, np.where(low[..., None], -scored, scored), -np.inf).argmax(axis=2)
    share = np.take_along_axis(expected + observed, farthest, axis=1) / np.maximum(m + n, 1)
    return np.asarray(1 + (share ** (np.minimum(m, n) / inflation) <= tail))


def _saddle(score: Floats, pooled: Floats, gap: Floats, sizes: tuple[Floats, Floats]) -> Floats:
    """The normal deviate with the tail of the difference of two means of these scores, (candidates,)."""
    m, n = sizes
    variance = total(pooled * score**2) * (1 / n + 1 / m)
    s, step = gap / variance, 2 / np.sqrt(variance)
    for _ in range(STEPS):
        now, before = _tilted(score, pooled, s / n), _tilted(score, pooled, -s / m)
        slope = now[1] - before[1]
        curve = now[2] / n + before[2] / m
        s = s + np.clip((gap - slope) / np.maximum(curve, 1e-300), -step, step)
    now, before = _tilted(score, pooled, s / n), _tilted(score, pooled, -s / m)
    root = np.sqrt(np.maximum(2 * (s * gap - n * now[0] - m * before[0]), 1e-9))
    u = np.abs(s) * np.sqrt(now[2] / n + before[2] / m)
    return np.asarray(np.sign(gap) * np.where(u > 0, root + np.log(np.maximum(u, 1e-300) / root) / root, root))


def _tilted(score: Floats, shares: Floats, by: Floats) -> tuple[Floats, Floats, Floats]:
    """The cumulant function of a score at `by`, its slope and its curvature, (candidates,) each."""
    exponent = np.clip(by[:, None] * score, -700.0, 700.0)
    weights = shares * np.exp(exponent)
    size = total(weights)
    mean = total(weights * score) / size
    return np.log(size), mean, np.maximum(total(weights * score**2) / size - mean**2, 0.0)
