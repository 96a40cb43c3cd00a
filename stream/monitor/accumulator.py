"""Closed panes add up to windows."""

from dataclasses import dataclass

from detectors.parts import Summary
from stream.plan import Plan

LEARNING = "learning"
TWO_PLANS = "two plans"


@dataclass(frozen=True)
class Window:
    """An open window of one version of a model. Without a plan, or over two of them, only its events are counted."""

    start: int
    end: int
    plan: Plan | None
    summary: Summary | None
    events: int
    why: str = ""  # why it cannot be judged

    def add(self, plan: Plan | None, summary: Summary | None, events: int) -> "Window":
        """With one more pane."""
        if plan is None or summary is None:
            return Window(self.start, self.end, None, None, self.events + events, self.why or LEARNING)
        if self.why or self.plan is None or self.summary is None or self.plan.id != plan.id:
            return Window(self.start, self.end, None, None, self.events + events, self.why or TWO_PLANS)
        return Window(self.start, self.end, plan, self.summary + summary, self.events + events)


def opened(start: int, end: int, plan: Plan | None, summary: Summary | None, events: int) -> Window:
    """A window with its first pane."""
    return Window(start, end, plan, summary, events, "" if plan is not None else LEARNING)
