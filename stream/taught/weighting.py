"""Labelled events of a reference as weighting needs them: chosen, with their cells and outcomes."""

import numpy as np
from numpy.typing import NDArray

from detectors import parts
from detectors.codes import Floats, Integers
from detectors.importance import Labelled, kept
from detectors.outcomes import place
from stream.answers.binary import Binary
from stream.answers.classes import Classes
from stream.answers.kind import Answers, Rows
from stream.answers.numbers import Numbers
from stream.answers.own import bare
from stream.plan import Plan, is_feature

Counted = tuple[Floats, NDArray[np.uint16]]  # events as a grid counts them, (n, columns) each: values, categories


def inputs(plan: Plan) -> list[int]:
    """The columns of a plan that are inputs of its model."""
    return [i for i, name in enumerate(plan.grid.columns) if is_feature(name)]


def cells_of_inputs(plan: Plan) -> Integers:
    """Where the cells of these columns are among all of a plan's, one column's after the other's, (cells,)."""
    offsets = plan.grid.offsets
    spans = [np.arange(offsets[i], offsets[i + 1]) for i in inputs(plan)]
    return np.concatenate(spans) if spans else np.empty(0, np.int64)


def labelled(answers: Answers, plan: Plan, rows: Rows, counted: Counted) -> Labelled | None:
    """Pairs, with what became of their answers, and the same events as counted; None where nobody knows what became."""
    found = outcome(answers, rows)
    if found is None:
        return None
    kind, values = found
    known = np.flatnonzero(np.isfinite(values))
    columns = inputs(plan)
    chosen = known[kept(len(known), len(columns))]
    cells = parts.placed(plan.grid, counted[0][chosen], counted[1][chosen])[columns]
    return Labelled.of(kind, cells, plan.grid.widths[columns], values[chosen])


def outcome(answers: Answers, rows: Rows) -> tuple[str, Floats] | None:
    """The kind of outcomes that answers have, see `detectors.outcomes`, and that of each pair, (n,); nan of none."""
    kind = bare(answers)
    if isinstance(kind, Binary):
        return "decisions", place(kind.decided(rows), kind.scored(rows)[1])
    if isinstance(kind, Classes):
        return "answers", (~kind.wrong(rows)).astype(np.float64)
    if isinstance(kind, Numbers):
        return "errors", kind.errors(rows)[1]
    return None
