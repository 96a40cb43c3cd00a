"""Ratios of two sums of labels: their intervals are where normal sums say, and stay inside of the ratio's ends."""

import numpy as np
import pytest

from detectors.estimation.confusion import CONFUSION, RATIOS
from detectors.estimation.fieller import Sums, ends_of

UNIT = (0.0, 1.0)


def sums(*numbers: float) -> Sums:
    """Of one row."""
    above, below, *variances = (np.array([each]) for each in numbers)
    return Sums(above, below, (variances[0], variances[1], variances[2]))


def test_ends_are_quantiles_of_the_ratio_of_normal_sums() -> None:
    """Of very many drawn ones, though the ratio itself leans."""
    mean, covariance = np.array([6.0, 18.0]), np.array([[3.0, 2.5], [2.5, 12.0]])
    drawn = np.random.default_rng(1).multivariate_normal(mean, covariance, 1_000_000)
    low, high = ends_of(sums(6, 18, 3, 2.5, 12), 0.95, UNIT)
    ratio = drawn[:, 0] / drawn[:, 1]
    assert [low[0], high[0]] == pytest.approx(np.quantile(ratio, (0.025, 0.975)).tolist(), abs=2e-3)
    assert high[0] - 1 / 3 > 1 / 3 - low[0], "it reaches further up"


def test_a_sum_that_is_known_leaves_the_normal_interval() -> None:
    """Nothing bends."""
    low, high = ends_of(sums(30, 60, 9, 0, 0), 0.95, UNIT)
    assert [low[0], high[0]] == pytest.approx([0.5 - 1.959964 * 3 / 60, 0.5 + 1.959964 * 3 / 60])


def test_of_nothing_sure_below_the_line_anything_is_possible() -> None:
    """And with ever more of it the interval comes from there."""
    for below, expected in ((0.5, UNIT), (1.0, UNIT), (1e9, (0.0, 0.0))):
        low, high = ends_of(sums(0, below, 0.5, 0.5, 1.3), 0.95, UNIT)
        assert (low[0], high[0]) == pytest.approx(expected, abs=1e-6)


def test_skewed_sums_lean() -> None:
    """Few labels that are rarely wrong: the sum of what is missed is skewed, and the interval reaches further down."""
    plain = sums(45, 50, 4, 2, 5)
    low, _ = ends_of(plain, 0.95, UNIT)
    zero = np.zeros(1)
    leaning, _ = ends_of(plain._replace(thirds=(zero - 3, zero, zero, zero + 3)), 0.95, UNIT)
    assert 0 < leaning[0] < low[0]


@pytest.mark.parametrize("name", RATIOS)
def test_ratios_are_the_metrics_of_the_same_name(name: str) -> None:
    """By any cells."""
    cells = np.random.default_rng(2).gamma(1, 10, (50, 4))
    above, below = (cells @ np.array(RATIOS[name]).T).T
    np.testing.assert_allclose(above / below, CONFUSION[name](*cells.T))
