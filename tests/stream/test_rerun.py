"""Stories of streams that are told again: what made a difference then makes it again."""

from collections.abc import Iterator

import numpy as np
import pytest

from sinks.memory import MemoryStore
from stream.events import Partition, Records
from stream.lives import Untold, as_one, lives, spans
from stream.monitor.plans.onboarding import Sources
from stream.rerun import Rerun
from tests.simulation.driver import rows
from tests.simulation.test_rerun import told
from tests.stream.monitors import Monitors
from tests.stream.rules.story import CONFIGURATION, FIRST, REFERENCE, SECOND, Story, crowd, event
from tests.stream.test_monitors import minutes, shared

TOLERANT = CONFIGURATION.replace("shop: {}", "shop: {tolerate: 0.5}")


class Whole:
    """All records of a story."""

    def __init__(self, story: Story | Monitors) -> None:
        self._log = story.log

    def records(self, partition: Partition, offset: int) -> Iterator[Records]:
        """One at a time."""
        for at, stamp, value in self._log[partition]:
            if at >= offset:
                yield Records(*partition, np.array([at], np.int64), np.array([stamp], np.int64), [value], at + 1)

    def stretch(self, partition: Partition, offset: int) -> tuple[int, int]:
        """Nothing is missing."""
        return (0, 1 << 40) if partition in self._log else (offset, offset)


def again(story: Story, configuration: str = "") -> dict[str, list[str]]:
    """The rows of a story told again, perhaps by another configuration."""
    stream = lives(*told(story.store))
    if configuration:
        stream = [as_one(stream, Story(configuration).journey.settings, {})]
    found = Story()
    found.store = MemoryStore()
    sources = lambda settings: Sources(settings.limits, {"reference": REFERENCE})  # noqa: E731 - as the rerun asks
    Rerun(stream, Whole(story), found.store, sources).run(lambda _: None)
    return found.results()


def test_a_clock_that_leads_its_position_is_led_again() -> None:
    """Two partitions jump apart: what was not read any more has closed panes all the same."""
    story = Story(partitions=(FIRST, SECOND))
    story.publish(FIRST, event(0.2), event(0.7), event(40), event(90))
    story.publish(SECOND, event(0.5, seed=1), event(80))
    story.read().commit()
    assert story.journey.held
    assert {1: (3, 0), 41: (1, 0)} == story.counts()
    assert story.results() == again(story)


def test_a_release_that_makes_events_late_makes_them_late_again() -> None:
    """A partition was idle, and said then what nobody waited for any more."""
    story = Story(partitions=(FIRST, SECOND))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(10)))
    story.publish(SECOND, event(0.5, seed=1))
    story.read().idle(SECOND, 9)
    story.publish(SECOND, event(3, seed=1), event(9.6, seed=1))
    story.read().end()
    assert 1 == sum(late for _, late in story.counts().values())
    assert story.results() == again(story)


def test_a_gap_that_took_what_had_been_counted_is_told_in_two_lives() -> None:
    """Panes that had closed before have their events, those that were open have lost them."""
    story = Story()
    story.publish(FIRST, *(event(minute / 4) for minute in range(64)))
    log = dict(story.log)
    story.read(upto=24).commit().expire(FIRST, 36)
    story.crash().read().commit()
    assert {False, True} == {row["complete"] for row in story.windows(1)}
    story.log = log
    assert 2 == len(lives(*told(story.store)))
    assert story.results() == again(story)
    assert {FIRST: (0, 64)} == spans(lives(*told(story.store)))


def test_a_partition_that_was_idle_and_then_overtaken_was_idle_first() -> None:
    """Both at one position, and kept by one Commit: the gap begins with the clock of the release."""
    story = Story()
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(10)))
    story.read().idle(FIRST, 14.5)
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(15, 25)))
    log = dict(story.log)
    story.expire(FIRST, 15)
    story.read().end()
    assert [21] == [row["end"] for row in story.windows(1) if not row["complete"]]
    story.log = log
    assert story.results() == again(story)


def test_another_configuration_is_one_life_of_all_that_happened() -> None:
    """As if the stream had always been configured so: the same panes, other findings."""
    story = Story()
    story.publish(FIRST, *(one for minute in range(12) for one in crowd(minute + 0.5, 60)))
    story.publish(
        FIRST, *(one for minute in range(12, 30) for one in crowd(minute + 0.5, 60, features={"amount": 300}))
    )
    story.read(upto=400).commit().crash(CONFIGURATION.replace("shop: {}", "shop: {segments: [country]}"))
    story.read().commit()
    tolerant = Story(TOLERANT)
    tolerant.log = story.log
    expected = tolerant.read().commit().results()
    found = again(story, TOLERANT)
    assert expected == found
    assert len(found["findings"]) < len(story.results()["findings"])


def test_each_of_several_monitors_has_a_stream_of_its_own() -> None:
    """Told again it has the rows of its share of the models; after a hand-over the beginning is in no journal."""
    log = shared()
    minutes(log, 0, 12)
    minutes(log, 12, 18, version="2")
    log.read(333).end()
    for store in log.stores.values():
        kept = MemoryStore()
        Rerun(lives(*told(store)), Whole(log), kept, lambda settings: Sources(settings.limits)).run(lambda _: None)
        assert rows(store) == rows(kept)
        assert rows(kept)["windows"]
    log.share("a", "b")
    with pytest.raises(Untold, match="does not say how the stream began"):
        lives(*told(log.stores["a"]))
