"""Windows that slide: each is the one before it with a newer piece, and without the oldest.

Summaries are integers, so what a piece added leaves with it exactly: a window is the sum of its pieces, bit for bit.
"""

from dataclasses import dataclass, replace

from detectors.packing import pack, unpack
from detectors.parts import Summary
from stream.counting.drawn import Drawn
from stream.counting.windows import window_end
from stream.monitor.panes.window import TWO_PLANS, Pane, Window
from stream.plan import Plan


@dataclass(frozen=True)
class Piece:
    """What one step adds to every window that it is in. Packed it takes a seventh of the memory, measured."""

    end: int
    plan: Plan | None
    packed: bytes
    events: int
    why: str

    @classmethod
    def of(cls, step: Window) -> "Piece":
        """The piece that a window of one step is."""
        return cls(step.end, step.plan, b"" if step.summary is None else pack(step.summary), step.events, step.why)

    @property
    def summary(self) -> Summary:
        """What was counted by its plan."""
        assert self.plan is not None, f"piece {self.end}: nothing was counted"
        return unpack(self.plan.grid, self.packed)


@dataclass(frozen=True)
class Sampled:
    """The sample of the window that ends at the next whole multiple of the length; the others have none.

    A piece cannot take what it has kept out of a sample with it, so a sample grows, and begins anew. It is None where a
    pane has none, or another plan.
    """

    end: int
    plan: str
    drawn: Drawn | None

    @classmethod
    def after(cls, known: "Sampled | None", end: int, pane: Pane) -> "Sampled":
        """With one more pane, which is part of the window with this end."""
        plan = "" if pane.plan is None else pane.plan.id
        if known is None or known.end != end:
            return cls(end, plan, pane.drawn)
        if known.drawn is None or pane.drawn is None or known.plan != plan:
            return cls(end, plan, None)
        return cls(end, plan, known.drawn + pane.drawn)


@dataclass(frozen=True)
class Sliding:
    """The window that closes next, of one length and version of a model; those after it are made of it.

    `pieces` lie before the `newest`. The last `n_summed` of them all are of one plan, and `summed` is their sum.
    """

    end: int
    length: int
    every: int
    pieces: tuple[Piece, ...] = ()
    newest: Window | None = None
    summed: Summary | None = None
    n_summed: int = 0
    events: int = 0
    sampled: "Sampled | None" = None

    @property
    def start(self) -> int:
        """Where it begins."""
        return self.end - self.length

    @property
    def plan(self) -> Plan | None:
        """What all its pieces were counted by; None where there is no such plan."""
        return self._all[-1].plan if self._whole else None

    @property
    def summary(self) -> Summary | None:
        """The sum of all its pieces, where they have one plan."""
        return self.summed if self._whole else None

    @property
    def why(self) -> str:
        """Why it cannot be judged."""
        return "" if self._whole else next((each.why for each in self._all if each.why), TWO_PLANS)

    def add(self, pane: Pane) -> "Sliding":
        """With one more pane; panes come in the order of their ends."""
        end = window_end(pane.end, self.every)
        before, newest, more = self._settled(), Window.of(end, self.every, pane), 1
        if self.newest is not None and self.newest.end == end:
            before, newest, more = self, self.newest.add(pane), 0
        sampled = Sampled.after(self.sampled, window_end(pane.end, self.length), pane)
        grown = replace(before, newest=newest, events=self.events + pane.events, sampled=sampled)
        if newest.plan is None or pane.summary is None:
            return replace(grown, summed=None, n_summed=0)
        last = before._all[-1].plan if before.n_summed else None
        if last is None or last.id != newest.plan.id or before.summed is None:
            return replace(grown, summed=pane.summary, n_summed=1)
        return replace(grown, summed=before.summed + pane.summary, n_summed=before.n_summed + more)

    def following(self) -> "Sliding | None":
        """The window that ends one step later, as far as it is known; None where nothing of this one is in it."""
        settled, end = self._settled(), self.end + self.every
        oldest, *left = settled.pieces
        if oldest.end > end - self.length:
            return replace(settled, end=end)
        if not left:
            return None
        rest = replace(settled, end=end, pieces=tuple(left), events=self.events - oldest.events)
        if settled.summed is None or self.n_summed <= len(left):
            return rest
        return replace(rest, summed=settled.summed - oldest.summary, n_summed=len(left))

    @property
    def _all(self) -> tuple[Piece | Window, ...]:
        return self.pieces if self.newest is None else (*self.pieces, self.newest)

    @property
    def _whole(self) -> bool:
        return self.n_summed == len(self.pieces) + (self.newest is not None)

    def _settled(self) -> "Sliding":
        """The same, with nothing that grows."""
        return self if self.newest is None else replace(self, pieces=(*self.pieces, Piece.of(self.newest)), newest=None)
