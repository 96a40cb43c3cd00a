"""How large a change is: named distances of a window's series, and those that have a limit of their own."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors.effects import effects
from detectors.positions import placed
from stream.monitor.verdicts.judging import Case, Verdicts
from stream.monitor.verdicts.layout import layout, own_width
from stream.plan import Plan

Series = tuple[Case, Verdicts, NDArray[np.int64], NDArray[np.int64]]  # of a window: places in its rows and columns


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


def of_windows(asked: Sequence[Series], names: Sequence[str]) -> list[NDArray[np.float64]]:
    """The same of series of many judged windows, (series, names) of each: those of grids as wide are measured at once.

    A series' numbers come from its own cells in their order, so nothing depends on those beside it.
    """
    widths = np.array([own_width(case.plan) for case, *_ in asked], np.int64)
    found: list[NDArray[np.float64]] = [np.zeros((0, len(names)))] * len(asked)
    for width in np.unique(widths).tolist():
        alike = np.flatnonzero(widths == width).tolist()
        cells = [_cells(*asked[which], width) for which in alike]
        expected, observed, ordered, places = (np.concatenate(each) for each in zip(*cells, strict=True))
        values = effects(expected, observed, ordered, places, names)
        lasts = np.cumsum([len(one[0]) for one in cells])
        for which, one in zip(alike, np.split(values, lasts[:-1]), strict=True):
            found[which] = one
    return found


def _cells(
    case: Case, verdicts: Verdicts, i: NDArray[np.int64], columns: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
    """What `effects` asks of series: counts of both sides, which cells are on a line and where, (series, width)."""
    sides = verdicts.expected[i, columns, :width], verdicts.observed[i, columns, :width]
    return *sides, layout(case.plan, width).ordered[columns], _places(case.plan, width)[columns]


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
