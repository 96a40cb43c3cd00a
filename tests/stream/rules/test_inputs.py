"""Rules 21 and 22: what retention may take, and what a changed configuration does."""

import pytest

from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.recovery import StoreMismatch
from tests.stream.rules.story import CONFIGURATION, FIRST, LEARNING, Story, crowd, event, label, minute_of, moment

SEGMENTED = CONFIGURATION.replace("shop: {}", "shop: {segments: [country]}")
OUTPUT = CONFIGURATION.replace("shop: {}", "shop: {output: {kind: regression}}")
OTHER = ("others", 0)
BOTH = CONFIGURATION.replace("[events]", "[events, others]")


def forget(story: Story) -> None:
    """Let retention go by, as the service does between Commits."""
    retention = story.journey.retention()
    if retention is not None:
        story.store.forget(retention._asdict(), story.journey.monitor.sampled())


def test_rule_21_retention_takes_nothing_that_an_open_window_needs() -> None:
    """Forgetting and starting anew every day, a window of four days is the sum of all its panes.

    Those of the window before are kept, too: a change may have begun there.
    """
    text = CONFIGURATION.replace("[1m, 5m]", "[4d]").replace("defaults", "store: {keep: 5d}\ndefaults")
    story, undisturbed = Story(text), Story(text)
    for hour in range(10 * 24):
        for one in (story, undisturbed):
            one.publish(FIRST, event(60 * hour + 0.5))
    for day in range(1, 11):
        story.read(upto=24 * day).commit()
        forget(story)
        story.crash()
    story.read().end(60 * 24 * 20)
    undisturbed.read().end(60 * 24 * 20)
    assert undisturbed.windows(4 * 24 * 60)[-2:] == story.windows(4 * 24 * 60)[-2:]
    assert [64, 96, 80] == [row["events"] for row in undisturbed.windows(4 * 24 * 60)]
    assert (240, 2 * 96 + 1) == (len(undisturbed.rows(tables.PANES)), len(story.rows(tables.PANES)))


def test_rule_21_retention_goes_by_the_watermark() -> None:
    """A partition that is far ahead, or a wall clock, lets nobody forget."""
    story = Story(partitions=(FIRST, ("events", 1)))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(6)))
    story.publish(("events", 1), event(4.4), event(60 * 24 * 300))
    story.read().commit()
    retention = story.journey.retention()
    assert retention is not None
    assert (4 - 2 * 24 * 60, 4 - 90 * 24 * 60) == (minute_of(retention.panes), minute_of(retention.history))


def test_rule_21_history_goes_by_labels_where_there_are_no_predictions() -> None:
    """Else nothing would ever go. The labels themselves wait for a first prediction, whatever its time will be."""
    labels = ("labels", 0)
    text = CONFIGURATION.replace("[events]", "[events], labels: [labels]")
    text = text.replace("defaults: {", "store: {keep: 5d}\ndefaults: {labels: {within: 1h}, ")
    story = Story(text, (FIRST, labels))
    for hour in range(10 * 24):
        story.publish(labels, label(60 * hour + 0.5, id=str(hour)))
    story.read().commit()
    assert 10 * 24 == len(story.rows(tables.LABELS)) + 1
    forget(story)
    assert 5 * 24 == len(story.rows(tables.LABELS))
    assert 10 * 24 == len(story.rows(tables.ANSWERS))


def test_rule_22_a_changed_configuration_is_in_the_journal_and_counts_from_t() -> None:
    """Panes that were open when it changed are finished under the former plan, also the events that come later."""
    for upto in (40, 45):
        story = Story()
        story.publish(FIRST, *(event(minute / 10) for minute in range(150)))
        story.read(upto=upto).commit().crash(SEGMENTED).read(batch=4).end()
        (change,) = [row for row in story.rows(tables.JOURNAL) if row["kind"] == "plan"]
        since = minute_of(change["until"])
        assert {40: 10, 45: 11}[upto] == since
        windows = story.rows(tables.WINDOWS)
        segmented = {row["end"] for row in windows if row["segment"] and row["length"] == MINUTE}
        assert set(range(int(since) + 1, 16)) == segmented
        assert dict.fromkeys(range(1, 16), (10, 0)) == story.counts()


