"""Losses: values of a pair whose mean is the metric, summed beside their powers, so that intervals know their tails.

A loss takes three columns of the cells: itself, its square and its cube; a value whose square is the loss takes four.
Their sums and sums of squares hold the first four moments of the loss. Means are read from the first column, which is
fine, and exact to its quantum; powers are in units of what is usual, 2^scale, and coarser.
"""

from typing import NamedTuple, Self

import numpy as np

from detectors.codes import Floats, Integers
from detectors.performance import skewed
from detectors.performance.cells import Cells
from detectors.performance.measured import Measured
from detectors.performance.skewed import Moments

FINE = -26  # the exponent of squares and cubes: clamped beyond 128 and 25 times what is usual
COARSE = -16  # that of fourth powers: clamped beyond 64 times
BOUNDED = 2.0**128  # powers of larger values would be infinite, thus not summed; they are clamped anyway


def exponents(quantum: int) -> Integers:
    """Those of the columns of a loss whose quantum is 2^`quantum`."""
    return np.array([quantum, FINE, FINE], np.int64)


def columns(values: Floats, scale: int) -> Floats:
    """A loss (n,) as columns, (n, 3)."""
    usual = in_scales(values, scale)
    return np.stack((values, usual**2, usual * usual * usual), axis=1)


def root_exponents(quantum: int) -> Integers:
    """Those of the columns of a value whose square is the loss."""
    return np.array([quantum, FINE, FINE, COARSE], np.int64)


def root_columns(values: Floats, scale: int) -> Floats:
    """A value (n,) whose square is the loss as columns, (n, 4)."""
    usual = np.abs(in_scales(values, scale))
    square = usual**2
    return np.stack((values, square, square * usual, square**2), axis=1)


def in_scales(values: Floats, scale: int) -> Floats:
    """Values in units of 2^scale, none so large that its fourth power would be infinite; nan where it is not finite."""
    with np.errstate(over="ignore"):
        usual = np.clip(np.ldexp(values, -scale), -BOUNDED, BOUNDED)
    return np.where(np.isfinite(values), usual, np.nan)  # summed where the value is


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

    def mean(self, column: int, scale: int, level: float) -> Measured:
        """The mean of the loss whose columns begin here, (rows,)."""
        square, cube = self.second[:, column + 1], self.first[:, column + 2]
        return self.mean_of(column, cube, square, scale, level)

    def mean_of(self, column: int, third: Floats, fourth: Floats, scale: int, level: float) -> Measured:
        """The mean of a value whose third and fourth moments, in units of 2^scale, are these, (rows,)."""
        unit = 2.0**scale
        first, second = self.first[:, column] / unit, self.second[:, column] / unit**2
        n = self.n[:, column].astype(np.float64)
        return scaled(skewed.mean(Moments(n, first, second, third, fourth), level), unit)

    def squares(self, column: int, scale: int) -> Moments:
        """Moments of the squares of the value whose columns begin here, in units of 4^scale, (rows,)."""
        n, first = self.n[:, column].astype(np.float64), self.second[:, column] / 4.0**scale
        return Moments(n, first, *(self.second[:, column + i] for i in (1, 2, 3)))

    def mean_square(self, column: int, scale: int, level: float) -> Measured:
        """The mean of these squares, (rows,)."""
        return at_least_nothing(scaled(skewed.mean(self.squares(column, scale), level), 4.0**scale))


def scaled(measured: Measured, unit: float) -> Measured:
    """A measured value in another unit."""
    return Measured(*(unit * one for one in measured))


def at_least_nothing(measured: Measured) -> Measured:
    """A measured value that cannot be negative."""
    return measured._replace(low=np.maximum(measured.low, 0.0), high=np.maximum(measured.high, 0.0))


def root(measured: Measured) -> Measured:
    """The square root of what is not negative; its error at 0 is 0 if that of the square is, else unknown."""
    value = np.sqrt(measured.value)
    error = np.where(measured.error > 0, measured.error / (2 * np.where(value > 0, value, np.nan)), measured.error)
    return Measured(value, error, np.sqrt(measured.low), np.sqrt(measured.high))
