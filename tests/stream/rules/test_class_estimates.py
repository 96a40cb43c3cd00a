"""Performance of several classes before labels: what their scores say of a window, and what labels say of that."""

import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from detectors.estimation.class_metrics import SHARES, estimate
from detectors.estimation.classes import Basis
from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.files.references import reference_file
from stream.monitor.plans.onboarding import File
from stream.reference import Table, from_columns, from_events
from stream.reference.columns import of_documents
from stream.taught.truth import LEAST
from tests.stream.rules.story import FIRST, Story, event, label, minute_of
from tests.stream.rules.test_estimates import LABELS, realised, told, use

CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 2h, coverage: 0.8}, output: {kind: multiclass}}}
"""
NAMES = "abc"
N = 80  # predictions per minute
KNOWN = 4_000  # labels of the reference


class World:
    """Three classes. Scores are too sure of themselves; `shift` makes the last class, which is hard, more frequent."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def one(self, shift: float = 0.0) -> tuple[dict[str, float], str]:
        """Scores, and a label that is as probable as it would be without what they exaggerate."""
        odds = self.random.normal(0, 2.5, 3) * (1 - 0.7 * shift) + np.array([0.5, 0.0, 1.5 * shift])
        true, said = np.exp(odds), np.exp(1.4 * odds)
        drawn = NAMES[int(self.random.choice(3, p=true / true.sum()))]
        return dict(zip(NAMES, (said / said.sum()).round(6).tolist(), strict=True)), drawn


def documents(n: int) -> list[dict[str, Any]]:
    """Labelled rows of a reference."""
    world = World(0)
    rows = [world.one() for _ in range(n)]
    return [
        {"amount": i % 97, "country": "FR", "scores": scores, "prediction": max(scores, key=scores.__getitem__)}
        | {"label": answer}
        for i, (scores, answer) in enumerate(rows)
    ]


@cache
def labelled() -> Table:
    """A reference with labels and scores."""
    return from_columns(of_documents(documents(KNOWN)))


@cache
def unlabelled(n: int = 400) -> Table:
    """A reference without labels."""
    return from_events(event(-60, seed=i, scores=each["scores"]) for i, each in enumerate(documents(n)))


Changes = Callable[[int], dict[str, float]]
Said = list[tuple[float, dict[str, float], str]]  # minute, scores, label


@cache
def lived(changes: tuple[tuple[tuple[str, float], ...], ...]) -> list[tuple[dict[str, float], str]]:
    """What happens in N steps of each minute, whose changes these are; a story is told four times."""
    world = World(1)
    return [world.one(**dict(each)) for each in changes for _ in range(N)]


def played(
    minutes: int,
    delay: float,
    changes: Changes,
    *,
    labels: float = 1e9,
    bare: int = 0,
    configuration: str = CONFIGURATION,
) -> tuple[Story, Said]:
    """N predictions a minute, their labels `delay` later; one in `bare` of them says its answer alone."""
    log, told, said = Story(configuration, (FIRST, LABELS)), [], Said()
    happened = iter(lived(tuple(tuple(changes(minute).items()) for minute in range(minutes))))
    for minute in range(minutes):
        for i in range(N):
            scores, answer = next(happened)
            name, at = f"{minute}-{i}", minute + (i + 0.5) / N
            alone = {"prediction": max(scores, key=scores.__getitem__)}
            log.publish(FIRST, event(at, seed=i, id=name, **(alone if bare and i % bare == 0 else {"scores": scores})))
            told.append((at + delay * (0.5 + i / N), name, answer))
            said.append((at, scores, answer))
    log.publish(FIRST, event(minutes + 200, scores={"a": 1.0}))
    for at, name, answer in sorted(told):
        if at <= labels:
            log.publish(LABELS, label(at, id=name, label=answer))
    log.publish(LABELS, label(minutes + 200, id="nobody", label="a"))
    return log, said


def shifting(minute: int) -> dict[str, float]:
    """Inputs shift from minute 10 on."""
    return {"shift": 1.0 if minute >= 10 else 0.0}


