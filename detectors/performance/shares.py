"""Shares of bad answers beside those of a reference: which windows are surely worse, and from which share on.

Limits of losses that go by their standard error do not hold their promise where few losses are great ones: of windows
without any change 300 times as many as promised were beyond that of a root mean squared error, at a level of 1 in
5,000. Shares have exact limits at any level, so it is shares that are judged: of wrong answers, of misses, of errors
beyond what was usual.
"""

from typing import NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.performance.measured import Measured, wilson
from detectors.proportions import least_difference, limits, share

HALVINGS = 24  # of the range of a limit: to one part in ten million


class Trials(NamedTuple):
    """How many answers were bad, out of how many; any one shape."""

    bad: Floats
    n: Floats


class Judged(NamedTuple):
    """A share of bad answers: of windows, and of their references. `good`: the metric is the share of the others."""

    now: Trials
    before: Trials
    good: bool


class Beside(NamedTuple):
    """What a reference says of windows, (windows,) each; nan where either has nothing to count."""

    reference: Floats  # the share of bad ones in it
    limit: Floats  # of a window of this size: a greater share is surely worse
    worse: Floats  # 1 worse, 0 not


def beside(now: Trials, before: Trials, alpha: Floats | float, tolerate: Floats | float) -> Beside:
    """Which windows have surely more bad ones than their reference and what is tolerated, (windows,) each.

    Where a window is as bad as is just tolerated, it is found with a chance of at most about `alpha`. The lower limit
    of the difference of two shares is that of `proportions.least_difference`, from exact ones.
    """
    known = (now.n > 0) & (before.n > 0)
    n, m = np.where(known, now.n, 1.0), np.where(known, before.n, 1.0)
    bad, usual = np.where(known, now.bad, 0.0), np.where(known, before.bad, 0.0)
    _, high = limits(usual, m, alpha)
    reference = share(usual, m)

    def excess(bad: Floats) -> Floats:
        """By how much the difference surely exceeds what is tolerated."""
        low, _ = limits(bad, n, alpha)
        return least_difference(share(bad, n), low, reference, high) - tolerate

    least, most = reference * n, n.copy()
    for _ in range(HALVINGS):  # more bad ones are never better
        middle = (least + most) / 2
        beyond = excess(middle) > 0
        least, most = np.where(beyond, least, middle), np.where(beyond, middle, most)
    found = (reference, most / n, (excess(bad) > 0).astype(np.float64))
    return Beside(*(np.where(known, each, np.nan) for each in found))


def measured(trials: Trials, level: float = 0.95) -> Measured:
    """The share itself, with Wilson's interval."""
    value = share(trials.bad, trials.n)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(value * (1 - value) / trials.n)
    return Measured(value, error, *wilson(trials.bad, trials.n, level))
