"""Whether a version may stay, or go on to more traffic: one word with its reasons, for a deployment gate."""

from collections.abc import Iterator
from datetime import datetime
from math import inf
from typing import Literal

from msgspec import Struct

from sinks.commit import FINDINGS, PERFORMANCE, SERVICE, WINDOWS
from stream.monitor.labels.charts import DETECTOR
from stream.monitor.scopes import label_scope
from stream.web.answers import Finding, Performance, Window, answers
from stream.web.api.served import Served
from stream.web.page.standing import incidents
from stream.web.performance.matured import ENOUGH
from stream.web.performance.revisions import newest_revisions, performances
from stream.web.sources import Sources
from stream.web.times import nanoseconds, short
from stream.web.versions.pair import settings_of
from stream.web.versions.sides import Compared, Question, compared

Word = Literal["healthy", "unhealthy", "unknown"]
NUMBERS = 8  # rows of `service` per window and version at most
NEWEST = 1_000  # rows of performance that are looked through for a window with enough labels


class Reason(Struct, frozen=True):
    """One thing that was looked at, and what it says."""

    check: Literal["drift", "incident", "service", "errors", "performance", "comparison"]
    verdict: Word
    words: str


class Health(Struct, frozen=True):
    """How a version does. Unhealthy if one reason is; else unknown if one is; else healthy.

    `performance` is its newest number with enough labels, `comparison` how it stands beside its incumbent.
    """

    model: str
    version: str
    verdict: Word
    reasons: list[Reason]
    margin: float | None = None
    performance: Performance | None = None
    comparison: Compared | None = None
    until: datetime | None = None


def health(sources: Sources, model: str, question: Question, margin: float | None = None) -> Health:
    """The health of a version, which is the candidate of the question.

    `margin`: by how much it may be worse than its incumbent; left out, by the share `tolerate` of the incumbent's
    value.
    """
    windows = _newest_windows(sources, model, question.candidate)
    beside = compared(sources, model, question)[0] if _labelled(sources, model) else None
    if beside is not None and not beside.incumbent.version:
        beside = None
    allowed = margin
    if margin is None and beside is not None and beside.incumbent.value is not None:
        allowed = settings_of(sources, model).tolerate * abs(beside.incumbent.value)
    reasons = [_drift(windows), *_incidents(sources, model, question.candidate)]
    reasons += _service(sources, model, question.candidate)
    reasons += _errors(sources, model, question.candidate, windows)
    number = _number(sources, model, question.candidate, beside)
    reasons += _performance(number)
    if beside is not None:
        reasons.append(_beside(beside, allowed))
    said = {reason.verdict for reason in reasons}
    verdict: Word = "unhealthy" if "unhealthy" in said else "unknown" if "unknown" in said else "healthy"
    until = max((window.end for window in windows), default=None)
    return Health(model, question.candidate, verdict, reasons, allowed, number, beside, until)


def _labelled(sources: Sources, model: str) -> bool:
    """Whether anybody can ever say how good the model is."""
    return bool(label_scope(settings_of(sources, model), sources.settings))


def _newest_windows(sources: Sources, model: str, version: str) -> list[Window]:
    """The newest window of each length, the shortest first."""
    found = []
    for length in settings_of(sources, model).windows:
        where: dict[str, str | int] = {"model": model, "version": version, "segment": "", "length": length}
        rows = sources.store.select(WINDOWS, where=where, order=("end",), descending=True, limit=1)
        found += answers(rows, Window)
    return found


def _drift(windows: list[Window]) -> Reason:
    """What the newest windows say. One that drifts is no incident yet: some do by chance."""
    if not windows:
        return Reason("drift", "unknown", "no window of this version has closed yet")
    drifting = next((window for window in windows if window.verdict == "drift"), None)
    if drifting is not None:
        return Reason("drift", "unknown", f"the {drifting.length} window to {short(drifting.end)} drifts")
    well = next((window for window in reversed(windows) if window.verdict == "ok"), None)
    if well is not None:
        return Reason("drift", "healthy", f"no drift in the {well.length} window to {short(well.end)}")
    return Reason("drift", "unknown", f"not known in the {windows[0].length} window: {windows[0].why or 'too little'}")


