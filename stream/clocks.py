"""How far a partition has come: its position, its clocks, and where its open panes are read again after a restart."""

from dataclasses import dataclass, replace

from stream.events import NEVER
from stream.windows import pane_end


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a partition: the next position to read, and the clocks there."""

    offset: int
    row: int = 0
    clock: int = NEVER
    label_clock: int = NEVER


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
        last = self.trail[-1] if self.trail else None
        if last is not None and last.pane in (NEVER, ends[0]) and last.label_pane in (NEVER, ends[1]):
            return Progress(mark, (*self.trail[:-1], Stretch(last.begin, *ends)))
        return Progress(mark, (*self.trail, Stretch(self.mark, *ends)))

    def closed(self, upto: int | None, labels_upto: int | None) -> "Progress":
        """Without the stretches that had not passed the newest closed panes; None where the topic has no such clock."""
        kept = self.trail
        while kept and _shut(kept[0].pane, upto) and _shut(kept[0].label_pane, labels_upto):
            kept = kept[1:]
        return self if len(kept) == len(self.trail) else replace(self, trail=kept)

    @property
    def rewind(self) -> Mark:
        """Where the oldest open pane of the partition begins."""
        return self.trail[0].begin if self.trail else self.mark


def _pane_of(clock: int, pane: int) -> int:
    return NEVER if clock == NEVER else pane_end(clock, pane)


def _shut(end: int, upto: int | None) -> bool:
    """Whether the pane is closed. One without a clock is not: refusals wait there for the first pane."""
    return upto is None or (end != NEVER and end <= upto)
