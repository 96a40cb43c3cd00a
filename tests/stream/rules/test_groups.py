"""Segments of a window beside each other: the weakest, and groups that are treated differently."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import fairlearn.metrics as oracle
import numpy as np
import pytest
from sklearn.metrics import precision_score

from sinks import commit as tables
from stream.monitor.plans.onboarding import File
from stream.reference import from_events
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_labels import LABELS, prediction

CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 30m, coverage: 0.8}, output: {kind: binary}, segments: [country]}}
"""


def of_countries(log: Story, right: dict[str, float], n: int = 2_000, late: int = 0) -> Story:
    """So many predictions of half a minute, three in four of them French, and how often each country's are right.

    The last ones may have no label yet; then the log of labels goes on.
    """
    dice = random.Random(5)
    for i in range(n):
        country = dice.choice(("FR", "FR", "FR", "DE"))
        features = {"amount": dice.gauss(100, 10), "country": country}
        log.publish(FIRST, prediction(0.1 + i / n / 2, f"a{i}", 0.9, features=features))
        if i < n - late:
            log.publish(LABELS, label(1.5 + i / n, id=f"a{i}", label=int(dice.random() < right[country])))
    log.publish(FIRST, event(60))
    if not late:
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


def test_a_window_settles_once_though_a_label_is_taken_back() -> None:
    """It has enough labels, then too few, then enough again, with a crash between: one finding, not two."""
    log = of_countries(Story(CONFIGURATION.replace("0.8}", "0.99}"), (FIRST, LABELS)), {"FR": 0.95, "DE": 0.5}, late=20)
    log.publish(LABELS, *(label(4, id=f"a{i}", event="retract") for i in range(20)), label(8, id="nobody"))
    log.read().commit()
    before = told_of(log)
    log.crash()
    log.publish(LABELS, *(label(10, id=f"a{1_999 - i}") for i in range(20)), label(60, id="nobody"))
    log.read().commit()
    statuses = [row["status"] for row in told_of(log)]
    assert ["mature", "provisional"] == [row["status"] for row in before][-2:]
    assert ["mature", "provisional", "mature", "final"] == statuses[-4:]
    found = [row for row in log.rows(tables.FINDINGS) if row["detector"] == "weakest"]
    assert len(found) == len({row["id"] for row in found}) == 2


def told_of(log: Story) -> list[dict[str, Any]]:
    """What was told of the accuracy of the first minute, in order."""
    rows = [row for row in log.rows(tables.PERFORMANCE) if (row["metric"], row["segment"]) == ("accuracy", "")]
    return sorted((row for row in rows if row["length"] == 60 * 10**9), key=lambda row: row["step"])


def test_segments_that_are_alike_are_no_finding() -> None:
    """Nor is a fall of all of them: that is for the first windows to say."""
    log = of_countries(Story(CONFIGURATION, (FIRST, LABELS)), {"FR": 0.6, "DE": 0.6})
    log.read(batch=300).commit()
    assert [] == [row for row in log.rows(tables.FINDINGS) if row["detector"] == "weakest"]


ADDED = "segments: [country], fairness: [country], metrics: {halved: accuracy / 2}"
FAIR = CONFIGURATION.replace("segments: [country]", ADDED)
ORACLES = {
    "demographic_parity_difference": oracle.demographic_parity_difference,
    "demographic_parity_ratio": oracle.demographic_parity_ratio,
    "equal_opportunity_difference": oracle.equal_opportunity_difference,
    "equalized_odds_difference": oracle.equalized_odds_difference,
    "equalized_odds_ratio": oracle.equalized_odds_ratio,
}
RATES = {
    "selection_rate": oracle.selection_rate,
    "recall": oracle.true_positive_rate,
    "specificity": oracle.true_negative_rate,
    "precision": precision_score,
}


def of_groups(chosen: dict[str, float], n: int = 1_500, seed: int = 5) -> tuple[Story, list[tuple[str, int, int]]]:
    """A minute of predictions, of which some share of each country is a yes; and all rows: group, decision, label."""
    dice, log, rows = random.Random(seed), Story(FAIR, (FIRST, LABELS)), []
    for i in range(n):
        country = dice.choice([*chosen])
        yes, truth = int(dice.random() < chosen[country]), int(dice.random() < 0.6)
        features = {"amount": dice.gauss(100, 10), "country": country or None}
        log.publish(FIRST, prediction(0.1 + i / n / 2, f"a{i}", 0.9 if yes else 0.1, features=features))
        log.publish(LABELS, label(1.5 + i / n, id=f"a{i}", label=truth))
        rows.append((country, yes, truth))
    log.publish(FIRST, event(60))
    log.publish(LABELS, label(60, id="nobody"))
    return log, rows


def newest(log: Story, segment: str) -> dict[str, dict[str, Any]]:
    """By metric, what was told last of a segment of the first minute."""
    rows = [row for row in log.rows(tables.PERFORMANCE) if row["segment"] == segment and row["end"] == 1]
    rows = [row for row in rows if row["length"] == 60 * 10**9]
    return {row["metric"]: row for row in sorted(rows, key=lambda row: row["step"])}


