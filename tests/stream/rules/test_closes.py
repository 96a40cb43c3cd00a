"""Rules 14 and 16 to 20: what closes decide, in which order, and from when it holds."""

import json

from sinks import commit as tables
from stream.counting.fewest import name_hash
from stream.plan import Plan
from tests.stream.rules.story import CONFIGURATION, FIRST, LEARNING, SECOND, Story, crowd, event, minute_of

OTHER = ("others", 0)
SEGMENTED = CONFIGURATION.replace("shop: {}", "shop: {segments: [country]}")


def drifting(story: Story, minutes: int, since: int, each: int = 60, **features: object) -> None:
    """A model of which one feature changes at a minute."""
    for minute in range(minutes):
        for document in map(json.loads, crowd(minute + 0.5, each)):
            changed = document["features"] | (features if minute >= since else {})
            story.publish(FIRST, json.dumps(document | {"features": changed}).encode())


def test_rule_14_panes_that_close_together_give_the_rows_of_panes_that_close_alone() -> None:
    """Learning, findings, an incident and its trigger: one close or twenty, the rows are the same."""
    found = []
    for batch, together in ((7, False), (1000, True)):
        story = Story(LEARNING, (FIRST, SECOND))
        drifting(story, 26, since=18, amount=400.0)
        story.publish(SECOND, *(event(minute + 0.4, seed=99) for minute in range(26)), event(26.5))
        if together:
            story.read(FIRST)  # as far ahead as it may be read, each time before the watermark moves
        story.read(batch=batch).end()
        found.append(story.results())
    assert found[0] == found[1]
    assert found[0]["triggers"]
    assert found[0]["plans"]


def test_rule_14_windows_close_in_order_of_model_length_and_version() -> None:
    """Incidents are told in the order of their ends, whatever came first."""
    story = Story(CONFIGURATION.replace("shop: {}", "shop: {}, bakery: {}"))
    for minute in range(6):
        for model in ("shop", "bakery"):
            story.publish(FIRST, *crowd(minute + 0.5, 3, model), event(minute + 0.6, model, version="2"))
    story.publish(FIRST, event(40))
    windows = story.read().journey.take().tables["windows"]
    order = list(zip(*(windows[name].tolist() for name in ("end", "model", "length", "version")), strict=True))
    assert sorted(order) == order
    assert 16 == len(order)


def test_rule_16_the_policy_sees_each_window_once() -> None:
    """Though the service dies after every Commit, the third window is the third, not the second again."""
    text = CONFIGURATION.replace("shop: {}", "shop: {windows: [1m], trigger: {windows: 3, of: 3}}")
    story = Story(text)
    drifting(story, 10, since=4, country="FR")
    for upto in range(0, 601, 20):
        story.read(upto=upto).commit().crash()
    story.read().end()
    assert [("opened", 7)] == [(row["state"], row["at"]) for row in story.rows(tables.INCIDENTS)][:1]
    assert 1 == len(story.rows(tables.TRIGGERS))
    ends = [row["end"] for row in story.windows(1)]
    assert sorted(set(ends)) == ends


def test_rule_17_a_plan_holds_from_t_which_nobody_has_read() -> None:
    """Learned at the close of minute 5, and up to six minutes behind it may have been read: it holds from 11."""
    for batch in (3, 50, 1000):
        story = Story(LEARNING)
        for minute in range(20):
            story.publish(FIRST, *crowd(minute + 0.5, 50))
        story.read(batch=batch).end()
        assert [11] == [minute_of(row["since"]) for row in story.rows(tables.PLANS)], batch
        panes = {row["end"]: bool(row["plan"]) for row in story.rows(tables.PANES)}
        assert {minute: minute > 11 for minute in range(8, 21)} == panes, batch  # a newcomer's own begin at 7


def test_rule_17_t_does_not_depend_on_how_far_another_partition_was_read() -> None:
    """A partition at the edge of what may be read, or none: T is the same."""
    found = []
    for first in ((FIRST, SECOND), (SECOND, FIRST)):
        story = Story(LEARNING, (FIRST, SECOND))
        for minute in range(16):
            story.publish(FIRST, *crowd(minute + 0.5, 50))
            story.publish(SECOND, event(minute + 0.6, seed=99))
        for partition in first:
            story.read(partition)
        found.append(story.read().end().results())
    assert found[0] == found[1]


def test_rule_17_a_model_and_a_version_hold_from_t() -> None:
    """A newcomer waits in the panes before T; a new version has rows of its own from T on, whatever was read when."""
    for batch in (1, 1000):
        story = Story(CONFIGURATION.replace("models: {shop: {}}", ""))
        for minute in range(12):
            story.publish(FIRST, event(minute + 0.5, version="1" if minute % 2 else "2", seed=1))
            story.publish(FIRST, event(minute + 0.6, seed=2))
        story.read(batch=batch).end()
        waiting = {row["end"]: row["waiting"] for row in story.rows(tables.TRAFFIC)}
        assert {minute: 2 if minute <= 7 else 0 for minute in range(1, 13)} == waiting, batch
    story = Story()
    for minute in range(12):
        story.publish(FIRST, event(minute + 0.5), event(minute + 0.6, version="2"))
    versions = [(row["end"], row["version"]) for row in story.read().end().rows(tables.PANES)]
    assert {(m, "(new)") for m in range(1, 8)} | {(m, v) for m in range(8, 13) for v in "12"} == set(versions)


