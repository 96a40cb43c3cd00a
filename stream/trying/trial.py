"""What a policy would have done with the history of a store, beside what was done."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from msgspec import Struct

from sinks.commit import CHECKPOINTS, INCIDENTS, TRIGGERS, WINDOWS, Store
from stream.config.settings import Model, Settings
from stream.controls.promotions import Promotions, retired
from stream.monitor.acting.triggers import rfc3339
from stream.monitor.checkpoint import promoted
from stream.policy import book
from stream.policy.quiet import maintenance
from stream.policy.schedules import Due, due
from stream.policy.trial import Served, tried
from stream.trying.history import histories


class Fired(Struct, frozen=True):
    """One thing that would have happened. `targets` are whom a trigger is for; empty: everyone."""

    at: str
    model: str
    version: str
    state: str
    trigger: bool
    rule: str
    severity: str
    kind: str
    feature: str
    segment: str
    why: str
    targets: tuple[str, ...]


class Trial(Struct, frozen=True):
    """All of it, from an event time on, and how many incidents and triggers there were in that time."""

    since: str
    until: str
    fired: tuple[Fired, ...]
    incidents: int  # that it would have opened
    triggers: int
    incidents_then: int
    triggers_then: int


def trial(store: Store, settings: Settings, back: int, only: str | None = None) -> Trial | None:
    """Try the policies of a configuration on the last `back` ns before the newest window; None without any window."""
    newest = store.select(WINDOWS, order=("end",), descending=True, limit=1)["end"]
    if not len(newest):
        return None
    until = _ns(newest[0])
    since = until - back
    names = sorted({*store.select(WINDOWS, since=since)["model"].tolist()}) if only is None else [only]
    fired = sorted((one for name in names for one in _of_model(store, settings, name, since)), key=lambda one: one.at)
    then = store.select(INCIDENTS, since=since)
    opened = sum(state == "opened" for state in _of(then["state"], then["model"], only))
    asked = store.select(TRIGGERS, since=since)
    return Trial(
        rfc3339(since),
        rfc3339(until),
        tuple(fired),
        sum(one.state == "opened" for one in fired),
        sum(one.trigger for one in fired),
        opened,
        sum(1 for _ in _of(asked["id"], asked["model"], only)),
    )


def _of_model(store: Store, settings: Settings, name: str, since: int) -> Iterator[Fired]:
    model = settings.model(name)
    if model is None:
        return
    rules = book(model)
    spans, checkpoint = model.policy.maintenance, store.select(CHECKPOINTS)["body"].tolist()
    promotions, versions = promoted(checkpoint[0], name) if checkpoint else ((), {})
    for version, history in histories(store, name, since, min(model.windows)).items():
        served = _served(promotions, versions, version[1])
        for event in tried(rules, history.closes, history.labels, lambda at: maintenance(spans, at), served):
            one = event.incident
            about = (one.rule, one.severity, one.kind, one.feature, one.segment, one.why)
            yield Fired(rfc3339(event.at), *version, event.state, event.triggered, *about, event.targets)
    yield from _scheduled(store, name, model, since)


def _served(known: Promotions, versions: Mapping[str, int], version: str) -> Served:
    """As promotions had it."""
    turns = tuple(one.since for one in known if version == one.version or version in one.retired)
    return Served(turns, lambda at: retired(known, version, at, versions))


def _scheduled(store: Store, name: str, model: Model, since: int) -> Iterator[Fired]:
    """What schedules would have asked for, by the windows of the shortest length."""
    shortest, schedules = min(model.windows), model.policy.schedules
    where: dict[str, str | int] = {"model": name, "segment": "", "length": shortest}
    rows = store.select(WINDOWS, where=where, since=since, order=("end",)) if schedules else WINDOWS.empty()
    events: dict[int, int] = {}
    for end, n, plan in zip(rows["end"], rows["events"].tolist(), rows["plan"].tolist(), strict=True):
        if plan:
            events[_ns(end)] = events.get(_ns(end), 0) + n
    known = Due(min(events, default=0) - shortest)
    for end, n in sorted(events.items()):
        known = known.count(schedules, 0 if end % shortest else n)
        known, asked = due(known, schedules, end, maintenance(model.policy.maintenance, end))
        for one in asked:
            targets = one.targets or model.policy.targets.get("schedule", ())
            about = (one.name, "info", "schedule", "", "", "")
            yield Fired(rfc3339(one.at), name, "", "asked", True, *about, targets)


def _of(values: Iterable[object], models: Iterable[object], only: str | None) -> Iterator[object]:
    return (value for value, model in zip(values, models, strict=True) if only in {None, model})


def _ns(time: np.generic) -> int:
    return int(np.datetime64(time, "us").astype(np.int64)) * 1_000  # type: ignore[call-overload]  # of a time column
