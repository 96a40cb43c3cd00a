"""The pane: the smallest event-time interval, of which every window of every model is a whole number."""

from collections.abc import Iterable
from math import gcd

from stream.config.settings import PANE_MAX, Settings

MILLISECOND = 1_000_000  # event times are read to the millisecond by publishers that send epoch milliseconds


def pane(lengths: Iterable[int]) -> int:
    """The greatest common divisor of lengths and steps, ns, divided by the smallest integer that brings it to PANE_MAX.

    ValueError where that is no whole number of milliseconds.
    """
    divisor = gcd(*lengths)
    n = -(-divisor // PANE_MAX)
    if divisor % (n * MILLISECOND):
        raise ValueError("window lengths that share a pane of a whole number of milliseconds, at most 5m")
    return divisor // n


def open_panes(settings: Settings) -> int:
    """How many panes of a model are open at most: from the oldest that waits to the newest that is read ahead."""
    return -(-(settings.lateness + settings.events.max_ahead) // settings.pane) + 1


def decision_delay(settings: Settings) -> int:
    """From a window's end to T, the first pane that nobody has read when the window closes, in ns."""
    return -(-(settings.lateness + settings.events.max_ahead) // settings.pane) * settings.pane


def reread(settings: Settings) -> int:
    """The most event time that a restart reads again, in ns: everything that an open pane may hold."""
    return settings.pane + settings.lateness + settings.events.max_ahead
