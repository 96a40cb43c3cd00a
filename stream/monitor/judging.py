"""Closed windows meet their reference: distances, limits, verdicts, and what a finding says in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import significance
from detectors.grids import SPECIAL
from detectors.parts import Summary
from detectors.suspects import suspects
from stream.config.settings import DAY, Model
from stream.plan import Plan

MONTH = 30 * DAY
WINDOWS_SHARE = 0.9  # of the false triggers; the rest is for sequential detectors
AT_ONCE = 25  # cases whose segments are looked at together: what is copied stays in the second-level cache
STRIDES, BLOCK = 8, 128
COMPARED = len(SPECIAL) - 1  # odd, missing and wrong type; absent is never part of a comparison


@dataclass(frozen=True)
class Case:
    """A closed window to be judged."""

    version: str
    length: int
    start: int
    end: int
    plan: Plan
    summary: Summary
    settings: Model


@dataclass(frozen=True)
class Verdicts:
    """What is to be said of one window. Arrays are (rows, columns) unless said otherwise; `rows` are those with events.

    `judgement` is shared by all windows that were judged together: of all events, and of whatever else may drift.
    """

    rows: NDArray[np.int64]
    n: NDArray[np.int64]
    n_reference: NDArray[np.int64]
    judgement: significance.Judgement
    judged: NDArray[np.int64]  # the series of the judgement; -1 where there is none
    drifted: NDArray[np.bool_]
    known: NDArray[np.bool_]
    observed: NDArray[np.int64]  # (rows, columns, cells)
    expected: NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """Where each cell of each column stands in a plan's flat counts, and which are on a number line, (columns, width).

    Padding points behind the last cell. The reference is laid out once: (rows, columns, width), and its sums.
    """

    at: NDArray[np.int64]
    ordered: NDArray[np.bool_]
    reference: NDArray[np.int64]
    n_reference: NDArray[np.int64]

    def rectangle(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Flat counts (rows, cells) as (rows, columns, width), without the absent cells and padded with zeros."""
        return _rectangle(counts, self.at)


@lru_cache(maxsize=512)
def layout(plan: Plan, width: int) -> Layout:
    """The layout of a plan's columns in `width` cells, at least as many as its widest column compares."""
    grid = plan.grid
    at = np.full((len(grid.columns), width), grid.offsets[-1])
    ordered = np.zeros(at.shape, np.bool_)
    for i, (offset, regular) in enumerate(zip(grid.offsets[:-1].tolist(), grid.regular.tolist(), strict=True)):
        at[i, : regular + COMPARED] = offset + np.arange(regular + COMPARED)
        ordered[i, :regular] = i < len(grid.numeric)
    reference = _rectangle(plan.reference.counts, at)
    return Layout(at, ordered, reference, reference.sum(axis=2))


