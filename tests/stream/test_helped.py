"""Did it help: windows and labels before and after, with what is known, and no more."""

import numpy as np
import pytest

from detectors.afterwards import LEVEL, Windows, afterwards, fewer, more
from stream.helped import Answer, Findings, Measured, Performance, answered, of_labels, of_windows, share


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ((3, 3), (0, 0), "not yet known"),
        ((3, 3), (8, 0), "not yet known"),
        ((3, 3), (9, 0), "better"),
        ((9, 9), (3, 0), "better"),
        ((9, 9), (9, 9), "no difference"),
        ((9, 9), (9, 4), "no difference"),
        ((48, 2), (48, 40), "worse"),
        ((0, 0), (48, 40), "not yet known"),
        ((20, 0), (20, 0), "no difference"),
    ],
)
def test_windows_say_what_is_sure(before: tuple[int, int], after: tuple[int, int], verdict: str) -> None:
    """No difference is said where a difference would have shown."""
    assert verdict == afterwards(Windows(*before), Windows(*after))


def test_the_chances_are_those_of_drawing_without_replacement() -> None:
    """By counting all the ways."""
    dice, before, after = np.random.default_rng(3), Windows(5, 4), Windows(6, 2)
    marked = np.array([True] * 6 + [False] * 5)
    drawn = np.array([dice.permutation(marked)[:6].sum() for _ in range(20_000)])
    assert fewer(before, after) == pytest.approx((drawn <= 2).mean(), abs=0.01)
    assert more(before, after) == pytest.approx((drawn >= 2).mean(), abs=0.01)
    assert 0 < LEVEL < 0.05


def accuracy(before: float, after: float, n: int) -> Performance:
    """Windows of 50 labels each."""
    sides = [Measured((50,) * n, (value,) * n, ((value * (1 - value) / 50) ** 0.5,) * n) for value in (before, after)]
    return of_labels("accuracy", *sides, greater_is_better=True, tolerate=0.05)


def test_labels_say_what_is_sure() -> None:
    """With an interval; too few say nothing, and none is a difference only where it would be a small one."""
    assert ("better", 0.2) == (accuracy(0.7, 0.9, 20).verdict, pytest.approx(accuracy(0.7, 0.9, 20).difference))
    assert "worse" == accuracy(0.9, 0.7, 20).verdict
    assert "not yet known" == accuracy(0.7, 0.9, 1).verdict
    assert "not yet known" == accuracy(0.8, 0.8, 4).verdict
    assert "no difference" == accuracy(0.8, 0.8, 400).verdict
    one = accuracy(0.7, 0.9, 20)
    assert one.before.low is not None
    assert one.before.low < 0.7 < (one.before.high or 0)
    assert None is accuracy(0.7, 0.9, 1).low


def findings(before: tuple[int, int], after: tuple[int, int]) -> Findings:
    """Windows alone."""
    return of_windows(share(Windows(*before), (2.0, 3.0)), share(Windows(*after)))


BETTER, SAME, UNKNOWN = findings((9, 9), (12, 0)), findings((9, 9), (12, 12)), findings((3, 3), (1, 0))


@pytest.mark.parametrize(
    ("windows", "labels", "verdict", "by"),
    [
        (BETTER, None, "better", "findings"),
        (BETTER, accuracy(0.7, 0.9, 20), "better", "both"),
        (BETTER, accuracy(0.9, 0.7, 20), "worse", "performance"),
        (SAME, accuracy(0.7, 0.9, 20), "better", "performance"),
        (SAME, accuracy(0.8, 0.8, 400), "no difference", "both"),
        (UNKNOWN, accuracy(0.8, 0.8, 400), "no difference", "performance"),
        (UNKNOWN, accuracy(0.8, 0.8, 2), "not yet known", "neither"),
        (BETTER, accuracy(0.8, 0.8, 400), "better", "findings"),
    ],
)
def test_sure_labels_outweigh_windows(windows: Findings, labels: Performance | None, verdict: str, by: str) -> None:
    """Where they are not sure, windows speak."""
    said = answered(windows, labels, over=False)
    assert (verdict, by) == (said.verdict, said.by)


def test_the_words_have_the_numbers() -> None:
    """And say what may be otherwise."""
    said: Answer = answered(BETTER, accuracy(0.7, 0.9, 20), over=True)
    assert said.words == (
        "findings in 9 of 9 windows before, in 0 of 12 since; accuracy was 0.7, and is 0.9 (+0.2, +0.133 to +0.267); "
        "the incident was over before the run ended, so it may have got better by itself"
    )
    assert (2.5, None) == (said.findings.before.severity, said.findings.after.severity)
    assert "too few to tell" in answered(UNKNOWN, None, over=False).words
