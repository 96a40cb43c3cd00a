"""Findings: judged facts that exceed their limit, and how they are told."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors import sequential
from stream.monitor.judging import Case, Verdicts
from stream.monitor.sequential import Alarm
from stream.plan import Plan

SEQUENTIAL = "cusum"
CHOSEN = sequential.SEQUENTIAL.keys() - {SEQUENTIAL}
FINDINGS_MAX = 50  # of a window: where hundreds of series drift together, nobody reads them all
CELLS_TOLD = 3  # contributing cells that a finding names


class Cell(msgspec.Struct, frozen=True):
    """A cell that contributed: its share in the reference, its share now."""

    cell: str
    reference: float
    now: float
    contribution: float


class Finding(msgspec.Struct, frozen=True):
    """A series of a window that is not as it was, told by the detector that is the furthest over its limit."""

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
            f"{alarm.feature}: values have been moving {'up' if alarm.up else 'down'} for some time",
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


def telling(verdicts: Verdicts) -> Telling:
    """Which drifted series are told: at most FINDINGS_MAX, all events before segments, the strongest first."""
    rows, columns = np.nonzero(verdicts.drifted & verdicts.known)
    if not len(rows):
        return NOTHING_TOLD
    names, excess = strongest(verdicts, rows, columns)
    kept = np.sort(np.lexsort((-excess, verdicts.rows[rows] > 0))[:FINDINGS_MAX])
    return Telling(rows[kept], columns[kept], names[kept])


def findings(case: Case, verdicts: Verdicts, tell: Telling) -> list[Finding]:
    """The findings of a judged window, one per series that is told."""
    found = []
    for i, column, detector in zip(*(each.tolist() for each in tell), strict=True):
        cells = _cells(case.plan, column, verdicts, i)
        feature, segment = case.plan.grid.columns[column], case.plan.rows[int(verdicts.rows[i])]
        about = (case.plan.model, case.version, segment, feature, case.length, case.start, case.end, detector)
        values, limits, series = verdicts.judgement.values, verdicts.judgement.limits, verdicts.judged[i, column]
        value, limit = float(values[detector][series]), float(limits[detector][series])
        found.append(Finding(*about, value, limit, int(verdicts.n[i, column]), cells, _words(feature, cells)))
    return found


def strongest(
    verdicts: Verdicts, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """The detector whose value is the greatest multiple of its limit, and that multiple, of each of these series."""
    values, limits, series = verdicts.judgement.values, verdicts.judgement.limits, verdicts.judged[rows, columns]
    with np.errstate(divide="ignore", invalid="ignore"):  # a limit of zero; categories have no order
        multiples = [values[name][series] / limits[name][series] for name in values]
    excess = np.nan_to_num(multiples, nan=-1.0, posinf=np.inf)
    return np.array(list(values), object)[excess.argmax(axis=0)], excess.max(axis=0)


def _cells(plan: Plan, column: int, verdicts: Verdicts, row: int) -> tuple[Cell, ...]:
    """The cells that contributed most."""
    contributions = verdicts.judgement.contributions[verdicts.judged[row, column]]
    names = _names(plan, plan.grid.columns[column])
    before = verdicts.expected[row, column] / max(1, int(verdicts.n_reference[row, column]))
    now = verdicts.observed[row, column] / max(1, int(verdicts.n[row, column]))
    most = np.argsort(-contributions, kind="stable")[:CELLS_TOLD].tolist()
    return tuple(
        Cell(names[i], float(before[i]), float(now[i]), float(contributions[i]))
        for i in most
        if i < len(names) and contributions[i] > 0
    )


@lru_cache(maxsize=4_096)
def _names(plan: Plan, column: str) -> list[str]:
    return plan.grid.cell_names(column)


def _words(feature: str, cells: Sequence[Cell]) -> str:
    """A finding as a sentence: the cell that says most, then and now."""
    if not cells:
        return f"{feature}: the distribution changed"
    first = cells[0]
    return f"{feature}: {first.cell} went from {first.reference:.1%} to {first.now:.1%}"
