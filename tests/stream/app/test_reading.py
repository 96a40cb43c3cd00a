"""When somebody waits for what was closed."""

import numpy as np
import pytest

from sinks.memory import MemoryStore
from stream.app.reading import BACKLOG, Reading
from stream.app.trouble import Trouble
from stream.broker import Fetched
from stream.config.parse import parse
from stream.events import Partition
from stream.journey import Journey
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall

BEGIN_MS = 1_795_000_020_000
SETTINGS = parse('{events: {predictions: [p]}, defaults: {windows: [1m], lateness: 20s}, models: {"*": {}}}')
ONLY = ("p", 0)


class Steady:
    """Knows where a partition ends."""

    def __init__(self, end: int) -> None:
        self._end = end

    def end(self, partition: Partition) -> int:
        """As the real one does."""
        assert partition == ONLY
        return self._end

    def at_end(self, partition: Partition) -> bool:
        """Never for long enough."""
        return not self.end(partition)


def events(*minutes: int) -> Fetched:
    """One event of each minute."""
    times = [BEGIN_MS + 60_000 * minute for minute in minutes]
    values = [b'{"id": "1", "kind": "prediction", "model": "m", "time": %d, "features": {"x": 1}}' % at for at in times]
    return Fetched(*ONLY, np.arange(len(times)), np.array(times), values, len(times))


@pytest.mark.parametrize(("behind", "waited"), [(0, True), (BACKLOG, True), (BACKLOG + 1, False)])
def test_a_closed_pane_is_waited_for_unless_there_is_much_to_catch_up_with(behind: int, *, waited: bool) -> None:
    """It is closed all the same; what closes nothing is waited for by nobody."""
    reading = Reading(SETTINGS, {}, Trouble(lambda _: None), lambda _: None)
    reading._steady = Steady(3 + behind)  # type: ignore[assignment]  # a stand-in
    journey = Journey(SETTINGS, Sources(SETTINGS.limits), recall(MemoryStore(), SETTINGS))
    journey.find(ONLY, 0)
    assert waited == reading.take(journey, [events(0, 1, 5)])
    assert len(journey.take().tables["traffic"]["end"])
    assert not reading.take(journey, [])
