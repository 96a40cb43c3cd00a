"""The journey of a batch, without I/O: records in, Commits out.

The service, the replay and the tests all drive this one object.

A batch is decoded, judged and buffered (`ingest`); when a watermark has passed something, what was buffered is summed
and handed to the `monitor`, which closes what is due; `take` is the Commit of all that was decided, with the positions
that it stands on.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import msgspec

from sinks import commit as tables
from sinks.commit import Commit
from stream.binding import Schema, schema
from stream.clocks import Mark, Release
from stream.config.settings import DAY, Settings
from stream.events import NEVER, Batch, Partition, Records
from stream.fold import FOLD_ROWS
from stream.ingest import Ingest
from stream.ledger import moment
from stream.monitor import Monitor, losses, rows, scopes
from stream.monitor.onboarding import Sources, changes
from stream.monitor.state import State, pack
from stream.positions import Positions
from stream.sample import NOTHING, Sample
from stream.windows import decided_from, oldest_start

PANES_KEPT = 2 * DAY  # closed panes that stay for people, beyond what open windows need


def no_sample(model: str) -> Sample:
    """Nothing was learned before the first start."""
    assert model
    return NOTHING


@dataclass(frozen=True)
class Start:
    """Where a partition is read from: a mark with its clocks, what is already written, releases made since the mark."""

    mark: Mark
    written: int
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True)
class Memory:
    """What an earlier run left behind. Empty at the very first start."""

    last: int = 0
    state: State = field(default_factory=State)
    starts: Mapping[Partition, Start] = field(default_factory=dict)
    clocks: Mapping[Partition, Mark] = field(default_factory=dict)  # at the last Commit
    samples: Callable[[str], Sample] = no_sample  # what a model was learned from, asked for where its plan changes


class Journey:
    """One service's whole pure half."""

    def __init__(self, settings: Settings, sources: Sources, memory: Memory) -> None:
        pane = memory.state.pane or settings.pane  # a store keeps the panes that it was made with
        settings = msgspec.structs.replace(settings, pane=pane)
        self.settings, self.state, self.number = settings, memory.state, memory.last
        self.state.pane = pane
        self.monitor = Monitor(settings, sources, memory.state)
        self._lengths = {length for _, model in settings.patterns for length in model.windows}
        self._held: dict[Partition, Batch] = {}
        self._relayed = 0
        self._positions = Positions(memory.clocks)
        self._configure(sources, memory)
        self._roster = self.state.roster
        self.ingest = Ingest(settings, self._roster, self._schema())
        for partition, start in memory.starts.items():
            self.ingest.start(partition, start.mark, start.written, start.releases)
        self.marks = scopes.marks(self.clocks, settings)
        self._tell_ingest()

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

    def _schema(self) -> Schema:
        roster, settings = self.state.roster, self.settings
        segments = sorted({name for entry in roster.entries for name in entry.settings.segments})
        return schema(
            [(entry.name, entry.plans) for entry in roster.entries],
            segments,
            identified=bool(settings.events.labels),
            bytes_max=settings.limits.event_bytes,
        )

    # ---- partitions

    @property
    def clocks(self) -> dict[Partition, Mark]:
        """How far each partition has been read."""
        return {partition: progress.mark for partition, progress in self.ingest.progress.items()}

    def find(self, partition: Partition, offset: int) -> None:
        """Read one more partition, from an offset on.

        Its clocks are where the watermarks are: what it has for closed panes is late, and counted as late.
        """
        assert partition not in self.ingest.progress, partition
        clock = scopes.reached(self.marks.events, partition[0])
        label_clock = scopes.reached(self.marks.labels, partition[0])
        self.ingest.start(partition, Mark(offset, clock=clock, label_clock=label_clock), offset)
        self._journal("found", partition, offset, offset, {"clock": clock, "labels": label_clock})
        self.marks = scopes.marks(self.clocks, self.settings)

    def release(self, partition: Partition, clock: int, label_clock: int = NEVER) -> bool:
        """Raise the clocks of a partition that its reader has found idle; whether that closed anything."""
        release = self.ingest.release(partition, clock, label_clock)
        self._journal("release", partition, release.offset, release.clock, {"labels": release.label_clock})
        return self.work()

    def read_upto(self, partition: Partition) -> int:
        """The next offset to fetch: behind what is held."""
        held = self._held.get(partition)
        return self.ingest.progress[partition].mark.offset if held is None else held.records.position

    def lose(self, partition: Partition, upto: int) -> None:
        """Go on behind a gap that retention made; the windows that it may touch will be incomplete."""
        mark = self.ingest.progress[partition].mark
        self._journal("lost", partition, mark.offset, upto, {})
        self.ingest.lose(partition, upto)
        self._held.pop(partition, None)
        start = NEVER if mark.clock == NEVER else mark.clock - self.settings.lateness
        self.state.losses = losses.lost(self.state.losses, partition, upto, start)

    def _end_gap(self, partition: Partition, batch: Batch) -> None:
        """The first event behind a gap tells when it ended."""
        gap = losses.open_gap(self.state.losses, partition)
        first = None if gap is None else self.ingest.first_time(batch, gap.upto)
        if gap is not None and first is not None:
            end = max(first, self.ingest.progress[partition].mark.clock) + 1
            self.state.losses = losses.ended(self.state.losses, gap, end)

    def _journal(self, kind: str, partition: Partition, offset: int, until: int, detail: Mapping[str, object]) -> None:
        told = msgspec.json.encode(detail).decode()
        self.monitor.ledger.row(tables.JOURNAL, kind, *partition, offset, until, told, moment(self._positions.latest()))

    # ---- records in

    @property
    def held(self) -> Collection[Partition]:
        """Partitions whose last records wait for the watermark: read nothing more from them."""
        return self._held.keys()

    def receive(self, records: Records) -> None:
        """Take the next records of a partition. Call `work` when a round of them is in."""
        partition = (records.topic, records.partition)
        assert partition not in self._held, f"{partition} is ahead of the watermark and was read all the same"
        self._held[partition] = self.ingest.decode(records)

    def work(self) -> bool:
        """Take what may be read, close what is due, until neither moves. Returns whether anything was closed."""
        closed = False
        while True:
            moved = [self._offer(partition) for partition in sorted(self._held)]
            closing = self._close()
            closed |= closing
            if not closing and not any(moved):
                return closed

    def _offer(self, partition: Partition) -> bool:
        """Let ingest take a held batch as far as it may be read; whether that moved the partition."""
        batch, before = self._held[partition], self.ingest.progress[partition].mark
        self._end_gap(partition, batch)
        rest = self.ingest.receive(batch, self.monitor.limits(partition[0], self.marks))
        if rest is None:
            del self._held[partition]
        else:
            self._held[partition] = rest
        if self.ingest.n_buffered >= FOLD_ROWS:
            self.monitor.receive(self.ingest.cut())
        return self.ingest.progress[partition].mark != before

    def _close(self) -> bool:
        """Close what the watermarks have passed. Until that is done, nothing is read beyond the former ones."""
        at = scopes.marks(self.clocks, self.settings)
        closing = self.monitor.ready(at)
        if closing:
            passed = (mark - self.settings.lateness for mark in at.events.values() if mark != NEVER)
            self.monitor.receive(self.ingest.cut(max(passed, default=NEVER)))
            self.monitor.advance(at)
            self._tell_ingest()
        self.marks = at
        return closing

    def _tell_ingest(self) -> None:
        """After a close: what is closed, where open panes begin, and whose plans hold from T on."""
        state = self.state
        monitor = self.monitor
        self.ingest.closed(monitor.closed(), monitor.labels_closed(), state.topics_closed, monitor.bounds())
        for partition in self.ingest.progress:
            self.ingest.trim(partition, *self.monitor.closed_on(partition[0]))
        oldest = oldest_start(min(state.closed.values(), default=NEVER), self._lengths)
        state.roster = state.roster.without_plans_before(oldest)
        state.losses = losses.since(state.losses, oldest)
        if state.roster is not self._roster:
            self._roster = state.roster
            self.monitor.receive(self.ingest.cut())  # what the former schema has decoded
            self.ingest.adopt(state.roster, self._schema())

    # ---- Commits out

    def relayed(self, upto: int) -> None:
        """Note up to which Commit the outboxes have been sent."""
        if upto != self._relayed:
            self._relayed = upto
            for outbox in (tables.TRIGGERS, tables.DEAD_LETTERS):
                self.monitor.ledger.row(tables.RELAYED, outbox.name, upto)

    def retention(self) -> tuple[int, int] | None:
        """Event times, ns, before which panes and history may go; None while nothing has been closed."""
        closed = min(self.state.closed.values(), default=NEVER)
        if closed == NEVER:
            return None
        panes = min((window.start for window in self.state.windows.values()), default=closed)
        return min(panes, closed - PANES_KEPT), closed - self.settings.store.keep

    def take(self) -> Commit:
        """The next Commit: what was decided since the last one, the positions, and the state to go on from."""
        self.number += 1
        ledger = self.monitor.ledger
        rows.dead_letter_rows(ledger, self.ingest.take_dead_letters())
        self._positions.rows(ledger, self.ingest.progress)
        ledger.row(tables.CHECKPOINTS, "monitor", pack(self.state))
        return ledger.take(self.number)
