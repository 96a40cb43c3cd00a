"""How far a partition has come: its position, its clocks, and where its open panes are read again after a restart."""

from dataclasses import dataclass, replace

import numpy as np

from stream.counting.windows import pane_end
from stream.events import NEVER, Ints, Position


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a partition: the next position to read, and the clocks there."""

    offset: int
    row: int = 0
    clock: int = NEVER
    label_clock: int = NEVER

    def reaches(self, other: "Mark") -> bool:
        """Whether nothing of it lies before the other."""
        return all(a >= b for a, b in zip(self.place, other.place, strict=True))

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Its numbers in their order: later marks of a partition are greater."""
        return self.offset, self.row, self.clock, self.label_clock

    @property
    def position(self) -> Position:
        """The same without the clocks."""
        return self.offset, self.row


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something read between two marks, remembered by where it began and which panes its end had reached."""

    begin: Mark
    pane: int  # the end of the pane of the clock at the end of the stretch; NEVER without a clock
    label_pane: int


@dataclass(frozen=True, slots=True)
class Progress:
    """One partition. `trail` holds at most one stretch per pane that its clocks have reached and that is still open."""

    mark: Mark
    trail: tuple[Stretch, ...] = ()

    def advance(self, mark: Mark, pane: int) -> "Progress":
        """After one more stretch, up to `mark`."""
        ends = (_pane_of(mark.clock, pane), _pane_of(mark.label_clock, pane))
        last = self.trail[-1] if self.trail else Stretch(self.mark, *ends)
        if (last.pane == NEVER != ends[0]) or (last.label_pane == NEVER != ends[1]):
            return Progress(mark, (Stretch(self.rewind, *ends),))  # what waited for the first clock has a pane now
        if (last.pane, last.label_pane) == ends:
            return Progress(mark, self.trail or (last,))
        return Progress(mark, (*self.trail, Stretch(self.mark, *ends)))

    def closed(self, upto: int | None, labels_upto: int | None) -> "Progress":
        """Without the stretches that had not passed the newest closed panes; None where the topic has no such clock."""
        trail, n = self.trail, 0
        while n < len(trail) and _shut(trail[n].pane, upto) and _shut(trail[n].label_pane, labels_upto):
            n += 1
        kept: list[Stretch] = []
        for each in trail[n:]:  # neighbours that one pane holds go together, so one stretch says it
            if (
                kept
                and _together(kept[-1].pane, each.pane, upto)
                and _together(kept[-1].label_pane, each.label_pane, labels_upto)
            ):
                kept[-1] = replace(each, begin=kept[-1].begin)
            else:
                kept.append(each)
        return self if len(kept) == len(self.trail) else replace(self, trail=tuple(kept))

    @property
    def rewind(self) -> Mark:
        """Where the oldest open pane of the partition begins."""
        return self.trail[0].begin if self.trail else self.mark


@dataclass(frozen=True)
class Release:
    """An idle partition's clocks are raised before its next event: an input, kept in the journal.

    `last`: its log has ended, and no event will come.
    """

    offset: int
    clock: int
    label_clock: int
    last: bool = False


@dataclass(frozen=True)
class Start:
    """Where a partition is read from: a mark with its clocks, what is already written, releases made since the mark."""

    mark: Mark
    written: Position
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True)
class Limits:
    """How far a topic may be read now: the first event time, ns, that may not."""

    events: int
    labels: int


def running(times: Ints, before: int) -> Ints:
    """The clock at each event, itself included: (n,) from the times (n,), ns."""
    return np.maximum(np.maximum.accumulate(times), before) if len(times) else times


def _pane_of(clock: int, pane: int) -> int:
    return NEVER if clock == NEVER else pane_end(clock, pane)


def _shut(end: int, upto: int | None) -> bool:
    """Whether the pane is closed. One without a clock is not: refusals wait there for the first pane."""
    return upto is None or (end != NEVER and end <= upto)


def _together(end: int, next_end: int, upto: int | None) -> bool:
    """Whether of two stretches in a row the second is not held for longer by such a pane."""
    return end == next_end or (_shut(end, upto) and _shut(next_end, upto))
