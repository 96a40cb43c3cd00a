"""The checkpoint: what a monitor remembers as bytes, and found again by the present configuration."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stream.config.settings import Settings
from stream.controls.control import Controls
from stream.controls.promotions import Promotions
from stream.counting.sample import NOTHING, Sample
from stream.joining.sampling import Rate, Schedule
from stream.monitor.estimates.trust import Lesson, Tracks
from stream.monitor.labels.charts import Chart
from stream.monitor.losses import Losses
from stream.monitor.panes.pending import Pending
from stream.monitor.plans.learning import Learner
from stream.monitor.scopes import Marks, Scope, carried, event_scopes, label_scopes, topics
from stream.monitor.service.usual import Base, Traffic
from stream.monitor.state import Gathered, State, Version
from stream.monitor.verdicts.disturbed import Disturbed
from stream.monitor.verdicts.sequential import Steps
from stream.monitor.verdicts.stepping import Watched
from stream.monitor.verdicts.teaching import Checked
from stream.plan import Plan
from stream.policy import Policy
from stream.policy.hearing import Hearing
from stream.policy.schedules import Due
from stream.roster import Entry, Roster, in_force


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    name: str
    since: int
    basis: str
    versions: dict[str, int]
    rates: tuple[Rate, ...] = ()
    joined: int | None = None


class _Packed(msgspec.Struct, frozen=True):
    entries: list[_Entry]
    learners: dict[str, tuple[int, int, int, int | None]]
    policies: list[tuple[Version, Policy]]
    steps: list[tuple[Version, Any]]
    closed: list[tuple[Scope, int]]
    labels_closed: list[tuple[Scope, int]]
    topics_closed: dict[str, int]
    losses: Losses
    pane: int
    scopes: list[Scope] = []
    label_scopes: list[Scope] = []
    charts: list[tuple[Version, tuple[int, ...]]] = []
    pending: dict[str, Pending] = {}
    traffic: list[tuple[tuple[str, int], Traffic]] = []
    bases: dict[str, Base] = {}
    lessons: list[tuple[Version, Any]] = []
    tracks: list[tuple[Version, Tracks]] = []
    watched: list[tuple[Version, Any]] = []
    weighed: list[tuple[Version, Tracks]] = []
    disturbed: list[tuple[Version, tuple[Disturbed, ...]]] = []
    schedules: dict[str, Due] = {}
    labelled: list[tuple[Version, Policy]] = []
    heard: list[tuple[Version, Hearing]] = []
    checked: dict[str, Checked] = {}
    controls: Controls = Controls()
    gathered: dict[str, Gathered] = {}
    told: dict[str, tuple[str, ...]] = {}


def pack(state: State) -> bytes:
    """All but the plans, the samples and the panes, which have tables of their own."""
    return msgspec.msgpack.encode(
        _Packed(
            entries=[
                _Entry(
                    entry.name,
                    entry.since,
                    entry.basis,
                    dict(entry.versions),
                    entry.rates.rates,
                    state.joined.get(entry.name),
                )
                for entry in state.roster.entries
            ],
            learners={name: (one.started, one.upto, one.events, one.bound) for name, one in state.learners.items()},
            policies=list(state.policies.items()),
            steps=[(version, steps.pack()) for version, steps in state.steps.items()],
            closed=list(state.closed.items()),
            labels_closed=list(state.labels_closed.items()),
            topics_closed=state.topics_closed,
            losses=state.losses,
            pane=state.pane,
            scopes=list(state.scopes),
            label_scopes=list(state.label_scopes),
            charts=[(version, chart.pack()) for version, chart in state.charts.items()],
            pending=state.pending,
            traffic=list(state.traffic.items()),
            bases=state.bases,
            lessons=[(version, lesson.pack()) for version, lesson in state.lessons.items()],
            tracks=list(state.tracks.items()),
            watched=[(version, one.pack()) for version, one in state.watched.items()],
            weighed=list(state.weighed.items()),
            disturbed=list(state.disturbed.items()),
            schedules=state.schedules,
            labelled=list(state.labelled.items()),
            heard=list(state.heard.items()),
            checked={name: one.checked for name, one in state.teachings.items() if one.checked.panes and not one.over},
            controls=state.controls,
            gathered=state.gathered,
            told=state.told,
        )
    )


def promoted(packed: bytes, model: str) -> tuple[Promotions, Mapping[str, int]]:
    """The promotions of a model in the bytes of a state, and when each of its versions was first told apart."""
    found = msgspec.msgpack.decode(packed, type=_Packed)
    versions = next((one.versions for one in found.entries if one.name == model), {})
    return found.controls.promotions(model), versions


def closed(packed: bytes) -> Marks:
    """The newest closed ends in the bytes of a state, by the scopes and topics of its time."""
    found = msgspec.msgpack.decode(packed, type=_Packed)
    return Marks(dict(found.closed), dict(found.labels_closed), found.topics_closed)


def unpack(
    packed: bytes, settings: Settings, plans: Mapping[str, list[Plan]], samples: Callable[[str], Sample]
) -> State:
    """The state that `pack` made bytes of, with the plans of the store, and the samples of what is being learned.

    Plans come in the order in which they were adopted. Models that no pattern matches any more go; of those that
    another monitor watches only the names are left.
    """
    found = msgspec.msgpack.decode(packed, type=_Packed)
    entries = [
        Entry(
            one.name,
            model,
            one.since,
            one.basis,
            one.versions,
            in_force(plans.get(one.name, ())),
            Schedule(one.rates),
        )
        for one in found.entries
        if (model := settings.model(one.name)) is not None
    ]
    names = {entry.name for entry in entries if settings.monitors.mine(entry.name)}
    lengths = {entry.name: entry.settings.windows for entry in entries}
    return State(
        roster=Roster(tuple(entries)),
        learners={
            name: Learner(*spans, samples(name) if spans[-1] is None else NOTHING)
            for name, spans in found.learners.items()
            if name in names
        },
        policies={version: one for version, one in found.policies if version[0] in names},
        schedules={name: one for name, one in found.schedules.items() if name in names},
        labelled={version: one for version, one in found.labelled if version[0] in names},
        heard={version: one for version, one in found.heard if version[0] in names},
        steps={version: Steps.unpack(one) for version, one in found.steps if version[0] in names},
        closed=carried(dict(found.closed), event_scopes(settings), found.scopes),
        labels_closed=carried(dict(found.labels_closed), label_scopes(settings), found.label_scopes),
        topics_closed={topic: end for topic, end in found.topics_closed.items() if topic in topics(settings)},
        joined={one.name: one.joined for one in found.entries if one.name in names and one.joined is not None},
        charts={version: Chart.unpack(one) for version, one in found.charts if version[0] in names},
        pending={entry.name: found.pending[entry.name] for entry in entries if entry.name in found.pending},
        traffic={key: one for key, one in found.traffic if key[0] in names and key[1] in lengths[key[0]]},
        bases={name: one for name, one in found.bases.items() if name in names},
        lessons={version: Lesson.unpack(one) for version, one in found.lessons if version[0] in names},
        tracks={version: one for version, one in found.tracks if version[0] in names},
        weighed={version: one for version, one in found.weighed if version[0] in names},
        watched={version: Watched.unpack(one) for version, one in found.watched if version[0] in names},
        disturbed={version: one for version, one in found.disturbed if version[0] in names},
        losses=found.losses,
        controls=found.controls.of(names),
        gathered={name: one for name, one in found.gathered.items() if name in names},
        told={name: ids for name, ids in found.told.items() if settings.monitors.mine(name)},
        pane=found.pane,
        scopes=tuple(found.scopes),
        label_scopes=tuple(found.label_scopes),
        checked={name: one for name, one in found.checked.items() if name in names},
    )
