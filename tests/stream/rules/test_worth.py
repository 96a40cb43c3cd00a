"""What decisions between several classes are worth: by pairs of what was said and what was true."""

import random
from typing import Any

import numpy as np
import pytest

from detectors.performance import cells
from detectors.performance.classes import multiclass, multiclass_metrics
from detectors.performance.classes.multiclass import Multiclass
from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.monitor.plans.onboarding import File
from stream.reference import from_events
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_class_estimates import labelled, played
from tests.stream.rules.test_estimates import LABELS, realised, told, use

WORTH = {"a": {"a": 1.0, "b": -2.0}, "b": {"b": 1.5, "(other)": -7.0}, "c": {"a": -3.0, "c": 0.5}}
CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models:
  shop:
    labels: {within: 2h, coverage: 0.8}
    output: {kind: multiclass, worth: {a: {a: 1, b: -2}, b: {b: 1.5, (other): -7}, c: {a: -3, c: 0.5}}}
"""


def worth(said: str, true: str) -> float:
    """Of one pair."""
    return WORTH.get(said, {}).get(true if true in "abc" else "(other)", 0.0)


def test_windows_have_the_mean_worth_of_their_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a loop over pairs has it, in an interval; beside the best answer that never looks at its inputs."""
    rows = [event(-60 + i / 100, seed=i, prediction="abc"[i % 3]) for i in range(300)]
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(from_events(rows), "classes"))
    dice = random.Random(1)
    pairs = [(dice.choice("abc"), dice.choice("aaabcz")) for _ in range(200)]
    log = Story(CONFIGURATION, (FIRST, LABELS))
    log.publish(FIRST, *(event(0.5, seed=i, id=f"{i}", prediction=said) for i, (said, _) in enumerate(pairs)))
    log.publish(FIRST, event(200, prediction="a"))
    log.publish(LABELS, *(label(1.5, id=f"{i}", label=true) for i, (_, true) in enumerate(pairs)), label(200))
    log.read().commit()
    (row,) = [
        row
        for row in log.rows(tables.PERFORMANCE)
        if (row["metric"], row["status"], row["length"], row["segment"]) == ("worth", "final", MINUTE, "")
    ]
    each = np.array([worth(said, true) for said, true in pairs])
    assert row["value"] == pytest.approx(each.mean(), abs=1e-12)
    assert row["error"] == pytest.approx(each.std() / np.sqrt(len(each)), abs=1e-12)
    assert row["low"] < row["value"] < row["high"]
    best = max(np.mean([worth(said, true) for _, true in pairs]) for said in "abc")
    assert row["baseline"] == pytest.approx(best)


def test_worth_is_estimated_before_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """By scores, and labels agree when they come."""
    use(labelled(), monkeypatch)
    log = played(10, 3, lambda _: {}, configuration=CONFIGURATION)[0].read().commit()
    truth = realised(log, "worth")
    assert {5, 10} <= told(log, "worth").keys()
    for end, row in told(log, "worth").items():
        assert row["value"] == pytest.approx(truth[end], abs=4 * np.hypot(row["chance"], row["shared"]))
    assert "worth" in {row["metric"] for row in log.rows(tables.RECONCILED)}


def measured(settings: Multiclass, label: Any, said: Any) -> Any:  # noqa: ANN401 - arrays, and a metric
    """The worth of pairs."""
    scores = np.full((len(label), len(settings.names)), np.nan)
    counted, values = multiclass.pairs(settings, np.array(label), np.array(said), scores)
    made = cells.of(multiclass.layout(settings), counted, values, np.empty((len(label), 0), np.int64), 1)
    return multiclass_metrics.measure(settings, made)["worth"]


def test_a_worth_needs_a_table() -> None:
    """Without one nothing is worth anything known; classes that nobody knows change nothing."""
    assert np.isnan(np.stack(measured(Multiclass(("a", "b")), [0, 1], [0, 0]))).all()
    found = measured(Multiclass(("a", "b"), (("a", "a", 2.0), ("a", "x", 9.0), ("y", "a", 9.0))), [0, 1], [0, 0])
    assert 1.0 == found.value[0]


def test_standards_stay_where_nobody_says_a_worth() -> None:
    """They are kept under how pairs are measured, in words: these may not change with a new version."""
    assert "Multiclass(classes=('a', 'b'))" == repr(Multiclass(("a", "b")))
