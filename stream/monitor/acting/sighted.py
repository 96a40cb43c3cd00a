"""Which finding is of which kind: detectors and features onto the words of a condition, in one table."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from detectors.cause import PIPELINE
from stream.monitor.acting.findings import CHOSEN, SEQUENTIAL, Finding, strongest
from stream.monitor.verdicts.judging import Case, Verdicts
from stream.plan import ATTRIBUTION, LATENCY, OUTPUTS, STATUS, is_feature
from stream.policy import Seen, Sighting
from stream.policy.sightings import Series, strength


class Slot(NamedTuple):
    """What is judged beside columns, as the policy sees it: a series more."""

    feature: str
    detector: str
    known: bool = False
    drifted: bool = False


CHART, SERVICE, ERRORS = "error_rate", "service", "output:errors"
# Detectors by the names that findings have: whoever finds something needs this table, so it imports none of them.
OF_DETECTOR: Final[Mapping[str, str]] = {
    "performance": "performance",
    "weakest": "performance",
    CHART: "performance",
    "estimate": "estimated_performance",
    "fairness": "fairness",
    "labels": "labels",
    "tested": "chosen",
    "attribution": "attribution",
    "pairs": "drift",
    **dict.fromkeys(CHOSEN, "chosen"),
}
OF_FEATURE: Final[Mapping[str, str]] = {
    **dict.fromkeys(OUTPUTS, "prediction_drift"),
    LATENCY: "latency",
    STATUS: "errors",
    "service:traffic": "traffic",
    "service:error_rate": "errors",
}
QUALITY: Final = "quality"
# The kinds that windows' cells tell.
OF_COLUMNS: Final = frozenset(("drift", "prediction_drift", "attribution", QUALITY, "latency", "errors"))
ALARMS: Final = frozenset((SEQUENTIAL, CHART)) | CHOSEN


def kind_of(detector: str, feature: str) -> str:
    """The kind of a finding by its detector, else by what it is about."""
    if feature == ERRORS and detector != CHART:
        return "chosen"
    if feature.startswith(ATTRIBUTION):
        return "attribution"
    of_service = "latency" if detector == SERVICE else "drift"
    return OF_DETECTOR.get(detector) or OF_FEATURE.get(feature, of_service)


def of_service(metric: str) -> str:
    """The kind of findings of a service's metric."""
    return kind_of(SERVICE, f"{SERVICE}:{metric}")


def kinds_of(one: Finding) -> tuple[str, ...]:
    """The kinds of a finding: what broke is drift, too."""
    kind = kind_of(one.detector, one.feature)
    broken = one.cause == PIPELINE and kind in OF_COLUMNS
    return (kind, QUALITY) if broken else (kind,)


def sighting(one: Finding, length: int | None = None) -> Sighting:
    """A finding as the policy sees it; `length` is that of windows that must be clean again, for an alarm."""
    about = (one.segment, one.feature, one.detector, length or one.length)
    return Sighting(kinds_of(one), *about, strength(one.value, one.limit), one.detector in ALARMS)


def of_alarms(case: Case, found: Collection[Finding]) -> Seen:
    """Alarms at the end of a pane. They are of no window, and say nothing of how those were."""
    shortest = min(case.settings.windows)
    some = tuple(sighting(one, shortest) for one in found)
    kinds = frozenset(kind for one in some for kind in one.kinds)
    return Seen(kinds, case.end, shortest, case.end, some, frozenset[Series]().__contains__)


def of_window(case: Case, verdicts: Verdicts, told: Collection[Finding], slots: Sequence[Slot] = ()) -> Seen:
    """All series of a judged window. Of those that are told it is known whether they broke."""
    plan = case.plan
    broken = {(one.segment, one.feature) for one in told if QUALITY in kinds_of(one)}
    rows, columns = np.nonzero(verdicts.drifted & verdicts.known)
    some: list[Sighting] = []
    if len(rows):
        names, excess = strongest(case, verdicts, rows, columns)
        places = zip(verdicts.rows[rows].tolist(), columns.tolist(), names.tolist(), excess.tolist(), strict=True)
        for row, column, name, times in places:
            segment, feature = plan.rows[row], plan.grid.columns[column]
            kinds = (kind_of(name, feature), *((QUALITY,) if (segment, feature) in broken else ()))
            some.append(Sighting(kinds, segment, feature, name, case.length, max(float(times), 1.0)))
    for slot in slots:
        if slot.drifted and slot.known:
            kinds = (kind_of(slot.detector, slot.feature),)
            some.append(Sighting(kinds, "", slot.feature, slot.detector, case.length, slot=slot.detector))
    known = partial(_has_verdict, case, verdicts, frozenset(slot.detector for slot in slots if slot.known))
    watched = tuple(name for name in plan.grid.columns if is_feature(name))
    return Seen(OF_COLUMNS, case.end, case.length, case.end, tuple(some), known, plan.id, watched)


def _has_verdict(case: Case, verdicts: Verdicts, beside: frozenset[str], series: Series) -> bool:
    """Whether a window had a verdict of a series. Asked of few, so nothing is prepared."""
    segment, feature = series
    plan = case.plan
    if not segment and feature in beside:
        return True
    if feature not in plan.grid.columns or segment not in plan.rows:
        return False
    row = int(np.searchsorted(verdicts.rows, plan.rows.index(segment)))
    there = row < len(verdicts.rows) and plan.rows[int(verdicts.rows[row])] == segment
    return there and bool(verdicts.known[row, plan.grid.columns.index(feature)])
