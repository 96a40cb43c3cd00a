"""One partition that the group has given to this worker: a producer of its own, and a Gatherer behind its last Partial.

The order matters. The producer starts first: that fences whoever owned the partition before and aborts what it left
open. Only then is the end of the Partials what it will stay, and it is read. (The other way round it was stale in 31
of 80 trials.)
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sinks.topics import Message
from stream.app.outbox import Relay
from stream.broker import Fetched, Gap
from stream.config.settings import Settings
from stream.events import Partition
from stream.tiers.board import Board
from stream.tiers.gatherer import Gatherer, beginning

CUT_S = 1.0  # at the latest
CUT_ROWS = 50_000
BOARD_S = 0.2  # between two looks for a board


@dataclass
class Claim:
    """What a worker has of one partition. Any failure of its producer ends it: then the partition is claimed anew.

    `relay`: the partition's own producer; `last`: asks for the last of its Partials.
    """

    settings: Settings
    partition: Partition
    relay: Relay
    last: Callable[[], Awaitable[bytes | None]]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    gatherer: Gatherer = field(init=False)
    sent_s: float | None = None  # when its last Partial was sent, wall time; None: not yet
    _board: Board | None = None  # the last that was looked at
    _sent: float = 0.0

    async def begin(self, newest: Callable[[], Board | None]) -> None:
        """Fence, read the end, wait for a board, go on from there. RelayFailed, Fenced, BrokerFailed: not now."""
        await self.relay.start()
        last = await self.last()
        while True:
            board = newest()
            begun = None if board is None else beginning(self.partition, last, board)
            if board is not None and begun is not None:
                break
            await self.sleep(BOARD_S)
            if board is not None:  # somebody has begun it: one that was frozen, and fenced this one when it woke
                last = await self.last()
        start, gap = begun
        self.gatherer = Gatherer(self.settings, self.partition, start, board, gap=gap, first=last is None)
        self._board, self._sent = board, self.clock()

    async def end(self) -> None:
        """Let go. What was not sent is read again by the next owner."""
        await self.relay.stop()

    def take(self, item: Fetched | Gap) -> None:
        """Gather what has come; go over what retention took."""
        if isinstance(item, Gap):
            self.gatherer.lose(item.beginning)
        else:
            self.gatherer.receive(item.records)

    def look(self, board: Board | None) -> None:
        """Take in a newer board."""
        if board is not None and board is not self._board:
            self._board = board
            self.gatherer.look(board)

    def release(self, *, at_end: bool) -> None:
        """Raise the clocks where a monitor asks for it, and the partition is still where it was idle."""
        asked = self._board.asked.get(self.partition) if self._board is not None else None
        if asked is None or not at_end or self.gatherer.held:
            return
        offset, until = asked
        if self.gatherer.mark.offset == offset and self.gatherer.clock < until:
            self.gatherer.release(until, until)

    async def send(self, *, end: int | None, at_end: bool, now: float) -> list[bytes]:
        """Send what is due, in one transaction, and give it back. RelayFailed, Fenced: let go."""
        one = self.gatherer
        one.upto = one.upto if end is None else end
        due = now - self._sent >= CUT_S
        if due and at_end and not one.held:
            one.attest()
        elif due or one.n_buffered >= CUT_ROWS or one.held:
            one.cut()
        if values := one.take():
            topic, number = self.partition
            partials = self.settings.topics.partials_of(topic)
            await self.relay.send([Message(partials, None, value, partition=number) for value in values])
            self._sent, self.sent_s = now, time.time()
        return values
