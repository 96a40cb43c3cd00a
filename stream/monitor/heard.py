"""What models said in a pane or a window, counted by what it meant in a basis, and what follows from it."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from detectors.codes import Integers
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
from stream.monitor.told import LEVEL

NAMES: Final = {"mcc": "matthews", "business_value": "worth"}  # what realised performance of a binary model calls it
OF_CLASSES: Final = ("accuracy",)  # all that one score per answer can tell of several classes
KNOWN: Final = 0.98  # of a window's predictions have a score for each class: else the others are left to guess


@dataclass(frozen=True, eq=False)
class Heard:
    """Counts of `n` predictions: of their scores by a basis, and of those of several classes by another."""

    n: int
    scored: Cells | None
    probable: Counted | None

    def __add__(self, other: Self) -> "Heard":
        scored = None if self.scored is None or other.scored is None else self.scored + other.scored
        both = self.probable, other.probable
        return Heard(self.n + other.n, scored, None if both[0] is None or both[1] is None else both[0] + both[1])


def heard(
    basis: Basis | None, classes: ClassesBasis | None, answers: Answers, rows: Rows, panes: tuple[Integers, int]
) -> list[Heard]:
    """What was said in each of some panes: the pane of each row, (n,), and how many there are."""
    pane, n = panes
    scored: list[Cells | None] = [None] * n
    if basis is not None:
        counted, values = basis.pairs(rows["score"], answers.decided(rows))
        made = cells.of(basis.layout, counted, values, pane[:, None] + 1, n + 1)
        scored = [made.take([i + 1]) for i in range(n)]
    kind = bare(answers)
    found = probable(kind, rows) if classes is not None and isinstance(kind, Classes) else None
    several: list[Counted | None] = [None] * n
    if classes is not None and found is not None:
        several = [*classes.count(found.scores, found.decided, pane[found.rows], n)]
    whole = np.bincount(pane, minlength=n).tolist()
    return [Heard(*each) for each in zip(whole, scored, several, strict=True)]


def estimated(
    basis: Basis | None, classes: ClassesBasis | None, answers: Answers, window: Heard
) -> tuple[int, dict[str, Estimate]]:
    """What is expected of a window, by the names of realised performance, and of how many predictions.

    Of several classes by all their scores, where nearly all predictions have them; else by the one of the answer.
    """
    kind, several = bare(answers), window.probable
    if classes is not None and several is not None and int(several.events.sum()) >= max(1.0, KNOWN * window.n):
        table = kind.settings.table if isinstance(kind, Classes) else None
        return int(several.events.sum()), class_metrics.estimate(
            classes, several, LEVEL, None if table is None else table.T
        )
    if basis is None or window.scored is None:
        return 0, {}
    values = kind.settings.worth if isinstance(kind, Binary) else None
    found = binary.estimate(basis, bases.of_cells(basis, window.scored), LEVEL, values)
    names = found.keys() if isinstance(kind, Binary) else OF_CLASSES
    known = {name: each for name, each in found.items() if name in names and not np.isnan(each.value[0])}
    return int(window.scored.counts.sum()), {NAMES.get(name, name): each for name, each in known.items()}
