"""A Reader that is replaced when its client has given up, reads on from where its owner is, and is watched.

A client that says nothing and reads nothing is found by asking the brokers over another connection.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from stream.app.trouble import Trouble
from stream.app.watchdog import Watchdog
from stream.broker import BrokerFailed, ConnectionProblem, Fetched, Gap, Questions, Reader, TopicReplaced
from stream.config.mistakes import ConfigurationError
from stream.events import Partition

CONNECT_S = 10.0  # a broker that starts beside us takes about 5 s; whoever restarts us does the rest
AGAIN_S = 1.0  # between two attempts


@dataclass
class Steady:
    """Reads one owner's partitions. Failures cost nothing: positions are the owner's."""

    reader: Reader
    questions: Questions
    trouble: Trouble
    place: str  # of trouble
    _broken: bool = False
    _watchdog: Watchdog = field(default_factory=Watchdog)
    _asking: asyncio.Task[dict[Partition, int]] | None = None

    async def start(self, say: Callable[[str], None]) -> None:
        """Connect: a broker that starts beside us is waited for. ConnectionProblem after CONNECT_S."""
        begun, said = time.monotonic(), False
        while True:
            try:
                return await self.reader.start()
            except ConnectionProblem as problem:
                if time.monotonic() - begun >= CONNECT_S:
                    raise
                if not said:
                    say(f"{problem}; trying again for {CONNECT_S:.0f} s")
                    said = True
                await asyncio.sleep(AGAIN_S)

    async def stop(self) -> None:
        """Disconnect, within seconds."""
        if self._asking is not None:
            self._asking.cancel()
        await self.reader.stop()

    def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read these partitions, each from its position. A broken client is not told: the next one will be."""
        if not self._broken:
            self.reader.assign(positions)

    async def fetch(
        self,
        timeout_ms: int,
        records_max: int,
        positions: Callable[[], Mapping[Partition, int]],
        held: Collection[Partition],
    ) -> list[Fetched | Gap]:
        """What has come; a new client reads on from the positions. While nothing can come, `trouble` says why.

        TopicReplaced: it is another topic now. Stuck: nothing can come any more, though there is something.
        """
        fetched = await self._fetch(timeout_ms, records_max, positions, held)
        self._watch(positions, held)
        return fetched

    async def _fetch(
        self,
        timeout_ms: int,
        records_max: int,
        positions: Callable[[], Mapping[Partition, int]],
        held: Collection[Partition],
    ) -> list[Fetched | Gap]:
        try:
            if self._broken:
                await self.reader.stop()
                await self.reader.start()
                self._broken = False
                self.reader.assign(positions())
            fetched = await self.reader.fetch(timeout_ms, records_max, held)
        except TopicReplaced:
            raise
        except (BrokerFailed, ConfigurationError) as error:  # a secret may be away while it is being rotated
            self.trouble.note(self.place, str(error))
            self._broken = True
            await asyncio.sleep(AGAIN_S)
            return []
        self.trouble.note(self.place, self.reader.problem or self._watchdog.problem)
        return fetched

    def _watch(self, positions: Callable[[], Mapping[Partition, int]], held: Collection[Partition]) -> None:
        """Now and then compare how far reading has come with how far brokers say that it could be.

        Only of what the client owes an answer about: among many partitions one waits long for its turn.
        """
        owed = positions() if self._broken else {each: self.reader.position(each) for each in self.reader.silent()}
        stand = {partition: position for partition, position in owed.items() if partition not in held}
        if self._asking is None:
            if still := self._watchdog.still(stand, time.monotonic()):
                self._asking = asyncio.create_task(self._readable(still))
        elif self._asking.done():
            answer, self._asking = self._asking.result(), None
            self._watchdog.look(stand, answer)

    async def _readable(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """What brokers say; nothing where they do not: one that is down is no reason to end."""
        try:
            return await self.questions.readable(partitions)
        except (BrokerFailed, ConfigurationError):
            return {}

    def end(self, partition: Partition) -> int | None:
        """The high watermark, as far as it is known."""
        lag = None if self._broken else self.reader.lag(partition)
        return None if lag is None else self.reader.position(partition) + lag

    def at_end(self, partition: Partition) -> bool:
        """Whether a fresh answer says that there is nothing more to read; silence does not say so."""
        return not self._broken and self.reader.at_end(partition)
