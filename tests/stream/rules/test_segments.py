"""Crossed fields and conditions: rows like those of single fields, and a count of what is folded into others."""

import random
from collections import Counter
from typing import Any

import fairlearn.metrics as oracle
import numpy as np
import pytest

from sinks import commit as tables
from stream.config.parse import parse
from stream.web.app import Served
from stream.web.page import status as now
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_labels import LABELS, prediction
from tests.stream.web.client import client_over

CONFIGURATION = """
limits: {segments: 3}
events: {predictions: [events], labels: [labels], max_ahead: 1m}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {learn: 2m}}
models:
  shop:
    labels: {within: 30m, coverage: 0.8}
    output: {kind: binary}
    segments:
      - shop
      - [country, shop]
      - name: big
        where: amount > 100 and country == 'FR' or n is missing
    fairness: [big]
"""
Row = dict[str, Any]


def features_of(dice: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Features, and fields of `segments`."""
    features = {
        "amount": dice.gauss(100, 10),
        "country": dice.choice(("FR", "FR", "DE", None)),
        "n": dice.choice((1, 2, None)),
    }
    return features, {"shop": dice.choice(("web", "web", "app", "till", "kiosk", "fair"))}


def told(features: dict[str, Any]) -> str:
    """What the condition says of an event."""
    if features["n"] is None or (features["amount"] > 100 and features["country"] == "FR"):
        return "big=true"
    return "big=(missing)" if features["country"] is None and features["amount"] > 100 else "big=false"


def story(n: int = 2_400, seed: int = 3) -> tuple[Story, list[Row]]:
    """Eight minutes of predictions; events of the sixth minute, and what is expected of each of them.

    The model is often wrong where a French customer is in the app, and never says yes where nobody knows who is big.
    """
    dice, log, rows = random.Random(seed), Story(CONFIGURATION, (FIRST, LABELS)), list[Row]()
    for i in range(n):
        minute = 8 * i / n
        features, fields = features_of(dice)
        told_of = {"id": f"a{i}", "features": features, "segments": fields}
        bad = 0.6 if (features["country"], fields["shop"]) == ("FR", "app") else 0.03
        yes = int(dice.random() < 0.5 and told(features) != "big=(missing)")
        truth = yes if dice.random() > bad else 1 - yes
        log.publish(FIRST, prediction(minute, f"a{i}", 0.9 if yes else 0.1, features=features, segments=fields))
        log.publish(LABELS, label(minute + 1, id=f"a{i}", label=truth))
        rows.append({"minute": minute, "yes": yes, "truth": truth, **told_of})
    log.publish(FIRST, event(60))
    log.publish(LABELS, label(60, id="nobody"))
    return log, rows


def windows(log: Story, end: int) -> dict[str, int]:
    """Events of each segment of a window of a minute."""
    rows = log.rows(tables.WINDOWS)
    return {row["segment"]: row["events"] for row in rows if (row["end"], row["length"]) == (end, 60 * 10**9)}


def test_windows_have_a_row_per_value_and_count_like_a_loop() -> None:
    """After a crash, too; of crossed values as many as the limit, the others together."""
    log, rows = story()
    log.read(batch=300, upto=1_500).commit().crash().read(batch=77).commit()
    mine = [row for row in rows if 6 <= row["minute"] < 7]
    found = windows(log, 7)
    assert len(mine) == found[""]
    assert Counter(told(row["features"]) for row in mine) == {
        k: n for k, n in found.items() if k.startswith("big=") and n
    }
    crossed = {name.partition("=")[2]: n for name, n in found.items() if name.startswith("country x shop=")}
    kept = {*crossed} - {"(other)", "(missing)"}
    assert len(kept) == 3 > len(crossed) - 3
    names = [(row["features"]["country"], row["segments"]["shop"]) for row in mine]
    written = ["(missing)" if country is None else f"{country} / {shop}" for country, shop in names]
    expected = Counter(name if name in {*kept, "(missing)"} else "(other)" for name in written)
    assert dict(expected) == {name: n for name, n in crossed.items() if n}


def test_what_is_folded_is_counted_by_pane_and_field() -> None:
    """Exactly the events of the rows of others; in the table, in the API and on the page."""
    log, _ = story()
    log.read(batch=300, upto=1_500).commit().crash().read(batch=77).commit()
    found = {(row["end"], row["segment"]): (row["events"], row["of"]) for row in log.rows(tables.FOLDED)}
    panes = {end for end, _ in found}
    assert {5, 6, 7, 8} <= panes
    for end in panes:
        counted = windows(log, end)
        for field in ("shop", "country x shop"):
            assert found[end, field] == (counted[f"{field}=(other)"], counted[""])
    status = now.Status(models=(now.Model("shop", state="watching", versions=("1",)),))
    with client_over(Served.of(log.store, lambda: status, parse(CONFIGURATION))) as client:
        items = client.get("/v1/models/shop/folded?segment=shop").json()["items"]
        assert sum(n for (_, field), (n, _) in found.items() if field == "shop") == sum(row["events"] for row in items)
        page = client.get("/models/shop").text
    assert "2 segments with other values" in page
    assert "country x shop</td>" in page


def test_the_weakest_segment_may_be_a_crossed_one() -> None:
    """Neither French customers nor the app are served that badly by themselves."""
    log, _ = story(12_000)
    log.read(batch=900).commit()
    worst = [row for row in log.rows(tables.FINDINGS) if row["detector"] == "weakest" and row["end"] == 7]
    assert {"country x shop=FR / app"} <= {row["segment"] for row in worst}
    lowest = min(worst, key=lambda row: row["value"])
    assert ("country x shop=FR / app", "accuracy is 0.") == (lowest["segment"], lowest["words"][:14])


def test_the_two_sides_of_a_condition_can_be_groups() -> None:
    """Gaps are fairlearn's on the same rows; those of which nobody knows are in neither group."""
    log, rows = story()
    log.read(batch=300).commit()
    mine = [row for row in rows if 6 <= row["minute"] < 7 and told(row["features"]) != "big=(missing)"]
    sides = [told(row["features"]) for row in mine]
    yes, truth = (np.array([row[name] for row in mine]) for name in ("yes", "truth"))
    rows = [row for row in log.rows(tables.PERFORMANCE) if (row["end"], row["length"]) == (7, 60 * 10**9)]
    for metric, n in (("equalized_odds_difference", len(mine)), ("demographic_parity_difference", 0)):  # before labels
        gap = getattr(oracle, metric)(truth, yes, sensitive_features=sides)
        gaps = [row for row in rows if (row["segment"], row["metric"]) == ("big", metric)]
        newest = max(gaps, key=lambda row: row["step"])
        assert (pytest.approx(gap, abs=1e-12), n) == (newest["value"], newest["labelled"])
