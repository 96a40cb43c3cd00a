"""What holds for every sequential detector: however steps are cut, whatever lies beside them, and after an alarm."""

import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sequential import OF_ERRORS, SEQUENTIAL, fold
from detectors.sequential.fold import pack, unpack

STEPS, SERIES = 400, 4
STANDARD = {"cusum", "ewma"}  # their steps are about 1 apart
ODD = np.array([np.nan, np.inf, -np.inf])
DETECTORS = (Path(__file__).parents[3] / "docs" / "detectors.md").read_text(encoding="utf-8")
EVERY = pytest.mark.parametrize("name", SEQUENTIAL)


def stream(name: str, seed: int, odd: float = 0.05) -> np.ndarray:
    """Steps (series, steps) that change some times, with a few that are none."""
    rng = np.random.default_rng(seed)
    pieces = []
    for _ in range(4):
        level, spread = rng.random((SERIES, 1)), rng.exponential(0.5)
        chance = rng.random((SERIES, STEPS // 4))
        numbers = (1 if name in STANDARD else 20) * level + spread * rng.standard_normal(chance.shape)
        pieces.append((chance < level).astype(float) if name in OF_ERRORS else numbers)
    steps = np.concatenate(pieces, axis=1)
    return np.where(rng.random(steps.shape) < odd, rng.choice(ODD, steps.shape), steps)


@EVERY
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, STEPS), max_size=6))
def test_any_split_gives_the_same_alarms(name: str, seed: int, cuts: list[int]) -> None:
    """Steps may come together or in pieces, with the state as bytes in between: the same alarms and the same state."""
    detector, steps = SEQUENTIAL[name](), stream(name, seed)
    after, whole = fold(detector, detector.start(SERIES), steps)
    state, pieces = detector.start(SERIES), []
    for part in np.split(steps, sorted(cuts), axis=1):
        state, found = fold(
            detector, unpack(detector, msgspec.msgpack.decode(msgspec.msgpack.encode(pack(state)))), part
        )
        pieces.append(found)
    np.testing.assert_array_equal(whole, np.concatenate(pieces, axis=1))
    assert pack(after) == pack(state)


@EVERY
def test_steps_may_come_one_by_one(name: str) -> None:
    """A step at a time, (series,), gives what all together do."""
    detector, steps = SEQUENTIAL[name](), stream(name, 11)
    after, whole = fold(detector, detector.start(SERIES), steps)
    state, alarms = detector.start(SERIES), np.zeros(steps.shape, bool)
    for i in range(STEPS):
        state, alarms[:, i] = fold(detector, state, steps[:, i])
    assert whole.any()
    np.testing.assert_array_equal(whole, alarms)
    assert pack(after) == pack(state)


@EVERY
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_series_do_not_affect_each_other(name: str, seed: int) -> None:
    """A series alone alarms as it does among others."""
    detector, steps = SEQUENTIAL[name](), stream(name, seed)
    _, together = fold(detector, detector.start(SERIES), steps)
    _, alone = fold(detector, detector.start(1), steps[2:3])
    np.testing.assert_array_equal(together[2:3], alone)


@EVERY
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_what_is_not_finite_is_no_step(name: str, seed: int) -> None:
    """The other steps alarm as if it had never come, and it does not alarm."""
    detector, steps = SEQUENTIAL[name](), stream(name, seed)[:1]
    _, alarms = fold(detector, detector.start(1), steps)
    known = np.isfinite(steps[0])
    _, clean = fold(detector, detector.start(1), steps[:, known])
    np.testing.assert_array_equal(alarms[:, known], clean)
    assert not alarms[:, ~known].any()


@EVERY
def test_after_an_alarm_a_series_starts_anew(name: str) -> None:
    """What follows an alarm alarms as it would alone."""
    detector, steps = SEQUENTIAL[name](), stream(name, 5, odd=0.0)
    _, alarms = fold(detector, detector.start(SERIES), steps)
    rang = [i for i in range(SERIES) if alarms[i].any()]
    assert rang
    for i in rang:
        behind = int(alarms[i].argmax()) + 1
        _, again = fold(detector, detector.start(1), steps[i : i + 1, behind:])
        np.testing.assert_array_equal(alarms[i : i + 1, behind:], again)


@EVERY
def test_folding_leaves_its_arguments(name: str) -> None:
    """Neither the state nor the steps that were given change."""
    detector, steps = SEQUENTIAL[name](), stream(name, 3)
    state, _ = fold(detector, detector.start(SERIES), steps[:, :150])
    before, copy = pack(state), steps.copy()
    fold(detector, state, steps[:, 150:])
    assert before == pack(state)
    np.testing.assert_array_equal(copy, steps)


@EVERY
def test_no_series_and_no_steps_are_nothing(name: str) -> None:
    """Of nothing comes nothing."""
    detector = SEQUENTIAL[name]()
    for shape in ((0, 5), (3, 0)):
        state, alarms = fold(detector, detector.start(shape[0]), np.zeros(shape))
        assert shape == alarms.shape
        assert pack(detector.start(shape[0])) == pack(state)


@EVERY
def test_the_page_says_what_a_series_costs(name: str) -> None:
    """Bytes of a state that has seen nothing, but for the buckets, which come with steps."""
    (said,) = re.findall(rf"^\| `{name}` .*\| ([0-9,]+) bytes[^|]*\|$", DETECTORS, re.MULTILINE)
    columns = msgspec.structs.astuple(SEQUENTIAL[name]().start(1))
    assert int(said.replace(",", "")) == sum(column.nbytes for column in columns if column.ndim < 3)
