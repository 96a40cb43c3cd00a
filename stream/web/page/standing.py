"""Where each model stands: its state in one word, and what that word rests on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from msgspec.structs import replace

from sinks.commit import FEATURES, FINDINGS, INCIDENTS, RELAYED, TRIGGERS, WINDOWS, Store
from stream.config.settings import Settings
from stream.config.units import duration
from stream.monitor.labels.charts import DETECTOR as ERRORS_DETECTOR
from stream.monitor.performance.standards import DETECTOR as PERFORMANCE_DETECTOR
from stream.web.answers import (
    Feature,
    Finding,
    Found,
    Model,
    Performance,
    State,
    Trigger,
    Window,
    answers,
    records,
)
from stream.web.page import status as now
from stream.web.page.incident import Incident
from stream.web.performance.matured import matured
from stream.web.sources import Sources
from stream.web.times import moment, nanoseconds

DRIFTS = frozenset(("drift", "prediction_drift", "quality", "attribution"))  # incidents that labels did not open
TICKS = 48  # windows in the strip of the first page: four hours of 5-minute ones
ENDS = ("acknowledged", "closed")  # what may become of an incident
NEWEST = 1_000  # incidents and triggers that are looked through: the page is no archive


@dataclass(frozen=True)
class Standing:
    """A model, and its newest windows of the shortest length that has a verdict, oldest first."""

    model: Model
    recent: tuple[Window, ...]


def standings(sources: Sources, names: Sequence[str]) -> list[Standing]:
    """How the named models stand, in the given order. A fixed number of questions, however many models there are."""
    store, status = sources.store, sources.status()
    only = names[0] if len(names) == 1 else None
    recent, since = _recent(sources, names, only)
    windows = _by_model(recent)
    opened = {each.model: each for each in reversed(incidents(store, only)) if each.closed is None}
    triggered = _last_triggers(store, only)
    features = _features(store, only)
    performances = matured(store, names)
    fallen = _fallen(store, only, performances)
    return [
        _standing(
            status.model(name) or now.Model(name, state="watching"),
            windows.get(name, ()),
            since,
            opened.get(name),
            triggered.get(name),
            features.get(name, []),
            performances.get(name),
            worse=name in fallen,
        )
        for name in names
    ]


def incidents(store: Store, model: str | None = None) -> list[Incident]:
    """Incidents with their opening and closing, newest first."""
    found = store.select(INCIDENTS, where=_only(model), order=("at",), descending=True, limit=NEWEST)
    rows = list(records(found))
    ends = {state: {row["id"]: row["at"] for row in rows if row["state"] == state} for state in ENDS}
    opened = [index for index, row in enumerate(rows) if row["state"] == "opened"]
    whole = {name: column[opened] for name, column in found.items()} | {
        "opened": found["at"][opened],
    }
    return [_ended(each, ends) for each in answers(whole, Incident)]


def triggers(store: Store, found: Found) -> list[Trigger]:
    """Rows of the trigger outbox, each with its message and whether it has been delivered."""
    upto = max(store.select(RELAYED, where={"outbox": TRIGGERS.name})["upto"].tolist(), default=0)
    derived = {"message": found["body"], "delivered": np.asarray(found["commit"], np.int64) <= upto}
    return answers({**found, **derived}, Trigger)


def newest_by_length(windows: Iterable[Window]) -> dict[str, Window]:
    """The newest window of each length, of the version that was seen last."""
    ordered = sorted(windows, key=lambda window: window.end)
    version = ordered[-1].version if ordered else ""
    return {window.length: window for window in ordered if window.version == version}


def _standing(  # noqa: PLR0913, PLR0917 - all that is known of a model
    model: now.Model,
    windows: Sequence[Window],
    since: datetime,
    incident: Incident | None,
    last_trigger: datetime | None,
    features: list[Feature],
    performance: Performance | None,
    *,
    worse: bool,
) -> Standing:
    newest = newest_by_length([window for window in windows if window.end > since] or windows)
    shortest = min(newest.values(), key=lambda window: window.end - window.start, default=None)
    drifts = tuple(sorted([length for length, window in newest.items() if window.verdict == "drift"], key=duration))
    state = _state(model, newest, incident, worse=worse)
    ticks = _ticks([window for window in windows if shortest and window.version == shortest.version])
    answer = Model(
        name=model.name,
        version=shortest.version if shortest else next(reversed(model.versions), ""),
        state=state,
        progress=model.progress if model.state != "watching" else 1.0,
        learned_seconds=model.learned_ns / 1e9,
        needed_seconds=model.needed_ns / 1e9,
        events=model.events,
        features=features or [Feature(each.name, each.kind, each.inferred) for each in model.features],
        last_window=shortest,
        incident=incident,
        last_trigger=last_trigger,
        performance=performance,
        suspect_in=drifts if state == "suspect" else (),
    )
    return Standing(answer, ticks)


def _ticks(windows: Sequence[Window]) -> tuple[Window, ...]:
    """Those of one length, as the model's page chooses it: of little traffic the shortest never have a verdict."""
    lengths = {window.length for window in windows if window.verdict != "unknown"} or {one.length for one in windows}
    length = min(lengths, key=duration, default="")
    return tuple([window for window in windows if window.length == length][-TICKS:])


