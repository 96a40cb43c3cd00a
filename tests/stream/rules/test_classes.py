"""Probabilities of several classes: they wait with their prediction, and windows say how good they were."""

import random
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, matthews_corrcoef, roc_auc_score, top_k_accuracy_score

from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.encodings.several import HASH
from stream.monitor.plans.onboarding import File
from stream.reference import from_events
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_labels import CONFIGURATION, LABELS

NAMES = "abcdefg"
N = 300


def scores(dice: random.Random) -> dict[str, float]:
    """Probabilities of all classes that add up to 1."""
    raw = np.array([dice.random() ** 3 for _ in NAMES])
    return dict(zip(NAMES, (raw / raw.sum()).round(6).tolist(), strict=True))


def drawn(dice: random.Random, told: dict[str, float]) -> str:
    """A label as probable as it was said to be."""
    return dice.choices([*told], [*told.values()])[0]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The classes are known from a reference whose events say only their probabilities."""
    dice = random.Random(1)
    rows = [event(-60 + i / 100, seed=i, scores=scores(dice)) for i in range(300)]
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(from_events(rows), "classes"))


def measured(predictions: list[dict[str, Any]], labels: list[str], batch: int = 10**6) -> tuple[Story, dict[str, Any]]:
    """A story of predictions in one window, and its final numbers of all events and of a segment."""
    log = Story(CONFIGURATION.replace("binary", "multiclass"), (FIRST, LABELS))
    log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", **each) for i, each in enumerate(predictions)), event(60))
    log.publish(LABELS, *(label(1.5, id=f"a{i}", label=each) for i, each in enumerate(labels)), label(60))
    log.read(batch=batch).commit()
    rows = [row for row in log.rows(tables.PERFORMANCE) if row["status"] == "final" and row["length"] == MINUTE]
    return log, {row["metric"]: row for row in rows if not row["segment"]}


@pytest.mark.usefixtures("known")
def test_losses_and_ranks_are_those_of_scikit_learn() -> None:
    """Log loss and the accuracy of the k best, each with an interval around it, whatever the batches."""
    dice = random.Random(2)
    told = [scores(dice) for _ in range(N)]
    labels = [drawn(dice, each) for each in told]
    log, found = measured([{"scores": each} for each in told], labels)
    table = np.array([[*each.values()] for each in told])
    for k in range(1, 6):
        expected = top_k_accuracy_score(labels, table, k=k, labels=[*NAMES])
        assert found[f"top_{k}_accuracy"]["value"] == pytest.approx(expected, abs=1e-12)
    loss = found["log_loss"]
    assert loss["value"] == pytest.approx(log_loss(labels, table / table.sum(axis=1, keepdims=True)), abs=1e-5)
    assert loss["low"] < loss["value"] < loss["high"]
    assert found["accuracy"]["value"] == found["top_1_accuracy"]["value"], "without a prediction it is the likeliest"
    assert log.results() == measured([{"scores": each} for each in told], labels, batch=7)[0].results()


@pytest.mark.usefixtures("known")
def test_what_is_said_counts_and_not_what_is_likeliest() -> None:
    """A prediction beside its scores is the answer; the scores have the ranks."""
    told = [{"scores": {"a": 0.7, "b": 0.3}, "prediction": "b"}] * 40
    found = measured(told, ["a"] * 40)[1]
    assert (0.0, 1.0) == (found["accuracy"]["value"], found["top_1_accuracy"]["value"])


@pytest.mark.usefixtures("known")
def test_classes_that_no_plan_knows_are_one() -> None:
    """They have the sum of their probabilities, of which a label among them is judged; one left out has 0."""
    told = [{"scores": {"x": 0.2, "a": 0.5, "y": 0.3}, "prediction": "a"}] * 40
    log, found = measured(told, ["z"] * 30 + ["a"] * 10)
    assert found["log_loss"]["value"] == pytest.approx(-np.log(0.5), abs=1e-6)
    assert 1.0 == found["top_2_accuracy"]["value"]
    assert {len(row["several"]) for row in log.rows(tables.PAIRS)} == {HASH + 4 * (len(NAMES) + 1)}


@pytest.mark.usefixtures("known")
def test_events_without_scores_have_answers_and_no_ranks() -> None:
    """And those whose scores are no numbers, or no object."""
    bad: list[Any] = [None, [0.5], "a", {}, {"a": "much"}, {"a": [1]}, {"a": -0.5}, {"a": 1e300}]
    told = [{"prediction": "a"} | ({} if each is None else {"scores": each}) for each in bad] * 5
    found = measured(told, ["a"] * 40)[1]
    assert 1.0 == found["accuracy"]["value"]
    assert not {"log_loss", "top_1_accuracy"} & found.keys()


@pytest.mark.usefixtures("known")
def test_a_corrected_label_moves_its_ranks() -> None:
    """The pair is taken back with its scores."""
    told = [{"scores": {"a": 0.7, "b": 0.2, "c": 0.1}}] * 40
    log = Story(CONFIGURATION.replace("binary", "multiclass"), (FIRST, LABELS))
    log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", **each) for i, each in enumerate(told)), event(60))
    log.publish(LABELS, *(label(1.5, id=f"a{i}", label="a") for i in range(40)))
    log.publish(LABELS, *(label(4.5, id=f"a{i}", label="b", event="correct") for i in range(40)), label(60))
    log.read().commit()
    final = {
        row["metric"]: row["value"]
        for row in log.rows(tables.PERFORMANCE)
        if row["status"] == "final" and row["length"] == MINUTE and not row["segment"]
    }
    assert (0.0, 1.0) == (final["top_1_accuracy"], final["top_2_accuracy"])
    assert final["log_loss"] == pytest.approx(-np.log(0.2), abs=1e-6)


@pytest.mark.usefixtures("known")
def test_each_class_is_measured_beside_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its decisions and its scores, and averages of these: exactly where labels are few, else within a bound."""
    dice = random.Random(3)
    told = [scores(dice) for _ in range(N)]
    labels = [drawn(dice, each) for each in told]
    predictions = [{"scores": each} for each in told]
    log, found = measured(predictions, labels)
    table = np.array([[*each.values()] for each in told]).astype(np.float32)
    truth = np.array(labels)[:, None] == np.array([*NAMES])
    areas = roc_auc_score(truth, table, average=None)
    for k, name in enumerate(NAMES):
        said = table.argmax(axis=1) == k
        assert found[f"mcc:{name}"]["value"] == pytest.approx(matthews_corrcoef(truth[:, k], said))
        assert found[f"brier:{name}"]["value"] == pytest.approx(brier_score_loss(truth[:, k], table[:, k]))
        assert found[f"roc_auc:{name}"]["value"] == pytest.approx(areas[k], abs=1e-14)
        assert (0.0, 0.5) == tuple(found[f"roc_auc:{name}"][each] for each in ("bound", "baseline"))
    for average in ("macro", "weighted", "micro"):
        expected = roc_auc_score(truth, table, average=average)
        assert found[f"{average}_roc_auc"]["value"] == pytest.approx(expected, abs=1e-14)
    assert log.results() == measured(predictions, labels, batch=11)[0].results()
    monkeypatch.setattr("detectors.performance.classes.ranked.PAIRS_MAX", N - 1)
    binned = measured(predictions, labels)[1]
    for name, row in binned.items():
        if name.startswith("roc_auc:"):
            assert 0 < row["bound"] < 0.05
            assert abs(row["value"] - found[name]["value"]) <= row["bound"]


@pytest.mark.usefixtures("known")
def test_only_windows_with_enough_labels_tell_of_each_class_beside_others() -> None:
    """What a provisional one says is said of the classes together, and by their matrix."""
    log = Story(CONFIGURATION.replace("binary", "multiclass"), (FIRST, LABELS))
    log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", scores={"a": 0.7, "b": 0.3}) for i in range(60)), event(60))
    log.publish(LABELS, *(label(1.5, id=f"a{i}", label="ab"[i % 2]) for i in range(40)), label(60))
    log.read().commit()
    told = {(row["status"], row["metric"]) for row in log.rows(tables.PERFORMANCE) if row["length"] == MINUTE}
    assert ("provisional", "recall:a") in told
    assert ("final", "roc_auc:a") in told
    assert ("provisional", "roc_auc:a") not in told
