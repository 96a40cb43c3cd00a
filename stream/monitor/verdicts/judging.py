"""Closed windows meet their reference: one p-value for each series, and which of them have drifted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from detectors import budgets, verdict
from detectors.parts import Summary
from detectors.verdict import SMALLEST, Spread
from detectors.verdict.screen import candidates
from stream.config.settings import Model
from stream.monitor.verdicts import levels
from stream.monitor.verdicts.layout import layout, own_width
from stream.plan import Plan

AT_ONCE = 16  # cases that are looked at together: what is made of them stays in the second-level cache (measured)
SCREENED = "expected", "observed", "on_line", "size", "level", "tolerate"  # in the order of the screen's arguments
P_LEAST = 1e-300  # what is less likely is as sure


@dataclass(frozen=True)
class Case:
    """A closed window to be judged. Without a `spread`, its events are assumed to be independent draws.

    Of columns that are `slow` nothing is known where nothing is tolerated: a rhythm, or a level that wanders, differs
    from any reference that is elsewhere in time, and how far it goes no few panes can say.
    """

    version: str
    length: int
    start: int
    end: int
    plan: Plan
    summary: Summary
    settings: Model
    spread: Spread | None = None
    reference: Summary | None = None  # None: the plan's
    compared_with: str = ""  # where it comes from, in words

    @property
    def taught(self) -> bool:
        """Whether panes have taught how much its windows vary."""
        return self.spread is not None and self.spread.panes > 0

    @property
    def n_reference(self) -> int:
        """How many events it is compared with."""
        return self.plan.n_reference if self.reference is None else int(self.reference.events()[0])


def level_of_all(case: Case) -> float:
    """The level of one series of all events of a window."""
    every, first = case.summary.events(), np.zeros(1, np.int64)
    found = levels.of_rows(case.settings, case.length, case.plan, case.n_reference, every, first)
    return float(found[0, 0])


@dataclass(frozen=True)
class Verdicts:
    """What is to be said of one window. Arrays are (rows, columns) unless said otherwise; `rows` are those with events.

    `evidence` is the p-value as a normal deviate, two-sided, and `limit` that of the level: what is above has drifted.
    Both are nan where a segment's series need not be judged. `contrast` and `up`: see `detectors.verdict.Judged`.
    """

    rows: NDArray[np.int64]
    n: NDArray[np.int64]
    n_reference: NDArray[np.int64]
    p: NDArray[np.float64]
    level: NDArray[np.float64]
    evidence: NDArray[np.float64]
    limit: NDArray[np.float64]
    contrast: NDArray[np.int64]
    up: NDArray[np.bool_]
    drifted: NDArray[np.bool_]
    known: NDArray[np.bool_]
    observed: NDArray[np.int64]  # (rows, columns, cells)
    expected: NDArray[np.int64]
    limited: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)  # distances that have a limit: (columns,)


@dataclass(frozen=True)
class _Counts:
    """A case as counts in cells, and which of its series are judged: (rows, columns) or (rows, columns, cells)."""

    case: Case
    rows: NDArray[np.int64]
    series: Mapping[str, NDArray[Any]]
    n_reference: NDArray[np.int64]
    chosen: NDArray[np.bool_]
    enough: NDArray[np.bool_]  # (rows,): segments that have the events for a verdict at all

    @classmethod
    def of(cls, case: Case, width: int) -> "_Counts":
        """Of all events every series is judged."""
        placed, events = layout(case.plan, width), case.summary.events()
        rows = np.flatnonzero(events)
        there = slice(None) if len(rows) == len(events) else rows  # a slice is a view, no copy
        observed = placed.rectangle(case.summary.counts[there])
        shape = observed.shape[:2]
        expected, n_reference = placed.reference[there], placed.n_reference[there]
        if case.reference is not None:
            expected = placed.rectangle(case.reference.counts[there])
            n_reference = expected.sum(axis=2)
        # What is tolerated may be all in one set of values.
        ways = budgets.ways(np.count_nonzero(expected, axis=2)) if case.settings.tolerate == 0 else None
        level = levels.of_rows(case.settings, case.length, case.plan, case.n_reference, events, rows, ways)
        series = {
            "expected": expected,
            "observed": observed,
            "ordered": np.broadcast_to(placed.ordered, observed.shape),
            "level": np.broadcast_to(level, shape),
            "tolerate": np.full(shape, case.settings.tolerate),
            "size": np.broadcast_to(placed.sizes, shape),
            "on_line": np.broadcast_to(placed.on_line, shape),
            "alone": (rows > 0)[:, None] | _uneven(case, placed.ordered),
        }
        chosen = np.repeat((rows == 0)[:, None], shape[1], axis=1)
        enough = (rows > 0) & (events[rows] >= SMALLEST)
        return cls(case, rows, series, n_reference, chosen, enough)

    def segments(self) -> dict[str, NDArray[Any]]:
        """All series of segments that may be judged, and what the screen asks of them."""
        which = slice(1, None) if self.enough[1:].all() else self.enough
        asked = {name: self.series[name][which] for name in SCREENED}
        return {name: each.reshape(-1, *each.shape[2:]) for name, each in asked.items()}

    def judged(self) -> dict[str, NDArray[Any]]:
        """What is to be judged."""
        return {name: each[self.chosen] for name, each in self.series.items()}

    def spread(self) -> Spread | None:
        """Of what is to be judged: segments are taken to vary as their column does over all events."""
        return None if self.case.spread is None else self.case.spread.take(np.nonzero(self.chosen)[1])


def _uneven(case: Case, ordered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Columns of categories that differ from day to day, each its way: so no limit is right to all together."""
    daily = case.settings.reference.days or case.settings.reference.weeks
    if case.spread is None or not daily:
        return np.zeros(len(ordered), np.bool_)
    return np.asarray((case.spread.inflation > 1).any(axis=1) & ~ordered.any(axis=1))


