"""How large a change is by other distances than those that judge: what `drift.measures` names, as rows."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors.effects import effects
from detectors.positions import placed
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
    """Distances of series, (series, names), from their counts, (series, cells): see `detectors.effects`."""
    width = int(plan.grid.regular.max()) + COMPARED  # its own: no bit of a sum depends on other models' grids
    ordered, places = layout(plan, width).ordered[columns], _places(plan, width)[columns]
    return effects(expected[:, :width], observed[:, :width], ordered, places, names)


@lru_cache(maxsize=512)
def _places(plan: Plan, width: int) -> NDArray[np.float64]:
    return placed(plan.grid, width)
