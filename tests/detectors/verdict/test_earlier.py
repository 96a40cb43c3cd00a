"""The same slot of other days keeps the verdict's promise: a short version of `tests.honesty.earlier`."""

import numpy as np

from detectors.verdict.apart import apart
from stream.config.sections.references import Reference
from stream.config.settings import HOUR
from tests.honesty.earlier import Row, measured


def test_the_same_hour_of_other_days_keeps_the_promise() -> None:
    """Of 17,000 verdicts some 170 are promised; where days differ too, and something is known of them."""
    often, seldom, unknown = measured(Row("", HOUR, Reference(days=7)), days=84)
    assert 0.5 <= often <= 1.5
    assert seldom <= 1.5
    assert unknown < 0.04
    often, _, unknown = measured(Row("", HOUR, Reference(days=7), 0.1), days=30)
    assert often <= 1.5
    assert unknown == 0


def test_windows_that_vary_more_than_draws_are_told_apart_and_empty_ones_say_nothing() -> None:
    """Seven of 1,000 values; of the second series one window has half a deviation more, of the third all are empty."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(7, 3, 1_000))
    values[3, 1] += 0.5
    cells = np.clip(np.round(values * 3) + 10, 0, 20).astype(np.int64)
    windows = np.stack([(cells == i).sum(axis=2) for i in range(21)], axis=2)
    windows[:, 2] = 0
    windows[5, 0] = 0
    assert apart(windows, np.ones((3, 21), np.bool_)).tolist() == [False, True, False]
    assert not apart(windows[:1], np.ones((3, 21), np.bool_)).any()
