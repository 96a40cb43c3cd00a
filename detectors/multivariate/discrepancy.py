"""The maximum mean discrepancy of many rows, by random features: linear in the rows, where a kernel is quadratic.

Rahimi and Recht 2007, Random features for large-scale kernel machines. Features are standardised by both sides together
and clamped, so no value owns the kernel; what is missing counts as the centre.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats
from detectors.multivariate.joint import Joint, Standard
from detectors.two_sample.outcome import SMALLEST, UNKNOWN, Outcome
from detectors.two_sample.permuted import chance, exchanged, share_as_far

FREQUENCIES = 128  # two random features each: the kernel is off by about 1 / sqrt(256)
ROWS_TYPICAL = 300  # rows whose distances make the kernel's width


def random_features(expected: Floats, observed: Floats) -> Joint:
    """The squared discrepancy of rows (n, features), its counted chance, and as the effect its root, 0 to sqrt(2).

    `features` are shares, which add up to 1: how steeply what tells the sides apart rises along each.
    """
    features, m, n = expected.shape[1], len(expected), len(observed)
    if min(m, n) < SMALLEST or features == 0:
        return Joint(UNKNOWN, np.zeros(features))
    both = np.concatenate((expected, observed))
    rows = Standard.of(both).measure(both)
    order = np.lexsort((np.arange(m + n) < m, *rows.T))
    rows, first = rows[order], (np.arange(m + n) < m)[order]
    frequencies = _frequencies(features) / _width(rows)
    phases = rows @ frequencies
    mapped = np.concatenate((np.cos(phases), np.sin(phases)), axis=1) / np.sqrt(FREQUENCIES)

    def squares(sides: NDArray[np.bool_]) -> Floats:
        """The squared discrepancy of some ways to give sides to the rows."""
        return np.asarray(np.square(np.where(sides, 1 / m, -1 / n) @ mapped).sum(axis=1))

    square = float(squares(first[None])[0])
    resampled = [squares(sides) for sides in exchanged(chance(rows, first), m, n)]
    p = share_as_far(square, np.concatenate(resampled))
    gap = np.where(first, 1 / m, -1 / n) @ mapped
    # The witness is the sum of gap times feature; its slope along a column is that of the features.
    slopes = (np.cos(phases) * gap[FREQUENCIES:] - np.sin(phases) * gap[:FREQUENCIES]) @ frequencies.T
    steep = np.square(slopes).mean(axis=0) * rows.var(axis=0)
    steep = steep / steep.sum() if steep.sum() > 0 else np.zeros(features)
    return Joint(Outcome(square, p, float(np.sqrt(square))), steep)


def _frequencies(features: int) -> Floats:
    """The same normal numbers for as many features, (features, FREQUENCIES)."""
    return chance(np.array([features, FREQUENCIES])).normal(size=(features, FREQUENCIES))


def _width(rows: Floats) -> float:
    """The median distance of some rows, evenly taken; 1 where most are equal."""
    some = rows[:: 1 + len(rows) // ROWS_TYPICAL]
    squares = sum(np.square(column[:, None] - column) for column in some.T)
    typical = float(np.sqrt(np.median(np.asarray(squares)[np.triu_indices(len(some), 1)])))
    return typical if typical > 0 else 1.0
