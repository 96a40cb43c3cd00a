"""Tests whose chance is counted: sides are exchanged at random, by chance that follows from the values themselves.

So the same two samples give the same p-value, in whatever order, in every run. It is a multiple of 1 / (RESAMPLES + 1)
and never 0: (1 + how many are as far apart) / (1 + RESAMPLES), which is exact at any sample size (Phipson and Smyth
2010).
"""

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.distances import DISTANCES
from detectors.two_sample.outcome import SMALLEST, UNKNOWN, Outcome, Samples

RESAMPLES = 999
AT_ONCE = 1 << 20  # values of resamples that are looked at together
ROWS_MAX = 500  # of a side that a kernel is computed of: of more, these are drawn
HYPERGEOMETRIC_MAX = 10**9  # events that NumPy draws from
CLOSE = 1e-9  # relative: sums of the same terms in another order are equal


def chance(*arrays: NDArray[np.generic]) -> np.random.Generator:
    """Chance that follows from content alone."""
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return np.random.default_rng(int.from_bytes(digest.digest(), "little"))


def exchanged(rng: np.random.Generator, m: int, n: int) -> Iterator[NDArray[np.bool_]]:
    """Which of m + n events are of the first side, m of them in each resample: some rows at a time."""
    labels = np.arange(m + n) < m
    at_once = max(1, AT_ONCE // (m + n))
    for first in range(0, RESAMPLES, at_once):
        yield rng.permuted(np.tile(labels, (min(at_once, RESAMPLES - first), 1)), axis=1)


def share_as_far(statistic: float, resampled: Floats) -> float:
    """The p-value of a statistic among resampled ones."""
    return float((1 + np.count_nonzero(resampled >= statistic * (1 - CLOSE))) / (1 + len(resampled)))


def energy(expected: Floats, observed: Floats) -> Outcome:
    """Szekely and Rizzo's energy statistic, m n / (m + n) times the squared energy distance, in the feature's unit.

    The effect is that square as a share of twice the mean distance between the sides, 0 to 1: the energy coefficient.
    """
    samples = Samples.of(expected, observed)
    if samples.few:
        return UNKNOWN
    if samples.constant:
        return Outcome(0.0, 1.0, 0.0)
    m, n = map(len, samples)
    scaled, rng = samples.scaled(), chance(*samples)
    pooled = np.concatenate(scaled)
    order = np.argsort(pooled, kind="stable")
    ways = np.diff(pooled[order])

    def squares(first: NDArray[np.bool_]) -> Floats:
        """The squared distance of some ways to give sides to the values in their order."""
        running = np.cumsum(first[..., :-1], axis=-1)
        gaps = running / m - (np.arange(1, m + n) - running) / n
        return np.asarray(2 * np.square(gaps) @ ways)

    square = float(squares(order < m))
    p = share_as_far(square, np.concatenate([squares(first) for first in exchanged(rng, m, n)]))
    running = np.cumsum(order < m)[:-1]
    after = np.arange(1, m + n) - running
    # The mean of abs(x - y) is the integral of F (1 - G) + G (1 - F).
    apart = float((running / m * (1 - after / n) + after / n * (1 - running / m)) @ ways)
    with np.errstate(over="ignore"):
        statistic = float(np.ldexp(samples.effective * square, samples.exponent))
    return Outcome(statistic, p, square / (2 * apart))


def mmd(expected: Floats, observed: Floats) -> Outcome:
    """The maximum mean discrepancy, squared: Gretton and others 2012, A kernel two-sample test, their biased estimate.

    Values (n,) or rows (n, columns); rows that are not finite are left out, and of more than 500 a side so many are
    drawn. The kernel is Gaussian, as wide as the median distance. The effect is the root, 0 to sqrt(2).
    """
    before, now = (_rows(side) for side in (expected, observed))
    if min(len(before), len(now)) < SMALLEST:
        return UNKNOWN
    rng = chance(before, now)
    before, now = (
        rng.choice(side, ROWS_MAX, replace=False) if len(side) > ROWS_MAX else side for side in (before, now)
    )
    kernel = _kernel(np.concatenate((before, now)))
    m, n = len(before), len(now)

    def squares(first: NDArray[np.bool_]) -> Floats:
        """The squared discrepancy of some ways to give sides to the rows."""
        weights = np.where(first, 1 / m, -1 / n)
        return np.asarray(np.maximum(((weights @ kernel) * weights).sum(axis=1), 0.0))

    square = float(squares((np.arange(m + n) < m)[None])[0])
    p = share_as_far(square, np.concatenate([squares(first) for first in exchanged(rng, m, n)]))
    return Outcome(square, p, float(np.sqrt(square)))


def total_variation(expected: Integers, observed: Integers) -> Outcome:
    """The share of events that would have to move between categories, 0 to 1; the effect is the same.

    Exact however many categories there are and however rare they are.
    """
    both = np.asarray(expected + observed, np.int64)
    m, n = int(np.sum(expected)), int(np.sum(observed))
    if min(m, n) == 0 or m + n >= HYPERGEOMETRIC_MAX:
        return UNKNOWN
    found = float(DISTANCES["total_variation"](expected, observed))
    occupied = both[both > 0]
    drawn = chance(np.asarray(expected, np.int64), np.asarray(observed, np.int64)).multivariate_hypergeometric(
        occupied, n, size=RESAMPLES, method="marginals"
    )
    resampled = DISTANCES["total_variation"](occupied - drawn, drawn)
    return Outcome(found, share_as_far(found, resampled), found)


def _rows(values: Floats) -> Floats:
    """Finite rows in the order of their numbers, (n, columns)."""
    rows = np.asarray(values, np.float64) + 0.0  # -0.0 becomes 0.0
    rows = rows[:, None] if rows.ndim == 1 else rows
    rows = rows[np.isfinite(rows).all(axis=1)]
    return np.asarray(rows[np.lexsort(rows.T[::-1])])


def _kernel(rows: Floats) -> Floats:
    """Gaussian, of rows (n, columns): (n, n). Distances that overflow are infinite, and far is far."""
    with np.errstate(over="ignore"):
        squares = np.zeros((len(rows), len(rows)))
        for column in rows.T:
            squares += np.square(column[:, None] - column)
    apart = squares[np.triu_indices(len(rows), 1)]
    typical = float(np.median(apart))
    if not typical > 0:
        typical = float(np.median(apart[apart > 0])) if (apart > 0).any() else 1.0
    return np.asarray(np.exp(-squares / (2 * typical))) if np.isfinite(typical) else np.eye(len(rows))
