"""Events in: what comes from Kafka takes the Journey, and its idle partitions hold nobody up."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from stream.app.intake import Intake
from stream.broker import Fetched, Gap
from stream.events import Partition, Records
from stream.journey import Journey


@dataclass
class Reading(Intake[Journey]):
    """The intake of `driftline run`."""

    def take(self, watch: Journey, fetched: list[Fetched | Gap]) -> bool:
        """Let what has come, and idle partitions, take the journey; whether something was closed."""
        for item in fetched:
            if isinstance(item, Gap):
                self.say(
                    f"{item.topic}/{item.partition}: records {item.wanted} to {item.beginning} are gone from the topic "
                    "(its retention overtook us); the windows that they belong to are marked incomplete"
                )
                watch.lose((item.topic, item.partition), item.beginning)
            else:
                values = list(item.values)
                watch.receive(Records(item.topic, item.partition, item.offsets, item.timestamps, values, item.position))
        closed = watch.work() if fetched else False
        return self._release(watch) or closed

    def _release(self, watch: Journey) -> bool:
        """Let idle partitions hold nobody up; whether something was closed."""
        now = time.monotonic()
        clocks = watch.clocks
        read = clocks.keys() - watch.held
        self._idleness.observe({each: clocks[each].offset for each in read if self._at_end(each)}, now)
        closed = False
        for partition, until in self._idleness.releases(clocks, now):
            closed |= watch.release(partition, until, until)
        return closed

    def _positions(self, watch: Journey) -> Mapping[Partition, int]:
        return {partition: watch.read_upto(partition) for partition in watch.progress}

    async def _show(self, watch: Journey) -> None:
        positions = {partition: mark.offset for partition, mark in watch.clocks.items()}
        await self.reader.publish_offsets(self.settings.kafka.name, positions)

    def ends(self, watch: Journey) -> dict[Partition, int]:
        """The high watermarks that are known."""
        lags = {partition: self.reader.lag(partition) for partition in watch.progress} if not self._broken else {}
        return {partition: self.reader.position(partition) + lag for partition, lag in lags.items() if lag is not None}

    def _at_end(self, partition: Partition) -> bool:
        """Whether a fresh answer says that there is nothing more to read; silence does not say so."""
        return not self._broken and self.reader.at_end(partition)
