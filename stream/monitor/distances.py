"""How large a change is: named distances of a window's series, and those that have a limit of their own."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors.effects import effects
from detectors.positions import placed
from stream.monitor.judging import Case, Verdicts, layout, own_width
from stream.plan import Plan


def measured(
    plan: Plan,
    columns: NDArray[np.int64],
    expected: NDArray[np.int64],
    observed: NDArray[np.int64],
    names: Sequence[str],
) -> NDArray[np.float64]:
    """Distances of series, (series, names), from their counts, (series, cells): see `detectors.effects`."""
    width = own_width(plan)  # its own: no bit of a sum depends on other models' grids
    ordered, places = layout(plan, width).ordered[columns], _places(plan, width)[columns]
    return effects(expected[:, :width], observed[:, :width], ordered, places, names)


def of_series(
    case: Case, verdicts: Verdicts, i: NDArray[np.int64], columns: NDArray[np.int64], names: Sequence[str]
) -> NDArray[np.float64]:
    """The same of series of a judged window, by their places in its rows and columns."""
    return measured(case.plan, columns, verdicts.expected[i, columns], verdicts.observed[i, columns], names)


def limited(case: Case, verdicts: Verdicts) -> Verdicts:
    """The verdicts, and what is beyond a limit that the model sets itself: of all events, whatever chance would say."""
    limits = case.settings.drift.limits
    if not limits or not len(verdicts.rows) or verdicts.rows[0] != 0:
        return verdicts
    columns = np.arange(len(case.plan.grid.columns))
    values = of_series(case, verdicts, np.zeros_like(columns), columns, tuple(limits))
    drifted = verdicts.drifted.copy()
    drifted[0] |= (values > np.array(list(limits.values()))).any(axis=1) & verdicts.known[0]
    return replace(verdicts, drifted=drifted, limited=dict(zip(limits, values.T, strict=True)))


@lru_cache(maxsize=512)
def _places(plan: Plan, width: int) -> NDArray[np.float64]:
    return placed(plan.grid, width)
