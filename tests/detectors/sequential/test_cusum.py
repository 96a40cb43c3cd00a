"""CUSUM: the unrolled sums are the loop's, and alarms are as rare as promised; test_laws.py has the rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectors.sequential import fold
from detectors.sequential.cusum import GRAIN, Cusum, location, threshold_for

STEPS = arrays(np.float64, (3, 40), elements=st.floats(-6, 6) | st.sampled_from([np.nan, np.inf, -np.inf]))
QUICK = Cusum(allowance=0.5, threshold=3.0)


def loop(detector: Cusum, z: np.ndarray) -> list[int]:
    """The textbook's recurrence, step by step."""
    alarms, high, low = [], 0.0, 0.0
    for i, x in enumerate(z):
        if np.isfinite(x):
            step = round(min(max(x, -4096.0), 4096.0) * GRAIN) / GRAIN
            high, low = max(0.0, high + step - detector.allowance), max(0.0, low - step - detector.allowance)
        if max(high, low) > detector.threshold:
            alarms, high, low = [*alarms, i], 0.0, 0.0
    return alarms


@given(z=STEPS)
def test_the_unrolled_sums_are_those_of_the_loop(z: np.ndarray) -> None:
    """Alarms equal the recurrence's, exactly."""
    _, alarms = fold(QUICK, QUICK.start(3), z)
    assert [loop(QUICK, row) for row in z] == [np.flatnonzero(row).tolist() for row in alarms]


def test_golden_alarms() -> None:
    """A shift of 1.5 from step 4 on: sums 1, 2, 3, 4 alarm at the fourth, and again four steps later."""
    z = np.array([0.0, 0.4, -0.4, 0.0, *[1.5] * 8])
    _, alarms = fold(QUICK, QUICK.start(1), z[None])
    assert [7, 11] == np.flatnonzero(alarms).tolist()


@pytest.mark.parametrize(("run_length", "allowance"), [(100, 0.5), (1_000, 0.5), (300, 0.25)])
def test_the_run_length_is_kept(run_length: int, allowance: float) -> None:
    """Unchanged series alarm about once in so many steps: within a tenth, the chance of the count included."""
    rng = np.random.default_rng(4)
    detector = Cusum(allowance, threshold_for(run_length, allowance))
    z = rng.standard_normal((400, 4_000))
    _, alarms = fold(detector, detector.start(400), z)
    assert abs(alarms.sum() * run_length / z.size - 1) < 0.1


def test_siegmunds_threshold() -> None:
    """Allowance 0.5 and threshold 4 have the textbook's two-sided run length, about 168."""
    assert abs(threshold_for(168, 0.5) - 4) < 0.02


@pytest.mark.parametrize("cells", [2, 5, 32])
def test_location_steps_are_standard(cells: int) -> None:
    """Without a change the steps have mean 0 and variance 1, the reference's own chance included."""
    rng = np.random.default_rng(8)
    p = rng.dirichlet(np.ones(cells))
    expected, observed = rng.multinomial(500, p, 20_000), rng.multinomial(300, p, 20_000)
    z = location(expected, observed, np.ones(expected.shape, bool), 0.0)
    assert abs(z.mean()) < 0.03
    assert abs(z.std() - 1) < 0.03


def test_location_counts_beyond_what_is_tolerated() -> None:
    """A tenth of the values moved from end to end shifts the mean rank by less than 0.1 and more than 0.05."""
    expected = np.full((1, 10), 100_000)
    moved = expected.copy()
    moved[0, [0, 9]] = 0, 200_000
    inside = np.ones((1, 10), bool)
    assert location(expected, moved, inside, 0.1)[0] == 0
    assert location(expected, moved, inside, 0.05)[0] > 10
    assert location(moved, expected, inside, 0.05)[0] < -10


def test_location_is_no_step_where_nothing_is_known() -> None:
    """No values, no reference, or a reference without any spread: nan, which moves no detector."""
    expected = np.array([[5, 5, 9], [0, 0, 9], [5, 0, 9]])
    observed = np.array([[0, 0, 9], [5, 5, 9], [1, 4, 9]])
    inside = np.broadcast_to(np.array([True, True, False]), (3, 3))
    z = location(expected, observed, inside, 0.0)
    assert [True, True, True] == np.isnan(z).tolist()