def test_gaps_between_groups_are_those_of_fairlearn_on_the_same_rows() -> None:
    """Of a replay with a crash; whoever says no country is in no group. Rates of groups are rows of segments."""
    log, rows = of_groups({"FR": 0.9, "DE": 0.8, "": 0.1})
    log.read(batch=300, upto=700).commit().crash().read(batch=77).commit()
    country, told, truth = (np.array(column) for column in zip(*rows, strict=True))
    mine = country != ""
    gaps = newest(log, "country")
    for name, gap in ORACLES.items():
        expected = gap(truth[mine], told[mine], sensitive_features=country[mine])
        assert gaps[name]["value"] == pytest.approx(expected, abs=1e-12)
        assert gaps[name]["low"] <= expected <= gaps[name]["high"]
        assert (gaps[name]["labelled"], gaps[name]["predicted"]) == (mine.sum(), -1)
    for each in ("FR", "DE"):
        rates = newest(log, f"country={each}")
        group = country == each
        for name, rate in RATES.items():
            assert rates[name]["value"] == pytest.approx(rate(truth[group], told[group]), abs=1e-12)


def gaps_found(log: Story) -> Sequence[dict[str, Any]]:
    """Findings of fairness."""
    return [row for row in log.rows(tables.FINDINGS) if row["detector"] == "fairness"]


def test_a_gap_between_groups_is_found_and_both_are_named() -> None:
    """Selection rates of 0.95 and 0.70: in both windows, once; the ratio is below four fifths."""
    log, rows = of_groups({"FR": 0.95, "DE": 0.70}, n=5_000)
    log.read(batch=300).commit()
    found = gaps_found(log)
    told = {row["feature"]: row for row in found if row["end"] == 1}
    assert len(found) == 2 * len(told)
    ratio, difference = (told[f"fairness:demographic_parity_{each}"] for each in ("ratio", "difference"))
    assert ratio["value"] < ratio["limit"] == 0.8
    assert difference["value"] > difference["limit"] == 0.05
    assert {"country"} == {row["segment"] for row in found}
    rates = {each: np.mean([yes for country, yes, _ in rows if country == each]) for each in ("FR", "DE")}
    said = f"selection_rate is {rates['DE']:.3g} in country=DE and {rates['FR']:.3g} in country=FR"
    assert ratio["words"] == f"{said}: demographic_parity_ratio is surely below 0.8"
    assert newest(log, "country")["demographic_parity_ratio"]["verdict"] == "worse"


def test_groups_that_are_treated_alike_are_no_finding() -> None:
    """And a small group, whatever it looks like, is unknown rather than unfair."""
    log, _ = of_groups({"FR": 0.9, "DE": 0.9}, n=800)
    log.read(batch=300).commit()
    few, _ = of_groups({"FR": 0.95, "DE": 0.70}, n=40)
    few.read().commit()
    assert [] == [*gaps_found(log), *gaps_found(few)]
    assert newest(few, "country")["demographic_parity_ratio"]["verdict"] == "unknown"


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference has predictions, so that windows count how often the model says yes."""
    reference = from_events([event(-60 + i / 400, seed=i, prediction=i % 2) for i in range(400)])
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(reference, "decided"))


@pytest.mark.usefixtures("decided")
def test_a_gap_in_what_is_said_is_found_before_any_label() -> None:
    """When the window closes, of all its predictions; a model without labels has it too, a crash changes nothing."""
    log, rows = of_groups({"FR": 0.95, "DE": 0.70, "": 0.1}, n=3_000)
    log.crash(FAIR.replace(", labels: [labels]", ""))
    log.find(FIRST)
    log.read(FIRST, batch=300, upto=700).commit().crash().read(FIRST, batch=77).commit()
    country, told, _ = (np.array(column) for column in zip(*rows, strict=True))
    mine, gaps = country != "", newest(log, "country")
    assert {"demographic_parity_difference", "demographic_parity_ratio"} == gaps.keys()
    for name, row in gaps.items():
        expected = ORACLES[name](told[mine], told[mine], sensitive_features=country[mine])
        assert row["value"] == pytest.approx(expected, abs=1e-12)
        assert row["low"] <= expected <= row["high"]
        assert (1, "final", mine.sum(), 0) == (row["step"], row["status"], row["predicted"], row["labelled"])
    found = {(row["feature"], row["end"]) for row in gaps_found(log)}
    assert {(f"fairness:{name}", end) for name in gaps for end in (1, 5)} == found
    assert " in country=DE and 0." in gaps_found(log)[0]["words"]


@pytest.mark.usefixtures("decided")
def test_labels_do_not_say_again_what_was_said() -> None:
    """They add what only they know; each finding is there once."""
    log, rows = of_groups({"FR": 0.95, "DE": 0.70}, n=5_000)
    log.read(batch=300).commit()
    gaps = newest(log, "country")
    assert {0: 2, len(rows): 4} == Counter(row["labelled"] for row in gaps.values())
    assert {1} == {row["step"] for row in gaps.values() if not row["labelled"]}
    found = [(row["feature"], row["end"]) for row in gaps_found(log)]
    assert len(found) == len({*found})


@pytest.mark.usefixtures("decided")
def test_groups_to_which_the_model_says_yes_alike_are_no_finding() -> None:
    """Nor is a small group, whatever it looks like."""
    log, _ = of_groups({"FR": 0.9, "DE": 0.9}, n=800)
    few, _ = of_groups({"FR": 0.95, "DE": 0.70}, n=40)
    assert [] == [*gaps_found(log.read().commit()), *gaps_found(few.read().commit())]