def _state(model: now.Model, newest: Mapping[str, Window], incident: Incident | None, *, worse: bool) -> State:
    """One word. A single window over its limit is no incident yet: with many features one in thirty is by chance."""
    if model.state != "watching":
        return model.state
    if incident:
        return "drifting" if incident.kind in DRIFTS else "worse"
    if worse:
        return "worse"
    verdicts = {window.verdict for window in newest.values()}
    if "drift" in verdicts:
        return "suspect"
    return "well" if "ok" in verdicts else "unknown"


def _recent(sources: Sources, names: Sequence[str], only: str | None) -> tuple[list[Window], datetime]:
    """The last windows of each length over all events, oldest first, and since when they say how a model stands.

    A model that fell silent before gives its last one.
    """
    store, where = sources.store, {"segment": "", **_only(only)}
    last = answers(store.select(WINDOWS, where=where, order=("end",), descending=True, limit=1), Window)
    if not last:
        return [], datetime.min.replace(tzinfo=UTC)
    newest, windows, steps = nanoseconds(last[0].end), list[Window](), _steps(sources.settings)
    for length, every in steps:
        since = newest - TICKS * every + 1
        windows += answers(
            store.select(WINDOWS, where={**where, "length": length}, since=since, order=("end",)), Window
        )
    silent = set(names) - {window.model for window in windows}
    for name in sorted(silent):
        alone = {"segment": "", "model": name}
        windows += answers(store.select(WINDOWS, where=alone, order=("end",), descending=True, limit=1), Window)
    return windows, moment(newest - TICKS * steps[0][0])


def _steps(settings: Settings) -> list[tuple[int, int]]:
    """Every window length with how often one ends, of those that slide as often as any model's does."""
    models = (settings.defaults, *(model for _, model in settings.patterns))
    spans = sorted({span for model in models for span in model.spans}, reverse=True)
    return sorted(dict(spans).items())


def _fallen(store: Store, only: str | None, newest: Mapping[str, Performance]) -> set[str]:
    """The models whose answers have become worse.

    What a window says holds until the next one of its length should have enough labels, an alarm of the chart of errors
    until a window that began after it has.
    """
    fallen = set()
    for detector in (PERFORMANCE_DETECTOR, ERRORS_DETECTOR):
        where = {"detector": detector, **_only(only)}
        rows = store.select(FINDINGS, where=where, order=("end",), descending=True, limit=NEWEST)
        for finding in answers(rows, Finding):
            known = newest.get(finding.model)
            lasts = duration(finding.length) if detector == PERFORMANCE_DETECTOR else 0
            if known is None or nanoseconds(finding.end) + lasts > nanoseconds(known.end if lasts else known.start):
                fallen.add(finding.model)
    return fallen


def _last_triggers(store: Store, only: str | None) -> dict[str, datetime]:
    found = store.select(TRIGGERS, where=_only(only), order=("at",), descending=True, limit=NEWEST)
    oldest_first = reversed([(trigger.model, trigger.at) for trigger in triggers(store, found)])
    return dict(oldest_first)


def _features(store: Store, only: str | None) -> dict[str, list[Feature]]:
    """The features of each model's newest plan."""
    found = store.select(FEATURES, where=_only(only))
    newest: dict[str, int] = {}
    rows = list(records(found))
    for row in rows:
        model, commit = str(row["model"]), int(str(row["commit"]))
        newest[model] = max(commit, newest.get(model, 0))
    kept: dict[str, list[Feature]] = {}
    for row in rows:
        model = str(row["model"])
        if row["commit"] == newest[model]:
            kept.setdefault(model, []).append(Feature(str(row["feature"]), str(row["kind"]), bool(row["inferred"])))
    return kept


def _by_model(windows: Iterable[Window]) -> dict[str, list[Window]]:
    grouped: dict[str, list[Window]] = {}
    for window in windows:
        grouped.setdefault(window.model, []).append(window)
    return grouped


def _only(model: str | None) -> dict[str, str | int]:
    return {} if model is None else {"model": model}


def _ended(incident: Incident, ends: Mapping[str, Mapping[object, object]]) -> Incident:
    known = {state: at for state, found in ends.items() if isinstance(at := found.get(incident.id), datetime)}
    times = {
        "seconds_to_detect": _seconds(incident.began, incident.opened),
        "seconds_to_acknowledge": _seconds(incident.opened, known.get("acknowledged")),
        "seconds_to_recover": _seconds(incident.opened, known.get("closed")),
    }
    return replace(incident, **known, **times)


def _seconds(begin: datetime | None, end: datetime | None) -> float | None:
    return None if begin is None or end is None else (end - begin).total_seconds()
