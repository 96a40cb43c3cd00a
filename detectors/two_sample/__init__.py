"""Tests of two samples: the tables of all of them, of values and of counts of categories.

Each takes the reference's and the window's, and gives an Outcome: statistic, p-value, effect. The p-values take events
to be independent; they stand beside a verdict and are none.
"""

from collections.abc import Callable

from detectors.codes import Floats, Integers
from detectors.two_sample.categories import chi_square, cramers_v, fisher, g, z_proportion
from detectors.two_sample.outcome import UNKNOWN, Outcome
from detectors.two_sample.permuted import energy, mmd, total_variation
from detectors.two_sample.ranks import anderson_darling, cramer_von_mises, ks, mann_whitney
from detectors.two_sample.values import epps_singleton, welch

__all__ = ["CATEGORIES", "UNKNOWN", "VALUES", "Outcome"]

VALUES: dict[str, Callable[[Floats, Floats], Outcome]] = {
    test.__name__: test
    for test in (ks, cramer_von_mises, anderson_darling, mann_whitney, welch, epps_singleton, energy, mmd)
}
CATEGORIES: dict[str, Callable[[Integers, Integers], Outcome]] = {
    test.__name__: test for test in (chi_square, g, fisher, z_proportion, cramers_v, total_variation)
}
