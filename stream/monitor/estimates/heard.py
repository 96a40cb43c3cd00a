"""What models said in a pane or a window, counted by what it meant in a basis, and what follows from it.

Segments are counted beside the whole in fewer bins: those of scores as far as labels tell them apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np

from detectors.codes import Floats, Integers
from detectors.estimation import basis as bases
from detectors.estimation import binary, class_metrics
from detectors.estimation.basis import Basis
from detectors.estimation.classes import Basis as ClassesBasis
from detectors.estimation.classes import Counted
from detectors.estimation.estimate import Estimate
from detectors.performance import cells
from detectors.performance.cells import Cells
from stream.answers.binary import Binary
from stream.answers.classes import Classes
from stream.answers.kind import Answers, Rows
from stream.answers.own import bare
from stream.answers.probable import probable
from stream.monitor.performance.measuring import SEGMENTED
from stream.monitor.performance.numbered import LEVEL

OF_CLASSES: Final = ("accuracy",)  # all that one score per answer can tell of several classes
KNOWN: Final = 0.98  # of a window's predictions have a score for each class: else the others are left to guess
LEAST: Final = 100  # predictions of a segment: of fewer nobody has measured how honest an estimate is

Estimates = Mapping[str, Estimate]  # by metric


@dataclass(frozen=True, eq=False)
class Meaning:
    """What scores mean, in the labels that are known, and the rows of segments, of which the first is everything."""

    basis: Basis | None
    classes: ClassesBasis | None
    answers: Answers
    names: tuple[str, ...] = ("",)

    @cached_property
    def coarse(self) -> Basis | None:
        """The basis that parts are counted by."""
        return None if self.basis is None else self.basis.coarse()

    @property
    def worth(self) -> tuple[float, float, float, float] | None:
        """What decisions of two classes are worth."""
        kind = bare(self.answers)
        return kind.settings.worth if isinstance(kind, Binary) else None

    @property
    def table(self) -> Floats | None:
        """The same of several, by decision and class."""
        kind = bare(self.answers)
        table = kind.settings.table if isinstance(kind, Classes) else None
        return None if table is None else table.T


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts of `n` predictions, by rows: of their scores by a basis, and of those of several classes by another."""

    n: Integers  # (rows,)
    scored: Cells | None
    probable: Counted | None

    def __add__(self, other: Self) -> "Counts":
        scored = None if self.scored is None or other.scored is None else self.scored + other.scored
        both = self.probable, other.probable
        return Counts(self.n + other.n, scored, None if both[0] is None or both[1] is None else both[0] + both[1])

    def take(self, first: int, n: int) -> "Counts":
        """Some rows that follow each other."""
        scored = None if self.scored is None else self.scored.take(np.arange(first, first + n))
        some = slice(first, first + n)
        return Counts(self.n[some], scored, None if self.probable is None else self.probable[some])


@dataclass(frozen=True, eq=False)
class Heard:
    """A pane or a window: everything, one row, and the rows of segments if there are any."""

    whole: Counts
    parts: Counts | None

    def __add__(self, other: Self) -> "Heard":
        parts = None if self.parts is None or other.parts is None else self.parts + other.parts
        return Heard(self.whole + other.whole, parts)


def heard(meaning: Meaning, rows: Rows, panes: tuple[Integers, int], segments: Integers | None) -> list[Heard]:
    """What was said in each of some panes: the pane of each row, (n,), and how many there are.

    `segments`, (n, fields), are the rows of segments that each belongs to; None where they are not told apart.
    """
    pane, n = panes
    whole = _counted(meaning, meaning.basis, rows, pane[:, None], n)
    if segments is None or not segments.shape[1]:
        return [Heard(whole.take(i, 1), None) for i in range(n)]
    size = len(meaning.names)
    parts = _counted(meaning, meaning.coarse, rows, pane[:, None] * size + segments, n * size)
    return [Heard(whole.take(i, 1), parts.take(i * size, size)) for i in range(n)]


def _counted(meaning: Meaning, basis: Basis | None, rows: Rows, at: Integers, n_rows: int) -> Counts:
    """Counts of predictions that belong to rows `at`, (n, fields), of `n_rows`."""
    n = np.bincount(at.ravel(), minlength=n_rows)
    scored = None
    if basis is not None:
        counted, values = basis.pairs(rows["score"], meaning.answers.decided(rows))
        made = cells.of(basis.layout, counted, values, at + 1, n_rows + 1)
        scored = made.take(np.arange(1, n_rows + 1))
    kind, several = bare(meaning.answers), None
    if meaning.classes is not None and isinstance(kind, Classes):
        found = probable(kind, rows)
        if found is not None:
            fields = at[found.rows].T
            each = (meaning.classes.count(found.scores, found.decided, field, n_rows) for field in fields)
            several = sum(each, next(each))
    return Counts(n, scored, several)


def estimated(meaning: Meaning, window: Counts) -> tuple[int, Estimates]:
    """What is expected of a window, by the names of realised performance, and of how many predictions.

    Of several classes by all their scores, where nearly all predictions have them; else by the one of the answer.
    """
    n = _of_classes(meaning, window, 0)
    if n:
        assert meaning.classes is not None, "counted by nothing"
        assert window.probable is not None, "not counted"
        return n, class_metrics.estimate(meaning.classes, window.probable[0], LEVEL, meaning.table)
    if meaning.basis is None or window.scored is None:
        return 0, {}
    found = binary.estimate(meaning.basis, bases.of_cells(meaning.basis, window.scored), LEVEL, meaning.worth)
    names = found.keys() if isinstance(bare(meaning.answers), Binary) else OF_CLASSES
    known = {name: each for name, each in found.items() if name in names and not np.isnan(each.value[0])}
    return int(window.scored.counts.sum()), known


def of_parts(meaning: Meaning, parts: Counts) -> Iterator[tuple[str, int, Estimates]]:
    """What is expected of segments with enough predictions: the name of each, how many, and what is told of segments.

    All at once: how many they are follows from the window, so that sums are those of every other run.
    """
    left = list[int]()
    for i in np.flatnonzero(parts.n >= LEAST).tolist():
        n = _of_classes(meaning, parts, i)
        if not n:
            left.append(i)
        elif n >= LEAST:
            assert meaning.classes is not None, "counted by nothing"
            assert parts.probable is not None, "not counted"
            one = class_metrics.estimate(meaning.classes, parts.probable[i], LEVEL, None, SEGMENTED)
            yield meaning.names[i], n, one
    if not left or meaning.coarse is None or parts.scored is None:
        return
    scored = parts.scored.take(left)
    names = SEGMENTED if isinstance(bare(meaning.answers), Binary) else OF_CLASSES
    found = binary.estimate(meaning.coarse, bases.of_cells(meaning.coarse, scored), LEVEL, None, names)
    for place, (i, n) in enumerate(zip(left, scored.counts.sum(axis=1).tolist(), strict=True)):
        told = {name: Estimate(*(column[[place]] for column in each)) for name, each in found.items()}
        if n >= LEAST:
            yield meaning.names[i], n, {name: each for name, each in told.items() if not np.isnan(each.value[0])}


def _of_classes(meaning: Meaning, counts: Counts, i: int) -> int:
    """How many predictions of a row have scores of all classes; 0 where too many have none."""
    if meaning.classes is None or counts.probable is None:
        return 0
    n = int(counts.probable.events[i].sum())
    return n if n >= max(1.0, KNOWN * int(counts.n[i])) else 0
