"""The pane: the smallest event-time interval, of which every window of every model is a whole number."""

from collections.abc import Iterable
from math import gcd

from stream.config.settings import PANE_MAX

MILLISECOND = 1_000_000  # event times are read to the millisecond by publishers that send epoch milliseconds


def pane(lengths: Iterable[int]) -> int:
    """The greatest common divisor of the lengths, divided by the smallest integer that brings it to PANE_MAX, in ns.

    ValueError where that is no whole number of milliseconds.
    """
    divisor = gcd(*lengths)
    n = -(-divisor // PANE_MAX)
    if divisor % (n * MILLISECOND):
        raise ValueError("window lengths that share a pane of a whole number of milliseconds, at most 5m")
    return divisor // n