def _incidents(sources: Sources, model: str, version: str) -> Iterator[Reason]:
    for each in incidents(sources.store, model):
        if each.version == version and each.closed is None:
            yield Reason(
                "incident", "unhealthy", f"{each.feature} ({each.detector}) is open since {short(each.opened)}"
            )


def _service(sources: Sources, model: str, version: str) -> Iterator[Reason]:
    """How the newest window of each length was answered: one that surely was worse is enough. Traffic is not its own.

    Nothing is said where no window is judged: without latencies and statuses, or before it is known what is usual.
    """
    judged = []
    for length in settings_of(sources, model).windows:
        where: dict[str, str | int] = {"model": model, "version": version, "length": length}
        rows = sources.store.select(SERVICE, where=where, order=("end",), descending=True, limit=NUMBERS)
        told = answers(rows, Served)
        judged += [each for each in told if each.end == told[0].end and each.verdict in {"well", "worse"}]
    for each in (each for each in judged if each.verdict == "worse"):
        words = f"{each.metric} is {each.value:.3g} in the {each.length} window to {short(each.end)}"
        yield Reason("service", "unhealthy", f"{words}, and {each.limit:.3g} can be chance")
    if judged and not any(each.verdict == "worse" for each in judged):
        words = f"{', '.join(sorted({each.metric for each in judged}))} within their limits"
        yield Reason("service", "healthy", f"{words} in the {judged[0].length} window to {short(judged[0].end)}")


def _errors(sources: Sources, model: str, version: str, windows: list[Window]) -> Iterator[Reason]:
    """Alarms of the chart of errors, for as long as the longest window."""
    since = max((nanoseconds(window.end) for window in windows), default=0) - settings_of(sources, model).windows[-1]
    where = {"model": model, "version": version, "detector": DETECTOR}
    rows = sources.store.select(FINDINGS, where=where, since=since, order=("end",), descending=True, limit=1)
    for finding in answers(rows, Finding):
        yield Reason("errors", "unhealthy", f"{finding.words}, at {short(finding.end)}")


def _performance(number: Performance | None) -> Iterator[Reason]:
    """What the newest window with enough labels says, if it is judged at all."""
    if number is not None and number.verdict in {"well", "worse"}:
        word: Word = "unhealthy" if number.verdict == "worse" else "healthy"
        told = f"{number.metric} is {number.value:.3g} in the {number.length} window to {short(number.end)}"
        yield Reason(
            "performance", word, f"{told}; at first it was {number.reference:.3g}, the limit is {number.limit:.3g}"
        )


def _beside(beside: Compared, margin: float | None) -> Reason:
    """Surely not worse by more than the margin is healthy, for equal ones never differ surely; else worse is not."""
    worst = _worst(beside)
    mismatch = beside.ratio is not None and beside.ratio.mismatch
    if margin is not None and worst <= margin and not mismatch:
        words = f"{beside.words}; at most {worst:.3g} worse, and {margin:.3g} is allowed" if worst > 0 else beside.words
        return Reason("comparison", "healthy", words)
    return Reason("comparison", "unhealthy" if beside.verdict == "worse" else "unknown", beside.words)


def _worst(beside: Compared) -> float:
    """By how much the candidate is worse at most."""
    if beside.low is None or beside.high is None or beside.better == "neither":
        return inf
    return -beside.low if beside.better == "greater" else beside.high


def _number(sources: Sources, model: str, version: str, beside: Compared | None) -> Performance | None:
    if beside is None:
        return None
    where = {"model": model, "version": version, "segment": "", "metric": beside.metric}
    rows = sources.store.select(PERFORMANCE, where=where, order=("end",), descending=True, limit=NEWEST)
    return next((each for each in performances(newest_revisions(rows)) if each.status in ENOUGH), None)
