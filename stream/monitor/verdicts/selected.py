"""Groups of a protected field when a window closes: how often the model said yes to each, which needs no labels.

Counted are all predictions of the window that say which class it is. Where only a score says so, nobody knows it before
pairs are there: the threshold lies inside of a cell.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from detectors.fairness import GROUPS_MAX, RATES, fairness
from detectors.grids import ABSENT_CELL, MISSING_CELL, WRONG_TYPE_CELL
from stream.joining.spoken import says_yes
from stream.ledger import Ledger
from stream.monitor.acting.noticed import Noticed, noticed_window
from stream.monitor.performance.fairness import ALPHA, DETECTOR, Treated, findings, gap_rows
from stream.monitor.performance.standards import level
from stream.monitor.verdicts.judging import Case
from stream.plan import PREDICTION

FINAL: Final = "final"  # all predictions are there: no label changes what was said


def close(ledger: Ledger, cases: Sequence[Case]) -> Iterator[Noticed]:
    """Windows that close together: the gaps of their groups, and what is surely too wide of them."""
    for case in cases:
        for one in _treated(case):
            gap_rows(ledger, case.end, FINAL, 1.0, one)
            judged = [(one.field, f"{DETECTOR}:{metric}") for metric in one.judged.gaps]
            about = ((case.plan.model, case.version), case.end, (case.length, case.end))
            yield noticed_window(*about, judged, list(findings(one)), DETECTOR)


def _treated(case: Case) -> Iterator[Treated]:
    """The protected fields of a window. Whose group is not known is left out."""
    plan, model = case.plan, case.settings
    if not model.fairness or not says_yes(model.output, plan):
        return
    grid, column = plan.grid, plan.grid.columns.index(PREDICTION)
    first, regular = int(grid.offsets[column]), int(grid.regular[column])
    positive = grid.vocabularies[grid.categorical.index(PREDICTION)].index(model.output.positive)
    silent = [first + regular + cell for cell in (MISSING_CELL, WRONG_TYPE_CELL, ABSENT_CELL)]
    key = (plan.model, case.version, case.length, case.end)
    # The labelled rates have the other shares of the same small chance.
    chance = level(model, case.length, len(model.fairness)) / len(RATES)
    for field in plan.segments:
        if field.name not in model.fairness:
            continue
        rows = np.arange(field.first, field.missing)
        counts = case.summary.counts[rows].astype(np.int64)
        yes = counts[:, first + positive]
        said = counts[:, first : first + regular + len(silent) + 1].sum(axis=1) - counts[:, silent].sum(axis=1)
        some = np.flatnonzero(said)
        if not len(some):
            continue
        some = np.sort(some[np.argsort(-said[some], kind="stable")[:GROUPS_MAX]])
        both = np.stack((yes, said - yes), axis=1)[some]
        names = tuple(plan.rows[i] for i in rows[some].tolist())
        shown, judged = (fairness(both, alpha, model.tolerate) for alpha in (ALPHA, chance))
        yield Treated(key, model, field.name, names, int(both.sum()), shown, judged, labelled=False)
