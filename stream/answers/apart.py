"""Metrics of each class beside all others, and over them: of models with several classes, of windows as a whole."""

from collections.abc import Iterable, Mapping

import numpy as np

from detectors.codes import Floats
from detectors.performance import cells
from detectors.performance.cells import Cells
from detectors.performance.classes import multiclass, one_vs_rest
from detectors.performance.classes.one_vs_rest import CLASSES_MAX, LAYOUT, ROWS, Apart
from detectors.performance.measured import Measured
from stream.answers.blocks import BLOCK
from stream.answers.classes import Classes
from stream.answers.kind import NOTHING, Answers, Rows
from stream.answers.own import bare
from stream.encodings.several import unpacked


def classes_of(answers: Answers | None) -> Classes | None:
    """The kind of answers of which each class is measured apart; None where there is none."""
    kind = None if answers is None else bare(answers)
    return kind if isinstance(kind, Classes) else None


def n_rows(answers: Answers | None) -> int:
    """How many rows of cells the scores of one window have; 0 where they have none, or there are too many classes."""
    kind = classes_of(answers)
    few = kind is not None and len(kind.settings.classes) <= CLASSES_MAX
    return len(kind.settings.classes) * ROWS if kind is not None and few else 0


def apart_of(answers: Answers | None, rows: Rows) -> Cells | None:
    """The cells of the scores of pairs of one window, those that were taken back subtracted; None where none are kept.

    `rows` have their `change`.
    """
    kind = classes_of(answers)
    if kind is None or not n_rows(answers):
        return None
    made = empty(answers)
    for i in range(0, len(rows["several"]), BLOCK):
        some = {name: column[i : i + BLOCK] for name, column in rows.items()}
        truth, scores = kind.true(some), unpacked(some["several"], kind.settings.classes)[:, :-1]
        added = some["change"] > 0
        made += one_vs_rest.of(truth[added], scores[added])
        if not added.all():
            made -= one_vs_rest.of(truth[~added], scores[~added])
    return made


def empty(answers: Answers | None) -> Cells:
    """The cells of no scores."""
    return cells.empty(LAYOUT, n_rows(answers))


def measured(
    answers: Answers, made: Cells, apart: Cells | None, exact: Mapping[str, Floats] = NOTHING
) -> dict[str, Measured]:
    """All of them, (windows,) each, those of a class as `recall:grass`; `made` has the whole of each window."""
    kind = classes_of(answers)
    if kind is None:
        return {}
    matrix = multiclass.read(kind.settings, made).matrix
    with np.errstate(divide="ignore", invalid="ignore"):
        found = one_vs_rest.measure(matrix, apart, len(kind.settings.classes), exact=exact)
    return _named(found, kind.settings.classes)


def constant(answers: Answers, made: Cells, apart: Cells | None) -> dict[str, Floats]:
    """What the best constant answers would have had."""
    kind = classes_of(answers)
    if kind is None:
        return {}
    matrix = multiclass.read(kind.settings, made).matrix
    with np.errstate(divide="ignore", invalid="ignore"):
        found = one_vs_rest.baselines(matrix, apart, len(kind.settings.classes))
    return {name: each.value for name, each in _named(found, kind.settings.classes).items()}


def bounds(answers: Answers, apart: Cells) -> dict[str, Floats]:
    """How far what ranks scores by bins may be off."""
    kind = classes_of(answers)
    assert kind is not None, "cells of classes, and no classes"
    with np.errstate(divide="ignore", invalid="ignore"):
        found = one_vs_rest.bounds(apart, len(kind.settings.classes))
    return {name: each.value for name, each in _named(found, kind.settings.classes).items()}


def _named(found: Apart, classes: Iterable[str]) -> dict[str, Measured]:
    return found.averages | {
        f"{metric}:{name}": Measured(*(column[:, i] for column in each))
        for metric, each in found.each.items()
        for i, name in enumerate(classes)
    }
