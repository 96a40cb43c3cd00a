"""The course of open windows and of those before them: what their panes counted, one after the other, of all events.

Kept in memory and made again from the store's panes after a restart. Whoever asks gets what the last pane of a window
makes of them, so it is the same in both cases.
"""

from typing import NamedTuple, Self

import numpy as np

from detectors.codes import Integers
from stream.counting.windows import stride
from stream.monitor.panes.accumulator import Key


class Step(NamedTuple):
    """One pane, or neighbouring ones: where the first of them begins, and what they counted, (cells,)."""

    start: int  # ns
    counts: Integers  # of as few bytes as hold them


class Course(NamedTuple):
    """The steps of a window and of the one before it, in order, all of one plan."""

    plan: str
    steps: tuple[Step, ...]

    def since(self, start: int) -> Self:
        """Only the steps that begin there or later."""
        return self._replace(steps=tuple(one for one in self.steps if one.start >= start))


Courses = dict[Key, Course]


def followed(courses: Courses, key: Key, plan: str, span: tuple[int, int], counts: Integers) -> None:
    """Add the counts of a closed pane, which spans (start, end), to the course of its window."""
    length, (start, end) = key[2], span
    step = stride(length, end - start)
    at = start // step * step
    known = courses.get(key)
    steps = known.steps if known is not None and known.plan == plan else ()
    steps = tuple(one for one in steps if one.start >= end - 2 * length)
    if steps and steps[-1].start == at:
        steps, counts = steps[:-1], steps[-1].counts + counts
    courses[key] = Course(plan, (*steps, Step(at, _narrow(counts))))


def since(closed: int, length: int) -> int:
    """The end of the last pane that no course of windows of this length needs, when all up to `closed` are closed."""
    return closed - 2 * length


def _narrow(counts: Integers) -> Integers:
    """The same counts in as few bytes as hold them."""
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
