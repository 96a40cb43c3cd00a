"""Progress: how far a partition has come, and where what is still open in it begins."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from hypothesis import example, given
from hypothesis import strategies as st

from stream.counting.clocks import Mark, Progress, Stretch
from stream.counting.windows import pane_end
from stream.events import NEVER

PANE = 10
Step = tuple[Literal["event", "label", "refused"], int] | tuple[Literal["close"], int]


@dataclass
class Log:
    """The slow oracle: every record read so far, with the pane that it was counted in."""

    kinds: Literal["events", "labels", "mixed"]
    progress: Progress = field(default_factory=lambda: Progress(Mark(0)))
    events: list[tuple[int, int]] = field(default_factory=list)  # (offset, pane)
    labels: list[tuple[int, int]] = field(default_factory=list)
    unplaced: list[int] = field(default_factory=list)
    clocks: list[tuple[int, int]] = field(default_factory=lambda: [(NEVER, NEVER)])  # before each offset
    closed: int = NEVER
    labels_closed: int = NEVER

    def read(self, kind: str, time: int) -> None:
        """One more record."""
        mark = self.progress.mark
        kind = kind if kind == "refused" or self.kinds == "mixed" else self.kinds[:-1]
        clock = max(mark.clock, time) if kind == "event" else mark.clock
        clocked = kind == "label" or (kind == "event" and self.kinds == "mixed")
        label_clock = max(mark.label_clock, time) if clocked else mark.label_clock
        if kind == "event":
            self.events.append((mark.offset, pane_end(time, PANE)))
        elif kind == "label":
            self.labels.append((mark.offset, pane_end(max(time, label_clock), PANE)))
        else:
            self.unplaced.append(mark.offset)
        own = label_clock if self.kinds == "labels" else clock
        if own != NEVER:
            placed = self.labels if self.kinds == "labels" else self.events
            placed += [(offset, pane_end(own, PANE)) for offset in self.unplaced]
            self.unplaced = []
        self.clocks.append((clock, label_clock))
        self.progress = self.progress.advance(Mark(mark.offset + 1, 0, clock, label_clock), PANE)

    def close(self, behind: int) -> None:
        """The watermarks have passed all but what is less than `behind` behind the clocks."""
        mark = self.progress.mark
        if self.kinds != "labels" and mark.clock != NEVER:
            self.closed = max(self.closed, (mark.clock - behind) // PANE * PANE)
        if self.kinds != "events" and mark.label_clock != NEVER:
            self.labels_closed = max(self.labels_closed, (mark.label_clock - behind) // PANE * PANE)
        upto = None if self.kinds == "labels" else self.closed
        labels_upto = None if self.kinds == "events" else self.labels_closed
        self.progress = self.progress.closed(upto, labels_upto)

    def needed(self) -> Iterable[int]:
        """The offsets that open panes hold."""
        yield from (offset for offset, pane in self.events if pane > self.closed)
        yield from (offset for offset, pane in self.labels if pane > self.labels_closed)
        yield from self.unplaced


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["event", "label", "refused"]), st.integers(-15, 25)),
        st.tuples(st.just("close"), st.integers(0, 30)),
    ),
    max_size=60,
)


def played(kinds: Literal["events", "labels", "mixed"], steps: list[Step]) -> Log:
    """A log of records whose times go on by the steps, and may go back."""
    log, time = Log(kinds), 1_000
    for step, by in steps:
        if step == "close":
            log.close(by)
        else:
            time += by
            log.read(step, time)
    return log


LABELS: list[Step] = [("label", 25)] * 5


@given(st.sampled_from(["events", "labels", "mixed"]), STEPS)
@example("mixed", [*LABELS, ("event", 5), ("event", 90), ("close", 20)])
@example("mixed", [("refused", 0), *LABELS, ("close", 0), ("event", 5)])
def test_the_rewind_is_never_behind_what_an_open_pane_holds(
    kinds: Literal["events", "labels", "mixed"], steps: list[Step]
) -> None:
    """Whatever is in an open pane is read again after a restart, with the clocks that it was judged by."""
    log = played(kinds, steps)
    back = log.progress.rewind
    assert back.offset <= min(log.needed(), default=log.progress.mark.offset)
    assert log.clocks[back.offset] == (back.clock, back.label_clock)


@given(st.sampled_from(["events", "labels", "mixed"]), STEPS)
@example("mixed", LABELS)
@example("mixed", [*LABELS, *[("event", 25)] * 5])
@example("mixed", [("event", -1), ("label", 1), ("label", 10), ("label", 10)])
def test_the_trail_holds_a_stretch_per_open_pane_at_most(
    kinds: Literal["events", "labels", "mixed"], steps: list[Step]
) -> None:
    """However many records there were: one per pane that a clock has reached and that is open, and one before."""
    log = played(kinds, steps)
    log.close(0)
    reached = {pane_end(clock, PANE) for clock, _ in log.clocks if clock != NEVER}
    labelled = {pane_end(clock, PANE) for _, clock in log.clocks if clock != NEVER}
    still = sum(pane > log.closed for pane in reached) + sum(pane > log.labels_closed for pane in labelled)
    assert len(log.progress.trail) <= still + 1


@given(st.lists(st.integers(-15, 25), max_size=40))
def test_when_all_is_closed_nothing_is_read_again(times: list[int]) -> None:
    """A topic that was closed up to its clock begins where it stands."""
    progress = played("events", [("event", time) for time in times]).progress
    assert progress.mark == progress.closed(pane_end(progress.mark.clock, PANE), None).rewind


def test_records_of_one_pane_are_one_stretch() -> None:
    """A trail says where panes begin, not where batches did."""
    progress = Progress(Mark(0)).advance(Mark(3, clock=12), PANE).advance(Mark(5, clock=19), PANE)
    assert (Stretch(Mark(0), 20, NEVER),) == progress.trail
    further = progress.advance(Mark(6, clock=20), PANE)
    assert (Stretch(Mark(0), 20, NEVER), Stretch(Mark(5, clock=19), 30, NEVER)) == further.trail
    assert Mark(5, clock=19) == further.closed(20, None).rewind
