"""Sequential detectors beside River's, step by step over the same streams: the same alarms, and how much faster.

SERIES streams of STEPS steps: errors that become more frequent late, and standard normal numbers. Each repetition runs
both in turn, in thread time; River gets a tenth of the steps, whose alarms must be the same ones.
"""

from collections.abc import Callable, Iterator
from statistics import median
from time import thread_time
from typing import Any

import numpy as np

from detectors.sequential import fold
from detectors.sequential.adwin import Adwin
from detectors.sequential.ddm import Ddm
from detectors.sequential.eddm import Eddm
from detectors.sequential.fold import Sequential
from detectors.sequential.hddm_a import HddmA
from detectors.sequential.hddm_w import HddmW
from detectors.sequential.kswin import Kswin
from detectors.sequential.page_hinkley import PageHinkley
from tests.bench.report import Figure

SERIES, STEPS, TOGETHER, SHARE, REPETITIONS = 20, 100_000, 5_000, 10, 5
DDM_MIN, HDDM_A_MIN, PAGE_HINKLEY_MIN = 15.0, 60.0, 8.0  # times River's rate


def streams() -> tuple[np.ndarray, np.ndarray]:
    """Errors and numbers, (series, steps) each."""
    rng = np.random.default_rng(5)
    errors = rng.random((SERIES, STEPS)) < np.where(np.arange(STEPS) < STEPS * 0.6, 0.1, 0.145)
    return errors.astype(float), rng.standard_normal((SERIES, STEPS))


def theirs(make: Callable[[], Any], steps: np.ndarray) -> tuple[float, list[list[int]]]:
    """Seconds per step of River's loop, and where it alarmed."""
    begin, found = thread_time(), []
    for row in steps.tolist():
        detector, at = make(), []
        for i, step in enumerate(row):
            detector.update(step)
            if detector.drift_detected:
                at.append(i)
        found.append(at)
    return (thread_time() - begin) / steps.size, found


def ours(detector: Sequential[Any], steps: np.ndarray) -> tuple[float, list[list[int]]]:
    """Seconds per step of `fold`, some thousand steps at a time, and where it alarmed."""
    begin, state, alarms = thread_time(), detector.start(len(steps)), np.zeros(steps.shape, bool)
    for start in range(0, steps.shape[1], TOGETHER):
        state, alarms[:, start : start + TOGETHER] = fold(detector, state, steps[:, start : start + TOGETHER])
    return (thread_time() - begin) / steps.size, [np.flatnonzero(row).tolist() for row in alarms]


def ratio(detector: Sequential[Any], make: Callable[[], Any], steps: np.ndarray, repetitions: int) -> float:
    """How many times River's rate ours is: the median of runs side by side."""
    fewer, ratios, name = steps.shape[1] // SHARE, [], type(detector).__name__
    for _ in range(repetitions):
        slow, expected = theirs(make, steps[:, :fewer])
        fast, found = ours(detector, steps)
        assert expected == [[i for i in row if i < fewer] for row in found], f"{name}: other alarms than River's"
        ratios.append(slow / fast)
    n = sum(map(len, found))
    print(f"{name}: {1e-6 / fast:.1f} M steps/s, River {1e-6 / slow:.2f}, {median(ratios):.1f} times; {n} alarms")
    return median(ratios)


def figures(quick: bool) -> Iterator[Figure]:
    """Rates as multiples of River's, as River's share of ours: at most 1 / 15 and so on. Without a limit, printed."""
    from river import drift

    errors, numbers = streams()
    repetitions = 3 if quick else REPETITIONS
    limited: list[tuple[Sequential[Any], Callable[[], Any], np.ndarray, float]] = [
        (Ddm(), drift.binary.DDM, errors, DDM_MIN),
        (HddmA(), drift.binary.HDDMA, errors, HDDM_A_MIN),
        (PageHinkley(), drift.PageHinkley, numbers, PAGE_HINKLEY_MIN),
    ]
    for detector, make, steps, least in limited:
        times = ratio(detector, make, steps, repetitions)
        what = f"sequential, {type(detector).__name__} at {SERIES} series: River's rate / ours ({times:.1f} times)"
        yield Figure(what, 1 / times, round(1 / least, 4), "")
    ratio(Eddm(), drift.binary.EDDM, errors, 1)
    ratio(HddmW(), drift.binary.HDDMW, errors, 1)
    ratio(Adwin(), drift.ADWIN, errors, 1)
    ratio(Kswin(), lambda: drift.KSWIN(seed=1), numbers[:, : STEPS // 50], 1)
