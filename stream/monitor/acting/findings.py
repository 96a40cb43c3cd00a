"""Findings: judged facts that exceed their limit, and how they are told."""

import hashlib
from functools import lru_cache
from math import fsum
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors import contributions as contributed
from detectors import sequential
from detectors.distances import psi_cells
from detectors.rare import merged, shared_out, targets
from detectors.verdict.words import explanation
from stream.monitor.verdicts.judging import Case, Verdicts
from stream.monitor.verdicts.layout import layout, own_width
from stream.monitor.verdicts.sequential import Alarm
from stream.plan import Plan

VERDICT = "verdict"
SEQUENTIAL = "cusum"
CHOSEN = sequential.SEQUENTIAL.keys() - {SEQUENTIAL}
FINDINGS_MAX = 50  # of a window: where hundreds of series drift together, nobody reads them all
CELLS_TOLD = 3  # contributing cells that a finding names; the others are one more


class Cell(msgspec.Struct, frozen=True):
    """A cell that contributed: its share in the reference, its share now."""

    cell: str
    reference: float
    now: float
    contribution: float


class Began(msgspec.Struct, frozen=True, array_like=True):
    """Where panes begin, event time in ns: the one in which a change probably began, and which ones it may be."""

    at: int
    earliest: int
    latest: int


class Finding(msgspec.Struct, frozen=True):
    """A series of a window that is not as it was: by the verdict, else by the distance furthest over its limit."""

    model: str
    version: str
    segment: str
    feature: str
    length: int
    start: int
    end: int
    detector: str
    value: float
    limit: float
    n: int
    cells: tuple[Cell, ...]
    words: str
    began: Began | None = None  # not known of segments
    cause: str = ""  # a word of `detectors.cause`; empty where no cells were compared

    @property
    def id(self) -> str:
        """The hash of what it is about. Detectors of the same window tell the same fact, and share it."""
        about = (self.model, self.version, self.segment, self.feature, self.length, self.end)
        alone = self.detector in CHOSEN  # those tell of themselves
        return finding_id(*about, self.detector if alone else "pane" if self.detector == SEQUENTIAL else "window")

    @classmethod
    def of_alarm(cls, case: Case, alarm: Alarm) -> "Finding":
        """A sequential detector's alarm at the end of a pane."""
        return cls(
            case.plan.model,
            case.version,
            "",
            alarm.feature,
            case.length,
            case.start,
            case.end,
            alarm.detector,
            alarm.value,
            alarm.limit,
            alarm.n,
            (),
            alarm.words,
        )


def finding_id(*about: object) -> str:
    """The hash of what something is about: keys and event times only, never a float or a wall clock."""
    return hashlib.blake2b("\0".join(map(str, about)).encode(), digest_size=8).hexdigest()


class Telling(NamedTuple):
    """The series of a judged window that are told, in order of segment row and column, (series,) each."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    detectors: NDArray[np.object_]


NOTHING_TOLD = Telling(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.object_))


def telling(case: Case, verdicts: Verdicts) -> Telling:
    """Which drifted series are told: at most FINDINGS_MAX, all events before segments, the strongest first."""
    rows, columns = np.nonzero(verdicts.drifted & verdicts.known)
    if not len(rows):
        return NOTHING_TOLD
    names, excess = strongest(case, verdicts, rows, columns)
    kept = np.sort(np.lexsort((-excess, verdicts.rows[rows] > 0))[:FINDINGS_MAX])
    return Telling(rows[kept], columns[kept], names[kept])


def findings(case: Case, verdicts: Verdicts, tell: Telling) -> list[Finding]:
    """The findings of a judged window, one per series that is told."""
    found = []
    for i, column, detector in zip(*(each.tolist() for each in tell), strict=True):
        cells = _cells(case.plan, column, verdicts, i)
        feature, segment = case.plan.grid.columns[column], case.plan.rows[int(verdicts.rows[i])]
        about = (case.plan.model, case.version, segment, feature, case.length, case.start, case.end, detector)
        if detector == VERDICT:
            value, limit = float(verdicts.evidence[i, column]), float(verdicts.limit[i, column])
            words = f"{feature}: {_explained(case.plan, column, verdicts, i)}"
        else:
            value, limit = float(verdicts.limited[detector][column]), case.settings.drift.limits[detector]
            words = f"{feature}: {detector} is {value:.3g}, and may be {limit:.3g}"
        found.append(Finding(*about, value, limit, int(verdicts.n[i, column]), cells, words))
    return found


def strongest(
    case: Case, verdicts: Verdicts, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """What tells of each of these drifted series, and how many times its limit it is.

    The verdict where it says so; else the distance that is the furthest over a limit of its own.
    """
    names = np.full(len(rows), VERDICT, np.object_)
    excess = verdicts.evidence[rows, columns] / verdicts.limit[rows, columns]
    others = np.flatnonzero(~(verdicts.p[rows, columns] <= verdicts.level[rows, columns]))
    if len(others):
        limits = case.settings.drift.limits
        over = np.stack([verdicts.limited[name][columns[others]] / limit for name, limit in limits.items()])
        over = np.nan_to_num(over, nan=-1.0)  # a category has no order
        names[others], excess[others] = np.array(list(limits), np.object_)[over.argmax(axis=0)], over.max(axis=0)
    return names, excess


def _cells(plan: Plan, column: int, verdicts: Verdicts, row: int) -> tuple[Cell, ...]:
    """The cells that contributed most, and all others as one: contributions add up to psi over merged rare cells."""
    width = own_width(plan)
    expected, observed = (each[row, column, :width][None] for each in (verdicts.expected, verdicts.observed))
    target = targets(expected, observed)
    before, now = (each[0] / max(1, int(each.sum())) for each in (expected, observed))
    parts = psi_cells(merged(expected, target), merged(observed, target))
    (contributions,) = shared_out(parts, (now - before)[None], target)
    names = _names(plan, plan.grid.columns[column])
    told = contributed.told(contributions, CELLS_TOLD)
    cells = [Cell(names[i], float(before[i]), float(now[i]), float(contributions[i])) for i in told.cells]
    if told.others:
        others = list(told.others)
        then, since = (fsum(side[others].tolist()) for side in (before, now))
        cells.append(Cell(f"{len(others)} other cells", then, since, told.rest))
    return tuple(cells)


def _explained(plan: Plan, column: int, verdicts: Verdicts, row: int) -> str:
    """The contrast that won, in words."""
    at = layout(plan, own_width(plan))
    cells, names = slice(0, int(at.sizes[column])), _names(plan, plan.grid.columns[column])[:-1]
    sides = verdicts.expected[row, column, cells], verdicts.observed[row, column, cells]
    contrast, up = int(verdicts.contrast[row, column]), bool(verdicts.up[row, column])
    return explanation(*sides, int(at.on_line[column]), names, contrast, up=up)


@lru_cache(maxsize=4_096)
def _names(plan: Plan, column: str) -> list[str]:
    return plan.grid.cell_names(column)
