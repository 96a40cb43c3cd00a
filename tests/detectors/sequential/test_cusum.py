"""CUSUM: the unrolled sums are the loop's, splits do not matter, and alarms are as rare as promised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectors.sequential.cusum import GRAIN, Cusum, State, location, threshold_for

STEPS = arrays(np.float64, (40, 3), elements=st.floats(-6, 6) | st.sampled_from([np.nan, np.inf, -np.inf]))
QUICK = Cusum(allowance=0.5, threshold=3.0)


def loop(detector: Cusum, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The textbook's recurrence, step by step and series by series."""
    alarms, statistic = np.zeros(z.shape, bool), np.zeros(z.shape)
    for series in range(z.shape[1]):
        high = low = 0.0
        for i, x in enumerate(z[:, series]):
            if not np.isnan(x):
                step = round(min(max(x, -4096.0), 4096.0) * GRAIN) / GRAIN
                high, low = max(0.0, high + step - detector.allowance), max(0.0, low - step - detector.allowance)
            statistic[i, series], alarms[i, series] = max(high, low), max(high, low) > detector.threshold
            if alarms[i, series]:
                high = low = 0.0
    return alarms, statistic


@given(z=STEPS)
def test_the_unrolled_sums_are_those_of_the_loop(z: np.ndarray) -> None:
    """Alarms and sums equal the recurrence's, exactly."""
    alarms, statistic = loop(QUICK, z)
    _, found, sums = QUICK.step(QUICK.start(3), z)
    np.testing.assert_array_equal(alarms, found)
    np.testing.assert_array_equal(statistic, sums)


@given(z=STEPS, cuts=st.lists(st.integers(0, 40), max_size=5))
def test_any_split_gives_the_same_alarms(z: np.ndarray, cuts: list[int]) -> None:
    """Steps may come one by one or together, with the state packed and unpacked in between."""
    detector = QUICK
    whole = detector.step(detector.start(3), z)
    state, pieces = detector.start(3), []
    for part in np.split(z, sorted(cuts)):
        state, *found = detector.step(State.unpack(state.pack()), part)
        pieces.append(found)
    np.testing.assert_array_equal(whole[1], np.concatenate([alarms for alarms, _ in pieces]))
    np.testing.assert_array_equal(whole[2], np.concatenate([statistic for _, statistic in pieces]))
    assert whole[0].pack() == state.pack()


@given(z=STEPS)
def test_series_do_not_affect_each_other(z: np.ndarray) -> None:
    """A series alone alarms as it does among others."""
    detector = QUICK
    _, together, _ = detector.step(detector.start(3), z)
    _, alone, _ = detector.step(detector.start(1), z[:, 1:2])
    np.testing.assert_array_equal(together[:, 1:2], alone)


def test_golden_alarms() -> None:
    """A shift of 1.5 from step 4 on: sums 1, 2, 3, 4 alarm at the fourth, and again four steps later."""
    z = np.array([[0.0], [0.4], [-0.4], [0.0], *[[1.5]] * 8])
    _, alarms, statistic = QUICK.step(QUICK.start(1), z)
    assert [7, 11] == np.flatnonzero(alarms).tolist()
    assert [4.0, 1.0] == statistic[7:9, 0].tolist()


def test_a_step_leaves_its_state() -> None:
    """Stepping changes neither the state nor the steps that were given."""
    state, z = State(np.array([1.0]), np.array([0.5])), np.array([[9.0]])
    QUICK.step(state, z)
    assert [[1.0], [0.5]] == state.pack()
    assert 9.0 == z[0, 0]


@pytest.mark.parametrize(("run_length", "allowance"), [(100, 0.5), (1_000, 0.5), (300, 0.25)])
def test_the_run_length_is_kept(run_length: int, allowance: float) -> None:
    """Unchanged series alarm about once in so many steps: within a tenth, the chance of the count included."""
    rng = np.random.default_rng(4)
    detector = Cusum(allowance, threshold_for(run_length, allowance))
    z = rng.standard_normal((4_000, 400))
    _, alarms, _ = detector.step(detector.start(400), z)
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
