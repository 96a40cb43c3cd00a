"""How long windows are, and how often one begins."""

from collections.abc import Iterable

from msgspec import Struct

from stream.config.sections.kinds import Duration

PIECES_MAX = 288  # of a sliding window, each kept until it has left: a day in pieces of 5 minutes
Spans = tuple[tuple[int, int], ...]  # the length and the step of each kind of window, ns, ascending


class Sliding(Struct, frozen=True, forbid_unknown_fields=True):
    """Windows that overlap: of one length, ending `every` so often. 0 where a key was left out, which is a mistake."""

    length: Duration = 0
    every: Duration = 0


Windows = tuple[Duration | Sliding, ...]


def spans(windows: Windows) -> Spans:
    """The length and the step of each: windows that do not slide end once in their length."""
    return tuple(sorted(map(span, windows)))


def span(window: int | Sliding) -> tuple[int, int]:
    """The length and the step of one kind of window."""
    return (window.length, window.every) if isinstance(window, Sliding) else (window, window)


def ascending(windows: Windows) -> Windows:
    """The same by their length."""
    return tuple(sorted(windows, key=span))


def durations(some: Iterable[Spans]) -> set[int]:
    """All lengths and steps: every one is a whole number of panes."""
    return {duration for kinds in some for both in kinds for duration in both}
