"""Moving references: which earlier windows a window is compared with, and which never are."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sinks import commit as tables
from sinks.duck.store import DuckStore
from tests.stream.rules.story import CONFIGURATION, FIRST, SECOND, Story, drawn, event, moment

DAY = 24 * 60
N = 120  # events of a minute, of which there are two


def moving(reference: str, more: str = "windows: [1m]") -> str:
    """A shop that is compared with earlier windows."""
    return CONFIGURATION.replace("shop: {}", f"shop: {{reference: {{{reference}}}, {more}}}")


def sales(story: Story, minute: float, amount: float = 0.0, **changes: Any) -> None:  # noqa: ANN401 - any JSON
    """A minute of events, of amounts that are higher by some; the shop sells something every half minute."""
    for seed in range(N):
        features = drawn(minute + 0.5, seed)
        dearer = features | {"amount": features["amount"] + amount}
        story.publish(FIRST, event(minute + 0.5, seed=seed, features=dearer, **changes))


def told(story: Story, length: float = 1) -> list[tuple[float, str, str, str]]:
    """Of each window: its end, what it was compared with, the verdict, and why."""
    return [(row["end"], row["reference"], row["verdict"], row["why"]) for row in story.windows(length)]


def test_a_window_is_compared_with_those_before() -> None:
    """Two of the last three are enough, one is not; what windows were compared with is told in words and numbers."""
    story = Story(moving("previous: 3"))
    for minute in (*range(5), 8):
        sales(story, minute)
    expected = [
        (1, "0 of the last 3 windows", "unknown", "no reference yet"),
        (2, "1 of the last 3 windows", "unknown", "no reference yet"),
        (3, "2 of the last 3 windows, 240 events", "ok", ""),
        (4, "the last 3 windows, 360 events", "ok", ""),
        (5, "the last 3 windows, 360 events", "ok", ""),
        (9, "3 of the last 6 windows, 360 events", "ok", ""),
    ]
    assert expected == told(story.read().end())
    assert {0, 240, 360} == {row["n_reference"] for row in story.rows(tables.DRIFT) if row["feature"] == "amount"}
    ends = {row["end"]: (np.frombuffer(row["ends"], "<i8") - moment(0)) / 60e9 for row in story.rows(tables.COMPARED)}
    assert {3: [1, 2], 4: [1, 2, 3], 5: [2, 3, 4], 9: [3, 4, 5]} == {end: [*each] for end, each in ends.items()}


def test_windows_that_slide_are_compared_with_whole_lengths_before() -> None:
    """What they share with the window before says nothing of a change."""
    story = Story(moving("previous: 2", "windows: [{length: 2m, every: 1m}]"))
    for minute in range(9):
        sales(story, minute)
    rows = {end: (words, why) for end, words, _, why in told(story.read().end(), 2)}
    assert ("1 of the last 2 windows, 240 events", "") == rows[4]
    assert ("the last 2 windows, 480 events", "") == rows[6] == rows[7]


def test_a_rhythm_of_the_day_is_no_drift() -> None:
    """What is dear at noon every day is no news at noon, but the morning's price then is; the plan's would be."""
    found = {}
    for name, text in (("pinned", CONFIGURATION), ("moving", moving("days: 2"))):
        story = Story(text)
        for day in range(5):
            for minute in range(4):
                sales(story, day * DAY + minute, amount=30.0 * minute * (day < 4))
        story.read().end(5 * DAY)
        found[name] = {row["end"] for row in story.rows(tables.FINDINGS) if row["feature"] == "amount"}
        last = told(story)
    assert {day * DAY + minute + 1 for day in range(4) for minute in (2, 3)} <= found["pinned"]
    assert {4 * DAY + minute + 1 for minute in (2, 3)} <= found["moving"] <= {4 * DAY + n + 1 for n in (1, 2, 3)}
    assert "the same minute of 1 of the last 2 days, 120 events" == last[5][1]
    assert "the same minute of the last 2 days, 240 events" == last[-1][1]


def test_mixed_choices_are_one_sum_in_which_a_window_counts_once() -> None:
    """The day a week ago is one of the last seven days, and of the last two weeks."""
    story = Story(moving("days: 7, weeks: 2, previous: 1"))
    for day in range(15):
        for minute in range(2):
            sales(story, day * DAY + minute)
    *_, last = told(story.read().end(15 * DAY))
    words = "the window before and the same minute of the last 7 days and the same minute of the last 2 weeks"
    assert (14 * DAY + 2, f"{words}, {N * (1 + 7 + 1):,} events", "ok", "") == last


def test_windows_of_an_incident_are_never_a_reference() -> None:
    """Nor those that led to it: for as long as prices are up, they are compared with those of before."""
    story = Story(moving("previous: 1"))
    for minute in range(22):
        sales(story, minute, amount=100.0 * (5 <= minute < 12))
    story.read().end()
    incidents = {(row["state"], row["at"], row["feature"]) for row in story.rows(tables.INCIDENTS)}
    assert {("opened", 7, "amount"), ("closed", 15, "amount")} == incidents
    (trigger,) = story.rows(tables.TRIGGERS)
    about = json.loads(trigger["body"])["data"]["reference"]
    assert "1 of the last 2 windows, 120 events" == about["source"]
    windows = told(story)
    assert [(5, "the window before, 120 events", "ok", "")] == windows[4:5]
    during = [(6, "the window before", "drift")]
    during += [(5 + n, f"1 of the last {n} windows", "drift" if n < 8 else "ok") for n in range(2, 11)]
    assert [(end, f"{words}, 120 events", verdict, "") for end, words, verdict in during] == windows[5:15]
    assert (16, "1 of the last 11 windows, 120 events", "ok", "") == windows[15]
    assert (17, "the window before, 120 events", "ok", "") == windows[16]


def test_what_drifted_once_waits_until_it_can_be_part_of_no_incident() -> None:
    """A single odd minute opens nothing; two minutes later it is one like any other."""
    story = Story(moving("previous: 1"))
    for minute in range(10):
        sales(story, minute, amount=100.0 * (minute == 4))
    windows = [(end, words.partition(",")[0], verdict) for end, words, verdict, _ in told(story.read().end())]
    assert [(5, "the window before", "drift"), (6, "1 of the last 2 windows", "ok")] == windows[4:6]
    assert [(7, "the window before", "ok"), (8, "the window before", "ok")] == windows[6:8]
    assert [] == story.rows(tables.INCIDENTS)
    story = Story(moving("previous: 2"))
    for minute in range(10):
        sales(story, minute, amount=100.0 * (minute == 4))
    windows = [(end, words.partition(",")[0], verdict) for end, words, verdict, _ in told(story.read().end())]
    assert [(7, "2 of the last 3 windows"), (8, "the last 2 windows")] == [row[:2] for row in windows[6:8]]
    assert [5] == [row["end"] for row in story.rows(tables.EARLIER) if row["drifted"]]


def test_a_change_that_lasts_becomes_the_reference_once_nothing_older_is_left() -> None:
    """Seven days back nothing from before is left: unknown, so the incident ends, and what follows is new."""
    story = Story(moving("previous: 1", "windows: [1d]"))
    for day in range(20):
        sales(story, day * DAY, amount=100.0 * (day > 2))
    story.read().end(40 * DAY)
    verdicts = [verdict for _, _, verdict, _ in told(story, DAY)]
    assert ["closed", "opened"] == sorted(row["state"] for row in story.rows(tables.INCIDENTS))
    first = verdicts.index("drift")
    assert ["unknown", "ok", "ok"] == verdicts[:first]
    assert ["drift"] * 7 + ["unknown"] * 4 + ["ok"] * (len(verdicts) - first - 11) == verdicts[first:]


def test_windows_that_a_loss_touched_are_never_a_reference() -> None:
    """What is left of them may be another mixture."""
    story = Story(moving("previous: 1"), (FIRST, SECOND))
    for minute in range(8):
        sales(story, minute)
        story.publish(SECOND, event(minute + 0.9, seed=999))
    story.read(SECOND, upto=3)
    story.read(FIRST, upto=3 * N)
    story.expire(SECOND, 5)
    story.read().end()
    lost = {row["end"] for row in story.windows(1) if not row["complete"]}
    assert lost
    kept = {row["end"] for row in story.rows(tables.EARLIER)}
    assert set(range(1, 9)) == kept | lost
    assert not kept & lost


def test_every_version_has_its_own_past() -> None:
    """A new one knows nothing yet, whatever the older one has seen."""
    story = Story(moving("previous: 1"))
    for minute in range(16):
        sales(story, minute)
        if minute > 2:
            sales(story, minute, version="2")
    rows = {(row["version"], row["end"]): row["why"] for row in story.read().end().windows(1)}
    named = min(end for version, end in rows if version == "2")  # it has a name from T on
    assert [("(new)", 4), ("1", 1), ("2", named)] == sorted(at for at, why in rows.items() if why == "no reference yet")
    assert {"", "no reference yet"} == {*rows.values()}


def test_another_plan_has_another_past() -> None:
    """Its cells are others: what was counted before says nothing about them."""
    story = Story(moving("previous: 1"))
    for minute in range(20):
        sales(story, minute)
    story.read(upto=8 * N).commit()
    story.crash(moving("previous: 1", "windows: [1m], segments: [country]"))
    story.read().end()
    since = min(row["since"] for row in story.rows(tables.PLANS) if row["since"] > 0)
    first = [row for row in told(story) if row[3] == "no reference yet"]
    assert 2 == len(first)
    assert since == moment(first[1][0] - 1)


def test_cusum_does_not_watch_what_moves() -> None:
    """It would add up how far panes are from a reference that no window is compared with."""
    alarms = {}
    for name, text in (("pinned", moving("previous: 0")), ("moving", moving("previous: 3"))):
        story = Story(text.replace("windows: [1m]", "windows: [1m], tolerate: 0"))
        for minute in range(40):
            sales(story, minute, amount=6.0)
        story.read().end()
        alarms[name] = [row for row in story.rows(tables.FINDINGS) if row["detector"] == "cusum"]
    assert alarms["pinned"]
    assert [] == alarms["moving"]


def four_days(text: str) -> Story:
    """Some minutes of each day, of which some are dear, every day longer."""
    story = Story(text)
    for day in range(4):
        for minute in range(9):
            sales(story, day * DAY + minute, amount=100.0 * (2 <= minute < 5 + day))
    return story


def test_a_file_has_the_same_past(tmp_path: Path) -> None:
    """As memory has, also for another life."""
    text = moving("days: 2, previous: 1")
    story = four_days(text)
    story.read().end(5 * DAY)
    again = Story(text)
    again.log, again.store = story.log, DuckStore(tmp_path / "past.duckdb")  # type: ignore[assignment]  # answers alike
    again.crash().find(FIRST)
    again.read(upto=2_000).commit().crash().read().end(5 * DAY)
    expected, found = story.results(), again.results()
    again.store.close()
    assert expected == found


@pytest.mark.parametrize("reference", ["previous: 2", "days: 2, previous: 1"])
def test_rows_do_not_depend_on_crashes_commits_or_retention(reference: str) -> None:
    """Though the service dies and forgets again and again, windows are compared with the same ones."""
    text = moving(reference, "windows: [1m, 2m], segments: [country], trigger: {cooldown: 0s}")
    story = four_days(text)
    story.read().end(5 * DAY)
    again = Story(text)
    again.log = story.log
    for upto in range(100, 4 * 9 * N, 430):
        again.read(batch=37, upto=upto).commit()
        bounds = again.journey.retention()
        if bounds is not None:
            again.store.forget({"earlier": bounds.earlier}, {})
        again.crash()
    again.read(batch=50).end(5 * DAY)
    expected, found = story.results(), again.results()
    for table in ("earlier", "compared"):
        assert len(found.pop(table)) <= len(expected.pop(table))
    assert expected == found
    assert expected["incidents"]


@pytest.mark.parametrize("tolerate", [0, 0.05])
def test_nothing_is_known_beside_days_that_differ_unless_some_change_is_tolerated(tolerate: float) -> None:
    """Each day has a level of its own for amounts; countries have none."""
    story = Story(moving("days: 4", f"windows: [1m], tolerate: {tolerate}"))
    for day, level in enumerate((0.0, 12.0, -10.0, 7.0, 3.0)):
        sales(story, day * DAY, amount=level)
    story.read().end(5 * DAY)
    last = {row["feature"]: row["verdict"] for row in story.rows(tables.DRIFT) if row["end"] == 4 * DAY + 1}
    assert last["country"] == "ok"
    assert (last["amount"] == "unknown") == (tolerate == 0)
    assert {row["assumes"] for row in story.windows(1)} == {"independent events"}
