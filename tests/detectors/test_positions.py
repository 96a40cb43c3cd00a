"""Where cells stand on the number line: near their values, and never where one value can move them far."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import wasserstein_distance

from detectors import parts
from detectors.distances import DISTANCES
from detectors.grids import Grid, build
from detectors.positions import positions

VALUES = arrays(np.float64, st.integers(0, 50), elements=st.floats(width=64))


def counts(grid: Grid, values: np.ndarray) -> np.ndarray:
    """Of the regular cells of the only column."""
    none = np.zeros((len(values), 0))
    summary = parts.of(grid, values[:, None], none.astype(np.uint16), none.astype(np.int64), 1)
    return summary.counts[0, : grid.regular[0]]


def moved(name: str, reference: np.ndarray, values: np.ndarray) -> float:
    """A distance of values, by way of the grid on the reference."""
    grid = build({"x": reference}, {})
    found = DISTANCES[name](counts(grid, reference), counts(grid, values), positions(grid)[0])
    return float(found)


@given(VALUES)
def test_positions_are_finite_and_ascend(values: np.ndarray) -> None:
    """Whatever the reference is: empty, constant, infinite, missing."""
    grid = build({"x": values}, {})
    (found,) = positions(grid)
    assert (grid.regular[0],) == found.shape
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize(
    ("values", "mean"),
    [([0.0, 1.0], 0.5), ([0.0, 1.0, 2.0], 1.0), ([3.0, 4.0, 5.0, 6.0, 7.0], 5.0), ([0.0, 1.0, 1.0, 1.0], 0.75)],
)
def test_few_values_stand_where_they_are(values: list[float], mean: float) -> None:
    """The average way from the first of them to all of them is the difference of their means, to a sixteenth."""
    reference = np.repeat(values, 100)
    found = moved("wasserstein", reference, np.full(100, values[0]))
    np.testing.assert_allclose(mean - values[0], found, rtol=1 / 16)


@pytest.mark.parametrize(
    ("shift", "skewed", "within"), [(0.2, False, 0.1), (1.0, False, 0.1), (0.2, True, 0.1), (1.0, True, 0.25)]
)
def test_the_wasserstein_distance_is_near_that_of_the_values(shift: float, skewed: bool, within: float) -> None:
    """Thirty-odd cells are enough for most of it; what lies beyond the reference's range counts as its end."""
    rng = np.random.default_rng(3)
    reference, values = rng.normal(size=20_000), rng.normal(size=5_000) + shift
    if skewed:
        reference, values = np.exp(reference), np.exp(values)
    known = wasserstein_distance(reference, values)
    np.testing.assert_allclose(moved("wasserstein", reference, values), known, rtol=within)


@pytest.mark.parametrize("name", [name for name, distance in DISTANCES.items() if distance.sees != "cells"])
@pytest.mark.parametrize("odd", [1e300, -1e300, np.inf, np.nan])
def test_one_odd_value_in_a_window_moves_nothing_far(name: str, odd: float) -> None:
    """Where bins follow the window, one value of a million hides a drift, and one of 1e300 is all of a mean."""
    rng = np.random.default_rng(4)
    reference = rng.normal(size=5_000)
    for shift in (0.0, 0.5):
        values = rng.normal(size=1_000) + shift
        plain = moved(name, reference, values)
        assert abs(moved(name, reference, np.append(values, odd)) - plain) < 0.01 + 0.02 * plain


@pytest.mark.parametrize("name", ["wasserstein", "energy", "wasserstein_by_deviation"])
def test_one_odd_value_in_the_reference_moves_nothing_far(name: str) -> None:
    """The cell that it stretches is twice as wide as all others: that is seen, but it is no multiple of 1e300."""
    rng = np.random.default_rng(4)
    reference, values = rng.normal(size=5_000), rng.normal(size=1_000) + 0.5
    plain = moved(name, reference, values)
    np.testing.assert_allclose(moved(name, np.append(reference, 1e300), values), plain, rtol=1 / 3)
