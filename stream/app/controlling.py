"""The control topic is read beside all else, by the same client; what it says is heeded before anything closes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from stream.broker import Fetched, Gap, Questions
from stream.config.settings import Settings
from stream.events import Partition
from stream.watch import Watch


@dataclass
class Controlling:
    """Finds the partitions of the control topic, and tells its records apart from all others."""

    settings: Settings
    questions: Questions
    say: Callable[[str], None]
    _found: dict[Partition, int] = field(default_factory=dict)  # with where they begin
    _checked: bool = False  # whether what was read before is still the same topic

    async def find(self, watch: Watch) -> bool:
        """Look for the topic, which may come later; whether any partition is to be read from elsewhere.

        One that was made anew is read from its beginning: ids that were applied are not applied again.
        """
        name, known = self.settings.topics.control, watch.heeding.positions
        found = (await self.questions.partitions((name,))).partitions
        asked = [each for each in found if each not in known or not self._checked]
        for partition, each in (await self.questions.bounds(asked)).items() if asked else ():
            if known.get(partition, each.end + 1) > each.end:
                if partition in known:
                    self.say(f"{name}/{partition[1]} is another topic than before: it is read from its beginning")
                self._found[partition] = each.beginning
        self._checked = True
        return bool(self._found)

    def adopt(self, watch: Watch) -> None:
        """Read what was found."""
        for partition, beginning in sorted(self._found.items()):
            watch.heeding.find(partition, beginning)
        self._found = {}

    def take(self, watch: Watch, fetched: list[Fetched | Gap]) -> list[Fetched | Gap]:
        """Heed what has come of the topic; the rest."""
        rest = []
        for item in fetched:
            partition = (item.topic, item.partition)
            if item.topic != self.settings.topics.control:
                rest.append(item)
            elif isinstance(item, Gap):
                self.say(f"{item.topic}/{item.partition}: controls {item.wanted} to {item.beginning} are gone")
                watch.heeding.lose(partition, item.beginning)
            else:
                offsets, stamps = item.offsets.tolist(), item.timestamps.tolist()
                watch.heeding.receive(partition, offsets, stamps, item.values, item.position)
        return rest
