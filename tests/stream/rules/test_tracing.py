"""Findings say where a change began and what kind it is, through restarts and cuts alike."""

import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.counting.windows import STEPS_MAX
from tests.stream.rules.story import CONFIGURATION, FIRST, Story, event

Features = dict[str, Any]
SPANS = CONFIGURATION.replace("shop: {}", "shop: {windows: [1m, 10m]}")


def lost(features: Features, dice: random.Random) -> Features:
    """A third of the amounts are missing."""
    return features | ({"amount": None} if dice.random() < 1 / 3 else {})


def moved(features: Features, dice: random.Random) -> Features:
    """Amounts are greater."""
    return features | {"amount": dice.gauss(115, 10)}


def garbled(features: Features, dice: random.Random) -> Features:
    """Countries are written otherwise."""
    return features | ({"country": features["country"].lower()} if dice.random() < 0.5 else {})


def richer(features: Features, dice: random.Random) -> Features:
    """Nearly all countries are one."""
    return features | ({"country": "FR"} if dice.random() < 0.8 else {})


def told(
    change: Callable[[Features, random.Random], Features], since: int, crashes: tuple[int, ...] = (), **more: str
) -> list[dict[str, Any]]:
    """The findings about windows of a story of 40 minutes that changes for good."""
    story = Story(more.get("configuration", SPANS))
    for minute in range(40):
        for seed in range(60):
            features = json.loads(event(minute, seed=seed))["features"]
            if minute >= since:
                features = change(features, random.Random(f"changed {minute} {seed}"))
            story.publish(FIRST, event(minute + 0.5, seed=seed, features=features))
        if minute in crashes:
            story.read().commit().crash()
    return of_windows(story.read().end())


def of_windows(story: Story) -> list[dict[str, Any]]:
    """The findings about the longer windows."""
    found = story.rows(tables.FINDINGS)
    return [row for row in found if row["detector"] != "cusum" and row["length"] > MINUTE]


@pytest.mark.parametrize(
    ("change", "feature", "cause"),
    [
        (lost, "amount", "broken pipeline"),
        (moved, "amount", "changed world"),
        (garbled, "country", "broken pipeline"),
        (richer, "country", "changed world"),
    ],
)
@pytest.mark.parametrize("since", [14, 20, 26])
def test_the_first_finding_says_when_and_why(
    change: Callable[[Features, random.Random], Features], feature: str, cause: str, since: int
) -> None:
    """In the middle of a window, where one begins, and near an end; the true minute is among those it may be."""
    first = min((row for row in told(change, since) if row["feature"] == feature), key=lambda row: row["end"])
    assert cause == first["cause"]
    assert abs(first["began"] - since) <= 1
    assert first["began_earliest"] <= since <= first["began_latest"]
    assert first["start"] - 10 <= first["began_earliest"] <= first["began"] <= first["began_latest"] < first["end"]


def test_what_was_changed_before_all_known_panes_began_there_or_before() -> None:
    """Where the window before begins."""
    last = max(told(moved, 14), key=lambda row: row["end"])
    assert {last["start"] - 10} == {last["began"], last["began_earliest"], last["began_latest"]}


def test_restarts_change_nothing_of_when_and_why() -> None:
    """The panes of the window before are found again in the store."""
    once, often = (told(moved, 14, crashes) for crashes in ((), (3, 12, 15, 18, 21, 29)))
    assert once == often
    assert once


def test_a_first_window_knows_no_window_before() -> None:
    """What it has are its own panes."""
    first = min(told(moved, 4), key=lambda row: row["end"])
    assert (0, 10) == (first["start"], first["end"])
    assert abs(first["began"] - 4) <= 1


def test_contributions_of_a_finding_add_up_to_the_distance() -> None:
    """The cells that are named and the others as one; their shares add up to all values."""
    story = Story(SPANS)
    for minute in range(12):
        for seed in range(60):
            features = json.loads(event(minute, seed=seed))["features"] | {"amount": 110 + 9 * (seed % 5)}
            story.publish(FIRST, event(minute + 0.5, seed=seed, features=features))
    story.read().end()
    rows = {(row["feature"], row["end"]): row for row in story.rows(tables.DRIFT) if row["length"] > MINUTE}
    found = of_windows(story)
    assert found
    for row in found:
        cells, psi = json.loads(row["cells"]), rows[row["feature"], row["end"]]["psi"]
        assert np.isclose(sum(cell["contribution"] for cell in cells), psi, rtol=1e-14)
        for side in ("reference", "now"):
            assert np.isclose(sum(cell[side] for cell in cells), 1.0) == (len(cells) == 4)


def test_findings_of_segments_have_a_cause() -> None:
    """Their panes are not followed."""
    configuration = SPANS.replace("[1m, 10m]", "[1m, 10m], segments: [country]")
    found = told(lost, 14, configuration=configuration)
    segments = [row for row in found if row["segment"]]
    assert segments
    assert {"broken pipeline"} == {row["cause"] for row in segments if row["feature"] == "amount"}
    assert all(row["began"] < -MINUTE / 10**9 for row in segments), "1970: not known"


def test_a_trigger_says_when_and_why() -> None:
    """In its evidence."""
    story = Story(SPANS.replace("[1m, 10m]", "[1m, 10m], trigger: {windows: 1, of: 1}"))
    for minute in range(24):
        for seed in range(60):
            features = json.loads(event(minute, seed=seed))["features"]
            changed = lost(features, random.Random(f"changed {minute} {seed}")) if minute >= 14 else features
            story.publish(FIRST, event(minute + 0.5, seed=seed, features=changed))
    (row,) = story.read().end().rows(tables.TRIGGERS)
    found = json.loads(row["body"])["data"]["evidence"]
    evidence = next(one for one in found if one["detector"] != "cusum")
    assert ("2027-01-15T08:14:00Z", "broken pipeline") == (evidence["began"], evidence["cause"])


def test_steps_of_long_windows_are_longer_than_panes() -> None:
    """A window of more panes than a course keeps still says where it began, to the step."""
    story = Story(SPANS.replace("[1m, 10m]", "[30s, 20m]"))
    for half in range(80):
        for seed in range(40):
            features = json.loads(event(half, seed=seed))["features"]
            features = moved(features, random.Random(f"changed {half} {seed}")) if half >= 48 else features
            story.publish(FIRST, event((half + 0.5) / 2, seed=seed, features=features))
    first = min(of_windows(story.read().end()), key=lambda row: row["end"])
    assert STEPS_MAX < 40
    assert (first["began"], first["end"]) == (24.0, 40.0)


def test_windows_that_slide_say_when_too() -> None:
    """Each looks back as far as a window before itself; restarts change nothing."""
    configuration = SPANS.replace("[1m, 10m]", "[1m, {every: 2m, length: 10m}]")
    once, often = (told(moved, 23, crashes, configuration=configuration) for crashes in ((), (8, 19, 22, 25, 26, 31)))
    assert once == often
    seen = [row for row in once if row["start"] - 10 < 23 < row["end"]]
    assert {28, 30, 32} <= {row["end"] for row in seen}
    assert all(row["began_earliest"] <= 23 <= row["began_latest"] for row in seen)