def judge(cases: Sequence[Case]) -> list[Verdicts]:
    """Judge windows that close together: all events of each, and of their segments what may drift at all.

    Nothing of a window depends on those that it is judged beside.
    """
    width = max((own_width(case.plan) for case in cases), default=0)
    return [one for i in range(0, len(cases), AT_ONCE) for one in _judged(cases[i : i + AT_ONCE], width)]


def _judged(cases: Sequence[Case], width: int) -> list[Verdicts]:
    """Of a few windows."""
    counts = _screened(cases, width)
    columns = _joined([one.judged() for one in counts])
    found = verdict.judge(
        columns["expected"],
        columns["observed"],
        columns["ordered"],
        columns["tolerate"],
        Spread.joined([(one.spread(), int(one.chosen.sum())) for one in counts]),
        columns["size"],
        columns["alone"],
    )
    lasts = np.cumsum([one.chosen.sum() for one in counts]).tolist()
    return [
        _verdicts(one, found, slice(first, last))
        for one, first, last in zip(counts, [0, *lasts[:-1]], lasts, strict=True)
    ]


def _screened(cases: Sequence[Case], width: int) -> list[_Counts]:
    """Cases as counts, the segments that may drift chosen among them."""
    counts = [_Counts.of(case, width) for case in cases]
    every = _joined([one.segments() for one in counts])
    far = candidates(*(every[name] for name in SCREENED))
    lasts = np.cumsum([one.enough.sum() * one.chosen.shape[1] for one in counts])
    for one, found in zip(counts, np.split(far, lasts[:-1]), strict=True):
        one.chosen[one.enough] = found.reshape(-1, one.chosen.shape[1])
    return counts


def _joined(pieces: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _verdicts(counts: _Counts, found: verdict.Judged, series: slice) -> Verdicts:
    shape, chosen = counts.chosen.shape, counts.chosen
    p, evidence, limit = (np.full(shape, np.nan) for _ in range(3))
    contrast, up = np.full(shape, verdict.EVERYTHING), np.zeros(shape, np.bool_)
    p[chosen], contrast[chosen], up[chosen] = found.p[series], found.contrast[series], found.up[series]
    level = counts.series["level"]
    evidence[chosen] = -ndtri(np.maximum(p[chosen], P_LEAST) / 2)
    limit[chosen] = -ndtri(level[chosen] / 2)
    observed, expected = counts.series["observed"], counts.series["expected"]
    n = observed.sum(axis=2)
    known = np.minimum(n, counts.n_reference) >= SMALLEST
    if counts.case.spread is not None and not counts.case.settings.tolerate:
        known &= ~counts.case.spread.slow
    drifted = chosen & known & (p <= level)
    return Verdicts(
        counts.rows, n, counts.n_reference, p, level, evidence, limit, contrast, up, drifted, known, observed, expected
    )
