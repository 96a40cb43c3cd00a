"""How large a change is by other distances than those that judge: what `drift.measures` names, as rows."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors.distances import DISTANCES
from detectors.positions import positions
from detectors.rare import merged, targets
from sinks import commit as tables
from sinks.commit import Texts
from stream.ledger import Ledger, moment
from stream.monitor.judging import COMPARED, Case, Verdicts, layout
from stream.monitor.rows import Judged, kept
from stream.plan import Plan


def effect_rows(ledger: Ledger, judged: Sequence[Judged]) -> None:
    """The distances that models ask for, of every series of which distances are kept."""
    for case, verdicts, tell in judged:
        names = case.settings.drift.measures
        if names:
            i, columns = kept(case, tell)
            _rows(ledger, case, verdicts, i, columns)


def _rows(ledger: Ledger, case: Case, verdicts: Verdicts, i: NDArray[np.int64], columns: NDArray[np.int64]) -> None:
    names = case.settings.drift.measures
    values = measured(case.plan, columns, verdicts.expected[i, columns], verdicts.observed[i, columns], names)
    series, measure = np.nonzero(np.isfinite(values))
    n = len(series)
    ledger.block(
        tables.EFFECTS,
        {
            "model": Texts((case.plan.model,), np.zeros(n, np.int64)),
            "version": Texts((case.version,), np.zeros(n, np.int64)),
            "segment": Texts(tuple(case.plan.rows), verdicts.rows[i][series]),
            "feature": Texts(case.plan.grid.columns, columns[series]),
            "length": case.length,
            "start": moment(case.start),
            "end": moment(case.end),
            "measure": Texts(names, measure),
            "value": values[series, measure],
        },
    )


def measured(
    plan: Plan,
    columns: NDArray[np.int64],
    expected: NDArray[np.int64],
    observed: NDArray[np.int64],
    names: Sequence[str],
) -> NDArray[np.float64]:
    """Distances of series, (series, names), from their counts, (series, cells).

    nan where a side has no values; and for distances that see the order of cells also where a side has no numbers.
    Those that know no order see rare cells together, as the ones that judge do.
    """
    width = int(plan.grid.regular.max()) + COMPARED  # its own: no bit of a sum depends on other models' grids
    expected, observed = expected[:, :width], observed[:, :width]
    target = targets(expected, observed)
    every = merged(expected, target), merged(observed, target)
    ordered = layout(plan, width).ordered[columns]
    line = np.where(ordered, expected, 0), np.where(ordered, observed, 0)
    places = _places(plan, width)[columns]
    values = np.empty((len(expected), len(names)))
    for j, name in enumerate(names):
        distance = DISTANCES[name]
        before, now = every if distance.sees == "cells" else line
        some = (before.sum(axis=1) > 0) & (now.sum(axis=1) > 0)
        values[:, j] = np.where(some, distance(before, now, places), np.nan)
    return values


@lru_cache(maxsize=512)
def _places(plan: Plan, width: int) -> NDArray[np.float64]:
    """Where cells stand, those that hold no numbers with the last one that does; 0 for categories, (columns, width)."""
    placed = np.zeros((len(plan.grid.columns), width))
    for row, each in zip(placed, positions(plan.grid), strict=False):
        row[: len(each)], row[len(each) :] = each, each[-1]
    return placed
