"""Events in: what comes from Kafka takes the Journey, and its idle partitions hold nobody up."""

from collections.abc import Mapping
from dataclasses import dataclass

from stream.app.intake import Intake
from stream.broker import Fetched, Gap
from stream.events import Partition
from stream.journey import Journey

BACKLOG = 100_000  # events still to be read, of which nobody is told within a second anyway


@dataclass
class Reading(Intake[Journey]):
    """The intake of `driftline run`."""

    def _count(self, watch: Journey, fetched: list[Fetched | Gap]) -> bool:
        """Let what has come, and idle partitions, take the journey; whether somebody waits for what was closed."""
        for item in fetched:
            if isinstance(item, Gap):
                self.say(
                    f"{item.topic}/{item.partition}: records {item.wanted} to {item.beginning} are gone from the topic "
                    "(its retention overtook us); the windows that they belong to are marked incomplete"
                )
                watch.lose((item.topic, item.partition), item.beginning)
            else:
                watch.receive(item.records)
        closed = watch.work() if fetched else False
        closed |= self._release(watch)
        return closed and not self._behind(watch)

    def _behind(self, watch: Journey) -> bool:
        """In a catch-up Commits need not follow each pane, which takes a tenth of the time."""
        return sum(end - watch.clocks[partition].offset for partition, end in self.ends(watch).items()) > BACKLOG

    def _release(self, watch: Journey) -> bool:
        """Let idle partitions hold nobody up; whether something was closed."""
        now = self.clock()
        clocks = watch.clocks
        read = clocks.keys() - watch.held
        self._idleness.observe({each: clocks[each].offset for each in read if self._steady.at_end(each)}, now)
        closed = False
        for partition, until in self._idleness.releases(clocks, now):
            closed |= watch.release(partition, until, until)
        return closed

    def _positions(self, watch: Journey) -> Mapping[Partition, int]:
        return {partition: watch.read_upto(partition) for partition in watch.progress}

    async def _show(self, watch: Journey) -> None:
        positions = {partition: mark.offset for partition, mark in watch.clocks.items()}
        await self._questions.publish_offsets(self.settings.kafka.name, positions)

    def ends(self, watch: Journey) -> dict[Partition, int]:
        """The high watermarks that are known."""
        ends = {partition: self._steady.end(partition) for partition in watch.progress}
        return {partition: end for partition, end in ends.items() if end is not None}
