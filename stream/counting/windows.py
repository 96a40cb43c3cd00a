"""Spans of event time: panes, the windows that they add up to, and the pane from which a decision holds.

All in ns, UTC.
"""

from collections.abc import Iterable
from typing import TypeVar

from stream.events import NEVER, Ints

Time = TypeVar("Time", int, Ints)

STEPS_MAX = 24  # of a window that is followed; more panes are added up, so that a day takes no more memory than an hour


def pane_end(time: int, pane: int) -> int:
    """The end of the pane that holds an event time."""
    return (time // pane + 1) * pane


def window_end(end: Time, length: int) -> Time:
    """The end of the window of this length that holds the pane with this end, or of each."""
    return -(-end // length) * length


def last_end(end: int, length: int, every: int) -> int:
    """The end of the last window of this length and step that holds the pane with this end."""
    return (end + length - 1) // every * every


def oldest_start(closed: int, spans: Iterable[tuple[int, int]]) -> int:
    """Where the earliest window begins that can still get a pane, when all panes up to `closed` are closed.

    `spans`: the length and the step of each kind of window.
    """
    return min(window_end(closed + 1, every) - length for length, every in spans)


def stride(length: int, pane: int) -> int:
    """How long the steps are in which windows are followed, all from the same beginning of time."""
    return pane * -(-length // (pane * STEPS_MAX))


def decided_from(end: Time, pane: int, lateness: int, max_ahead: int) -> Time:
    """T: the first pane start that nobody can have read when the pane with this end, or each of these, closes.

    Reading stops `max_ahead` past the watermark, and until this close the watermark was below `end + lateness`.
    """
    return -(-(end + lateness + max_ahead) // pane) * pane


def watermark(clocks: Iterable[int]) -> int:
    """The least of the clocks; NEVER while one has seen nothing, or where there are none."""
    return min(clocks, default=NEVER)


def due(end: int, lateness: int, mark: int) -> bool:
    """Whether a pane or window with this end closes at this watermark."""
    return mark != NEVER and end + lateness <= mark
