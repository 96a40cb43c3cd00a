"""Did a run help? What the store has of the model before and after it, for `stream.helped`."""

from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from detectors.afterwards import Windows
from detectors.performance.versions.comparable import comparable
from sinks.commit import CONTROLS, FINDINGS, PERFORMANCE, WINDOWS, Store, to_ns
from stream.encodings.times import BAD, one
from stream.events import NEVER
from stream.helped import Answer, Measured, Performance, Share, answered, of_labels, of_windows, share
from stream.outcomes import WELL
from stream.policy.sightings import strength
from stream.web.answers import Found, records
from stream.web.page.incident import Incident
from stream.web.page.runs import Run
from stream.web.performance.matured import ENOUGH, SPEAKING
from stream.web.performance.revisions import newest_revisions
from stream.web.sources import Sources
from stream.web.times import moment, nanoseconds
from stream.web.versions.pair import settings_of, versions

WINDOWS_MAX = 48  # that are looked at, on either side: what comes later has other reasons
ROWS_MAX = 20_000  # of numbers and of findings
SERVED = ("promote", "deployment")  # controls that say that another version answers from then on


class Helped(Struct, frozen=True):
    """Whether it got better. `since` is event time: windows that begin then or later are after the run.

    `by` names what says so, `after` what `since` is: the run's end, or the control with which its model was served.
    """

    verdict: str
    words: str
    by: str
    since: datetime
    after: str
    version: str
    answer: Answer


class _Span(NamedTuple):
    """Windows of a length and a version that end in (begin, end] and begin at `least` or later, ns."""

    version: str
    begin: int
    end: int
    least: int


def helped(sources: Sources, incident: Incident, runs: Sequence[Run]) -> Helped | None:
    """Whether the runs of an incident helped; None while none of them has ended well."""
    well = [run for run in runs if run.state in WELL and run.since != NEVER]
    if not well:
        return None
    store, model = sources.store, settings_of(sources, incident.model)
    since, after = _served(store, incident.model, min(run.since for run in well))
    length, opened = _length(store, incident) or min(model.windows), nanoseconds(incident.opened)
    version = _version(sources, incident, since)
    first = max(opened - model.trigger.of * length, since - WINDOWS_MAX * length)
    spans = (
        _Span(incident.version, first, since, first),
        _Span(version, since, since + (WINDOWS_MAX + 1) * length, since),
    )
    windows = of_windows(*(_share(store, incident.model, length, span) for span in spans))
    labels = _performance(store, incident.model, spans, model.tolerate, model.windows)
    over = incident.closed is not None and nanoseconds(incident.closed) <= since
    found = answered(windows, labels, over=over)
    return Helped(found.verdict, found.words, found.by, moment(since), after, version, found)


def _served(store: Store, model: str, ended: int) -> tuple[int, str]:
    """From when on the run's model may have answered: its end, or the first control after it that says so."""
    rows = store.select(CONTROLS, where={"model": model, "outcome": "applied"}, order=("since",))
    for row in records(rows):
        since = row["since"]
        assert isinstance(since, int)
        if row["kind"] in SERVED and since >= ended:
            detail = row["detail"]
            to = detail.get("to", BAD) if isinstance(detail, dict) else BAD
            over = one(to) if isinstance(to, str | int) else BAD
            return max(since, over), str(row["kind"])
    return ended, "the run's end"


def _length(store: Store, incident: Incident) -> int | None:
    """The length of the windows that found it: of several the shortest."""
    found = store.select(FINDINGS, where={"model": incident.model, "incident": incident.id}, limit=ROWS_MAX)
    whole = found["length"][found["detector"] == "verdict"]
    return int(whole.astype(np.int64).min()) if len(whole) else None


def _version(sources: Sources, incident: Incident, since: int) -> str:
    """The version that answers afterwards: the newest that came since it opened, else the same."""
    opened = nanoseconds(incident.opened)
    newer = [each.version for each in versions(sources, incident.model) if each.first >= opened and each.last > since]
    return newer[-1] if newer else incident.version


def _share(store: Store, model: str, length: int, span: _Span) -> Share:
    """In how many windows anything has drifted."""
    where: dict[str, str | int] = {"model": model, "version": span.version, "length": length}
    since, until = span.begin + 1, span.end + 1
    told = store.select(WINDOWS, where={**where, "segment": ""}, since=since, until=until)
    rows = _whole(told, length, span.least)
    judged = rows["verdict"] != "unknown"
    drifted = set(to_ns(rows["end"][rows["verdict"] == "drift"]).tolist())
    found = store.select(FINDINGS, where=where, since=since, until=until, limit=ROWS_MAX)
    strengths: dict[int, float] = {}
    columns = (to_ns(found["end"]).tolist(), found["value"].tolist(), found["limit"].tolist())
    for end, value, limit in zip(*columns, strict=True):
        if end in drifted and isfinite(value) and isfinite(limit):
            strengths[end] = max(strengths.get(end, 1.0), strength(value, limit))
    return share(Windows(int(judged.sum()), len(drifted)), tuple(strengths.values()))


def _performance(
    store: Store, model: str, spans: Sequence[_Span], tolerate: float, lengths: Sequence[int]
) -> Performance | None:
    """By the first main metric that has enough labels on either side, in the shortest windows that have any."""
    for metric in SPEAKING:
        known = comparable(metric)
        assert known is not None, metric
        for length in sorted(lengths):
            before, after = (_measured(store, model, metric, length, span) for span in spans)
            if before.n:
                return of_labels(metric, before, after, greater_is_better=known.better > 0, tolerate=tolerate)
    return None


def _measured(store: Store, model: str, metric: str, length: int, span: _Span) -> Measured:
    where: dict[str, str | int] = {"model": model, "version": span.version, "segment": "", "metric": metric}
    told = store.select(
        PERFORMANCE,
        where={**where, "length": length},
        since=span.begin + 1,
        until=span.end + 1,
        order=("end",),
        descending=True,
        limit=ROWS_MAX,
    )
    rows = _whole(newest_revisions(told), length, span.least)
    known = np.isin(rows["status"].astype(str), ENOUGH)
    for name in ("value", "error"):
        known &= np.isfinite(rows[name].astype(np.float64))
    return Measured(*(tuple(rows[name][known].tolist()) for name in ("labelled", "value", "error")))


def _whole(rows: Found, length: int, least: int) -> Found:
    """The rows of windows that begin at a time or later; of those that overlap, each event counts once."""
    kept = (to_ns(rows["start"]) >= least) & (to_ns(rows["end"]) % length == 0)
    return {name: column[kept] for name, column in rows.items()}
