"""The distances that `drift.measures` names, as rows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sinks import commit as tables
from sinks.commit import Texts
from stream.ledger import Ledger, moment
from stream.monitor.rows import Judged, kept
from stream.monitor.verdicts.distances import of_series
from stream.monitor.verdicts.judging import Case, Verdicts


def effect_rows(ledger: Ledger, judged: Sequence[Judged]) -> None:
    """The distances that models ask for, of every series of which distances are kept."""
    for case, verdicts, tell in judged:
        names = case.settings.drift.measures
        if names:
            i, columns = kept(case, tell)
            _rows(ledger, case, verdicts, i, columns)


def _rows(ledger: Ledger, case: Case, verdicts: Verdicts, i: NDArray[np.int64], columns: NDArray[np.int64]) -> None:
    names = case.settings.drift.measures
    values = of_series(case, verdicts, i, columns, names)
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
