"""How often scores came true, and what was said of each class: in the API and on the page, as scikit-learn counts."""

import random
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, confusion_matrix

from stream.config.parse import parse
from stream.monitor.plans.onboarding import File
from stream.reference import from_events
from stream.web.app import Served
from stream.web.page import status as now
from stream.web.performance import summed
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_labels import CONFIGURATION, LABELS, prediction
from tests.stream.web.client import Client, client_over

N = 1_200
PARTS = ("reliability", "resolution", "uncertainty", "within_groups")


def scored(n: int = N, seed: int = 3) -> tuple[list[float], list[int]]:
    """Scores that say more than they know, and what came true."""
    dice = random.Random(seed)
    scores = [round(dice.random(), 4) for _ in range(n)]
    return scores, [int(dice.random() < 0.3 + 0.4 * score) for score in scores]


def told(scores: list[float], labels: list[int], corrected: int = 0) -> Story:
    """A minute of predictions whose labels have all come; the first ones were said to be otherwise before."""
    log = Story(CONFIGURATION, (FIRST, LABELS))
    for i, (score, truth) in enumerate(zip(scores, labels, strict=True)):
        log.publish(FIRST, prediction(0.1 + i / len(scores) / 2, f"a{i}", score))
        log.publish(LABELS, label(1.5 + i / len(scores), id=f"a{i}", label=truth if i >= corrected else 1 - truth))
    for i in range(corrected):
        log.publish(LABELS, label(3, id=f"a{i}", label=labels[i], event="correct"))
    log.publish(FIRST, event(9))
    log.publish(LABELS, label(9, id="nobody"))
    return log.read(batch=500).commit()


def client_of(log: Story) -> Client:
    """The application over what a story has stored."""
    status = now.Status(models=(now.Model("shop", state="watching", versions=("1",)),))
    return client_over(Served.of(log.store, lambda: status, parse(log.configuration)))


def asked(log: Story, what: str, **filters: str) -> list[dict[str, Any]]:
    """What the API says of the first minute."""
    with client_of(log) as client:
        answer = client.get(f"/v1/models/shop/{what}", params={"length": "1m"} | filters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_bins_say_how_often_their_scores_came_true() -> None:
    """Of each bin the mean score, the share and an interval around it; together all labels, and corrected ones once."""
    scores, labels = scored()
    (told_of,) = asked(told(scores, labels, corrected=30), "calibration")
    score, truth = np.array(scores), np.array(labels)
    for each in told_of["bins"]:
        mine = (score >= each["begin"]) & (score < each["end"])
        assert mine.sum() == each["n"]
        if each["n"]:
            assert truth[mine].mean() == pytest.approx(each["rate"])
            assert score[mine].mean() == pytest.approx(each["score"], abs=1e-9)
            assert 0 <= each["low"] <= each["rate"] <= each["high"] <= 1
    assert (N, N, 1.0) == (sum(each["n"] for each in told_of["bins"]), told_of["labelled"], told_of["rate"])
    assert (0, 1) == (told_of["bins"][0]["begin"], told_of["bins"][-1]["end"])


def test_the_parts_of_the_brier_score_make_it() -> None:
    """Reliability less resolution, uncertainty, and what differs inside of bins; the score is scikit-learn's."""
    scores, labels = scored()
    (told_of,) = asked(told(scores, labels), "calibration")
    parts = {part["metric"]: part for part in told_of["parts"]}
    reliability, resolution, uncertainty, within = (parts[name]["value"] for name in PARTS)
    assert parts["brier"]["value"] == pytest.approx(brier_score_loss(labels, scores), abs=1e-9)
    assert parts["brier"]["value"] == pytest.approx(reliability - resolution + uncertainty + within)
    assert parts["calibration_error"]["low"] > 0.05  # these scores say too much, surely


def test_the_confusion_matrix_is_that_of_the_labels() -> None:
    """Rows are what was true, columns what was said."""
    scores, labels = scored()
    (told_of,) = asked(told(scores, labels, corrected=30), "confusion")
    said = [int(score >= 0.5) for score in scores]
    assert confusion_matrix(labels, said).tolist() == told_of["counts"]
    assert ["not 1", "1"] == told_of["classes"]


def test_a_window_whose_pairs_are_gone_has_no_curve() -> None:
    """Its numbers are still there."""
    log = told(*scored())
    log.store.forget({"waiting": 2**62}, {})
    assert [] == asked(log, "calibration")
    assert [] == asked(log, "confusion")
    assert N == asked(log, "performance", metric="calibration_error")[0]["labelled"]


def test_of_a_large_window_a_sample_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the hash of ids, with the share that it is."""
    monkeypatch.setattr(summed, "READ_MAX", 400)
    (told_of,) = asked(told(*scored()), "calibration")
    n = sum(each["n"] for each in told_of["bins"])
    assert (0.25, N) == (told_of["rate"], told_of["labelled"])
    assert n == pytest.approx(N / 4, abs=60)


def test_the_page_draws_the_curve_and_the_matrix() -> None:
    """Of the newest window with enough labels."""
    scores, labels = scored()
    with client_of(told(scores, labels)) as client:
        page = client.get("/models/shop?length=1m").text
    assert 'id="figure-calibration"' in page
    assert "<td>reliability</td>" in page
    said = [int(score >= 0.5) for score in scores]
    for n in confusion_matrix(labels, said).ravel().tolist():
        assert f"<td>{n:,} (" in page


def test_a_page_without_labels_has_neither() -> None:
    """Nothing is known of what was true."""
    log = Story(CONFIGURATION, (FIRST, LABELS))
    log.publish(FIRST, *(prediction(0.5, f"a{i}", 0.9) for i in range(50)), event(9))
    log.publish(LABELS, label(9, id="nobody"))
    with client_of(log.read().commit()) as client:
        page = client.get("/models/shop?length=1m").text
    assert ("Answers and truth" in page, "<h1>shop" in page) == (False, True)


def test_several_classes_have_a_matrix_and_no_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last class is every name that the reference does not know; nobody was it here."""
    known = [event(-60 + i / 100, seed=i, prediction="ab"[i % 2]) for i in range(300)]
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(from_events(known), "classes"))
    log, dice = Story(CONFIGURATION.replace("binary", "multiclass"), (FIRST, LABELS)), random.Random(5)
    pairs = [(dice.choice("aab"), dice.choice("ab")) for _ in range(200)]
    log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", prediction=said) for i, (_, said) in enumerate(pairs)))
    log.publish(LABELS, *(label(1.5, id=f"a{i}", label=truth) for i, (truth, _) in enumerate(pairs)), label(9))
    log.publish(FIRST, event(9))
    log.read().commit()
    (told_of,) = asked(log, "confusion")
    classes = told_of["classes"]
    assert confusion_matrix(*zip(*pairs, strict=True), labels=classes).tolist() == told_of["counts"]
    assert ({"a", "b", "(other)"}, []) == (set(classes), asked(log, "calibration"))
    with client_of(log) as client:
        page = client.get("/models/shop?length=1m").text
    assert ('<th scope="col">said a</th>' in page, "said (other)" in page) == (True, False)
