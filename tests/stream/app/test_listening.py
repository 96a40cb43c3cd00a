"""Side topics: found when they come, read where they were, and no hindrance where nobody dispatches."""

import asyncio
from collections.abc import Collection

import pytest

from stream.app.listening import Listening
from stream.broker import BrokerFailed
from stream.broker.questions import Bounds, Found
from stream.config.sections.dispatch import Dispatch
from stream.config.settings import Settings
from stream.events import Partition
from tests.stream.app.travelling import SETTINGS, journey

CONTROL, OUTCOMES = ("driftline.control", 0), ("driftline.outcomes", 0)
DISPATCHING = Settings(dispatch=Dispatch(targets=({},)))  # type: ignore[arg-type]  # whatever they are


class Asked:
    """A broker with some partitions, of which some topics may not be looked at."""

    def __init__(self, *there: Partition, refused: str = "", end: int = 5) -> None:
        self.there, self.refused, self.end = there, refused, end

    async def partitions(self, topics: Collection[str]) -> Found:
        """What there is."""
        if self.refused in topics:
            raise BrokerFailed(f"topic {self.refused}: not authorised")
        found = tuple(each for each in self.there if each[0] in topics)
        return Found(found, tuple({*topics} - {topic for topic, _ in found}))

    async def bounds(self, partitions: Collection[Partition]) -> dict[Partition, Bounds]:
        """From the beginning on."""
        return {each: Bounds(0, self.end) for each in partitions}


def listening(asked: Asked, settings: Settings = SETTINGS) -> tuple[Listening, list[str]]:
    """What it says stays."""
    said: list[str] = []
    return Listening(settings, asked, said.append), said  # type: ignore[arg-type]


def find(one: Listening, *known: Partition) -> dict[Partition, int]:
    """What is read then, by whom has read so far."""
    made = journey()
    for each in known:
        made.sides[each[0]].find(each, 9)
    asyncio.run(one.find(made))
    one.adopt(made)
    return one.positions(made)


def test_a_topic_that_is_not_there_is_read_once_it_is() -> None:
    """From its beginning."""
    broker = Asked(CONTROL)
    one, _ = listening(broker)
    assert {CONTROL: 0} == find(one)
    broker.there = (CONTROL, OUTCOMES)
    assert {CONTROL: 0, OUTCOMES: 0} == find(one)


def test_outcomes_that_may_not_be_looked_at_matter_only_to_who_dispatches() -> None:
    """Whoever does not still reads controls; controls must be readable."""
    one, _ = listening(Asked(CONTROL, OUTCOMES, refused=OUTCOMES[0]))
    assert {CONTROL: 0} == find(one)
    for broker, settings in ((Asked(refused=OUTCOMES[0]), DISPATCHING), (Asked(refused=CONTROL[0]), SETTINGS)):
        with pytest.raises(BrokerFailed):
            find(listening(broker, settings)[0])
    assert (CONTROL[0], OUTCOMES[0]) == listening(Asked(), DISPATCHING)[0].offered


def test_a_topic_that_was_made_anew_is_read_from_its_beginning() -> None:
    """And one that is gone is not asked for."""
    one, said = listening(Asked(OUTCOMES))
    assert {OUTCOMES: 0} == find(one, OUTCOMES, CONTROL)
    assert ["driftline.outcomes/0 is another topic than before: it is read from its beginning"] == said
