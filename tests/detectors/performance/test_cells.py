"""Cells: what adds up can be taken away again, and what is read is what NumPy says of the values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.codes import Floats, Integers
from detectors.performance.cells import UNIT, Cells, Layout, empty, of

LAYOUT = Layout(7, np.array([UNIT, UNIT + 10], np.int64))
N_ROWS = 6  # all; one field with 2 values, one with 3


def pairs(seed: int, n: int) -> tuple[Integers, Floats, Integers]:
    """What n pairs raise, their values, of which some are missing, and their segments."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 3, (n, 2))
    values[rng.random((n, 2)) < 0.1] = np.nan
    rows = np.stack((rng.integers(1, 3, n), rng.integers(3, 6, n)), axis=1)
    return rng.integers(-1, 7, (n, 3)), values, rows


def cells(*columns: np.ndarray) -> Cells:
    """Their cells."""
    return of(LAYOUT, *columns, N_ROWS)


@given(st.integers(0, 2**32), st.integers(0, 40), st.integers(0, 40))
def test_pairs_add_up_and_can_be_taken_away(seed: int, n: int, m: int) -> None:
    """The law of the file, and what is nothing changes nothing."""
    every = pairs(seed, n + m)
    first, second = cells(*(column[:n] for column in every)), cells(*(column[n:] for column in every))
    both = cells(*every)
    assert first + second == both == second + first
    assert both - second == first
    assert first + empty(LAYOUT, N_ROWS) == first
    assert both - both == empty(LAYOUT, N_ROWS)


def test_sums_do_not_depend_on_the_order_of_pairs() -> None:
    """Where neighbours share their rows a block has few of them; shuffled it has all."""
    counted, values, _ = pairs(2, 9_000)
    window = np.sort(np.random.default_rng(2).integers(0, 30, 9_000))
    rows = 1 + 2 * window[:, None] + np.arange(2)
    shuffled = np.random.default_rng(3).permutation(9_000)
    assert of(LAYOUT, counted, values, rows, 61) == of(
        LAYOUT, *(each[shuffled] for each in (counted, values, rows)), 61
    )


def test_what_is_read_is_what_numpy_says() -> None:
    """Per row and value, over more pairs than one block has."""
    counted, values, rows = pairs(1, 5_000)
    read = cells(counted, values, rows).read()
    for row in range(N_ROWS):
        mine = values[(rows == row).any(axis=1)] if row else values
        np.testing.assert_allclose(read.mean[row], np.nanmean(mine, axis=0), atol=2**-20)
        np.testing.assert_allclose(read.deviation[row], np.nanstd(mine, axis=0), rtol=1e-6)


def test_counts_are_those_of_a_plain_loop() -> None:
    """Each pair raises its counts in row 0 and in its row of each field."""
    counted, values, rows = pairs(2, 300)
    expected = np.zeros((N_ROWS, 7), np.int64)
    for raised, mine in zip(counted.tolist(), rows.tolist(), strict=True):
        for row in (0, *mine):
            for count in raised:
                if count >= 0:
                    expected[row, count] += 1
    np.testing.assert_array_equal(expected, cells(counted, values, rows).counts)


def test_values_beyond_the_quanta_are_clamped_and_told() -> None:
    """One absurd value cannot own a mean."""
    values = np.array([[1e300, 1.0], [1.0, 1.0]])
    read = of(LAYOUT, np.zeros((2, 1), np.int64), values, np.empty((2, 0), np.int64), 1).read()
    assert read.clamped[0].tolist() == [0.5, 0.0]
    assert read.mean[0, 0] == pytest.approx((1024 + 1) / 2)


def test_no_values_are_no_number() -> None:
    """Nothing is known of no pairs."""
    assert np.isnan(empty(LAYOUT, 1).read().mean).all()
