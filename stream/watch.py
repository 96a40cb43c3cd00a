"""What every service knows and decides, whoever reads for it: plans, watermarks, closes, the journal, Commits.

Two kinds build on it: the `Journey`, which reads events itself, and the `Follower`, which is told Partials.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import msgspec

from sinks import commit as tables
from sinks.commit import Commit
from stream.config.settings import Settings
from stream.controls.heeding import KIND, OUTCOME, Heeding
from stream.counting.clocks import Mark, Progress, Start
from stream.counting.sample import NOTHING, Sample
from stream.counting.windows import decided_from, oldest_start
from stream.events import NEVER, Partition
from stream.ledger import Ledger, moment
from stream.lives import NOTHING_LEFT, START, Left, configured, told
from stream.monitor import Monitor, losses, scopes
from stream.monitor.checkpoint import pack
from stream.monitor.plans.onboarding import Sources, changes
from stream.monitor.state import State
from stream.monitor.verdicts.earlier import Asked, nothing
from stream.partials import Partial
from stream.positions import Positions
from stream.retention import Retention, retention
from stream.roster import FUTURE
from stream.tiers.places import Place


def no_sample(model: str) -> Sample:
    """Nothing was learned before the first start."""
    assert model
    return NOTHING


@dataclass(frozen=True)
class Memory:
    """What an earlier run left behind. Empty at the very first start."""

    last: int = 0
    state: State = field(default_factory=State)
    starts: Mapping[Partition, Start] = field(default_factory=dict)
    clocks: Mapping[Partition, Mark] = field(default_factory=dict)  # at the last Commit
    places: Mapping[Partition, Place] = field(default_factory=dict)  # of Partials, where workers read
    samples: Callable[[str], Sample] = no_sample  # what a model was learned from, asked for where its plan changes
    left: Left = NOTHING_LEFT  # by the last Commit, of topics that are read no more too
    configured: str = ""  # by what the last start was, as `lives` names it
    sides: Mapping[Partition, int] = field(default_factory=dict)  # where the topics beside the events are read on
    earlier: Asked = nothing  # closed windows that later ones are compared with


class Watch(ABC):
    """The second half of a journey, from sums to Commits."""

    def __init__(self, settings: Settings, sources: Sources, memory: Memory) -> None:
        pane = memory.state.pane or settings.pane  # a store keeps the panes that it was made with
        settings = msgspec.structs.replace(settings, pane=pane)
        self.settings, self.state, self.number = settings, memory.state, memory.last
        self.state.pane = pane
        self.state.scopes = tuple(sorted(scopes.event_scopes(settings)))
        self.state.label_scopes = tuple(sorted(scopes.label_scopes(settings)))
        self.monitor = Monitor(settings, sources, memory.state, memory.earlier)
        about = settings.topics
        self.heeding = Heeding(KIND, self.monitor.controlled, _of(memory.sides, about.control), self._journal)
        self.outcomes = Heeding(OUTCOME, self.monitor.running, _of(memory.sides, about.outcomes), self._journal)
        self.sides = {about.control: self.heeding, about.outcomes: self.outcomes}  # by topic
        self.marks = scopes.marks({}, settings)
        self._spans = {span for _, model in settings.patterns for span in model.spans}
        self._relayed = 0
        self._positions = Positions(memory.clocks)
        self._sources, self._last, self._left, self._noted = sources, memory.last, memory.left, False
        self._configure(sources, memory)

    def _configure(self, sources: Sources, memory: Memory) -> None:
        """Make the plans that a first start or a changed configuration asks for."""
        known = scopes.marks(memory.clocks, self.settings)
        reached = max((mark for mark in known.events.values()), default=NEVER)
        since = NEVER
        if reached != NEVER:
            events = self.settings.events
            since = decided_from(reached, self.settings.pane, self.settings.lateness, events.max_ahead)
        for plan, basis in changes(self.settings, sources, self.state, since, memory.samples):
            self.monitor.adopt(plan, basis)
            if since != NEVER:
                self._journal("plan", ("", -1), -1, since, {"model": plan.model, "plan": plan.id})
        if memory.configured != configured(self.settings, sources):
            self._note_start(self.settings)

    # ---- what each kind does in its own way

    @property
    @abstractmethod
    def progress(self) -> Mapping[Partition, Progress]:
        """How far each partition has been read."""

    @abstractmethod
    def _start(self, partition: Partition, mark: Mark) -> None:
        """Read a new partition from a mark on."""

    @abstractmethod
    def _summed(self, upto: int) -> None:
        """Let the monitor have all that belongs to panes that end by then."""

    @abstractmethod
    def _told(self) -> None:
        """Take in what a close has decided."""

    @abstractmethod
    def _placed(self) -> Partial:
        """What belongs to positions since the last Commit, and the monitor has not been given."""

    # ---- partitions

    @property
    def clocks(self) -> dict[Partition, Mark]:
        """How far each partition has been read."""
        return {partition: progress.mark for partition, progress in self.progress.items()}

    @property
    def held(self) -> Collection[Partition]:
        """Partitions whose last records wait for the watermark: read nothing more from them."""
        return ()

    def find(self, partition: Partition, offset: int) -> None:
        """Read one more partition, from an offset on.

        Its clocks are where the watermarks are: what it has for closed panes is late, and counted as late. While open
        panes are read again, the watermarks are behind that; then the closed panes say where they were.
        """
        assert partition not in self.progress, partition
        clock, label_clock = self._reached(partition[0])
        self._start(partition, Mark(offset, clock=clock, label_clock=label_clock))
        self._journal("found", partition, offset, offset, {"clock": clock, "labels": label_clock})
        self.marks = scopes.marks(self.clocks, self.settings)

    def _reached(self, topic: str) -> tuple[int, int]:
        """The clocks that a partition of a topic begins with; NEVER where the topic has no such clock, or none yet."""
        clock, label_clock = scopes.reached(self.marks.events, topic), scopes.reached(self.marks.labels, topic)
        state, declared = self.state, self.settings.events
        refused = state.topics_closed.get(topic, NEVER)
        closed = max((refused, *(end for scope, end in state.closed.items() if topic in scope)))
        if topic in declared.predictions and closed != NEVER:
            clock = max(clock, closed + self.settings.lateness)
        if topic in declared.labels:
            label_clock = max(
                (label_clock, refused, *(end for scope, end in state.labels_closed.items() if topic in scope))
            )
        return clock, label_clock

    def _lost(self, partition: Partition, upto: int) -> None:
        """Retention made a gap; the windows that it may touch will be incomplete."""
        mark = self.progress[partition].mark
        left = self._left.marks.get(partition)
        if left is not None and mark.place < left[0].place:
            self._note_start()  # what former lives have closed panes with, open ones lack
        clocks = {"clock": mark.clock, "labels": mark.label_clock}  # perhaps of an event in the gap, see rule 11
        self._journal("lost", partition, mark.offset, upto, clocks)
        start = NEVER if mark.clock == NEVER else mark.clock - self.settings.lateness
        self.state.losses = losses.lost(self.state.losses, partition, upto, start)

    def _note_start(self, settings: Settings | None = None) -> None:
        """Note once that this start is an input: by other settings, or unable to read all again."""
        if not self._noted:
            self._noted = True
            detail = told(configured(self.settings, self._sources), self._left, settings, self._sources)
            self._journal(START, ("", -1), self._last, -1, detail)

    def _journal(self, kind: str, partition: Partition, offset: int, until: int, detail: Mapping[str, object]) -> None:
        told = msgspec.json.encode(detail).decode()
        self.monitor.ledger.row(tables.JOURNAL, kind, *partition, offset, until, told, moment(self._positions.latest()))

    # ---- closes

    def _close(self) -> bool:
        """Close what the watermarks have passed. Until that is done, nothing is read beyond the former ones."""
        at = scopes.marks(self.clocks, self.settings)
        due = self._due(at)
        closing = self.monitor.ready(due)
        if closing:
            passed = (mark - self.settings.lateness for mark in due.events.values() if mark != NEVER)
            self._summed(max(passed, default=NEVER))
            self.monitor.advance(due)
            self._settle()
        self.marks = at
        return closing

    def _due(self, at: scopes.Marks) -> scopes.Marks:
        """The watermarks up to which panes may close now."""
        return at

    def _settle(self) -> None:
        """After a close: forget what no pane can ask for any more, and say what was decided."""
        state, meetings = self.state, self.monitor.meetings
        asked = (meetings.since() or (FUTURE,))[0]
        self._trim()
        state.roster = state.roster.without_plans_before(
            lambda entry: min(asked, self._oldest(scopes.event_scope(entry.settings, self.settings)))
        )
        state.roster = state.roster.without_rates_before(meetings.rated_since())
        state.losses = losses.since(
            state.losses, lambda topic: self._oldest(*(scope for scope in state.scopes if topic in scope))
        )
        self._told()

    def _oldest(self, *some: scopes.Scope) -> int:
        """Where the earliest window of some scopes begins that can still get a pane; of all, where none is meant."""
        return oldest_start(min(self.state.closed.get(one, NEVER) for one in some or self.state.scopes), self._spans)

    @abstractmethod
    def _trim(self) -> None:
        """Forget where closed panes began."""

    # ---- Commits out

    def relayed(self, upto: int) -> None:
        """Note up to which Commit the outboxes have been sent."""
        if upto != self._relayed:
            self._relayed = upto
            for outbox in tables.OUTBOXES:
                self.monitor.ledger.row(tables.RELAYED, outbox.name, upto)

    def retention(self) -> Retention | None:
        """What may go; None while nothing has been closed."""
        return retention(self.state, self.settings, self.monitor.meetings)

    def take(self) -> Commit:
        """The next Commit: what was decided since the last one, the positions, and the state to go on from."""
        self.number += 1
        ledger = self.monitor.ledger
        self.monitor.receive(self._placed())
        self._keep_positions(ledger)
        ledger.row(tables.CHECKPOINTS, "monitor", pack(self.state))
        self.monitor.meetings.committed()
        self.monitor.earlier.committed()
        return ledger.take(self.number)

    def _keep_positions(self, ledger: Ledger) -> None:
        self._positions.rows(ledger, self.progress)
        for side in self.sides.values():
            side.rows(ledger)


def _of(positions: Mapping[Partition, int], topic: str) -> dict[Partition, int]:
    return {partition: offset for partition, offset in positions.items() if partition[0] == topic}
