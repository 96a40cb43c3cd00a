"""What a restart continues from, and how it becomes bytes and is found again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from detectors.verdict import Spread
from stream.asked import Acknowledge, Close
from stream.config.settings import Settings
from stream.controls import Controls
from stream.monitor.accumulator import Either, Key
from stream.monitor.charts import Chart
from stream.monitor.courses import Courses
from stream.monitor.disturbed import Disturbed
from stream.monitor.learning import Learner
from stream.monitor.losses import Losses
from stream.monitor.noticed import Noticed
from stream.monitor.pending import Pending
from stream.monitor.scopes import Marks, Scope, carried, event_scopes, label_scopes, topics
from stream.monitor.sequential import Steps
from stream.monitor.stepping import Watched
from stream.monitor.teaching import Checked, Teaching
from stream.monitor.trust import Lesson, Tracks
from stream.monitor.usual import Base, Traffic
from stream.plan import Plan
from stream.policy import Policy
from stream.policy.hearing import Hearing
from stream.policy.schedules import Due
from stream.roster import Entry, Roster, in_force
from stream.sample import NOTHING, Sample
from stream.sampling import Rate, Schedule

Version = tuple[str, str]  # (model, version)
Later = tuple[int, int, Acknowledge | Close]  # after which step of labels, in which order, what


class Gathered(msgspec.Struct, frozen=True, array_like=True):
    """What a promoted version's own reference is made of: the sum of its panes in the cells of a plan, so far."""

    version: str
    plan: str = ""
    started: int = 0
    upto: int = 0
    packed: bytes = b""


@dataclass
class State:
    """The monitor's memory.

    `closed` and `labels_closed` are by scope, `topics_closed` by topic: the newest closed end. `joined`, by model: the
    newest step that was taken. `traffic` is by (model, window length), `bases` by model.
    """

    roster: Roster = field(default_factory=Roster)
    learners: dict[str, Learner] = field(default_factory=dict)
    policies: dict[Version, Policy] = field(default_factory=dict)  # of what closes tell
    schedules: dict[str, Due] = field(default_factory=dict)
    labelled: dict[Version, Policy] = field(default_factory=dict)  # of what labels tell
    heard: dict[Version, Hearing] = field(default_factory=dict)  # by the latter, of the former
    steps: dict[Version, Steps] = field(default_factory=dict)
    closed: dict[Scope, int] = field(default_factory=dict)
    labels_closed: dict[Scope, int] = field(default_factory=dict)
    topics_closed: dict[str, int] = field(default_factory=dict)
    joined: dict[str, int] = field(default_factory=dict)
    charts: dict[Version, Chart] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    traffic: dict[tuple[str, int], Traffic] = field(default_factory=dict)
    bases: dict[str, Base] = field(default_factory=dict)
    # Labels of versions that learn what they mean for estimates; estimates beside the truth, and second opinions.
    lessons: dict[Version, Lesson] = field(default_factory=dict)
    tracks: dict[Version, Tracks] = field(default_factory=dict)
    weighed: dict[Version, Tracks] = field(default_factory=dict)
    watched: dict[Version, Watched] = field(default_factory=dict)
    disturbed: dict[Version, tuple[Disturbed, ...]] = field(default_factory=dict)  # of models whose reference moves
    losses: Losses = ()
    controls: Controls = field(default_factory=Controls)
    gathered: dict[str, Gathered] = field(default_factory=dict)  # by model
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)  # ids of outcomes, by model, the newest last
    pane: int = 0  # ns, of all panes of the store; 0 before the first start
    # Those that the configuration has, of events and of labels, whether they have closed anything or not.
    scopes: tuple[Scope, ...] = ()
    label_scopes: tuple[Scope, ...] = ()
    checked: dict[str, Checked] = field(default_factory=dict)  # of `teachings` when the state was made bytes
    # Not part of the bytes: what a journal tells is told again.
    later: tuple[Later, ...] = ()
    # Nor are these: sums of closed panes are made again from the panes that are kept, problems show up again.
    noticed: list[Noticed] = field(default_factory=list)  # by steps of labels, until the policy has seen it
    problems: dict[str, str] = field(default_factory=dict)
    windows: dict[Key, Either] = field(default_factory=dict)
    teachings: dict[str, Teaching] = field(default_factory=dict)  # by model: of its newest plan

    def spread_of(self, plan: Plan) -> Spread | None:
        """How much more than independent draws a plan's panes vary, as far as they have taught it."""
        known = self.teachings.get(plan.model)
        return known.spread if known is not None and known.plan is plan else None

    courses: Courses = field(default_factory=dict)


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
            [
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
            {name: (one.started, one.upto, one.events, one.bound) for name, one in state.learners.items()},
            list(state.policies.items()),
            [(version, steps.pack()) for version, steps in state.steps.items()],
            list(state.closed.items()),
            list(state.labels_closed.items()),
            state.topics_closed,
            state.losses,
            state.pane,
            list(state.scopes),
            list(state.label_scopes),
            [(version, chart.pack()) for version, chart in state.charts.items()],
            state.pending,
            list(state.traffic.items()),
            state.bases,
            [(version, lesson.pack()) for version, lesson in state.lessons.items()],
            list(state.tracks.items()),
            [(version, one.pack()) for version, one in state.watched.items()],
            list(state.weighed.items()),
            list(state.disturbed.items()),
            state.schedules,
            list(state.labelled.items()),
            list(state.heard.items()),
            {name: one.checked for name, one in state.teachings.items() if one.checked.panes and not one.over},
            state.controls,
            state.gathered,
            state.told,
        )
    )


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
        Roster(tuple(entries)),
        {
            name: Learner(*spans, samples(name) if spans[-1] is None else NOTHING)
            for name, spans in found.learners.items()
            if name in names
        },
        {version: one for version, one in found.policies if version[0] in names},
        {name: one for name, one in found.schedules.items() if name in names},
        {version: one for version, one in found.labelled if version[0] in names},
        {version: one for version, one in found.heard if version[0] in names},
        {version: Steps.unpack(one) for version, one in found.steps if version[0] in names},
        carried(dict(found.closed), event_scopes(settings), found.scopes),
        carried(dict(found.labels_closed), label_scopes(settings), found.label_scopes),
        {topic: end for topic, end in found.topics_closed.items() if topic in topics(settings)},
        {one.name: one.joined for one in found.entries if one.name in names and one.joined is not None},
        {version: Chart.unpack(one) for version, one in found.charts if version[0] in names},
        {entry.name: found.pending[entry.name] for entry in entries if entry.name in found.pending},
        {key: one for key, one in found.traffic if key[0] in names and key[1] in lengths[key[0]]},
        {name: one for name, one in found.bases.items() if name in names},
        {version: Lesson.unpack(one) for version, one in found.lessons if version[0] in names},
        {version: one for version, one in found.tracks if version[0] in names},
        {version: one for version, one in found.weighed if version[0] in names},
        {version: Watched.unpack(one) for version, one in found.watched if version[0] in names},
        {version: one for version, one in found.disturbed if version[0] in names},
        found.losses,
        found.controls.of(names),
        {name: one for name, one in found.gathered.items() if name in names},
        {name: ids for name, ids in found.told.items() if settings.monitors.mine(name)},
        found.pane,
        tuple(found.scopes),
        tuple(found.label_scopes),
        {name: one for name, one in found.checked.items() if name in names},
    )
