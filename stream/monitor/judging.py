"""Closed windows meet their reference: distances, limits, verdicts, and what a finding says in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors import significance
from detectors.grids import SPECIAL
from detectors.parts import Summary
from stream.config.settings import DAY, Model
from stream.plan import Plan

MONTH = 30 * DAY
WINDOWS_SHARE = 0.9  # of the false triggers; the rest is for sequential detectors
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
    """What is to be said of one window. Arrays are (rows, columns) unless said otherwise; `rows` are those with events."""

    rows: NDArray[np.int64]
    n: NDArray[np.int64]
    n_reference: NDArray[np.int64]
    values: dict[str, NDArray[np.float64]]
    limits: dict[str, NDArray[np.float64]]
    drifted: NDArray[np.bool_]
    known: NDArray[np.bool_]
    contributions: NDArray[np.float64]  # (rows, columns, cells)
    observed: NDArray[np.int64]  # (rows, columns, cells)
    expected: NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """Where each cell of each column of a plan stands in its flat counts, and which are on a number line. (columns, width)

    Padding points behind the last cell.
    """

    at: NDArray[np.int64]
    ordered: NDArray[np.bool_]

    def rectangle(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Flat counts (rows, cells) as (rows, columns, width), without the absent cells and padded with zeros."""
        padded = np.concatenate((counts, np.zeros((len(counts), 1), np.int64)), axis=1)
        return np.asarray(padded[:, self.at])


@lru_cache(maxsize=1_024)
def layout(plan: Plan, width: int) -> Layout:
    """The layout of a plan's columns in `width` cells, at least as many as its widest column compares."""
    grid = plan.grid
    at = np.full((len(grid.columns), width), grid.offsets[-1])
    ordered = np.zeros(at.shape, np.bool_)
    for i, (offset, regular) in enumerate(zip(grid.offsets[:-1].tolist(), grid.regular.tolist(), strict=True)):
        at[i, : regular + COMPARED] = offset + np.arange(regular + COMPARED)
        ordered[i, :regular] = i < len(grid.numeric)
    return Layout(at, ordered)


def judge(cases: Sequence[Case]) -> list[Verdicts]:
    """Judge windows that close together, all series of all of them at once."""
    if not cases:
        return []
    width = max(int(case.plan.grid.regular.max()) for case in cases) + COMPARED
    rows = [np.flatnonzero(case.summary.events()) for case in cases]
    observed = [layout(c.plan, width).rectangle(c.summary.counts[r]) for c, r in zip(cases, rows, strict=True)]
    expected = [layout(c.plan, width).rectangle(c.plan.reference.counts[r]) for c, r in zip(cases, rows, strict=True)]
    ordered, alpha, tolerate = [], [], []
    for case, chosen in zip(cases, rows, strict=True):
        mask = layout(case.plan, width).ordered
        ordered.append(np.broadcast_to(mask, (len(chosen), *mask.shape)).reshape(-1, width))
        alpha.append(np.repeat(_levels(case, chosen), len(mask)))
        tolerate.append(np.full(len(chosen) * len(mask), case.settings.tolerate))
    judgement = significance.judge(
        np.concatenate([counts.reshape(-1, width) for counts in expected]),
        np.concatenate([counts.reshape(-1, width) for counts in observed]),
        np.concatenate(ordered),
        np.concatenate(alpha),
        np.concatenate(tolerate),
    )
    verdicts, first = [], 0
    for chosen, seen, reference in zip(rows, observed, expected, strict=True):
        series = slice(first, first + seen.shape[0] * seen.shape[1])
        first = series.stop
        shape = seen.shape[:2]
        verdicts.append(
            Verdicts(
                chosen,
                seen.sum(axis=2),
                reference.sum(axis=2),
                {name: value[series].reshape(shape) for name, value in judgement.values.items()},
                {name: value[series].reshape(shape) for name, value in judgement.limits.items()},
                judgement.drifted[series].reshape(shape),
                ~judgement.unknown[series].reshape(shape),
                judgement.contributions[series].reshape(seen.shape),
                seen,
                reference,
            )
        )
    return verdicts


def _levels(case: Case, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The level of each row: half of the budget for all events, half for the segments together. (rows,)"""
    n_rows, n_columns = len(case.plan.rows), len(case.plan.grid.columns)
    events = int(case.summary.counts[0, : case.plan.grid.offsets[1]].sum())
    rho = events / max(1, events + int(case.plan.reference.counts[0, : case.plan.grid.offsets[1]].sum()))
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
