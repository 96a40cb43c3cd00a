"""Two halves of a level that look at the same counts, against SciPy's bivariate normal distribution."""

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from detectors.verdict.halves import ALIKE, either


@pytest.mark.parametrize("p", [0.3, 0.02, 1e-4])
def test_the_chance_of_either_is_that_of_two_normal_deviates(p: float) -> None:
    """Both less what they have in common."""
    z = ndtri(p)
    common = multivariate_normal.cdf([z, z], [0, 0], [[1, ALIKE], [ALIKE, 1]], abseps=1e-12, releps=1e-9)
    assert either(np.array([p]))[0] == pytest.approx(2 * p - common, rel=1e-4)


def test_it_rises_from_none_to_more_than_certain() -> None:
    """No order of p-values changes, and far out the halves have nothing in common."""
    p = np.r_[0.0, np.logspace(-300, 0, 1_000), 1.5]
    found = either(p)
    assert (np.diff(found) > 0).all()
    assert found[0] == 0
    assert found[500] == pytest.approx(2 * p[500])
    assert found[-2] == 1
