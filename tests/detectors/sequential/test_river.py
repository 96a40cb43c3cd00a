"""Alarms at the same steps as River's, index by index, on 50 random streams each and on those of its docstrings."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from river import drift

from detectors.sequential import fold
from detectors.sequential.adwin import Adwin
from detectors.sequential.ddm import Ddm
from detectors.sequential.eddm import Eddm
from detectors.sequential.fold import Sequential
from detectors.sequential.hddm_a import HddmA
from detectors.sequential.hddm_w import HddmW
from detectors.sequential.kswin import Kswin
from detectors.sequential.page_hinkley import PageHinkley

STREAMS = 50
Ours, Theirs = Sequential[Any], Callable[[], Any]


def loop(theirs: Theirs, steps: np.ndarray) -> list[int]:
    """Where River's detector alarms, step by step."""
    detector, found = theirs(), []
    for i, step in enumerate(steps.tolist()):
        detector.update(step)
        if detector.drift_detected:
            found.append(i)
    return found


def streams(steps: int, draw: Callable[[np.random.Generator, int], np.ndarray]) -> np.ndarray:
    """Random streams (streams, steps), each of four stretches of random length."""
    made = []
    for seed in range(STREAMS):
        rng = np.random.default_rng(seed)
        lengths = np.diff([0, *sorted(rng.integers(0, steps, 3).tolist()), steps])
        made.append(np.concatenate([draw(rng, n) for n in lengths.tolist()]))
    return np.array(made)


def errors(rng: np.random.Generator, n: int) -> np.ndarray:
    """Errors of one rate."""
    return (rng.random(n) < rng.random()).astype(float)


def numbers(rng: np.random.Generator, n: int) -> np.ndarray:
    """Normal numbers of one mean and spread."""
    return rng.normal(rng.normal(0, 3), rng.exponential(2), n)


def few(rng: np.random.Generator, n: int) -> np.ndarray:
    """Small integers: many are equal."""
    return rng.integers(0, rng.integers(2, 9), n).astype(float)


def same(ours: Ours, theirs: Theirs, steps: np.ndarray) -> int:
    """How often both alarm, at the same steps."""
    _, alarms = fold(ours, ours.start(len(steps)), steps)
    found = [np.flatnonzero(row).tolist() for row in alarms]
    assert [loop(theirs, row) for row in steps] == found
    return int(alarms.sum())


ERRORS: list[tuple[Ours, Theirs]] = [
    (Ddm(), drift.binary.DDM),
    (Ddm(10, 2.0), lambda: drift.binary.DDM(10, 1.0, 2.0)),
    (Eddm(), drift.binary.EDDM),
    (Eddm(50, 0.75), lambda: drift.binary.EDDM(50, 0.8, 0.75)),
    (HddmA(), drift.binary.HDDMA),
    (HddmA(0.01, two_sided=True), lambda: drift.binary.HDDMA(0.01, 0.05, two_sided_test=True)),
    (HddmW(), drift.binary.HDDMW),
    (HddmW(0.01, 0.2, two_sided=True), lambda: drift.binary.HDDMW(0.01, 0.05, 0.2, two_sided_test=True)),
    (Adwin(), drift.ADWIN),
    (PageHinkley(5, 0.01, 10.0), lambda: drift.PageHinkley(5, 0.01, 10.0)),
]
NUMBERS: list[tuple[Ours, Theirs]] = [
    (Adwin(), drift.ADWIN),
    (Adwin(0.05, 7, 3, 2, 1), lambda: drift.ADWIN(0.05, 7, 3, 2, 1)),
    (Adwin(0.3, 1, 5, 1, 0), lambda: drift.ADWIN(0.3, 1, 5, 1, 0)),
    (PageHinkley(), drift.PageHinkley),
    (PageHinkley(10, 0.1, 20.0, 0.99, "up"), lambda: drift.PageHinkley(10, 0.1, 20.0, 0.99, "up")),
    (PageHinkley(10, 0.1, 20.0, 1.0, "down"), lambda: drift.PageHinkley(10, 0.1, 20.0, 1.0, "down")),
]
WINDOWS: list[tuple[Ours, Theirs]] = [
    (Kswin(), lambda: drift.KSWIN(seed=1)),
    (Kswin(0.05, 40, 5, 0), lambda: drift.KSWIN(0.05, 40, 5, 0)),
    (Kswin(0.01, 150, 10, 2**40), lambda: drift.KSWIN(0.01, 150, 10, 2**40)),
]


@pytest.mark.parametrize(("ours", "theirs"), ERRORS)
def test_errors_alarm_where_river_does(ours: Ours, theirs: Theirs) -> None:
    """Fifty streams of errors whose rate changes three times."""
    assert same(ours, theirs, streams(1_000, errors)) > 10


@pytest.mark.parametrize("draw", [numbers, few])
@pytest.mark.parametrize(("ours", "theirs"), NUMBERS)
def test_numbers_alarm_where_river_does(
    ours: Ours, theirs: Theirs, draw: Callable[[np.random.Generator, int], np.ndarray]
) -> None:
    """Fifty streams of numbers whose mean and spread change three times."""
    assert same(ours, theirs, streams(1_000, draw)) > 10


@pytest.mark.parametrize("draw", [numbers, few])
@pytest.mark.parametrize(("ours", "theirs"), WINDOWS)
def test_windows_alarm_where_river_does(
    ours: Ours, theirs: Theirs, draw: Callable[[np.random.Generator, int], np.ndarray]
) -> None:
    """The same for the one that draws: the same draws for the same seed."""
    assert same(ours, theirs, streams(220, draw)) > 10


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(ours, theirs) for ours, theirs in ERRORS if ours != PageHinkley(5, 0.01, 10.0)],
)
def test_an_unbroken_run_alarms_where_river_does(ours: Ours, theirs: Theirs) -> None:
    """Never an error, always one, every third: where ties are."""
    runs = np.array([np.zeros(900), np.ones(900), np.arange(900) % 3 == 0, np.arange(900) // 300 == 1])
    same(ours, theirs, runs)


def changed(rng: random.Random) -> list[int]:
    """The stream in the docstrings of River's detectors of numbers."""
    return rng.choices([0, 1], k=1000) + rng.choices(range(4, 8), k=1000)


def worse(rng: random.Random) -> list[int]:
    """The one in those of its detectors of errors."""
    return rng.choices([0, 1], k=1000) + rng.choices([0, 1], k=1000, weights=[0.3, 0.7])


@pytest.mark.parametrize(
    ("ours", "seed", "draw", "first"),
    [
        (Adwin(), 12345, changed, 1023),
        (Kswin(alpha=0.0001, seed=42), 12345, changed, 1016),
        (PageHinkley(), 12345, changed, 1006),
        (Ddm(), 42, worse, 1334),
        (Eddm(beta=0.75), 42, worse, 1278),
        (HddmA(), 42, worse, 1206),
        (HddmW(), 42, worse, 1077),
    ],
)
def test_the_documented_alarms(ours: Ours, seed: int, draw: Callable[[random.Random], list[int]], first: int) -> None:
    """Each docstring's stream has its one alarm where River's documentation says."""
    _, alarms = fold(ours, ours.start(1), np.array([draw(random.Random(seed))]))
    assert [first] == np.flatnonzero(alarms[0]).tolist()
