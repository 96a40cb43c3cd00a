"""A worker's pure half, for one partition: records in, Partials out.

It reads no further than the monitor's board says, and counts by the plans that stand there.
"""

import msgspec

from stream.binding import schema_of
from stream.closed import Closed
from stream.config.settings import Settings
from stream.counting.clocks import Mark, Progress, Start
from stream.counting.fold import FOLD_ROWS
from stream.counting.ingest import Ingest
from stream.events import NEVER, Batch, Partition, Records
from stream.monitor import scopes
from stream.partials import Partial
from stream.roster import Roster
from stream.tiers.board import Board
from stream.tiers.chain import Kind, Link
from stream.tiers.wire import end_of, messages


def beginning(partition: Partition, last: bytes | None, board: Board) -> tuple[Start, bool] | None:
    """Where to go on behind the last Partial, or to begin where there is none, and whether a loss lies open there.

    None: neither is known yet.
    """
    if last is not None:
        return end_of(last)
    start = board.starts.get(partition)
    return None if start is None else (start, partition in board.gaps)


class Gatherer:
    """Goes on where the last Partial ended, or begins where the board says.

    `gap`: whether a loss lies open there, see `Link`. `first`: there is no Partial yet. The first one is sent even if
    nothing is in it: a monitor that knows of no clock there waits for it, while the worker waits for that monitor.
    """

    def __init__(  # noqa: PLR0913 - what a claim finds, by keyword
        self,
        settings: Settings,
        partition: Partition,
        start: Start,
        board: Board,
        *,
        gap: bool = False,
        first: bool = False,
    ) -> None:
        self.partition, self.roster = partition, board.roster
        self._settings = msgspec.structs.replace(settings, pane=board.pane)
        self._ingest = Ingest(self._settings, board.roster, schema_of(board.roster, self._settings))
        self._ingest.start(partition, start.mark, start.written, start.releases)
        self._begin, self._gap, self._behind = start.mark, gap, NEVER
        self._unsaid = first and max(start.mark.clock, start.mark.label_clock) != NEVER
        self.upto = -1  # the high watermark, as far as the reader knows it
        self._held: Batch | None = None
        self._links: list[tuple[Link, Roster]] = []
        self._board = board
        self._tell()

    @property
    def mark(self) -> Mark:
        """How far the partition has been read."""
        return self._ingest.progress[self.partition].mark

    @property
    def clock(self) -> int:
        """The clock that closes the topic's panes."""
        predictions = self.partition[0] in self._settings.events.predictions
        return self.mark.clock if predictions else self.mark.label_clock

    @property
    def held(self) -> bool:
        """Whether what was read last waits for the board: read nothing more."""
        return self._held is not None

    @property
    def n_buffered(self) -> int:
        """Rows that wait to be summed."""
        return self._ingest.n_buffered

    def read_upto(self) -> int:
        """The next offset to fetch: behind what is held."""
        return self.mark.offset if self._held is None else self._held.records.position

    # ---- what it is told

    def look(self, board: Board) -> None:
        """Take in a newer board, and go on with what waited for it."""
        self._board = board
        if board.roster is not self.roster:
            self.cut()  # what the former schema has decoded
            self.roster = board.roster
            self._ingest.adopt(board.roster, schema_of(board.roster, self._settings))
        self._tell()
        self._work()

    def _tell(self) -> None:
        """No pane that it can still count for is closed: only the bounds of samples spare it something."""
        self._ingest.closed(Closed(), Closed(), {}, self._board.bounds)

    # ---- what it is given

    def receive(self, records: Records) -> None:
        """Take the next records."""
        assert self._held is None, f"{self.partition} is ahead of the watermark and was read all the same"
        self._held = self._ingest.decode(records)
        self._work()

    def release(self, clock: int, label_clock: int) -> None:
        """Raise the clocks: the partition is at its end, and idle."""
        self.cut()
        self._ingest.release(self.partition, clock, label_clock)
        self._cut("release")

    def lose(self, upto: int) -> None:
        """Go on behind a gap that retention made."""
        self.cut()
        self._held, self._gap = None, True
        self._ingest.lose(self.partition, upto)
        self._cut("lost")

    def _work(self) -> None:
        """Let ingest take what is held as far as the board allows."""
        if self._held is None:
            return
        unclocked = self.clock == NEVER
        if self._gap:
            self._end_gap(self._held)
        limits = scopes.limits(self.partition[0], self._board.marks, self._settings.events.max_ahead)
        self._held = self._ingest.receive(self._held, limits)
        begun = unclocked and self.clock != NEVER  # what was refused before the first clock has a pane now
        if begun or self._ingest.n_buffered >= FOLD_ROWS:
            self.cut()

    def _end_gap(self, batch: Batch) -> None:
        """The first event behind a gap tells when it ended."""
        first = self._ingest.first_time(batch, self.mark.offset)
        if first is not None:
            self._gap, self._behind = False, max(first, self.mark.clock)

    # ---- Partials out

    def cut(self) -> None:
        """Sum what was read since the last cut."""
        self._cut("read")

    def attest(self) -> None:
        """The same, and say that the partition ends here: receiving nothing would not say so."""
        self._cut("at end")

    def _cut(self, kind: Kind) -> None:
        mark, sums = self.mark, self._ingest.cut()
        if kind == "read" and mark == self._begin and sums == Partial() and not self._unsaid:
            return
        unplaced = self._ingest.take_unplaced(self.partition)
        link = Link(self.partition, self._begin, mark, sums, unplaced, kind, self._gap, self.upto, self._behind)
        self._links.append((link, self.roster))
        self._begin, self._behind, self._unsaid = mark, NEVER, False
        self._ingest.progress[self.partition] = Progress(mark)  # the chain is what is read again, by others

    def take(self) -> list[bytes]:
        """The Partials since they were last taken, as messages: all of them belong in one transaction."""
        links, self._links = self._links, []
        return [value for link, roster in links for value in messages(link, roster, self._settings.pane)]