def test_rule_18_a_window_over_two_plans_is_unknown() -> None:
    """Its first pane decides its reference; what follows is counted in another grid."""
    story = Story()
    for minute in range(20):
        story.publish(FIRST, *crowd(minute + 0.5, 100))
    story.read(upto=450).commit().crash(SEGMENTED).read().end()
    windows = [(row["end"], row["verdict"], row["why"]) for row in story.windows(5)]
    assert [(5, "ok", ""), (10, "ok", ""), (15, "unknown", "two plans"), (20, "ok", "")] == windows
    assert {-1, 11} == {max(-1, minute_of(row["since"])) for row in story.rows(tables.PLANS)}


def test_rule_18_an_empty_first_pane_decides_too() -> None:
    """A model of few events: the window's first panes were under the former plan, though they held nothing."""
    for batch in (1, 1000):
        story = Story(
            CONFIGURATION.replace("[1m, 5m]", "[1m, 20m]").replace("shop: {}", "shop: {}, other: {windows: [1m]}")
        )
        story.publish(FIRST, *(event(minute + 0.5, "other") for minute in range(4)))
        story.read().commit()
        story.configuration = story.configuration.replace("shop: {}", "shop: {segments: [country]}")
        story.crash()
        story.publish(FIRST, *(event(minute + 0.5, "other") for minute in range(4, 18)), event(18.5), event(45))
        story.read(batch=batch).end()
        assert ["two plans", "too few events"] == [row["why"] for row in story.windows(20)], batch


def test_rule_19_newcomers_are_admitted_by_first_closed_pane_and_hash() -> None:
    """The limit is full at the same three models, whoever comes first in the log; a newcomer evicts nobody."""
    names = sorted((f"model-{i}" for i in range(9)), key=name_hash)
    expected = {names[8], names[0], names[1]}
    assert not expected & {"model-0", "model-8"}  # neither by name
    text = CONFIGURATION.replace("models: {shop: {}}", "limits: {models: 3}")
    for order in (names, names[::-1]):
        for batch in (1, 100):
            story = Story(text)
            story.publish(FIRST, event(0.5, names[8]))
            for minute in range(1, 12):
                story.publish(FIRST, *(event(minute + 0.5, name) for name in order))
            story.read(batch=batch).end()
            assert expected == {entry.name for entry in story.journey.state.roster.entries}
            assert expected == {row["model"] for row in story.rows(tables.PANES)}


def test_rule_19_who_is_not_admitted_is_counted_once_too() -> None:
    """A stranger's panes close by its own topics: after a crash they are not counted again for those of others."""
    text = CONFIGURATION.replace("[events]", "[events, others]").replace("models: {shop: {}}", "limits: {models: 1}")
    text += "models: {shop: {topics: [events]}, '*': {topics: [others]}}\n"
    story = Story(text, (FIRST, OTHER))
    story.publish(FIRST, event(0.5))
    for minute in range(8):
        story.publish(OTHER, event(minute + 0.2, "stranger"), event(minute - 0.1, "stranger", seed=2))
    story.read(OTHER, batch=3, upto=12).commit().crash().read(OTHER).commit()
    waiting = [(row["end"], row["waiting"]) for row in story.rows(tables.TRAFFIC)]
    assert [(0, 1), *((minute, 2) for minute in range(1, 7))] == waiting


def test_rule_19_versions_are_admitted_by_first_closed_pane_and_hash() -> None:
    """Of more versions than the limit those with the least hashes are told apart, in any order of arrival."""
    versions = sorted("abcd", key=name_hash)
    for order in (versions, versions[::-1]):
        story = Story(CONFIGURATION.replace("defaults", "limits: {versions: 2}\ndefaults"))
        for minute in range(12):
            story.publish(FIRST, *(event(minute + 0.5, version=version) for version in order))
        story.read(batch=3).end()
        found = {row["version"] for row in story.rows(tables.PANES) if row["end"] > 8}
        assert {*versions[:2], "(new)"} == found


def test_rule_20_a_second_version_inherits_plan_and_reference() -> None:
    """Only the first version learns; the windows of the second are separate, and compared with the same."""
    story = Story(LEARNING)
    for minute in range(26):
        story.publish(FIRST, *crowd(minute + 0.5, 50, version="2" if minute >= 12 else "1"))
    story.read().end()
    (plan,) = story.rows(tables.PLANS)
    windows = [row for row in story.windows(5) if row["version"] == "2" and row["end"] > 15]
    assert {(plan["id"], "ok")} == {(row["plan"], row["verdict"]) for row in windows}
    learned = Plan.load(plan["body"])
    assert {f"{learned.source}, inherited from version 1"} == {row["reference"] for row in windows}
    assert learned.source == learned.source_for("1")
    assert {"", "1", "2"} == {row["version"] for row in story.windows(5)}
