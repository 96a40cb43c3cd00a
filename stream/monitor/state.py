"""What a monitor remembers between panes, and a restart continues from."""

from dataclasses import dataclass, field

import msgspec

from detectors.verdict import Spread
from stream.controls.asked import Acknowledge, Close
from stream.controls.control import Controls
from stream.monitor.acting.noticed import Noticed
from stream.monitor.estimates.trust import Lesson, Tracks
from stream.monitor.labels.charts import Chart
from stream.monitor.losses import Losses
from stream.monitor.panes.accumulator import Either, Key
from stream.monitor.panes.courses import Courses
from stream.monitor.panes.pending import Pending
from stream.monitor.plans.learning import Learner
from stream.monitor.scopes import Scope
from stream.monitor.service.usual import Base, Traffic
from stream.monitor.verdicts.disturbed import Disturbed
from stream.monitor.verdicts.sequential import Steps
from stream.monitor.verdicts.stepping import Watched
from stream.monitor.verdicts.teaching import Checked, Teaching
from stream.plan import Plan
from stream.policy import Policy
from stream.policy.hearing import Hearing
from stream.policy.schedules import Due
from stream.roster import Roster

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
    courses: Courses = field(default_factory=dict)

    def spread_of(self, plan: Plan) -> Spread | None:
        """How much more than independent draws a plan's panes vary, as far as they have taught it."""
        known = self.teachings.get(plan.model)
        return known.spread if known is not None and known.plan is plan else None
