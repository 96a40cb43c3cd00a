"""The first panes of a plan teach how much its windows vary; until then independent events are taken for granted."""

import json

import numpy as np
import pytest

from detectors.verdict import PANES_MIN, Spread
from sinks import commit as tables
from stream.monitor.verdicts.teaching import REACH
from tests.stream.rules.story import CONFIGURATION, FIRST, Story, event

EACH = 60  # events of a pane


def clumped(minute: float, together: int) -> list[bytes]:
    """A pane's events, of which so many at a time are of one user and alike."""
    return [
        event(minute, seed=seed, features=json.loads(event(minute, seed=seed // together))["features"])
        for seed in range(EACH)
    ]


def told(panes: int, together: int, crashes: tuple[int, ...] = (), each: int = EACH) -> Story:
    """A story of so many panes; after some of them the service crashes and starts again."""
    story = Story(CONFIGURATION.replace("[1m, 5m]", "[1m]"))
    for minute in range(panes):
        story.publish(FIRST, *clumped(minute + 0.5, together)[:each])
        if minute in crashes:
            story.read().commit()
            story.crash()
    return story.read().end()


def spread(story: Story) -> Spread:
    """What was taught."""
    (over,) = (row for row in story.rows(tables.SPREADS) if row["state"] == "over")
    return Spread.unpack(over["spread"])


def test_windows_say_what_they_take_for_granted_until_the_panes_have_taught() -> None:
    """From the end of the sixtieth pane on nothing."""
    story = told(2 * PANES_MIN + 3, 1)
    assumed = {row["end"]: row["assumes"] for row in story.rows(tables.WINDOWS)}
    assert {end for end, words in assumed.items() if words} == set(range(1, PANES_MIN))
    begun, over = story.rows(tables.SPREADS)
    assert ("begun", 1, b"") == (begun["state"], begun["end"], begun["spread"])
    assert ("over", 2 * PANES_MIN) == (over["state"], over["end"]), "each of them was judged by the others"
    assert (1, 2 * PANES_MIN) == (over["promised"], over["verdicts"])
    assert over["expected"] == pytest.approx(over["alarms"] / (0.01 * over["verdicts"]))


def test_events_that_come_together_teach_that_windows_vary_more() -> None:
    """Six of a user at a time: the same windows are less evidence than they would be of independent draws."""
    alone, clumps = spread(told(2 * PANES_MIN, 1)), spread(told(2 * PANES_MIN, 6))
    assert alone.inflation.max() < 2
    assert 3 < np.median(clumps.inflation[:, 0]) < 9
    story = told(PANES_MIN + 20, 6)
    evidence = {row["end"]: row["evidence"] for row in story.rows(tables.DRIFT) if row["feature"] == "amount"}
    before = np.mean([evidence[end] for end in evidence if end < PANES_MIN])
    assert np.mean([evidence[end] for end in evidence if end >= PANES_MIN]) < before / 2


@pytest.mark.parametrize("crashes", [(PANES_MIN - 1,), (PANES_MIN,), (30, 61, 119)])
def test_a_restart_teaches_the_same(crashes: tuple[int, ...]) -> None:
    """Whenever it comes: rows are equal."""
    calm, struck = told(2 * PANES_MIN + 4, 3), told(2 * PANES_MIN + 4, 3, crashes)
    for table in (tables.SPREADS, tables.WINDOWS, tables.DRIFT):
        assert repr(calm.rows(table)) == repr(struck.rows(table)), table.name


@pytest.mark.parametrize("tolerate", [0, 0.05])
def test_nothing_is_known_of_a_rhythm_unless_some_change_is_tolerated(tolerate: float) -> None:
    """Amounts go up and down in thirty panes by three standard errors of a pane; countries do not."""
    configuration = CONFIGURATION.replace("[1m, 5m]", f"[1m], tolerate: {tolerate}")
    story = Story(configuration)
    for minute in range(2 * PANES_MIN + 3):
        shift = 10 * 3 / np.sqrt(EACH) * np.sin(2 * np.pi * minute / 30)
        for seed in range(EACH):
            features = json.loads(event(minute, seed=seed))["features"]
            features["amount"] += shift
            story.publish(FIRST, event(minute + 0.5, seed=seed, features=features))
    story.read().end()
    assert spread(story).slow.tolist() == [True, False]
    last = {row["feature"]: row["verdict"] for row in story.rows(tables.DRIFT) if row["end"] == 2 * PANES_MIN + 3}
    assert last["country"] == "ok"
    assert (last["amount"] == "unknown") == (tolerate == 0)


def test_a_model_with_too_little_traffic_teaches_nothing_and_is_not_waited_for() -> None:
    """Its windows go on taking independent events for granted."""
    story = told(REACH + 3, 1, each=10)
    begun, over = story.rows(tables.SPREADS)
    assert (over["state"], over["end"], over["spread"]) == ("over", begun["end"] + REACH, b"")
    assert story.journey.retention().panes >= 0