def _rectangle(counts: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
    padded = np.concatenate((counts, np.zeros((len(counts), 1), np.int64)), axis=1)
    return np.asarray(padded[:, at])


@dataclass(frozen=True)
class _Counts:
    """A case as counts in cells, and which of its series are judged: (rows, columns) or (rows, columns, cells)."""

    rows: NDArray[np.int64]
    observed: NDArray[np.int64]
    expected: NDArray[np.int64]
    n_reference: NDArray[np.int64]
    ordered: NDArray[np.bool_]
    alpha: NDArray[np.float64]
    tolerate: NDArray[np.float64]
    chosen: NDArray[np.bool_]
    enough: NDArray[np.bool_]  # (rows,): segments that have the events for a verdict at all

    def series(self) -> tuple[NDArray[Any], ...]:
        """What is to be judged, as `significance.judge` takes it."""
        return tuple(column[self.chosen] for column in self._columns())

    def segments(self) -> tuple[NDArray[Any], ...]:
        """All series of segments that may be judged, as `suspects` takes them."""
        which = slice(1, None) if self.enough[1:].all() else self.enough  # a slice is a view, no copy
        return tuple(column[which].reshape(-1, *column.shape[2:]) for column in self._columns())

    def _columns(self) -> tuple[NDArray[Any], ...]:
        return self.expected, self.observed, self.ordered, self.alpha, self.tolerate


def judge(cases: Sequence[Case]) -> list[Verdicts]:
    """Judge windows that close together: all events of each, and of their segments what may drift at all."""
    if not cases:
        return []
    width = padded(max(int(case.plan.grid.regular.max()) for case in cases) + COMPARED)
    counts = [one for i in range(0, len(cases), AT_ONCE) for one in _screened(cases[i : i + AT_ONCE], width)]
    judgement = significance.judge(*_joined([one.series() for one in counts]))
    lasts = np.cumsum([one.chosen.sum() for one in counts]).tolist()
    return [
        _verdicts(one, judgement, slice(first, last))
        for one, first, last in zip(counts, [0, *lasts[:-1]], lasts, strict=True)
    ]


def padded(cells: int) -> int:
    """The width in which so many cells are judged: one in which empty cells behind them change no bit of a sum.

    NumPy adds up to 128 numbers in eight strides, and more by halves. Else a window's numbers would depend on the grids
    of the models whose windows end together with it, and so on how models are shared among monitors.
    """
    return -(-cells // STRIDES) * STRIDES if cells <= BLOCK else 2 * BLOCK


def _screened(cases: Sequence[Case], width: int) -> list[_Counts]:
    """Cases as counts, the segments that may drift chosen among them."""
    counts = [_counts(case, width) for case in cases]
    far = suspects(*_joined([one.segments() for one in counts], np.float64))
    lasts = np.cumsum([one.enough.sum() * one.chosen.shape[1] for one in counts])
    for one, found in zip(counts, np.split(far, lasts[:-1]), strict=True):
        one.chosen[one.enough] = found.reshape(-1, one.chosen.shape[1])
    return counts


def _counts(case: Case, width: int) -> _Counts:
    placed, events = layout(case.plan, width), case.summary.events()
    rows = np.flatnonzero(events)
    observed = placed.rectangle(case.summary.counts[rows])
    shape = observed.shape[:2]
    ordered = np.broadcast_to(placed.ordered, observed.shape)
    alpha = np.broadcast_to(_levels(case, rows, int(events[0]))[:, None], shape)
    tolerate = np.full(shape, case.settings.tolerate)
    chosen = np.repeat((rows == 0)[:, None], shape[1], axis=1)
    enough = (rows > 0) & (events[rows] >= significance.SMALLEST)
    expected, n_reference = placed.reference[rows], placed.n_reference[rows]
    return _Counts(rows, observed, expected, n_reference, ordered, alpha, tolerate, chosen, enough)


def _joined(pieces: Sequence[tuple[NDArray[Any], ...]], counted: type = np.int64) -> list[NDArray[Any]]:
    """The columns of `_Counts._columns` one after the other, counts as a type of numbers."""
    kinds = (counted, counted, np.bool_, np.float64, np.float64)
    return [np.concatenate(column, dtype=kind) for column, kind in zip(zip(*pieces, strict=True), kinds, strict=True)]


def _verdicts(counts: _Counts, judgement: significance.Judgement, series: slice) -> Verdicts:
    judged, drifted = np.full(counts.chosen.shape, -1), np.zeros(counts.chosen.shape, np.bool_)
    judged[counts.chosen] = np.arange(series.start, series.stop)
    drifted[counts.chosen] = judgement.drifted[series]
    n = counts.observed.sum(axis=2)
    known = np.minimum(n, counts.n_reference) >= significance.SMALLEST
    return Verdicts(
        counts.rows, n, counts.n_reference, judgement, judged, drifted, known, counts.observed, counts.expected
    )


def _levels(case: Case, rows: NDArray[np.int64], events: int) -> NDArray[np.float64]:
    """The level of each row: half of the budget for all events, half for the segments together, (rows,)."""
    n_rows, n_columns = len(case.plan.rows), len(case.plan.grid.columns)
    rho = events / max(1, events + case.plan.n_reference)
    share = 1.0 if n_rows == 1 else 0.5
    rho = math.ceil(20 * rho) / 20  # few distinct levels to solve for; a larger rho is the stricter one
    overall = _level(case.settings, case.length, n_columns, share, rho)
    if n_rows == 1:
        return np.full(len(rows), overall)
    segments = _level(case.settings, case.length, n_columns * (n_rows - 1), share, rho)
    return np.where(rows == 0, overall, segments)


def _level(settings: Model, length: int, comparisons: int, share: float, rho: float) -> float:
    budget = settings.false_triggers_per_month * WINDOWS_SHARE * share / len(settings.windows)
    return _alpha(budget, MONTH / length, comparisons, settings.trigger.windows, settings.trigger.of, rho)


_alpha = lru_cache(maxsize=4_096)(significance.alpha_for)