@pytest.mark.parametrize("changes", [(SEGMENTED, OUTPUT), (OUTPUT, SEGMENTED)])
def test_rule_22_of_two_changes_from_the_same_pane_on_the_last_counts_after_every_restart(
    changes: tuple[str, str],
) -> None:
    """What is decided before anything more is read holds from the same T; the store has the plans of both."""
    restarted, undisturbed = Story(), Story()
    for story in (restarted, undisturbed):
        story.publish(FIRST, *(event(minute / 10) for minute in range(250)))
        story.read(upto=40).commit()
        for text in changes:
            story.crash(text).commit()
    restarted.crash(changes[-1])
    for story in (restarted, undisturbed):
        story.read().end()
    assert undisturbed.rows(tables.WINDOWS) == restarted.rows(tables.WINDOWS)


def test_rule_22_the_same_configuration_changes_nothing() -> None:
    """A restart alone is no input."""
    story = Story()
    story.publish(FIRST, *(event(minute / 10) for minute in range(50)))
    story.read(upto=30).commit().crash().read().end()
    assert ["start", "found", "release"] == [row["kind"] for row in story.rows(tables.JOURNAL)]
    assert 1 == len(story.rows(tables.PLANS))


def test_rule_22_a_model_that_is_configured_no_more_goes() -> None:
    """Its events are refused from then on; the others go on, and what was found stays."""
    two = CONFIGURATION.replace("shop: {}", "shop: {}, bakery: {}")
    story = Story(two)
    for minute in range(20):
        story.publish(FIRST, event(minute + 0.5), event(minute + 0.6, "bakery"))
    story.read(upto=20).commit().crash(CONFIGURATION).read().end()
    assert dict.fromkeys(range(1, 21), (1, 0)) == story.counts("shop")
    assert 8 == max(story.counts("bakery"))
    assert ["shop"] == [entry.name for entry in story.journey.state.roster.entries]
    assert 10 == len([row for row in story.rows(tables.DEAD_LETTERS) if row["reason"] == "unknown_model"])


def test_rule_22_a_topic_more_closes_nothing_twice() -> None:
    """The watermark of a model's topics goes on where it was, though the topics are others."""
    story = Story(CONFIGURATION.replace("[1m, 5m]", "[1m, 10m]"))
    for minute in range(16):
        story.publish(FIRST, *(event(minute + part / 4) for part in (0, 1, 2, 3)))
    story.read(batch=7, upto=30).commit()
    story.crash(BOTH.replace("[1m, 5m]", "[1m, 10m]"))
    story.find(OTHER)
    story.publish(OTHER, event(6.5, seed=1), event(12.5, seed=1), event(15.8, seed=1))
    story.read(batch=7).commit().crash().read().end()
    assert {m: 5 if m in {7, 13, 16} else 4 for m in range(1, 17)} == {m: n for m, (n, _) in story.counts().items()}
    panes = [row["end"] for row in story.rows(tables.PANES)]
    assert sorted(set(panes)) == panes
    assert [41, 26] == [row["events"] for row in story.windows(10)]
    retention = story.journey.retention()
    assert retention is not None
    assert retention[1] > moment(590) - 90 * 24 * 60 * 60_000_000_000


def test_rule_22_a_topic_less_is_read_no_more() -> None:
    """Its partitions hold nobody up, and its events are not refused one by one."""
    story = Story(BOTH, (FIRST, OTHER))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(12)))
    story.publish(OTHER, *(event(minute + 0.6) for minute in range(3)))
    story.read().commit()
    assert {1, 2} > set(story.counts())
    story.crash(CONFIGURATION).read().end()
    assert {FIRST} == set(story.journey.clocks)
    assert [1, 1, 1] == [n for end, (n, _) in story.counts().items() if end > 3][:3]
    assert [] == story.rows(tables.DEAD_LETTERS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[5m, 20m]", "[4m, 20m]"),  # the newest closed pane happens to end with one of 4 minutes
        ("[5m, 20m]", "[1m, 20m]"),
        ("[5m, 20m]", "[3m, 20m]"),
        ("[2m, 20m]", "[5m, 20m]"),
    ],
)
def test_rule_22_windows_that_do_not_fit_the_stores_pane_are_refused(before: str, after: str) -> None:
    """A pane cannot be divided: a clear refusal, not windows that are wrong."""
    story = Story(CONFIGURATION.replace("[1m, 5m]", before))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(22)))
    story.read().commit()
    with pytest.raises(StoreMismatch, match=r"use another store\.path"):
        story.crash(CONFIGURATION.replace("[1m, 5m]", after))


