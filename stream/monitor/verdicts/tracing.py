"""What a finding of a window says beside its size: where in time the change began, and what kind of change it is."""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from detectors.cause import causes
from detectors.onset import onset
from detectors.verdict import EVERYTHING
from detectors.verdict.contrasts import weights
from detectors.verdict.scores import NAMES
from stream.monitor.acting.findings import Began, Finding, Telling
from stream.monitor.panes.courses import Course
from stream.monitor.verdicts.judging import Case, Verdicts
from stream.monitor.verdicts.layout import layout, own_width


def traced(
    found: Sequence[Finding], case: Case, verdicts: Verdicts, tell: Telling, course: Course | None
) -> list[Finding]:
    """The findings of a judged window with causes, and those of all events with where they began.

    `course` has the panes of the window and of the one before; None where they are not known.
    """
    if not found:
        return []
    grid, columns, width = case.plan.grid, tell.columns, own_width(case.plan)  # no sum depends on others' grids
    expected, observed = (side[tell.rows, columns, :width] for side in (verdicts.expected, verdicts.observed))
    words = causes(expected, observed, grid.regular[columns], columns < len(grid.numeric))
    overall = np.flatnonzero(verdicts.rows[tell.rows] == 0)
    began: list[Began | None] = [None] * len(found)
    known = course.since(case.start - case.length) if course is not None and course.plan == case.plan.id else None
    if known is not None and known.steps:
        for i, one in zip(overall.tolist(), _began(case, verdicts, tell, overall, known), strict=True):
            began[i] = one
    return [replace(one, cause=word, began=at) for one, word, at in zip(found, words, began, strict=True)]


def _began(case: Case, verdicts: Verdicts, tell: Telling, which: NDArray[np.int64], course: Course) -> Iterator[Began]:
    """Where each of these series began to change, by the contrast that won."""
    placed = layout(case.plan, own_width(case.plan))
    # What is said of the first pane holds for all before it, too: it is called by the earliest that it could be.
    starts = [case.start - case.length, *(step.start for step in course.steps[1:])]
    panes = placed.rectangle(
        np.stack([step.counts for step in course.steps]).astype(np.int64)
    )  # (steps, columns, width)
    for row, column in zip(tell.rows[which].tolist(), tell.columns[which].tolist(), strict=True):
        cells, contrast = slice(0, int(placed.sizes[column])), int(verdicts.contrast[row, column])
        expected = verdicts.expected[row, column, cells]
        weighed = weights(expected, placed.ordered[column, cells], contrast)
        inflation = 1.0 if case.spread is None else _inflation(case.spread.inflation[column], contrast, len(expected))
        yield Began(*(starts[place] for place in onset(panes[:, column, cells], expected, weighed, inflation)))


def _inflation(inflation: NDArray[np.float64], contrast: int, cells: int) -> float:
    """How much more a contrast varies from pane to pane than independent draws; all cells as the middle one does."""
    if contrast != EVERYTHING:
        return float(inflation[contrast])
    return float(np.median(inflation[len(NAMES) : len(NAMES) + cells]))
