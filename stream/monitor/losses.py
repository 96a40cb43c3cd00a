"""Gaps that retention made before they could be read, and the windows that they may have touched."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from stream.events import Partition

UNKNOWN_END = 2**63 - 1  # of a loss, until the first event behind the gap tells the time


@dataclass(frozen=True, order=True)
class Loss:
    """A gap of a partition that ends before offset `upto`, and the event time that it may have touched, ns."""

    partition: Partition
    upto: int
    start: int
    end: int = UNKNOWN_END


Losses = tuple[Loss, ...]


def lost(losses: Losses, partition: Partition, upto: int, start: int) -> Losses:
    """With one more gap. One of the partition that is still open goes on in it: nothing between the two counted."""
    mine = [loss for loss in losses if _open(loss, partition)]
    begin = min((start, *(loss.start for loss in mine)))
    return (*(loss for loss in losses if loss not in mine), Loss(partition, upto, begin))


def open_gap(losses: Losses, partition: Partition) -> Loss | None:
    """The gap of the partition whose end is not known yet."""
    return next((loss for loss in losses if _open(loss, partition)), None)


def ended(losses: Losses, gap: Loss, end: int) -> Losses:
    """With the end of a gap. Read again after a restart it is the same gap."""
    return tuple(dict.fromkeys(replace(loss, end=end) if loss == gap else loss for loss in losses))


def touched(losses: Iterable[Loss], topics: Collection[str], start: int, end: int) -> bool:
    """Whether a gap of these topics touched a span of event time."""
    return any(loss.partition[0] in topics and loss.start < end and start < loss.end for loss in losses)


def since(losses: Losses, start: Callable[[str], int]) -> Losses:
    """Without those that no window from their topic's `start` on can have been touched by."""
    return tuple(loss for loss in losses if loss.end > start(loss.partition[0]))


def _open(loss: Loss, partition: Partition) -> bool:
    return loss.partition == partition and loss.end == UNKNOWN_END
