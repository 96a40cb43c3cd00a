"""Distances beside the verdict: those that a model asks for, of what is kept, and of nothing else."""

import json

import numpy as np
import pytest

from detectors import parts
from detectors.distances import DISTANCES, USUAL
from detectors.rare import merged, targets
from sinks import commit as tables
from stream.plan import Plan
from tests.stream.rules.story import CONFIGURATION, FIRST, Story, crowd, event

OTHERS = tuple(name for name in DISTANCES if name not in USUAL)
ASKED = CONFIGURATION.replace("shop: {}", f"shop: {{segments: [country], drift: {{measures: [{', '.join(OTHERS)}]}}}}")


def told(configuration: str) -> Story:
    """Four minutes of a shop whose amounts rise by ten, of which one event is beyond all bounds."""
    story = Story(configuration)
    for minute in range(4):
        for seed in range(120):
            fresh = json.loads(event(minute, seed=seed))["features"]
            amount = 1e300 if (minute, seed) == (2, 7) else fresh["amount"] + 10 * (minute > 1)
            story.publish(FIRST, event(minute, seed=seed, features=fresh | {"amount": amount}))
    return story.read().end()


@pytest.fixture
def story() -> Story:
    """With all of them."""
    return told(ASKED)


def test_nobody_is_told_what_nobody_asked_for() -> None:
    """Without a word in the configuration there are no rows, and all others are the same."""
    plain = told(ASKED.partition(", drift")[0] + "}}\n")
    assert [] == plain.rows(tables.EFFECTS)
    assert [row["psi"] for row in told(ASKED).rows(tables.DRIFT)] == [row["psi"] for row in plain.rows(tables.DRIFT)]


def test_every_series_that_is_kept_has_every_distance(story: Story) -> None:
    """Those that need numbers of numbers only; one event of 1e300 is one event."""
    key = ("segment", "feature", "length", "start", "end")
    found: dict[tuple[object, ...], dict[str, float]] = {}
    for row in story.rows(tables.EFFECTS):
        found.setdefault(tuple(row[name] for name in key), {})[row["measure"]] = row["value"]
    series = {tuple(row[name] for name in key): row for row in story.rows(tables.DRIFT)}
    assert set(series) == set(found)
    unordered = {name for name in OTHERS if DISTANCES[name].sees == "cells"}
    for about, values in found.items():
        assert set(values) == (unordered if about[1] == "country" else set(OTHERS))
        assert all(0 <= value <= DISTANCES[name].greatest for name, value in values.items())
    for end, least, most in ((2, 0, 4), (3, 7, 13), (4, 7, 13)):  # what rose by 10, at 120 events
        assert least <= found["", "amount", 60_000_000_000, end - 1, end]["wasserstein"] <= most


def test_the_numbers_are_those_of_the_table(story: Story) -> None:
    """Of the whole window's counts, rare cells together where no order is seen."""
    row = story.rows(tables.PLANS)[0]
    plan = Plan.load(row["body"])
    windows = {row["measure"]: row["value"] for row in story.rows(tables.EFFECTS) if row["feature"] == "country"
               and row["length"] == 60_000_000_000 and row["end"] == 4 and not row["segment"]}  # fmt: skip
    grid = plan.grid
    cells = slice(grid.offsets[grid.columns.index("country")], grid.offsets[grid.columns.index("country") + 1] - 1)
    names = grid.vocabularies[grid.categorical.index("country")]
    observed = np.zeros((1, len(names) + 3), np.int64)
    for value in crowd(3, 120):
        observed[0, names.index(json.loads(value)["features"]["country"])] += 1
    assert isinstance(plan.reference, parts.Summary)
    expected = plan.reference.counts[:1, cells]
    target = targets(expected, observed)
    for name, value in windows.items():
        known = DISTANCES[name](merged(expected, target), merged(observed, target))
        np.testing.assert_allclose(known, value, rtol=1e-12, err_msg=name)


def test_rows_do_not_depend_on_crashes(story: Story) -> None:
    """Nor on how the log was cut."""
    again = Story(ASKED)
    again.log = story.log
    for upto in (100, 250, 300):
        again.read(batch=7, upto=upto).commit().crash()
    again.read(batch=50).end()
    assert story.results() == again.results()