def test_a_shift_of_the_inputs_is_seen_in_every_metric_before_any_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of classes and on average; labels agree when they come, and scikit-learn with these."""
    use(labelled(), monkeypatch)
    silent = played(20, 60, shifting, labels=-1)[0].read(batch=500).commit()
    log, said = played(20, 60, shifting)
    log.read(batch=500).commit()
    assert silent.rows(tables.PAIRS) == []
    assert silent.rows(tables.ESTIMATES) == log.rows(tables.ESTIMATES)
    names = {row["metric"] for row in log.rows(tables.ESTIMATES) if row["length"] == 5 * MINUTE}
    assert {"balanced_accuracy", "weighted_f1", "kappa", "recall:a", "precision:b", "f1:c"} <= names
    for metric in ("accuracy", "macro_f1", "balanced_accuracy", "macro_precision", "recall:c", "precision:b"):
        found, truth = told(log, metric), realised(log, metric)
        assert {5, 10, 15} <= found.keys()
        for end, row in found.items():
            assert row["n"] == 5 * N
            error = np.hypot(row["chance"], row["shared"])
            assert row["value"] == pytest.approx(truth[end], abs=4 * error), (metric, end)
            assert row["low"] <= row["value"] <= row["high"]
    assert told(log, "accuracy")[10]["value"] - told(log, "accuracy")[20]["value"] > 0.05
    mine = [(answer, max(scores, key=scores.__getitem__)) for at, scores, answer in said if 15 <= at < 20]
    assert realised(log, "macro_f1")[20] == pytest.approx(metrics.f1_score(*zip(*mine, strict=True), average="macro"))
    inside = [row["low"] <= realised(log, row["metric"])[row["end"]] <= row["high"] for row in five_minutes(log)]
    assert np.mean(inside) > 0.85


def five_minutes(log: Story) -> list[dict[str, Any]]:
    """The estimates of the longer windows."""
    return [row for row in log.rows(tables.ESTIMATES) if row["length"] == 5 * MINUTE]


def test_estimates_are_those_of_the_window_s_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the arithmetic has them: scores as they wait, in 24 bits."""
    use(labelled(), monkeypatch)
    log, said = played(5, 60, lambda _: {}, labels=-1)
    log.read(batch=77).commit()

    def rows(some: list[tuple[dict[str, float], str]]) -> tuple[Any, Any, Any]:
        order = "abc"
        scores = np.array([[*(each[name] for name in order), 0.0] for each, _ in some], np.float32).astype(np.float64)
        said = [order.index(max(each, key=each.__getitem__)) for each, _ in some]
        return scores, np.array(said), np.array([order.index(answer) for _, answer in some])

    known = rows([(each["scores"], each["label"]) for each in documents(KNOWN)])
    scores, decided, _ = rows([(each, answer) for _, each, answer in said])
    basis = Basis.of(tuple(NAMES), *known)
    found = estimate(basis, basis.count(scores, decided, np.zeros(5 * N, np.int64), 1)[0], 0.95)
    rows_of = {row["metric"]: row for row in five_minutes(log)}
    assert found.keys() == rows_of.keys()
    for name, each in found.items():
        assert each.value[0] == pytest.approx(rows_of[name]["value"], abs=1e-6)
        assert each.error[0] == pytest.approx(np.hypot(rows_of[name]["chance"], rows_of[name]["shared"]), abs=1e-6)


def test_without_labels_in_the_reference_the_first_ones_of_the_stream_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first thousand pairs, whatever the batches, and by the same ones after a crash."""
    use(unlabelled(), monkeypatch)
    log = played(30, 2, lambda _: {})[0].read(batch=500).commit()
    (basis,) = log.rows(tables.BASES)
    assert LEAST <= basis["n"] < LEAST + N
    since = minute_of(basis["since"])
    assert min(told(log, "weighted_f1", minutes=1)) == since + 1
    assert {row["basis"] for row in five_minutes(log)} == {f"learned from {basis['n']:,} labels"}
    for end, row in told(log, "macro_recall").items():
        assert row["value"] == pytest.approx(realised(log, "macro_recall")[end], abs=0.1)
    again = played(30, 2, lambda _: {})[0]
    for upto in range(300, 2_400, 450):
        again.read(batch=170, upto=upto).commit().crash()
    assert log.results() == again.read().commit().results()


def test_a_restart_goes_on_with_half_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the batches and wherever it is cut: the same estimates."""
    use(labelled(), monkeypatch)
    whole = played(8, 3, shifting)[0].read().commit().results()
    for batch, every in ((37, 110), (300, 250)):
        log = played(8, 3, shifting)[0]
        for upto in range(every, 8 * N, every):
            log.read(batch=batch, upto=upto).commit().crash()
        assert whole == log.read().commit().results()


def test_where_some_predictions_have_no_scores_nothing_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in forty is too many; of one in eighty the others speak for all."""
    use(labelled(), monkeypatch)
    assert [] == played(5, 60, lambda _: {}, labels=-1, bare=40)[0].read().commit().rows(tables.ESTIMATES)
    rows = five_minutes(played(5, 60, lambda _: {}, labels=-1, bare=80)[0].read().commit())
    assert {5 * (N - 1)} == {row["n"] for row in rows}


def test_estimates_meet_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every metric, and mostly it is in the interval."""
    use(labelled(), monkeypatch)
    log = played(20, 3, lambda _: {})[0].read(batch=2_000).commit()
    rows = log.rows(tables.RECONCILED)
    assert {"accuracy", "weighted_f1", "macro_f1", "kappa"} <= {row["metric"] for row in rows}
    assert np.mean([row["outside"] for row in rows]) < 0.12
    assert [] == [row for row in log.rows(tables.FINDINGS) if row["detector"] == "estimate"]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_reference_file_teaches_what_scores_mean(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects of JSON, structs of Parquet: the same estimates."""
    dice, rows = random.Random(3), documents(1_500)
    for row in rows:
        row["scores"] |= {"x": 0.0} if dice.random() < 0.1 else {}
    lines = tmp_path / "reference.jsonl"
    lines.write_text("\n".join(json.dumps(row) for row in rows))
    path = lines
    if suffix == "parquet":
        import duckdb

        path = tmp_path / "reference.parquet"
        duckdb.sql(f"COPY (FROM read_json('{lines}')) TO '{path}' (FORMAT parquet)")
    expected = File(from_columns(of_documents(rows)), "labelled")
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", expected)
    whole = five_minutes(played(5, 60, lambda _: {}, labels=-1)[0].read().commit())
    found = reference_file(path).table
    assert ["a", "b", "c", "x"] == sorted(found.scores)
    assert "scores" not in found.features
    use(found, monkeypatch)
    again = five_minutes(played(5, 60, lambda _: {}, labels=-1)[0].read().commit())
    assert whole
    for one, other in zip(whole, again, strict=True):
        assert one["value"] == pytest.approx(other["value"], abs=1e-9)
    assert {f"{name}:a" for name in SHARES} <= {row["metric"] for row in whole}
