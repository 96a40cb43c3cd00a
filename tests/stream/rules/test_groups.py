"""Segments of a window beside each other: the weakest, and groups that are treated differently."""

import random

import pytest

from sinks import commit as tables
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_labels import LABELS, prediction

CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 30m, coverage: 0.8}, output: {kind: binary}, segments: [country]}}
"""


def of_countries(log: Story, right: dict[str, float], n: int = 2_000, seed: int = 5) -> Story:
    """So many predictions of half a minute, three in four of them French, and how often each country's are right."""
    dice = random.Random(seed)
    for i in range(n):
        country = dice.choice(("FR", "FR", "FR", "DE"))
        features = {"amount": dice.gauss(100, 10), "country": country}
        log.publish(FIRST, prediction(0.1 + i / n / 2, f"a{i}", 0.9, features=features))
        log.publish(LABELS, label(1.5 + i / n, id=f"a{i}", label=int(dice.random() < right[country])))
    log.publish(FIRST, event(60))
    log.publish(LABELS, label(60, id="nobody"))
    return log


def test_the_weakest_segment_is_found_and_named_once() -> None:
    """With its share and its size, in the windows of both lengths, when each has enough labels; and not again."""
    log = of_countries(Story(CONFIGURATION, (FIRST, LABELS)), {"FR": 0.95, "DE": 0.7})
    log.publish(LABELS, *(label(61, id=f"a{i}", event="correct") for i in range(3)))
    log.read(batch=300).commit()
    found = sorted((row for row in log.rows(tables.FINDINGS) if row["detector"] == "weakest"), key=lambda f: f["end"])
    assert [(1, "country=DE"), (5, "country=DE")] == [(row["end"], row["segment"]) for row in found]
    rows = [row for row in log.rows(tables.PERFORMANCE) if row["segment"] == "country=DE" and row["end"] == 1]
    accuracy = next(row["value"] for row in rows if row["metric"] == "accuracy")
    assert accuracy == pytest.approx(found[0]["value"], abs=0.03)
    assert found[0]["words"].startswith("accuracy is 0.")
    assert " in country=DE, 25" in found[0]["words"]
    assert found[0]["value"] < found[0]["limit"] < 0.95


def test_segments_that_are_alike_are_no_finding() -> None:
    """Nor is a fall of all of them: that is for the first windows to say."""
    log = of_countries(Story(CONFIGURATION, (FIRST, LABELS)), {"FR": 0.6, "DE": 0.6})
    log.read(batch=300).commit()
    assert [] == [row for row in log.rows(tables.FINDINGS) if row["detector"] == "weakest"]