def test_rule_22_windows_that_fit_the_stores_pane_go_on() -> None:
    """A longer window is a sum of the panes that are there; the store's panes stay."""
    story = Story(CONFIGURATION.replace("[1m, 5m]", "[5m]"))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(40)))
    story.read(upto=13).commit().crash(CONFIGURATION.replace("[1m, 5m]", "[10m, 20m]")).read().end()
    assert {20: 10, 30: 10, 40: 10} == {row["end"]: row["events"] for row in story.windows(10)}
    assert {20: 20, 40: 20} == {row["end"]: row["events"] for row in story.windows(20)}


def test_rule_22_a_restart_decides_nothing() -> None:
    """A model that is being learned gets its plan at a close: a start that happens in between makes none."""
    expected = Story(LEARNING)
    story = Story(LEARNING)
    for one in (expected, story):
        for minute in range(20):
            one.publish(FIRST, *crowd(minute + 0.5, 50))
    for upto in range(0, 1001, 40):
        story.read(upto=upto).commit().crash()
    assert expected.read().end().results() == story.read().end().results()


def test_rule_22_a_model_without_anything_to_watch_does_not_stop_the_next_start() -> None:
    """Learning goes on until there is a feature; the page says why."""
    story = Story(LEARNING)
    for minute in range(20):
        bare = [event(minute + 0.5, seed=seed, features={}) for seed in range(50)]
        story.publish(FIRST, *bare)
    story.read().commit()
    assert ["shop"] == list(story.journey.state.problems)
    story.crash()
    assert [] == story.rows(tables.PLANS)


def test_rule_22_an_earlier_plan_stays_for_topics_that_have_closed_nothing() -> None:
    """However far others are: a model's panes before T are counted by the plan that holds for them."""
    text = BOTH.replace("shop: {}", "shop: {topics: [events]}, bakery: {topics: [others]}")
    story = Story(text, (FIRST, OTHER))
    for minute in range(40):
        story.publish(FIRST, event(minute + 0.5))
    story.read(FIRST, upto=8).commit().crash(text.replace("lateness: 1m", "lateness: 1m, segments: [country]"))
    story.read(FIRST).commit()
    for minute in range(8):
        story.publish(OTHER, event(minute + 0.5, "bakery"))
    story.read().commit().end()
    counted = {row["end"]: row["plan"] for row in story.rows(tables.PANES) if row["model"] == "bakery"}
    assert list(range(1, 9)) == sorted(counted)
    (first,) = (row["id"] for row in story.rows(tables.PLANS) if row["model"] == "bakery" and row["since"] < 0)
    assert {first} == set(counted.values())


def test_rule_22_a_gap_is_remembered_for_topics_that_have_closed_nothing() -> None:
    """Windows of a model with a slow topic more are incomplete, though those of others have closed already."""
    text = BOTH.replace("shop: {}", "shop: {topics: [events]}, bakery: {topics: [events, others]}")
    story = Story(text.replace("[1m, 5m]", "[1m]"), (FIRST, OTHER))
    for minute in range(30):
        story.publish(FIRST, event(minute + 0.5), event(minute + 0.6, "bakery"))
        story.publish(OTHER, event(minute + 0.1, "bakery"))
    story.expire(FIRST, 4)
    story.read(OTHER, upto=1).read(FIRST).commit()
    story.read().commit().end()
    complete = {row["end"]: row["complete"] for row in story.windows(1, "bakery")}
    assert [1, 2, 3] == [end for end in sorted(complete) if not complete[end]]
