"""Closed panes add up to windows."""

from collections.abc import Iterable
from dataclasses import dataclass

from detectors.parts import Summary
from stream.plan import Plan
from stream.windows import window_end

Key = tuple[str, str, int]  # (model, version, length)

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


@dataclass(frozen=True)
class Pane:
    """A closed pane of one version of a model. Without a plan, only its events are counted."""

    end: int
    plan: Plan | None
    summary: Summary | None
    events: int


def grown(windows: dict[Key, Window], model: str, version: str, lengths: Iterable[int], pane: Pane) -> None:
    """Add a pane to its window of each length, opening those that it is the first of."""
    for length in lengths:
        key, end = (model, version, length), window_end(pane.end, length)
        known = windows.get(key)
        assert known is None or known.end == end, f"{key}: pane {pane.end} closed before window {known}"
        windows[key] = (
            Window(end - length, end, pane.plan, pane.summary, pane.events, "" if pane.plan is not None else LEARNING)
            if known is None
            else known.add(pane.plan, pane.summary, pane.events)
        )
