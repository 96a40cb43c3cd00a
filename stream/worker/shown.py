"""What a worker shows of itself at a moment."""

from collections.abc import Callable, Mapping

from sinks.prometheus import Gathered, Vitals
from sinks.prometheus import Partition as Shown
from stream.app.observing import watermarks
from stream.events import NEVER, Partition
from stream.resident import memory_bytes
from stream.tiers.board import Board
from stream.worker.claim import Claim


def vitals(
    claims: Mapping[Partition, Claim],
    board: Board | None,
    end: Callable[[Partition], int | None],
    gathered: Gathered,
) -> Vitals:
    """The partitions that it holds, and the watermarks that it was told; `end`: where a partition ends, if known."""
    told = watermarks(board.marks) if board is not None else ()
    return Vitals(
        watermarks_ns=tuple((each.scope, each.at_ns) for each in told if each.at_ns is not None),
        partitions=tuple(_partition(each, claim, end(each)) for each, claim in sorted(claims.items())),
        memory_bytes=memory_bytes(),
        gathered=gathered,
    )


def _partition(partition: Partition, claim: Claim, end: int | None) -> Shown:
    gatherer = claim.gatherer
    position, clock = gatherer.mark.offset, gatherer.clock
    lag = max(0, end - position) if end is not None else 0
    return Shown(*partition, lag, gatherer.held, position, None if clock == NEVER else clock, claim.sent_s)
