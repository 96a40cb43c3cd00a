"""A client that has stopped to read without a word: its partition stands still although others are told of more.

Pure: how far the client has read of what it owes answers about, and what brokers tell another connection, are passed
in with the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stream.broker import BrokerFailed
from stream.broker.silence import names
from stream.events import Partition

LOOK_S = 10.0  # between two looks
STRIKES = 3  # looks in a row: the client drops a request after 15 s and asks anew, and by then twice in vain


class Stuck(BrokerFailed):
    """Nothing but a new process helps surely."""


@dataclass
class Watchdog:
    """Counts, per partition, the looks in a row that have found it standing still with more to read."""

    _looked: float = float("-inf")
    _stood: dict[Partition, int] = field(default_factory=dict)  # where each stood at the last look
    _strikes: dict[Partition, int] = field(default_factory=dict)

    def still(self, positions: Mapping[Partition, int], now: float) -> list[Partition]:
        """The partitions to ask brokers about: those that stand where they stood at the last look. None too soon."""
        if now - self._looked < LOOK_S:
            return []
        self._looked = now
        still = [partition for partition, position in positions.items() if self._stood.get(partition) == position]
        self._stood = dict(positions)
        self._strikes = {partition: n for partition, n in self._strikes.items() if partition in still}
        return still

    def look(self, positions: Mapping[Partition, int], readable: Mapping[Partition, int]) -> None:
        """Judge what brokers have told of `still` partitions: up to where each can be read. Stuck: STRIKES in a row.

        Of a partition that nobody told about, nothing is known: it has no strike.
        """
        behind = {
            partition
            for partition, end in readable.items()
            if self._stood.get(partition) == positions.get(partition, end) < end
        }
        self._strikes = {partition: self._strikes.get(partition, 0) + 1 for partition in behind}
        for partition, n in sorted(self._strikes.items()):
            if n >= STRIKES:
                topic, number = partition
                raise Stuck(
                    f"{topic}/{number} stands at offset {positions[partition]}, though brokers have told for "
                    f"{STRIKES * LOOK_S:.0f} s that it can be read up to {readable[partition]}: the Kafka client is "
                    "stuck, and a new process goes on where this one was"
                )

    @property
    def problem(self) -> str:
        """Which partitions have strikes, in words; empty: none."""
        return f"no progress though there is more to read: {names(self._strikes)}" if self._strikes else ""
