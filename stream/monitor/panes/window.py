"""A window that is open: the sum of its panes so far, and the pane that it grows by."""

from dataclasses import dataclass
from typing import Final

from detectors.parts import Summary
from stream.counting.drawn import Drawn
from stream.plan import Plan

LEARNING: Final = "learning"
TWO_PLANS: Final = "two plans"
PAUSED: Final = "paused"


@dataclass(frozen=True)
class Pane:
    """A closed pane of one version of a model. Without a plan, only its events are counted."""

    end: int
    plan: Plan | None
    summary: Summary | None
    events: int
    drawn: Drawn | None = None


@dataclass(frozen=True)
class Window:
    """An open window of one version of a model. Without a plan, or over two of them, only its events are counted."""

    start: int
    end: int
    plan: Plan | None
    summary: Summary | None
    events: int
    why: str = ""  # why it cannot be judged
    drawn: Drawn | None = None  # None: not all of its panes have a sample

    @classmethod
    def of(cls, end: int, length: int, pane: Pane) -> "Window":
        """The window of one pane."""
        why = "" if pane.plan is not None else LEARNING
        return cls(end - length, end, pane.plan, pane.summary, pane.events, why, pane.drawn)

    def add(self, pane: Pane) -> "Window":
        """With one more pane."""
        plan, summary, events = pane.plan, pane.summary, self.events + pane.events
        if plan is None or summary is None:
            return Window(self.start, self.end, None, None, events, self.why or LEARNING)
        if self.why or self.plan is None or self.summary is None or self.plan.id != plan.id:
            return Window(self.start, self.end, None, None, events, self.why or TWO_PLANS)
        drawn = self.drawn + pane.drawn if self.drawn is not None and pane.drawn is not None else None
        return Window(self.start, self.end, plan, self.summary + summary, events, "", drawn)

    def following(self) -> None:
        """Nothing of it is in the window that comes after it."""
