"""The course of a window: its panes and those of the window before, whatever they came through."""

import numpy as np

from stream.counting.windows import STEPS_MAX, stride
from stream.monitor.panes.courses import Courses, followed, since

KEY = ("shop", "1", 60)
PANE = 5


def course(ends: list[int], key: tuple[str, str, int] = KEY, plan: str = "p") -> Courses:
    """Of panes with these ends, each with its end in the first cell."""
    courses: Courses = {}
    for end in ends:
        followed(courses, key, plan, (end - PANE, end), np.array([end, 0, 7]))
    return courses


def test_a_course_has_the_panes_of_two_windows() -> None:
    """Of whichever end comes next, sliding or not, each as it was counted; older ones are forgotten."""
    found = course([5, 15, 40, 65, 70, 120, 125, 130])[KEY]
    assert [(10, 15), (35, 40), (60, 65), (65, 70), (115, 120), (120, 125), (125, 130)] == [
        (step.start, int(step.counts[0])) for step in found.steps
    ]
    assert [60, 65, 115, 120, 125] == [step.start for step in found.since(60).steps]


def test_many_panes_are_added_up() -> None:
    """A long window has as few steps as a short one; every event is in one of them."""
    length = 60 * STEPS_MAX
    key = ("shop", "1", length)
    ends = list(range(PANE, 2 * length + PANE, PANE))
    found = course(ends, key)[key]
    assert stride(length, PANE) == 60
    assert len(found.steps) == 2 * STEPS_MAX
    assert sum(int(step.counts[0]) for step in found.steps) == sum(ends)
    assert {60} == set(np.diff([step.start for step in found.steps]).tolist())


def test_another_plan_begins_another_course() -> None:
    """What was counted in other cells is no help."""
    courses = course([5, 10])
    followed(courses, KEY, "q", (10, 15), np.array([1, 2]))
    assert ("q", [10]) == (courses[KEY].plan, [step.start for step in courses[KEY].steps])


def test_what_no_course_needs_is_what_they_forget() -> None:
    """Read again from there on, the next pane finds the same course."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        ends = (PANE * np.unique(rng.integers(1, 80, 30))).tolist()
        closed = ends[-2]
        kept = [end for end in ends if end > since(closed, KEY[2])]
        before, after = (course(each)[KEY] for each in (ends, kept))
        assert [step.start for step in before.steps] == [step.start for step in after.steps]
        assert all(np.array_equal(a.counts, b.counts) for a, b in zip(before.steps, after.steps, strict=True))
        assert ends[-1] - before.steps[0].start <= 2 * KEY[2]


def test_counts_take_as_few_bytes_as_hold_them() -> None:
    """And no sum is cut."""
    courses: Courses = {}
    key = ("shop", "1", PANE * STEPS_MAX * 4)
    for end, n in ((5, 200), (10, 200), (15, 70_000), (20, 2**33)):
        followed(courses, key, "p", (end - 5, end), np.array([n]))
    (step,) = courses[key].steps
    assert (int(step.counts[0]), step.counts.dtype) == (2**33 + 70_400, np.dtype(np.uint64))
