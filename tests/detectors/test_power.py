"""The comparison of detectors is a fair one: at thresholds at which all alarm equally often where nothing changes."""

import numpy as np

from tests.honesty.power import (
    CHANGED,
    EVENTS,
    FALSE_ALARMS,
    KINDS,
    OURS,
    Row,
    best,
    calibrated,
    drawn,
    first,
    methods,
    outside,
    row,
)
from tests.honesty.power_series import agreed, outcome
from tests.honesty.power_worlds import TOGETHER


def test_calibration_equalises_false_alarms() -> None:
    """Every method alarms in one of twenty runs without a change, at the threshold that these gave it."""
    quiet = drawn(1, None, TOGETHER)
    known, promised = methods(quiet)
    assert 9 == len(known)
    assert {name: round(FALSE_ALARMS * TOGETHER) for name in known} == {
        name: np.isfinite(tells(quiet)).sum() for name, tells in known.items()
    }
    assert promised > 0


def test_the_threshold_is_a_quantile() -> None:
    """Where a run alarms above its own greatest number: at the threshold, 5 % of the runs do."""
    greatest = np.random.default_rng(2).gumbel(10, 1, 400)
    asked = []

    def rang(threshold: float, which: np.ndarray) -> np.ndarray:
        asked.append(len(which))
        return greatest[which] > threshold

    assert 20 == (greatest > calibrated(rang, 400, 5.0, 100.0)).sum()
    assert sum(asked) < 400 * 6


def test_delays_count_from_the_change() -> None:
    """Runs that alarmed before it say nothing of it; what never alarms has no delay."""
    before = CHANGED * EVENTS
    found = row(np.array([before, before + 100.0, before + 300.0, np.inf]))
    assert Row(2 / 3, 300.0, 0.25) == found
    assert [200.0, np.inf] == first(np.array([[False, True, True], [False, False, False]])).tolist()


def test_what_is_found_too_late_is_outside() -> None:
    """More than 1.25 times the delay of the best single one, or fewer than 95 % found."""
    rows = {OURS: Row(1.0, 126.0, 0.0), "a": Row(1.0, 100.0, 0.0), "b": Row(0.5, 400.0, 0.0)}
    assert 100 == best(rows)
    table = dict.fromkeys(KINDS, rows | {OURS: Row(1.0, 125.0, 0.0)})
    assert [] == outside(table)
    assert ["mean", "tail"] == outside(table | {"mean": rows, "tail": rows | {OURS: Row(0.9, 100.0, 0.0)}})
    assert ["correlation only"] == outside(table | {"correlation only": rows})


def test_annotators_agree_on_the_first_change() -> None:
    """More than half of them, near each other; alarms before it count once in a window, those after it by the first."""
    assert 60 == agreed([[60, 96], [60], [2, 61], [200]])
    assert agreed([[10], [40], [80]]) is None
    assert (2, 15.0) == outcome(np.array([10, 20, 55, 75, 90]), 60)
