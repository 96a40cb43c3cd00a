"""The journey of a batch, without I/O: records in, Commits out.

The service, the replay and the tests all drive this one object.

A batch is decoded, judged and buffered (`ingest`); when a watermark has passed something, what was buffered is summed
and handed to the `monitor`, which closes what is due; `take` is the Commit of all that was decided, with the positions
that it stands on (`watch`).
"""

from collections.abc import Collection, Mapping

from stream.binding import schema_of
from stream.config.settings import Settings
from stream.counting.clocks import Mark, Progress
from stream.counting.fold import FOLD_ROWS
from stream.counting.ingest import Ingest
from stream.events import NEVER, Batch, Partition, Records
from stream.monitor import losses, scopes
from stream.monitor.plans.onboarding import Sources
from stream.partials import Partial
from stream.watch import Memory, Watch

COMMIT_EVENTS = 200_000  # between two Commits of a replay, which nobody waits for


class Journey(Watch):
    """One service's whole pure half."""

    def __init__(self, settings: Settings, sources: Sources, memory: Memory) -> None:
        super().__init__(settings, sources, memory)
        self._held: dict[Partition, Batch] = {}
        self._ended: set[Partition] = set()
        self._roster = self.state.roster
        self.ingest = Ingest(self.settings, self._roster, schema_of(self._roster, self.settings))
        for partition, start in memory.starts.items():
            self.ingest.start(partition, start.mark, start.written, start.releases)
        self.marks = scopes.marks(self.clocks, self.settings)
        self._settle()

    # ---- partitions

    @property
    def progress(self) -> Mapping[Partition, Progress]:
        """How far each partition has been read."""
        return self.ingest.progress

    def _start(self, partition: Partition, mark: Mark) -> None:
        self.ingest.start(partition, mark, mark.position)

    def release(self, partition: Partition, clock: int, label_clock: int = NEVER, *, last: bool = False) -> bool:
        """Raise the clocks of a partition that its reader has found idle; whether that closed anything.

        `last`: nothing more will come of it. Windows that close because of that alone are not full.
        """
        release = self.ingest.release(partition, clock, label_clock)
        detail = {"labels": release.label_clock} | ({"last": 1} if last else {})
        self._journal("release", partition, release.offset, release.clock, detail)
        if last:
            self._ended.add(partition)
            going_on = {topic for topic, _ in self.clocks.keys() - self._ended}
            self.monitor.end({topic for topic, _ in self.clocks} - going_on)
        return self.work()

    def read_upto(self, partition: Partition) -> int:
        """The next offset to fetch: behind what is held."""
        held = self._held.get(partition)
        return self.ingest.progress[partition].mark.offset if held is None else held.records.position

    def lose(self, partition: Partition, upto: int) -> None:
        """Go on behind a gap that retention made."""
        self._lost(partition, upto)
        self.ingest.lose(partition, upto)
        self._held.pop(partition, None)

    def _end_gap(self, partition: Partition, batch: Batch) -> None:
        """The first event behind a gap tells when it ended."""
        gap = losses.open_gap(self.state.losses, partition)
        first = None if gap is None else self.ingest.first_time(batch, gap.upto)
        if gap is not None and first is not None:
            end = max(first, self.ingest.progress[partition].mark.clock) + 1
            self.state.losses = losses.ended(self.state.losses, gap, end)

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
            before = self.marks
            moved = [self._offer(partition) for partition in sorted(self._held)]
            closing = self._close()
            closed |= closing
            further = bool(self._held) and self.marks != before
            if not (closing or further or any(moved)):
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

    # ---- between the two halves

    def _summed(self, upto: int) -> None:
        self.monitor.receive(self.ingest.cut(upto))

    def _trim(self) -> None:
        for partition in self.ingest.progress:
            self.ingest.trim(partition, *self.monitor.closed_on(partition[0]))

    def _told(self) -> None:
        """What is closed, where open panes begin, and whose plans hold from T on."""
        state, monitor = self.state, self.monitor
        self.ingest.closed(monitor.closed(), monitor.labels_closed(), state.topics_closed, monitor.bounds())
        if state.roster is not self._roster:
            self._roster = state.roster
            monitor.receive(self.ingest.cut())  # what the former schema has decoded
            self.ingest.adopt(state.roster, schema_of(state.roster, self.settings))

    def _placed(self) -> Partial:
        return self.ingest.take_placed()
