"""Chosen detectors remember across restarts: their steps are panes and pairs, however often the service dies."""

import random
from functools import cache

import pytest

from sinks import commit as tables
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_labels import LABELS, prediction

NUMBERS, ERRORS = ("adwin", "ewma", "page_hinkley"), ("adwin", "ddm", "eddm", "hddm_a", "hddm_w")
CHOSEN = f"""
events: {{predictions: [events], labels: [labels]}}
defaults: {{windows: [1m, 5m], lateness: 1m, tolerate: 0, reference: {{file: reference}}}}
models:
  shop:
    labels: {{within: 30m}}
    output: {{kind: binary}}
    sequential: {{features: [{", ".join(NUMBERS)}], errors: [{", ".join(ERRORS)}]}}
"""
MINUTES, CHANGED, EACH = 100, 60, 30


@cache
def published(minute: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Predictions and labels of a minute: from CHANGED on values are greater, and errors more."""
    dice, names = random.Random(minute), [f"{minute}-{i}" for i in range(EACH)]
    later = minute >= CHANGED
    features = [{"amount": dice.gauss(105 if later else 100, 10), "country": dice.choice(["FR", "DE"])} for _ in names]
    said = (prediction(minute + 0.5, name, 0.9, features=each) for name, each in zip(names, features, strict=True))
    answers = (label(minute + 0.6, id=name, label=int(dice.random() < (0.6 if later else 0.9))) for name in names)
    return tuple(said), tuple(answers)


def told(crashes: int) -> Story:
    """The whole log, with a Commit and the death of the service every so many minutes; 0: never."""
    story = Story(CHOSEN, (FIRST, LABELS))
    for minute in range(MINUTES):
        for partition, values in zip((FIRST, LABELS), published(minute), strict=True):
            story.publish(partition, *values)
        if crashes and minute % crashes == crashes - 1:
            story.read(batch=19).commit().crash()
            for partition in (FIRST, LABELS):
                if partition not in story.journey.clocks:
                    story.find(partition)
    story.publish(FIRST, event(MINUTES + 30))
    story.publish(LABELS, label(MINUTES + 30))
    return story.read().commit()


@cache
def undisturbed(lives: tuple[bool, ...]) -> Story:
    """The log in one life, which every number of crashes is held against: made once for as many tiers as it has."""
    assert Story.lives == lives
    return told(0)


@pytest.mark.parametrize("crashes", [7, 23])
def test_restarts_leave_the_same_alarms(crashes: int) -> None:
    """Each detector finds the change, and says the same as in one life; several need more steps than a life has."""
    once, often = undisturbed(Story.lives), told(crashes)
    found = once.rows(tables.FINDINGS)
    for feature, names in (("amount", NUMBERS), ("output:errors", ERRORS)):
        rang = {row["detector"] for row in found if row["feature"] == feature and row["end"] > CHANGED}
        assert {*names} <= rang
    assert found == often.rows(tables.FINDINGS)
    assert once.results() == often.results()


def test_a_share_that_rises_a_little_is_told_in_words() -> None:
    """A category half as frequent again, too little for one pane of 30: its cell's sum alarms, and says which way."""
    story = Story(CHOSEN.replace("sequential: ", "# "), (FIRST, LABELS))
    for minute in range(60):
        dice = random.Random(minute)
        for _ in range(EACH):
            country = dice.choices(["FR", "DE"], [0.75 if minute >= 20 else 0.5, 0.25 if minute >= 20 else 0.5])[0]
            story.publish(FIRST, event(minute + 0.5, features={"amount": dice.gauss(100, 10), "country": country}))
    story.publish(FIRST, event(90))
    found = [row for row in story.read().commit().rows(tables.FINDINGS) if row["detector"] == "cusum"]
    assert {"country"} == {row["feature"] for row in found}
    assert 20 < min(row["end"] for row in found) <= 35
    words = {row["words"] for row in found}
    assert {
        f"country: category {name} has been {way} frequent than in the reference, pane by pane"
        for name, way in (("FR", "more"), ("DE", "less"))
    } >= words
