"""Errors of functions of a confusion matrix, from their slopes by the shares of pairs in it (the delta method).

The slopes are those of a smoothed matrix: a perfect one would claim to be certain, after however few pairs.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.performance.measured import Measured, deviations, wilson

Derivative = Callable[[Floats], tuple[Floats, Floats]]  # shares (rows, C, C) -> value (rows,), its slopes (rows, C, C)


def share_like(matrix: Floats, level: float, derivative: Derivative) -> Measured:
    """A value between 0 and 1, with the interval of a binomial share that has the same error, (rows,)."""
    value, inside, error = _delta(matrix, derivative, 0.0)
    n = inside * (1 - inside) / error**2
    return Measured(value, error, *wilson(value * n, n, level))


def correlation_like(matrix: Floats, level: float, derivative: Derivative) -> Measured:
    """A value between -1 and 1, with an interval on Fisher's scale, (rows,)."""
    value, inside, error = _delta(matrix, derivative, -1.0)
    middle, reach = np.arctanh(inside), deviations(level) * error / (1 - inside**2)
    low, high = np.tanh(middle - reach), np.tanh(middle + reach)
    return Measured(value, error, np.minimum(low, value), np.maximum(high, value))


def right(matrix: Floats) -> Floats:
    """The right ones of each class, (rows, C)."""
    return np.asarray(np.einsum("rii->ri", matrix))


def smoothed(matrix: Floats) -> Floats:
    """A pair more for each class that occurs, right with a chance half way from 1/2 to what is right of all.

    So no class is surely perfect, or hopeless; more wrong ones would make intervals of good models far too long.
    """
    occurs = (matrix.sum(axis=1) + matrix.sum(axis=2)) > 0
    both = occurs[:, :, None] & occurs[:, None, :]
    same = np.eye(matrix.shape[1], dtype=np.bool_)
    others = np.maximum(occurs.sum(axis=1) - 1, 1)[:, None, None]
    accuracy = (right(matrix).sum(axis=1) + 1) / (matrix.sum(axis=(1, 2)) + 2)
    share = (0.25 + accuracy / 2)[:, None, None]
    return np.asarray(matrix + share * (both & same) + (1 - share) / others * (both & ~same))


class Whole(NamedTuple):
    """A value, the value of the smoothed matrix if it is at an end of its range, and its error, (rows,) each."""

    value: Floats
    inside: Floats
    error: Floats


def _delta(matrix: Floats, derivative: Derivative, least: float) -> Whole:
    """A value between `least` and 1, and its error."""
    total = matrix.sum(axis=(1, 2), keepdims=True)
    value = derivative(matrix / total)[0]
    smooth = smoothed(matrix)
    shares = smooth / smooth.sum(axis=(1, 2), keepdims=True)
    near, slopes = derivative(shares)
    mean = (shares * slopes).sum(axis=(1, 2))
    variance = np.maximum((shares * slopes**2).sum(axis=(1, 2)) - mean**2, 0.0)
    inside = np.where((value > least) & (value < 1), value, near)
    return Whole(value, inside, np.where(np.isnan(value), np.nan, np.sqrt(variance / total[:, 0, 0])))
