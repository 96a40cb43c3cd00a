"""A monitor's pure half where workers read for it: Partials in, Commits and boards out."""

from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import replace

from sinks import commit as tables
from stream.config.digest import digest
from stream.config.settings import Settings
from stream.counting.clocks import Mark, Progress, Start
from stream.counting.windows import pane_end
from stream.events import NEVER, Partition
from stream.ledger import Ledger
from stream.monitor import losses, scopes
from stream.monitor.plans.onboarding import Sources
from stream.partials import Partial
from stream.plan import Plan
from stream.tiers import wire
from stream.tiers.board import Asked, Board
from stream.tiers.chain import ChainBroken, Link, continues
from stream.tiers.places import Place, Places
from stream.watch import Memory, Watch


class _Early(Exception):
    """A Partial stands on what is not decided yet."""


class Follower(Watch):
    """Takes Partials where the chain goes on. Up to what was committed they only rebuild open panes."""

    def __init__(self, settings: Settings, sources: Sources, memory: Memory) -> None:
        super().__init__(settings, sources, memory)
        self._starts = dict(memory.starts)  # where workers begin that find no Partial: one process may have been there
        self._progress = {partition: Progress(start.mark) for partition, start in memory.starts.items()}
        self._places = {each: Places(memory.places.get(each, Place())) for each in self._progress}
        self._unplaced: dict[Partition, Counter[str]] = {}
        self._waiting: dict[Partition, deque[tuple[int, bytes]]] = {}  # what has come too early, and what came behind
        self.ends: dict[Partition, int] = {}  # high watermarks, by what the readers said last
        self.at_end: dict[Partition, int] = {}  # of these the ones that are reached, and where
        self._digest = digest(self.settings)
        self.marks = scopes.marks(self.clocks, self.settings)
        self._settle()

    @property
    def progress(self) -> Mapping[Partition, Progress]:
        """How far each partition has been read."""
        return self._progress

    def _start(self, partition: Partition, mark: Mark) -> None:
        self._starts[partition] = Start(mark, mark.position)
        self._progress[partition] = Progress(mark)
        self._places[partition] = Places(Place())

    def next_partial(self, partition: Partition) -> int:
        """The offset of the next Partial of a partition, in the topic of its Partials."""
        return self._places[partition].next

    # ---- Partials in

    @property
    def held(self) -> Collection[Partition]:
        """Partitions whose next Partial waits until other partitions have come as far: read nothing more from them.

        So it is after a store was put back from a copy: workers had been told what this monitor has yet to decide.
        """
        return self._waiting.keys()

    def receive(self, partition: Partition, at: int, value: bytes) -> None:
        """Take the Partial at an offset. Call `work` when a round of them is in. UnknownPartial, ChainBroken."""
        waiting = self._waiting.get(partition)
        if waiting is None:
            try:
                self._receive(partition, at, value)
            except _Early:
                self._waiting[partition] = deque([(at, value)])
        elif at > waiting[-1][0]:
            waiting.append((at, value))

    def _receive(self, partition: Partition, at: int, value: bytes) -> None:
        link, places = wire.unpack(value, self._plan_of), self._places[partition]
        if link.partition != partition:
            raise ChainBroken(f"among the partials of {partition} is one of {link.partition}")
        before = self._begun(link, places)
        if continues(link, before.mark):
            self._take(link, written=at < places.committed)
            self._progress[partition] = before.advance(link.end, self.settings.pane)
            self.at_end.pop(partition, None)
            if link.upto >= 0:  # a reader that has just begun does not know yet
                self.ends[partition] = link.upto
            if link.kind in {"at end", "release"}:  # nobody releases who is not at the end
                self.at_end[partition] = link.end.offset
        places.passed(link.begin, at, self._progress[partition])

    def _begun(self, link: Link, places: Places) -> Progress:
        """The progress before a Partial. Where monitors found a partition apart, its first one says where it begins."""
        known = self._progress[link.partition]
        if places.untouched and self.settings.monitors.names and link.begin.reaches(known.mark):
            self._progress[link.partition] = known = Progress(link.begin)
        return known

    def work(self) -> bool:
        """Close what is due, and take what has waited for that. Returns whether anything was closed."""
        closed = False
        while self._close():
            closed = True
            for partition in list(self._waiting):
                self._retry(partition)
        return closed

    def _retry(self, partition: Partition) -> None:
        """Take what has waited, as far as it can be taken now."""
        waiting = self._waiting.pop(partition)
        while waiting:
            try:
                self._receive(partition, *waiting[0])
            except _Early:
                self._waiting[partition] = waiting
                return
            waiting.popleft()

    def _take(self, link: Link, *, written: bool) -> None:
        """Add a Partial up. What belongs to positions is written once."""
        if not written:
            self._note(link)
        gap = losses.open_gap(self.state.losses, link.partition) if link.behind != NEVER else None
        if gap is not None and gap.upto <= link.begin.offset:  # else it ends an earlier one, and is read again
            self.state.losses = losses.ended(self.state.losses, gap, link.behind + 1)
        sums = link.partial.of(self.settings.monitors.mine).beyond(*self._upto)
        self.monitor.receive(replace(sums, dead_letters=(), waiting=()) if written else sums)
        self._place(link)

    def _note(self, link: Link) -> None:
        """Releases and losses are inputs: rows of the journal."""
        if link.kind == "lost":
            self._lost(link.partition, link.end.offset)
        elif link.kind == "release":
            labels = {"labels": link.end.label_clock}
            self._journal("release", link.partition, link.end.offset, link.end.clock, labels)

    def _place(self, link: Link) -> None:
        """Count refusals before a partition's first clock in the pane of that clock, once it is known."""
        topic, partition = link.partition
        waiting = self._unplaced.setdefault(link.partition, Counter())
        waiting.update(link.unplaced)
        predictions = topic in self.settings.events.predictions
        clock = link.end.clock if predictions else link.end.label_clock
        if waiting and clock != NEVER:
            end = pane_end(clock, self.settings.pane)
            refused = {(end, topic, partition, reason): n for reason, n in waiting.items()}
            self.monitor.receive(Partial(rejected=refused).beyond(*self._upto))
            del self._unplaced[link.partition]

    def _plan_of(self, model: str, end: int, plan_id: str) -> Plan | None:
        """The plan by which a pane was counted; None where the pane is closed, or another monitor's."""
        settings = self.settings.model(model)
        if settings is None or end <= self._upto[0].of(model):
            return None
        entry, start = self.state.roster.get(model), end - self.settings.pane
        plan = entry.plan_at(start) if entry is not None else None
        if plan is not None and plan.id == plan_id:
            return plan
        if not self.settings.monitors.mine(model):
            return None
        watermark = self.marks.events[scopes.event_scope(settings, self.settings)]
        if watermark == NEVER or start > watermark + self.settings.events.max_ahead:
            raise _Early  # nobody may have read so far by what is decided here: it was decided in a lost store
        raise ChainBroken(f"{model}: a worker has counted pane {end} by plan {plan_id}, which was not said")

    # ---- between the two halves

    def _summed(self, upto: int) -> None:
        """Nothing waits here: Partials are sums already."""

    def _trim(self) -> None:
        for partition, progress in self._progress.items():
            self._progress[partition] = progress.closed(*self.monitor.closed_on(partition[0]))
            self._places[partition].trim(self._progress[partition])

    def _told(self) -> None:
        self._upto = self.monitor.closed(), self.monitor.labels_closed(), self.state.topics_closed

    # ---- Commits and boards out

    def _placed(self) -> Partial:
        return Partial()

    def _keep_positions(self, ledger: Ledger) -> None:
        super()._keep_positions(ledger)
        for (topic, partition), places in sorted(self._places.items()):
            place = places.place(self._progress[topic, partition])
            name = self.settings.topics.partials_of(topic)
            never = (0, NEVER, NEVER)
            ledger.row(tables.POSITIONS, name, partition, place.next, *never, place.rewind, *never)

    def board(self, asked: Asked) -> Board:
        """What workers must know, as of the last Commit."""
        starts = {each: start for each, start in self._starts.items() if not self._places[each].next}
        gaps = [each for each in starts if losses.open_gap(self.state.losses, each) is not None]
        name, settings, marks = self.settings.monitors.name, self.settings, self.marks
        return Board(
            name, self._digest, settings.pane, self.state.roster, marks, self.monitor.bounds(), starts, gaps, asked
        )
