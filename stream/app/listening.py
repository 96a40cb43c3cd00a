"""Side topics are read beside all else, by the same client; what they say is heeded before anything closes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from stream.broker import BrokerFailed, Fetched, Gap, Questions
from stream.config.settings import Settings
from stream.events import Partition
from stream.watch import Watch


@dataclass
class Listening:
    """Finds the partitions of the topics of controls and of outcomes, and tells their records apart from all others."""

    settings: Settings
    questions: Questions
    say: Callable[[str], None]
    _found: dict[Partition, int] = field(default_factory=dict)  # with where they begin
    _checked: set[Partition] = field(default_factory=set)  # those that there are, of the topic that was read before

    @property
    def offered(self) -> tuple[str, ...]:
        """The topics that shall be there: nobody tells outcomes where nobody dispatches."""
        topics = self.settings.topics
        return (topics.control, topics.outcomes) if self.settings.dispatch.targets else (topics.control,)

    async def find(self, watch: Watch) -> bool:
        """Look for the topics, which may come later; whether any partition is to be read from elsewhere.

        One that was made anew is read from its beginning: what was heeded is not heeded again.
        """
        known = {partition: at for side in watch.sides.values() for partition, at in side.positions.items()}
        found = await self._partitions(tuple(watch.sides))
        asked = [each for each in found if each not in known or each not in self._checked]
        for partition, each in (await self.questions.bounds(asked)).items() if asked else ():
            if known.get(partition, each.end + 1) > each.end:
                if partition in known:
                    name = "/".join(map(str, partition))
                    self.say(f"{name} is another topic than before: it is read from its beginning")
                self._found[partition] = each.beginning
        self._checked.update(found)
        return bool(self._found)

    async def _partitions(self, topics: tuple[str, ...]) -> tuple[Partition, ...]:
        """Those of the topics that there are, and that may be read."""
        try:
            return (await self.questions.partitions(topics)).partitions
        except BrokerFailed:
            if set(topics) <= set(self.offered):
                raise
        return (await self.questions.partitions(self.offered)).partitions

    def positions(self, watch: Watch) -> dict[Partition, int]:
        """From where to read what there is; a topic that is gone is read no more."""
        sides = watch.sides.values()
        return {each: at for side in sides for each, at in side.positions.items() if each in self._checked}

    def adopt(self, watch: Watch) -> None:
        """Read the partitions that were found, from their beginning."""
        for partition, beginning in sorted(self._found.items()):
            watch.sides[partition[0]].find(partition, beginning)
        self._found = {}

    def take(self, watch: Watch, fetched: list[Fetched | Gap]) -> list[Fetched | Gap]:
        """Heed what has come of the topics; the rest."""
        rest = []
        for item in fetched:
            partition, side = (item.topic, item.partition), watch.sides.get(item.topic)
            if side is None:
                rest.append(item)
            elif isinstance(item, Gap):
                self.say(f"{item.topic}/{item.partition}: records {item.wanted} to {item.beginning} are gone")
                side.lose(partition, item.beginning)
            else:
                offsets, stamps = item.offsets.tolist(), item.timestamps.tolist()
                side.receive(partition, offsets, stamps, item.values, item.position)
        return rest
