"""What ranks scores is exact in windows with few labels, and says how far it may be off in others."""

import random

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from detectors.performance.classes import multiclass, one_vs_rest
from sinks import commit as tables
from stream.answers.binary import Binary
from stream.answers.classes import Classes
from stream.config.settings import MINUTE
from stream.monitor.performance.gathered import Shape, gather
from stream.monitor.performance.standards import Sums
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_labels import CONFIGURATION, LABELS

N = 240
RANKED = {"roc_auc": roc_auc_score, "average_precision": average_precision_score}
OWN = CONFIGURATION.replace("segments: [country]", "segments: [country], metrics: {gini: 2 * roc_auc - 1}")


def story(batch: int = 10**6) -> Story:
    """A window of scores with ties; a few labels are corrected, and some taken back."""
    dice = random.Random(5)
    log = Story(OWN, (FIRST, LABELS))
    score = [round(dice.random(), 2) for _ in range(N)]
    log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", score=each) for i, each in enumerate(score)), event(60))
    log.publish(LABELS, *(label(1.5, id=f"a{i}", label=int(dice.random() < each)) for i, each in enumerate(score)))
    log.publish(LABELS, *(label(3.5, id=f"a{i}", label=1, event="correct") for i in range(20)))
    log.publish(LABELS, *(label(5.5, id=f"a{i}", event="retract") for i in range(20, 30)), label(60))
    log.read(batch=batch).commit()
    return log


def final(log: Story) -> dict[tuple[str, str], dict[str, float]]:
    """The last word on the window, by segment and metric."""
    rows = (row for row in log.rows(tables.PERFORMANCE) if row["status"] == "final" and row["length"] == MINUTE)
    return {(row["segment"], row["metric"]): row for row in rows}


def pairs(log: Story) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores that count at the end."""
    net: dict[tuple[int, str], int] = {}
    rows = {row["key"]: row for row in log.rows(tables.PAIRS)}
    for row in log.rows(tables.PAIRS):
        net[row["key"], row["label"]] = net.get((row["key"], row["label"]), 0) + row["change"]
    known = [(int(label), rows[key]["score"]) for (key, label), n in net.items() if n]
    labels, scores = zip(*known, strict=True)
    return np.array(labels), np.array(scores)


def test_a_window_with_few_labels_is_ranked_by_its_scores() -> None:
    """As scikit-learn does, after corrections and retractions, and whatever the batches; so is each segment."""
    log = story()
    shown, both = final(log), pairs(log)
    assert N - 10 == len(both[0])
    for name, oracle in RANKED.items():
        row = shown["", name]
        assert row["value"] == pytest.approx(oracle(*both), abs=1e-14)
        assert row["low"] <= row["value"] <= row["high"]
        assert 0.0 == row["bound"]
    assert shown["", "gini"]["value"] == pytest.approx(2 * shown["", "roc_auc"]["value"] - 1)
    assert {0.0} == {row["bound"] for row in shown.values()}
    assert {"country=FR", "country=DE"} <= {segment for segment, metric in shown if metric == "roc_auc"}
    assert log.results() == story(batch=7).results()


def test_a_window_with_many_labels_says_how_far_it_may_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """One label more than is kept; a correction adds another, and taking one back none less."""
    exact = final(story())
    monkeypatch.setattr("detectors.performance.classes.ranked.PAIRS_MAX", N + 19)
    log = story()
    shown = final(log)
    for name in RANKED:
        row = shown["", name]
        assert 0 < row["bound"] < 0.1
        assert abs(row["value"] - exact["", name]["value"]) <= row["bound"]
    assert np.isnan(shown["", "gini"]["bound"])
    assert 0.0 == shown["", "accuracy"]["bound"]
    provisional = [row for row in log.rows(tables.PERFORMANCE) if row["metric"] == "roc_auc" and not row["segment"]]
    assert {0.0} < {row["bound"] for row in provisional}, "before the corrections there were few"
    assert log.results() == story(batch=7).results()


def test_sums_of_pairs_are_those_of_their_parts() -> None:
    """Cells of classes and scores themselves, like all others."""
    rng = np.random.default_rng(1)
    answers = Classes(multiclass.Multiclass(("a", "b", "c")))
    n = 200
    from stream.encodings.several import probabilities

    kept = probabilities(answers.settings.classes)
    several = np.array([kept(dict(zip("abc", each, strict=True))) for each in rng.dirichlet(np.ones(3), n)], object)
    rows = {
        "several": several,
        "label": rng.choice(["a", "b", "c", "d"], n).astype(object),
        "answer": rng.choice(["a", "b", "c"], n).astype(object),
        "value": np.full(n, np.nan),
        "score": np.full(n, np.nan),
        "change": np.where(np.arange(n) < 180, 1, -1),
        "delay": np.zeros(n),
        "segments": np.full(n, b"", object),
    }
    for name in ("several", "label", "answer"):
        rows[name][180:] = rows[name][:20]
    shape = Shape(None, answers, frozenset(), ("",))
    (whole,) = gather([shape], [rows])
    parts = gather(
        [shape] * 2, [{name: each[part] for name, each in rows.items()} for part in (slice(70), slice(70, None))]
    )
    added = parts[0] + parts[1]
    assert whole.apart == added.apart
    assert whole.apart is not None
    assert 160 * 3 == whole.apart.counts.sum()
    assert whole.ranked is not None
    assert added.ranked is not None
    for first, second in zip(whole.ranked.of_columns(0.1), added.ranked.of_columns(0.1), strict=True):
        assert first.tobytes() == second.tobytes()
    assert whole.nbytes > whole.apart.nbytes + whole.ranked.nbytes


def test_what_windows_are_compared_with_survives_its_bytes() -> None:
    """Also those of a store that was written before scores were told apart."""
    answers = Classes(multiclass.Multiclass(("a", "b")))
    from detectors.performance import cells

    made = cells.empty(answers.layout, 1)
    apart = one_vs_rest.of(np.array([0, 1, 1]), np.array([[0.5, 0.5], [0.1, 0.9], [0.7, 0.3]]))
    both = Sums.unpack(answers, (Sums(made, apart) + Sums(made, apart)).pack())
    assert (made, apart + apart) == both
    assert Sums(made, None) == Sums.unpack(answers, made.pack())
    binary = Binary("1", 0.5, one_vs_rest.SETTINGS)
    alone = Sums(cells.empty(binary.layout, 1), None)
    assert alone == Sums.unpack(binary, alone.pack())
    assert (alone + alone).apart is None
