"""Which rows of the store nobody will ask for again, not even a restart."""

from typing import Final, NamedTuple

from stream.config.checking.earlier import reach
from stream.config.settings import DAY, Settings
from stream.events import NEVER
from stream.monitor.labels.meetings import Meetings
from stream.monitor.panes import courses
from stream.monitor.state import State
from stream.monitor.verdicts.teaching import REACH

PANES_KEPT: Final = 2 * DAY  # closed panes that stay for people, beyond what open windows need


class Retention(NamedTuple):
    """Event times, ns, before which rows may go, by their table's `keep`."""

    panes: int
    waiting: int
    answered: int
    history: int
    earlier: int


def retention(state: State, settings: Settings, meetings: Meetings) -> Retention | None:
    """What may go; None while nothing has been closed."""
    closed = min(state.closed.values(), default=NEVER)
    if closed == NEVER:
        return _without_events(state, settings)
    lengths = {length for _, model in settings.patterns for length in model.windows}
    panes = min(courses.since(closed, length) for length in lengths)  # before any open window, too
    history = closed - settings.store.keep
    waiting, answered = meetings.needed_since() or (history, history)
    summed = max(meetings.summed_since(closed), history)
    taught = _taught_since(state, settings.pane, closed)
    earlier = closed - max(reach(model) for _, model in settings.patterns)
    return Retention(min(panes, closed - PANES_KEPT, summed, taught), waiting, answered, history, earlier)


def _without_events(state: State, settings: Settings) -> Retention | None:
    """While there were labels alone: they wait for whatever prediction comes first; history goes by their clock."""
    labelled = min(state.labels_closed.values(), default=NEVER)
    return None if labelled == NEVER else Retention(NEVER, NEVER, NEVER, labelled - settings.store.keep, NEVER)


def _taught_since(state: State, pane: int, closed: int) -> int:
    """The start of the first pane that a teaching which is not over asks for after a restart."""
    firsts = (one.first for one in state.teachings.values() if not one.over and closed - one.first < REACH * pane)
    return min((first - pane for first in firsts), default=closed)
