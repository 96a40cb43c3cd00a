"""Days that differ: what they taught, and that it is the same whenever the service dies."""

import json

from sinks import commit as tables
from tests.stream.rules.story import FIRST, Story, crowd
from tests.stream.rules.test_earlier import DAY, moving

HOURS, DAYS, N = 11, 9, 60
TEXT = moving("days: 4", "windows: [1h], tolerate: 0")
LEVELS = 0, 12, -10, 7, 3, -8, 10, -3, 5


def week() -> Story:
    """Amounts have a level of each day, countries none; from the eighth hour of the last day on all is much dearer."""
    story = Story(TEXT)
    for day, level in enumerate(LEVELS):
        for hour in range(HOURS):
            more = 150 * (day == DAYS - 1 and hour >= 8)
            for document in map(json.loads, crowd(day * DAY + 60 * hour + 0.5, N)):
                features = document["features"] | {"amount": document["features"]["amount"] + level + more}
                story.publish(FIRST, json.dumps(document | {"features": features}).encode())
    return story


def test_days_teach_how_much_they_differ() -> None:
    """Unknown until sixty windows have; then their levels are no drift, but another world is."""
    story = week().read().end(DAYS * DAY)
    amounts = {row["end"]: row["verdict"] for row in story.rows(tables.DRIFT) if row["feature"] == "amount"}
    assumes = {row["end"]: row["assumes"] for row in story.windows(60)}
    at = {day: [day * DAY + 60 * (hour + 1) for hour in range(HOURS)] for day in range(DAYS)}
    assert {"unknown"} == {amounts[end] for end in at[4]}
    assert {"independent events"} == {assumes[end] for end in at[4]}
    assert {"ok"} == {amounts[end] for end in (*at[7], *at[8][:8])}
    assert {""} == {assumes[end] for end in (*at[7], *at[8])}
    assert {"drift"} == {amounts[end] for end in at[8][8:]}


def test_what_days_taught_does_not_depend_on_crashes_commits_or_retention() -> None:
    """It follows from the rows of `earlier`, whoever reads them, as long as they are kept."""
    story = week()
    again = Story(TEXT)
    again.log = story.log
    story.read().end(DAYS * DAY)
    for upto in range(700, DAYS * HOURS * N, 900):
        again.read(batch=53, upto=upto).commit()
        bounds = again.journey.retention()
        if bounds is not None:
            again.store.forget({"earlier": bounds.earlier}, {})
        again.crash()
    again.read(batch=50).end(DAYS * DAY)
    expected, found = story.results(), again.results()
    for table in ("earlier", "compared"):
        assert len(found.pop(table)) <= len(expected.pop(table))
    assert expected == found
