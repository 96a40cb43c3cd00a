"""Losses: values of a pair whose mean is the metric, summed beside their powers, so that intervals know their tails.

A loss takes three columns of the cells: itself, its square and its cube. Their sums and sums of squares hold its first
four moments. The mean is read from the first column, which is fine; the powers are in units of `scale`, and coarser.
"""

from typing import NamedTuple, Self

import numpy as np

from detectors.codes import Floats, Integers
from detectors.performance import skewed
from detectors.performance.cells import Cells
from detectors.performance.measured import Measured

POWER = -26  # the exponent of powers, in units of the scale: squares are clamped beyond 128 scales, cubes beyond 25
BOUNDED = 2.0**128  # powers of larger values would be infinite, thus not summed; they are clamped anyway


def exponents(quantum: int) -> Integers:
    """Those of the columns of a loss, whose quantum is 2^`quantum`."""
    return np.array([quantum, POWER, POWER], np.int64)


def columns(values: Floats, scale: int) -> Floats:
    """A loss (n,) as columns, (n, 3). `scale` is log2 of what is usual, in the unit of the values."""
    usual = in_scales(values, scale)
    return np.stack((values, usual**2, usual**3), axis=1)


def in_scales(values: Floats, scale: int) -> Floats:
    """Values in units of 2^scale, none so large that its fourth power would be infinite; nan stays."""
    with np.errstate(over="ignore"):
        return np.asarray(np.clip(np.ldexp(values, -scale), -BOUNDED, BOUNDED))


class Averages(NamedTuple):
    """What cells say of their values: how many were finite, their means, those of their squares; (rows, values)."""

    n: Integers
    first: Floats
    second: Floats
    clamped: Floats

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Read once, because exact sums are slow to read."""
        read = cells.read()
        return cls(cells.finite, read.mean, read.deviation**2 + read.mean**2, read.clamped)

    def measured(self, column: int, scale: int, level: float) -> Measured:
        """The mean of the loss whose columns begin here, (rows,)."""
        unit = 2.0**scale
        moments = skewed.Moments(
            self.n[:, column].astype(np.float64),
            self.first[:, column] / unit,
            self.second[:, column] / unit**2,
            self.first[:, column + 2],
            self.second[:, column + 1],
        )
        return scaled(skewed.mean(moments, level), unit, 0.0)


def scaled(measured: Measured, unit: float, least: float) -> Measured:
    """A measured value in another unit, its interval not below `least`."""
    value, error, low, high = (unit * one for one in measured)
    return Measured(value, error, np.maximum(low, least), np.maximum(high, least))


def root(measured: Measured) -> Measured:
    """The square root of what is not negative; at 0 its error is unknown unless it is 0."""
    value = np.sqrt(measured.value)
    some = np.where(value > 0, value, np.nan)
    error = np.where(measured.error > 0, measured.error / (2 * some), measured.error)
    return Measured(value, error, np.sqrt(measured.low), np.sqrt(measured.high))
