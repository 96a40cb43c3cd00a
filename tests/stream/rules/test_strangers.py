"""Names without end: what is counted together, and that nothing is lost by it."""

import pytest

from sinks import commit as tables
from stream.events import RESERVED, WRONG_TYPE
from tests.stream.rules.story import FIRST, LEARNING, Story, event, label

LABELS = ("labels", 0)
CONFIGURATION = LEARNING.replace("[events]}", "[events], labels: [labels]}\nlimits: {models: 20}")
N = 1_200  # names in a minute


def flood() -> Story:
    """A model, and as many strangers as events: predictions, late ones and labels."""
    story = Story(CONFIGURATION)
    story.find(LABELS)
    for minute in range(7):
        story.publish(FIRST, *(event(minute + 0.5, seed=seed) for seed in range(5)))
        story.publish(FIRST, *(event(minute + 0.5, f"m{i}") for i in range(N)))
        if minute == 5:
            story.publish(FIRST, *(event(0.5, f"late{i}") for i in range(N)))
        story.publish(LABELS, *(label(minute + 0.5, f"l{i}") for i in range(N)))
    return story


@pytest.mark.parametrize("batch", [10_000, 777])
def test_more_models_than_can_be_told_apart_are_all_counted(batch: int) -> None:
    """Each event is in one count, be it that of `(others)`; the tables have a bound; no cut matters."""
    story = flood().read(batch=batch).end()
    traffic, labels = story.rows(tables.TRAFFIC), story.rows(tables.LABELS)
    assert 7 * (N + 5) + N == sum(row["events"] + row["late"] + row["waiting"] for row in traffic)
    assert 7 * N == sum(row["labels"] for row in labels)
    assert N == sum(row["late"] for row in traffic)
    together = {(row["model"], row["waiting"] > 0, row["late"] > 0) for row in traffic if "(" in row["model"]}
    assert {("(others) *", True, False), ("(others) *", True, True)} == together
    assert 1_025 == len({row["model"] for row in labels})
    assert 20 == len(story.journey.state.roster.entries)


def test_cuts_do_not_matter_to_who_is_told_apart() -> None:
    """The same rows from one batch and from many."""
    whole, cut = flood().read().end(), flood().read(batch=500).end()
    assert whole.results() == cut.results()


def test_nobody_is_called_like_that() -> None:
    """The reserved names are refused, with a reason."""
    story = Story(LEARNING)
    story.publish(FIRST, event(0.5), event(0.6, f"{RESERVED}*"), event(0.7, RESERVED))
    story.read().end()
    assert [(WRONG_TYPE, 2)] == [(row["reason"], row["events"]) for row in story.rows(tables.REJECTED)]
    assert all("reserved" in row["detail"] for row in story.rows(tables.DEAD_LETTERS))
