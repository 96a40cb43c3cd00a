"""What a finding says of a series, and that each series of a window has one at most."""

import json

import numpy as np
import pytest

from detectors import DISTANCES
from sinks import commit as tables
from tests.stream.rules.story import CONFIGURATION, FIRST, Story, event


def changed(feature: str) -> Story:
    """A story in which one of two features changes at minute 3: all its detectors see that."""
    story = Story(CONFIGURATION.replace("shop: {}", "shop: {segments: [country]}"))
    values = {"amount": lambda seed: 130 + (seed % 21) - 10, "country": lambda _: "FR"}
    for minute in range(8):
        for seed in range(60):
            features = dict(json.loads(event(minute, seed=seed))["features"])
            if minute >= 3:
                features[feature] = values[feature](seed)
            story.publish(FIRST, event(minute + 0.5, seed=seed, features=features))
    return story.read().end()


@pytest.mark.parametrize("feature", ["amount", "country"])
def test_a_series_over_its_limit_has_one_finding_by_the_strongest_detector(feature: str) -> None:
    """Its value is the greatest multiple of its limit among the distances of the same window."""
    story = changed(feature)
    key = ("segment", "feature", "length", "end")
    found = {tuple(row[name] for name in key): row for row in story.rows(tables.FINDINGS) if row["detector"] != "cusum"}
    drifted = {tuple(row[name] for name in key): row for row in story.rows(tables.DRIFT) if row["verdict"] == "drift"}
    assert found.keys() == drifted.keys()
    assert len(found) == sum(row["detector"] != "cusum" for row in story.rows(tables.FINDINGS))
    assert feature in {name for _, name, _, _ in found}
    for each, row in found.items():
        distances = drifted[each]
        excess = {name: np.nan_to_num(distances[name] / distances[f"{name}_limit"]) for name in DISTANCES}
        strongest = max(excess, key=lambda name: excess[name])
        assert (strongest, distances[strongest], distances[f"{strongest}_limit"]) == (
            row["detector"],
            row["value"],
            row["limit"],
        )
    assert len({row["id"] for row in story.rows(tables.FINDINGS)}) == len(story.rows(tables.FINDINGS))


def test_the_incident_names_the_same_detector() -> None:
    """What opened it is the finding of the series that persisted first."""
    story = changed("amount")
    (incident,) = (row for row in story.rows(tables.INCIDENTS) if row["state"] == "opened")
    where = {"feature": incident["feature"], "end": incident["at"]}
    detectors = {
        row["detector"]
        for row in story.rows(tables.FINDINGS)
        if where.items() <= row.items() and row["incident"] == incident["id"]
    }
    assert incident["detector"] in detectors
