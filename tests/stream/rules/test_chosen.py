"""Labels that come for a part of the predictions: a finding says for which, where labels by chance are none."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from sinks import commit as tables
from stream.monitor.performance import selecting
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_labels import LABELS, prediction

CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 30m, coverage: 0.8}, output: {kind: binary}, segments: [country]}}
"""
Chosen = Callable[[float, str], float]  # score and country to the chance of a label


def told(chosen: Chosen, n: int = 3_000, repeats: int = 0, at: float = 1.5) -> Story:
    """So many predictions of half a minute; some of them have a label a minute later, some are said twice."""
    dice, log = random.Random(5), Story(CONFIGURATION, (FIRST, LABELS))
    for i in range(n):
        score, country = dice.random(), dice.choice(("FR", "FR", "FR", "DE"))
        features = {"amount": dice.gauss(100, 10), "country": country}
        log.publish(FIRST, prediction(0.1 + i / n / 2, f"a{i}", score, features=features))
        if i < repeats:
            log.publish(FIRST, prediction(0.1 + i / n / 2, f"a{i}", 0.01, features=features))
        if dice.random() < chosen(score, country):
            log.publish(LABELS, label(at + i / n, id=f"a{i}", label=int(dice.random() < score)))
    log.publish(FIRST, event(60))
    log.publish(LABELS, label(60, id="nobody"))
    return log


def found(log: Story) -> list[dict[str, Any]]:
    """The findings about labels of the shorter windows."""
    return [row for row in log.rows(tables.FINDINGS) if row["detector"] == "labels" and row["length"] == 60 * 10**9]


def test_labels_of_the_accepted_only_are_found_and_said() -> None:
    """Half of the predictions have one: those with a high score, which the model said yes to."""
    log = told(lambda score, _: 0.9 if score >= 0.5 else 0.1)
    features = {row["feature"]: row for row in found(log.read(batch=300).commit())}
    assert features.keys() == {"labels:output:score", "labels:output:prediction"}
    words = features["labels:output:prediction"]["words"]
    assert words.startswith("labels come ")
    assert words.endswith("% of all")
    scores = features["labels:output:score"]
    assert ("more" in scores["words"]) == (scores["value"] > scores["limit"])
    assert scores["n"] == 3_000


def test_labels_of_one_segment_only_are_found_and_said() -> None:
    """A country whose labels do not come: by its name, and nothing else is called different."""
    log = told(lambda _, country: 0.9 if country == "FR" else 0.2)
    (only,) = found(log.read(batch=300, upto=2_000).commit().crash().read(batch=77).commit())
    assert only["feature"] == "labels:country"
    assert only["words"].startswith("labels come less often for country=DE: ")
    assert only["value"] == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize("share", [0.3, 0.85, 1.0])
def test_labels_that_come_by_chance_are_no_finding(share: float) -> None:
    """Whether few or most have one; nor are predictions that are said twice, whose second score does not count."""
    log = told(lambda _score, _country: share, repeats=1_000)
    assert [] == found(log.read(batch=300).commit())


def test_what_is_said_again_in_the_next_window_is_nobody_without_a_label() -> None:
    """All of the first ones have theirs; of the second window what is new is compared, and there chance decides."""
    dice, log, n = random.Random(5), Story(CONFIGURATION, (FIRST, LABELS)), 1_500
    for i in range(n):
        log.publish(FIRST, prediction(0.1 + i / n / 2, f"a{i}", 0.01))
        log.publish(LABELS, label(3 + i / n, id=f"a{i}"))
    for i in range(n):
        log.publish(
            FIRST, prediction(1.1 + i / n / 2, f"a{i}", 0.01), prediction(1.1 + i / n / 2, f"b{i}", dice.random())
        )
        if dice.random() < 0.8:
            log.publish(LABELS, label(4 + i / n, id=f"b{i}"))
    log.publish(FIRST, event(60))
    log.publish(LABELS, label(60, id="nobody"))
    assert [] == found(log.read(batch=300).commit())


def test_labels_that_are_still_on_their_way_are_not_chosen() -> None:
    """The end of the window is of another country, and its labels come last; in the end one in twenty has none."""
    dice, log, n = random.Random(5), Story(CONFIGURATION, (FIRST, LABELS)), 3_000
    for i in range(n):
        features = {"amount": dice.gauss(100, 10), "country": "FR" if i < 0.7 * n else "DE"}
        log.publish(FIRST, prediction(0.1 + i / n / 2, f"a{i}", dice.random(), features=features))
    for i in range(n):
        if dice.random() < 0.95:
            log.publish(LABELS, label(2 + 20 * i / n, id=f"a{i}"))
    log.publish(FIRST, event(60))
    log.publish(LABELS, label(60, id="nobody"))
    assert [] == found(log.read(batch=300).commit())
    statuses = {row["status"] for row in log.rows(tables.PERFORMANCE) if row["end"] == 1}
    assert statuses == {"provisional", "mature", "final"}


def test_of_a_large_window_a_sample_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of so many ids, by their hash; it says the same of whom labels leave out."""
    monkeypatch.setattr(selecting, "READ_MAX", 900)
    log = told(lambda _, country: 0.9 if country == "FR" else 0.2)
    (only,) = found(log.read(batch=300).commit())
    assert only["words"].startswith("labels come less often for country=DE: ")
    assert 3_000 / 4 - 120 < only["n"] < 3_000 / 4 + 120


def test_findings_are_the_same_however_the_log_is_cut() -> None:
    """In one batch or in many, with crashes, labels before predictions: all that is said of segments and of labels."""
    cuts = [(1_000_000, ()), (77, (500, 1_500, 2_400)), (450, (2_999,))]
    results = []
    for batch, crashes in cuts:
        log = Story(CONFIGURATION.replace("segments:", "fairness: [country], segments:"), (FIRST, LABELS))
        dice = random.Random(5)
        for i in range(3_000):
            country = dice.choice(("FR", "DE"))
            yes = dice.random() < (0.95 if country == "FR" else 0.6)
            features = {"amount": dice.gauss(100, 10), "country": country}
            at = 0.1 + i / 6_000
            log.publish(FIRST, prediction(at, f"a{i}", 0.9 if yes else 0.1, features=features))
            if dice.random() < (0.99 if country == "FR" else 0.7):
                wrong = dice.random() < (0.3 if country == "DE" else 0.05)
                log.publish(LABELS, label(at + 1, id=f"a{i}", label=int(yes != wrong)))
        log.publish(FIRST, event(60))
        log.publish(LABELS, label(60, id="nobody"))
        for upto in crashes:
            log.read(LABELS, FIRST, batch=batch, upto=upto).commit().crash()
        results.append(log.read(batch=batch).commit().results())
    assert results[0] == results[1] == results[2]
    detectors = {row["detector"] for row in log.rows(tables.FINDINGS)}
    assert {"weakest", "fairness", "labels"} <= detectors
