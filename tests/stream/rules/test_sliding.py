"""Windows that slide: sums of panes under rules 8, 14, 16, 18 and 21, one of a length, and who speaks for labels."""

import json

import pytest

from sinks import commit as tables
from stream.config.parse import parse
from stream.recovery import StoreMismatch, recall
from tests.stream.rules.story import CONFIGURATION, FIRST, LEARNING, SECOND, Story, crowd, event, label, minute_of
from tests.stream.rules.test_closes import drifting
from tests.stream.rules.test_labels import LABELS, prediction

SLIDING = "[1m, {length: 6m, every: 2m}]"
TUMBLING = CONFIGURATION.replace("[1m, 5m]", "[1m, 6m]").replace("shop: {}", "shop: {output: {kind: binary}}")
CHANGED = TUMBLING.replace("[1m, 6m]", SLIDING)
ALONE = CONFIGURATION.replace("[1m, 5m]", "[{length: 6m, every: 2m}]")


def kept(story: Story) -> dict[float, int]:
    """The events of each pane that was kept, by its end."""
    return {row["end"]: row["events"] for row in story.rows(tables.PANES) if row["model"] == "shop"}


def test_windows_are_the_sums_of_their_panes() -> None:
    """Every second minute one ends, with the events of the six minutes before; a silent one is as short as it is."""
    story = Story(CHANGED)
    for minute in (0, 1, 2, 5, 6, 7, 8, 30, 31):
        story.publish(FIRST, *crowd(minute + 0.5, 10 + minute))
    panes = kept(story.read().end())
    sums = {float(end): sum(n for at, n in panes.items() if end - 6 < at <= end) for end in range(2, 60, 2)}
    assert {end: n for end, n in sums.items() if n} == {row["end"]: row["events"] for row in story.windows(6)}
    assert {6.0} == {row["end"] - row["start"] for row in story.windows(6)}


def test_those_at_whole_multiples_are_the_windows_that_do_not_slide() -> None:
    """The same rows to the last bit in every table but the budget's limits: so there is one of a length."""
    stories = []
    for text in (CHANGED, TUMBLING):
        story = Story(text.replace("[events]", "[events], labels: [labels]"), (FIRST, LABELS))
        for minute in range(14):
            story.publish(FIRST, *(prediction(minute + 0.5, f"{minute}-{i}", i / 60, latency_ms=2) for i in range(60)))
            story.publish(LABELS, *(label(minute + 0.7, id=f"{minute}-{i}", label=i % 2) for i in range(60)))
        story.publish(FIRST, event(40))
        story.publish(LABELS, label(40))
        stories.append(story.read().commit())
    slid, plain = stories
    for table in (tables.PERFORMANCE, tables.SERVICE, tables.TRAFFIC, tables.PANES):
        assert slid.results()[table.name] == plain.results()[table.name]
        assert slid.rows(table), table.name
    assert [row for row in slid.windows(6) if not row["end"] % 6] == plain.windows(6)


def test_a_restart_amid_a_window_changes_nothing() -> None:
    """Killed after every few records, or never: the same rows, through learning, a change and a silence."""
    found = []
    for crashes in (False, True):
        story = Story(LEARNING.replace("[1m, 5m]", SLIDING), (FIRST, SECOND))
        drifting(story, 26, since=18, amount=400.0)
        story.publish(SECOND, *(event(minute + 0.4, seed=99) for minute in range(26)), event(26.5), event(40.5))
        story.publish(FIRST, *crowd(40.5, 60))
        for upto in range(0, 1700, 70) if crashes else ():
            story.read(upto=upto).commit().crash()
        story.read().end()
        found.append(story.results())
    assert found[0] == found[1]
    assert found[0]["triggers"]
    assert any("two plans" in row or "learning" in row for row in found[0]["windows"])


def test_windows_may_begin_to_slide_at_a_restart() -> None:
    """The panes that were kept make the open one whole; the others follow."""
    story = Story(TUMBLING)
    for minute in range(20):
        story.publish(FIRST, *crowd(minute + 0.5, 10 + minute))
    story.read(upto=200).commit()
    story.crash(CHANGED).read().end()
    panes, windows = kept(story), story.windows(6)
    assert [6.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0] == [row["end"] for row in windows]
    assert all(row["events"] == sum(n for at, n in panes.items() if row["start"] < at <= row["end"]) for row in windows)


def test_late_events_are_in_no_window() -> None:
    """They are counted in the traffic, and every window has what its panes have."""
    story = Story(CHANGED)
    story.publish(FIRST, *crowd(0.5, 5), *crowd(3.5, 5), *crowd(0.6, 7), *crowd(4.5, 1))
    story.read().end()
    assert 7 == sum(late for _, late in story.counts().values())
    assert [5, 10, 11, 6, 1] == [row["events"] for row in story.windows(6)]


def test_windows_over_two_plans_are_unknown_until_the_first_has_left() -> None:
    """A changed configuration holds from T: whoever began before is of both."""
    story = Story(CHANGED)
    for minute in range(30):
        story.publish(FIRST, *crowd(minute + 0.5, 60))
    story.read(upto=600).commit()
    story.crash(CHANGED.replace("shop: {", "shop: {features: {amount: numeric}, ")).read().end()
    unknown = [row["end"] for row in story.windows(6) if row["why"] == "two plans"]
    since = minute_of(max(row["since"] for row in story.rows(tables.PLANS)))
    assert unknown
    assert unknown == [float(end) for end in range(2, 60, 2) if end - 6 < since < end]


def test_persistence_counts_windows_that_share_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """A burst of one minute is in three windows, which are one witness; a change that lasts is found by two of them."""
    monkeypatch.setattr("stream.monitor.verdicts.sequential.ALARMS_MAX", 0)  # that asks by itself
    burst, lasting = Story(ALONE), Story(ALONE)
    for story, until in ((burst, 13), (lasting, 40)):
        for minute in range(30):
            for document in map(json.loads, crowd(minute + 0.5, 60)):
                changed = document["features"] | ({"country": "XX"} if 12 <= minute < until else {})
                story.publish(FIRST, json.dumps(document | {"features": changed}).encode())
        story.read().end()
    ends = [row["end"] for row in burst.windows(6) if row["verdict"] == "drift"]
    assert [14.0, 16.0, 18.0] == ends
    assert [] == burst.rows(tables.INCIDENTS)
    opened = [row["at"] for row in lasting.rows(tables.INCIDENTS) if row["state"] == "opened"]
    assert [20.0] == opened  # the window to 14 has drifted, and so has the one a whole length after it


def test_a_window_that_slides_is_a_multiple_of_the_stores_panes() -> None:
    """Its step too."""
    story = Story(CONFIGURATION.replace("[1m, 5m]", "[5m]"))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(12)))
    story.read().commit()
    with pytest.raises(StoreMismatch, match=r"a window of 10m every 1m \(shop\) is no multiple of that"):
        recall(story.store, parse(CONFIGURATION.replace("[1m, 5m]", "[{length: 10m, every: 1m}]")))
