"""The level at which each series of a window is judged, so that a model keeps its budget of false triggers."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors import budgets
from stream.config.settings import DAY, Model
from stream.plan import SERVED, Plan

MONTH: Final = 30 * DAY
FEW_SHARED: Final = 0.05  # of a window's chance, by the reference: ways would raise a level by a fiftieth at most
WINDOWS_SHARE: Final = 0.5  # of the false triggers; the rest is for evidence pane by pane, which tells first


def of_rows(  # noqa: PLR0913, PLR0917 - all that a level depends on
    settings: Model,
    length: int,
    plan: Plan,
    n_reference: int,
    events: NDArray[np.int64],
    rows: NDArray[np.int64],
    ways: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """The level of each row's series: half of the budget for all events, half for the segments together, (rows, 1).

    With `ways`, (rows, columns), in which series may alarm (`detectors.budgets.ways`): of each series, (rows, columns).
    """
    asking = [
        name for name in plan.grid.columns if name not in SERVED
    ]  # others ask for no retraining, so take no share
    n_rows, n_columns = len(plan.rows), max(len(asking) + asked_together(plan), 1)
    n = int(events[0])
    of_both = n / (n + n_reference) if n_reference else 0.0  # without a reference there is no verdict at any level
    rho = math.ceil(20 * of_both) / 20  # few levels to solve for; a larger rho is stricter
    share, first = 1.0 if n_rows == 1 else 0.5, (rows == 0)[:, None]

    def in_ways(many: int) -> NDArray[np.float64]:
        overall = _level(settings, length, n_columns, share, rho, many)
        segments = overall if n_rows == 1 else _level(settings, length, n_columns * (n_rows - 1), share, rho, many)
        return np.where(first, overall, segments)

    if ways is None or rho <= FEW_SHARED:
        return in_ways(1)
    found = np.empty(ways.shape)
    for many in np.unique(ways).tolist():
        np.copyto(found, in_ways(many), where=ways == many)
    return found


def asked_together(plan: Plan) -> int:
    """What is asked beside single columns, of all events: see `stream.monitor.verdicts.beside`."""
    return int(len(plan.attributed) > 1) + int(plan.cuts is not None)


def _level(  # noqa: PLR0913, PLR0917 - all that a level depends on
    settings: Model, length: int, comparisons: int, share: float, rho: float, ways: int
) -> float:
    budget = settings.false_triggers_per_month * WINDOWS_SHARE * share / len(settings.windows)
    trigger, overlap = settings.trigger, settings.overlap(length)
    return budgets.alpha_for(budget, MONTH / length, comparisons, trigger.windows, trigger.of, rho, overlap, ways)
