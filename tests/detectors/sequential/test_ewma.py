"""EWMA: the filter is the loop's, and the textbook's example alarms where the textbook says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectors.sequential import fold
from detectors.sequential.cusum import Cusum
from detectors.sequential.ewma import Ewma

# Montgomery, Introduction to statistical quality control, table 9.1: twenty draws of mean 10, then ten of mean 11. Its
# chart has weight 0.1 and width 2.7.
TEXTBOOK = np.array([
    [9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08],
    [9.37, 10.62, 10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52],
]).reshape(1, 30)  # fmt: skip
# NIST/SEMATECH e-Handbook of statistical methods, 6.3.2.4: target 50, weight 0.3; and the averages that it gives.
HANDBOOK = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4]
AVERAGES = [50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52, 50.05, 49.38]


def loop(detector: Ewma, steps: list[float]) -> list[int]:
    """The paper's recurrence, step by step."""
    found, average, n, w = [], detector.target, 0, detector.weight
    for i, x in enumerate(steps):
        n, average = n + 1, w * x + (1 - w) * average
        spread = detector.sigma * (w / (2 - w) * (1 - (1 - w) ** (2 * n))) ** 0.5
        if abs(average - detector.target) > detector.width * spread:
            found, average, n = [*found, i], detector.target, 0
    return found


@given(steps=arrays(np.float64, (3, 60), elements=st.floats(-6, 6)))
def test_the_filter_is_the_loop(steps: np.ndarray) -> None:
    """Alarms equal the recurrence's."""
    detector = Ewma(0.1, 2.0, 0.5, 1.5)
    _, alarms = fold(detector, detector.start(3), steps)
    assert [loop(detector, row.tolist()) for row in steps] == [np.flatnonzero(row).tolist() for row in alarms]


def test_the_textbooks_example() -> None:
    """On its data both the chart and the CUSUM of 0.5 and 5 signal the shift of one sigma at the 29th observation."""
    ewma, cusum = Ewma(0.1, 2.7, 10.0, 1.0), Cusum(0.5, 5.0)
    _, averaged = fold(ewma, ewma.start(1), TEXTBOOK)
    _, summed = fold(cusum, cusum.start(1), TEXTBOOK - 10)
    assert [29] == (np.flatnonzero(averaged[0])[:1] + 1).tolist()
    assert [29] == (np.flatnonzero(summed[0])[:1] + 1).tolist()


def test_the_handbooks_averages() -> None:
    """Each average is the one that is published, and none is beyond three sigma."""
    ewma = Ewma(0.3, 3.0, 50.0, 2.0539)
    state, averages = ewma.start(1), []
    for x in HANDBOOK:
        state, alarms = fold(ewma, state, np.array([x]))
        averages.append(round(50 + float(state.average[0]), 2))
        assert not alarms.any()
    assert AVERAGES == averages[: len(AVERAGES)]


def test_the_run_length_is_the_papers() -> None:
    """Unchanged series alarm about once in 500 steps at the defaults: within a tenth, chance included."""
    detector, steps = Ewma(), np.random.default_rng(4).standard_normal((500, 4_000))
    _, alarms = fold(detector, detector.start(500), steps)
    assert abs(alarms.sum() * 500 / steps.size - 1) < 0.1
