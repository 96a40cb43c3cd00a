"""Batches become a Partial: lateness is judged as events come, against their own partition's clock; sums come later.

Sans I/O: `receive` takes a batch as far as it may be read and hands back the rest, `cut` hands over what it has summed.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from stream.binding import Schema
from stream.closed import Closed
from stream.config.settings import Settings
from stream.counting.clocks import Limits, Mark, Progress, Release, running
from stream.counting.fates import Fates
from stream.counting.fold import Buffer
from stream.counting.sums import Sums, Unplanned, tally
from stream.counting.unwatched import Unwatched
from stream.counting.windows import pane_end
from stream.encodings.packed import unpacked
from stream.events import NEVER, PREDICTION, Batch, Ints, Partition, Position, Records
from stream.joining.desk import Desk
from stream.partials import DeadLetter, Partial
from stream.roster import FUTURE, Roster

PAYLOAD_MAX = 1_024  # bytes of a dead letter's payload that are kept


class Ingest:
    """The first half of the journey. Its state: per partition a Progress, and sums not yet handed over."""

    def __init__(self, settings: Settings, roster: Roster, schema: Schema) -> None:
        self.progress: dict[Partition, Progress] = {}
        self._settings, self._pane, self._lateness = settings, settings.pane, settings.lateness
        self._written: dict[Partition, Position] = {}  # what belongs to positions before these is already kept
        self._releases: dict[Partition, deque[Release]] = {}
        self._unplaced: dict[Partition, Counter[str]] = {}  # refusals before the first clock wait for its pane
        self._closed = self._labels_closed = Closed()
        self._topics_closed: Mapping[str, int] = {}
        self._bounds: dict[str, int] = {}
        self._sums, self._buffer, self._unwatched = Sums(), Buffer(settings.pane), Unwatched()
        self.adopt(roster, schema)

    # ---- what it is told

    def adopt(self, roster: Roster, schema: Schema) -> None:
        """Go on with another roster, after a cut; batches decoded before are decoded again."""
        assert not self._buffer.rows, "rows of another schema"
        self.roster, self.schema = roster, schema
        self._fates = Fates(self._settings, roster)
        self._desk = Desk(roster, schema, self._pane, self._written)
        self._planned = np.array([entry.planned_from for entry in roster.entries] + [FUTURE])
        self._since = {entry.name: entry.since for entry in roster.entries}
        self._buffer.draws = any(plan.sample for entry in roster.entries for plan in entry.plans)

    def closed(self, models: Closed, labels: Closed, topics: Mapping[str, int], bounds: Mapping[str, int]) -> None:
        """Panes that end by then are closed: per model, its labels, per topic. From a bound on no hash is sampled."""
        self._closed, self._labels_closed, self._topics_closed, self._bounds = models, labels, topics, dict(bounds)

    def start(self, partition: Partition, mark: Mark, written: Position, releases: Iterable[Release] = ()) -> None:
        """Read a partition from a mark on.

        What an earlier run wrote for positions before `written` is not written again, and the releases that it made are
        applied where they were.
        """
        self.progress[partition] = Progress(mark)
        self._written[partition] = written
        self._releases[partition] = deque(sorted(releases, key=lambda release: release.offset))
        self._replay_releases(partition)

    def release(self, partition: Partition, clock: int, label_clock: int) -> Release:
        """Raise the clocks of an idle partition; the caller keeps the answer in the journal."""
        mark = self.progress[partition].mark
        release = Release(mark.offset, max(clock, mark.clock), max(label_clock, mark.label_clock))
        self._raise(partition, release)
        return release

    def lose(self, partition: Partition, upto: int) -> None:
        """Go on behind a gap that retention made; the caller keeps it in the journal."""
        self._advance(partition, replace(self.progress[partition].mark, offset=upto, row=0))
        self._replay_releases(partition)

    def trim(self, partition: Partition, upto: int | None, labels_upto: int | None) -> None:
        """Forget where closed panes began; None where the topic has no such clock."""
        self.progress[partition] = self.progress[partition].closed(upto, labels_upto)

    # ---- what it is given

    @property
    def n_buffered(self) -> int:
        """Rows that wait to be summed."""
        return self._buffer.rows

    def decode(self, records: Records) -> Batch:
        """The records as a batch of the present schema, without the rows that were read before."""
        read = self.progress[records.topic, records.partition].mark
        return self.schema.decoder.decode(unpacked(records).unread(read.position))

    def first_time(self, batch: Batch, offset: int) -> int | None:
        """The time of the first prediction or features event that counts, from an offset on."""
        if batch.heads is not self.schema.decoder.heads:
            batch = self.decode(batch.records)
        behind = batch.records.offsets[batch.at] >= offset
        counted = np.flatnonzero(self._fates.of(batch).counted & behind)
        return int(batch.time[counted[0]]) if len(counted) else None

    def receive(self, batch: Batch, limits: Limits) -> Batch | None:
        """Take a batch up to the first event beyond the limits; the rest is handed back, to be offered again later."""
        if batch.heads is not self.schema.decoder.heads:
            batch = self.decode(batch.records)
        partition = (batch.records.topic, batch.records.partition)
        fates = self._fates.of(batch)
        row = self._row_of_release(partition, batch.records)
        beyond = fates.counted & (batch.time >= limits.events)
        if partition[0] not in self._settings.events.predictions:  # others may wait for the event clock of a mixed one
            beyond |= fates.labels & (batch.time >= limits.labels)
        first = int(beyond.argmax()) if beyond.any() else None
        held = first is not None and batch.at[first] < row
        if held and first is not None:
            row = int(batch.at[first])
        if row >= len(batch.records.values):
            self._take(partition, batch, fates)
            self._replay_releases(partition)
            return None
        taken, rest = batch.split(row)
        self._take(partition, taken, self._fates.of(taken))
        if held and first is not None:
            self._lead(partition, int(batch.time[first]), is_label=bool(fates.labels[first]))
            return rest
        self._replay_releases(partition)
        return self.receive(rest, limits)

    def take_placed(self) -> Partial:
        """What belongs to positions, since it was last taken or cut: no sum waits for it."""
        self._sums.waiting += self._desk.take_seen()
        return self._sums.take_placed()

    def take_unplaced(self, partition: Partition) -> Mapping[str, int]:
        """The refusals before the partition's first clock, by reason: their pane is that of the clock to come."""
        return self._unplaced.pop(partition, Counter())

    def cut(self, upto: int = FUTURE) -> Partial:
        """Sum what was received since the last cut; rows of panes that end after `upto` wait on, as panes do."""
        self._sums.waiting += self._desk.take_seen()
        sums, self._sums = self._sums, Sums()
        full = self.schema.decoder.full
        folded = self._buffer.fold(self.roster, self.schema, self._fates.heads, FUTURE if full else upto)
        if full:
            self.schema.decoder.forget()
        return sums.partial(folded, self._unwatched.take(self.roster, self._pane))

    # ---- the clocks

    def _advance(self, partition: Partition, mark: Mark) -> None:
        self.progress[partition] = self.progress[partition].advance(mark, self._pane)
        if waiting := self._unplaced.pop(partition, None):
            self._refused(partition, mark.clock, mark.label_clock, waiting)

    def _lead(self, partition: Partition, time: int, *, is_label: bool) -> None:
        """Let the clock reach an event that may not be read yet: partitions do not wait for each other for ever."""
        mark = self.progress[partition].mark
        clock = mark.clock if is_label else max(mark.clock, time)
        clocked = self._labels_clocked(partition, is_label=is_label)
        label_clock = max(mark.label_clock, time) if clocked else mark.label_clock
        self._advance(partition, replace(mark, clock=clock, label_clock=label_clock))

    def _labels_clocked(self, partition: Partition, *, is_label: bool) -> bool:
        """On a topic of both kinds the label clock runs over all events."""
        return is_label or partition[0] in self._settings.events.labels

    def _raise(self, partition: Partition, release: Release) -> None:
        """Raise the clocks that the topic's kinds have; another one would only stand in the way of what is open."""
        mark, declared = self.progress[partition].mark, self._settings.events
        if partition[0] in declared.predictions:
            mark = replace(mark, clock=max(mark.clock, release.clock))
        if partition[0] in declared.labels:
            mark = replace(mark, label_clock=max(mark.label_clock, release.label_clock))
        self._advance(partition, mark)

    def _replay_releases(self, partition: Partition) -> None:
        waiting = self._releases.get(partition)
        while waiting and waiting[0].offset <= self.progress[partition].mark.offset:
            self._raise(partition, waiting.popleft())

    def _row_of_release(self, partition: Partition, records: Records) -> int:
        """The first record that an earlier release comes before; the number of records where there is none."""
        waiting = self._releases.get(partition)
        return int(np.searchsorted(records.offsets, waiting[0].offset)) if waiting else len(records.values)

    # ---- one stretch

    def _take(self, partition: Partition, batch: Batch, fates: Fates.View) -> None:
        """Judge and count all of a batch."""
        mark = self.progress[partition].mark
        clock = running(np.where(fates.counted, batch.time, NEVER), mark.clock)
        clocked = fates.counted | fates.labels if partition[0] in self._settings.events.labels else fates.labels
        label_clock = running(np.where(clocked, batch.time, NEVER), mark.label_clock)
        self._count(batch, fates, clock)
        if fates.labels.any():
            self._count_labels(batch, fates, label_clock)
        if batch.rejects or fates.refused:
            self._reject(partition, batch, fates, clock, label_clock)
        ends = (clock[-1], label_clock[-1]) if len(clock) else (mark.clock, mark.label_clock)
        self._advance(partition, Mark(batch.records.position, batch.records.row, int(ends[0]), int(ends[1])))

    def _count(self, batch: Batch, fates: Fates.View, clock: Ints) -> None:
        """Predictions and features: late ones are counted, those of learned models sampled, the others buffered."""
        end = (batch.time // self._pane + 1) * self._pane
        late = fates.counted & (end + self._lateness <= clock)
        if late.any():
            ends = (clock[late] // self._pane + 1) * self._pane
            self._sums.late.update(tally(batch, batch.head[late], ends, self._closed))
        fresh = fates.counted & ~late & (end > self._fates.closed(batch.head, self._closed))
        unplanned = fresh & (end - self._pane < self._planned.take(fates.model))
        if unplanned.any():
            learner = Unplanned(self._settings, self._since, self._bounds)
            learner.learn(self._sums, batch, np.flatnonzero(unplanned), end)
            fresh &= ~unplanned
        self._sums.wait(*self._desk.predictions(batch, fresh & (fates.kind == PREDICTION), fates.model, end))
        self._unwatched.add(batch, fresh, end)
        self._buffer.add(batch, fates, end, fresh, self.schema.said)

    def _count_labels(self, batch: Batch, fates: Fates.View, label_clock: Ints) -> None:
        """Labels are never late: a label's pane is that of its time or of the label clock, whichever is later."""
        rows = np.flatnonzero(fates.labels)
        ends = (np.maximum(batch.time[rows], label_clock[rows]) // self._pane + 1) * self._pane
        self._sums.labels.update(tally(batch, batch.head[rows], ends, self._labels_closed))
        self._sums.waiting += self._desk.answers(batch, rows, ends)

    def _reject(self, partition: Partition, batch: Batch, fates: Fates.View, clock: Ints, label_clock: Ints) -> None:
        """Refused records are dead letters once, and counted in the pane of their partition's clock."""
        mark, records = self.progress[partition].mark, batch.records
        for reject in sorted((*batch.rejects, *fates.refused), key=lambda reject: reject.row):
            before = int(np.searchsorted(batch.at, reject.row, side="right")) - 1
            known = before >= 0
            at, label_at = (int(clock[before]), int(label_clock[before])) if known else (mark.clock, mark.label_clock)
            self._refused(partition, at, label_at, Counter((reject.reason,)))
            place, seen = records.place(reject.row), max(at, label_at, 0)
            if place >= self._written[partition]:
                about = *partition, *place, seen, reject.reason, reject.detail
                self._sums.dead_letters.append(DeadLetter(*about, records.payload(reject.row)[:PAYLOAD_MAX]))

    def _refused(self, partition: Partition, clock: int, label_clock: int, reasons: Counter[str]) -> None:
        """Count refusals in the pane of the clock that closes the topic's panes."""
        at = clock if partition[0] in self._settings.events.predictions else label_clock
        if at == NEVER:
            self._unplaced.setdefault(partition, Counter()).update(reasons)
        elif (end := pane_end(at, self._pane)) > self._topics_closed.get(partition[0], NEVER):
            self._sums.rejected.update({(end, *partition, reason): n for reason, n in reasons.items()})
