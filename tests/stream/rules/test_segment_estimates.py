"""Performance of segments before labels: who is served worse, while no label has said so yet."""

import random
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.monitor.estimates.heard import LEAST
from stream.reference import Table, from_columns
from stream.reference.columns import of_documents
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_estimates import LABELS, use

CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 2h, coverage: 0.8}, output: {kind: KIND}, segments: [country, site]}}
"""
N = 90  # predictions per minute
Said = Callable[[random.Random, str], tuple[dict[str, Any], Any]]  # what a model says of a country, and the label


def two(dice: random.Random, country: str) -> tuple[dict[str, Any], int]:
    """A score; the model knows little of DE."""
    odds = dice.gauss(0, 2.5) * (0.3 if country == "DE" else 1.0)
    score = round(float(expit(1.2 * odds)), 6)
    return {"score": score, "prediction": int(score >= 0.5)}, int(dice.random() < expit(odds))


def three(dice: random.Random, country: str) -> tuple[dict[str, Any], str]:
    """Scores of three classes, likewise."""
    odds = np.array([dice.gauss(0, 2.5) for _ in "abc"]) * (0.3 if country == "DE" else 1.0) + [0.5, 0, 0]
    true, said = np.exp(odds), np.exp(1.4 * odds)
    scores = dict(zip("abc", (said / said.sum()).round(6).tolist(), strict=True))
    return {"scores": scores}, dice.choices("abc", true.tolist())[0]


def number(dice: random.Random, country: str) -> tuple[dict[str, Any], float]:
    """A number, which is twice as far off in DE."""
    said = dice.gauss(50, 10)
    return {"prediction": round(said, 4)}, round(said + dice.gauss(0, 2 if country == "DE" else 1), 4)


WAYS: dict[str, Said] = {"binary": two, "multiclass": three, "regression": number}


@cache
def labelled(kind: str) -> Table:
    """A reference with labels, of three countries and one site."""
    dice, rows = random.Random(1), list[dict[str, Any]]()
    for i in range(4_000):
        country = ("FR", "DE", "IT", "FR")[i % 4]
        what, answer = WAYS[kind](dice, country)
        if "scores" in what:
            what["prediction"] = max(what["scores"], key=what["scores"].__getitem__)
        rows.append({"amount": 1.0 * (i % 7), "country": country, "site": "north", "label": answer} | what)
    return from_columns(of_documents(rows))


def played(kind: str, minutes: int = 5, labels: float = 1e9) -> Story:
    """N predictions a minute, one in three of DE and one in forty of IT; labels come three minutes later."""
    log, dice, told = Story(CONFIGURATION.replace("KIND", kind), (FIRST, LABELS)), random.Random(7), []
    for minute in range(minutes):
        for i in range(N):
            country, at = ("IT" if i % 40 == 0 else "DE" if i % 3 == 0 else "FR"), minute + (i + 0.5) / N
            what, answer = WAYS[kind](dice, country)
            about = {"features": {"amount": 1.0, "country": country, "site": "north"}}
            log.publish(FIRST, event(at, id=f"{minute}-{i}", **about, **what))
            told.append((at + 3, f"{minute}-{i}", answer))
    log.publish(FIRST, event(minutes + 200))
    for at, name, answer in told:
        if at <= labels:
            log.publish(LABELS, label(at, id=name, label=answer))
    log.publish(LABELS, label(minutes + 200, id="nobody"))
    return log


def rows_of(log: Story, metric: str = "accuracy") -> dict[str, dict[str, Any]]:
    """Estimates of the five minutes by segment."""
    rows = log.rows(tables.ESTIMATES)
    return {row["segment"]: row for row in rows if (row["metric"], row["length"]) == (metric, 5 * MINUTE)}


def truth_of(log: Story, metric: str = "accuracy") -> dict[str, float]:
    """What labels of the five minutes said in the end."""
    rows = [row for row in log.rows(tables.PERFORMANCE) if (row["metric"], row["length"]) == (metric, 5 * MINUTE)]
    return {row["segment"]: row["value"] for row in sorted(rows, key=lambda row: row["step"])}


def test_a_segment_that_is_served_worse_is_seen_before_any_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its own estimate and its own interval; labels agree when they come."""
    use(labelled("binary"), monkeypatch)
    silent = rows_of(played("binary", labels=-1).read(batch=500).commit())
    log = played("binary").read(batch=500).commit()
    assert silent == rows_of(log)
    assert {"", "country=FR", "country=DE", "site=north"} <= silent.keys()
    assert silent["country=DE"]["high"] < silent["country=FR"]["low"]
    truth = truth_of(log)
    for segment, row in silent.items():
        assert row["low"] <= truth[segment] <= row["high"]
    assert silent["country=FR"]["n"] + silent["country=DE"]["n"] + 5 * 3 == silent[""]["n"] == 5 * N


def test_a_segment_of_everything_is_as_good_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for how coarse its bins are."""
    use(labelled("binary"), monkeypatch)
    log = played("binary", labels=-1).read().commit()
    for metric in ("accuracy", "precision", "recall", "specificity", "roc_auc"):
        rows = rows_of(log, metric)
        for name in ("value", "low", "high"):
            assert rows["site=north"][name] == pytest.approx(rows[""][name], abs=4e-3)
    assert "site=north" not in rows_of(log, "brier"), "segments are told what labels will tell of them"


def test_of_few_predictions_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has measured whether that would be honest."""
    use(labelled("binary"), monkeypatch)
    rows = [row for row in played("binary", labels=-1).read().commit().rows(tables.ESTIMATES) if row["segment"]]
    assert min(row["n"] for row in rows) >= LEAST
    assert "country=IT" not in {row["segment"] for row in rows}


def test_several_classes_have_estimates_of_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the whole and of parts by the same blocks: a segment of everything says what the whole says."""
    use(labelled("multiclass"), monkeypatch)
    log = played("multiclass").read(batch=700).commit()
    rows, truth = rows_of(log), truth_of(log)
    assert rows["country=DE"]["high"] < rows["country=FR"]["low"]
    for segment, row in rows.items():
        assert row["low"] <= truth[segment] <= row["high"]
    assert rows["site=north"] == rows[""] | {"segment": "site=north"}


def test_errors_have_estimates_of_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the inputs of each; labels agree, and a segment of everything says what the whole says."""
    use(labelled("regression"), monkeypatch)
    log = played("regression").read(batch=700).commit()
    for metric in ("mae", "rmse"):
        rows, truth = rows_of(log, metric), truth_of(log, metric)
        assert rows["country=DE"]["low"] > rows["country=FR"]["high"]
        for segment, row in rows.items():
            assert row["low"] <= truth[segment] <= row["high"]
            assert row["n"] >= LEAST
        assert rows["site=north"] == rows[""] | {"segment": "site=north"}
    assert "site=north" not in rows_of(log, "mse")


@pytest.mark.parametrize("kind", WAYS)
def test_batches_and_crashes_change_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that was half read goes on where it was."""
    use(labelled(kind), monkeypatch)
    whole = played(kind, 2).read().commit().results()
    log = played(kind, 2)
    for upto in range(70, 2 * N, 70):
        log.read(batch=37, upto=upto).commit().crash()
    assert whole == log.read().commit().results()


def test_panes_of_another_plan_do_not_silence_the_segments_of_those_read_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a window over two plans nothing is told, of all others everything, however many panes are read at once."""
    use(labelled("binary"), monkeypatch)
    fewer, told = CONFIGURATION.replace("KIND", "binary").replace(", site", ""), []
    for pieces in ([], range(13 * N, 20 * N, 3 * N)):
        log = played("binary", 20).read(upto=6 * N).commit().crash(fewer)
        for upto in pieces:
            log.read(upto=upto).commit()
        told.append(log.read().commit().rows(tables.ESTIMATES))
    assert told[0] == told[1]
    ends = {(row["segment"], row["end"]) for row in told[0] if row["length"] == 5 * MINUTE}
    assert {5, 10, 20} == {end for segment, end in ends if segment == "country=FR"}
    assert {5, 10} == {end for segment, end in ends if segment == "site=north"}


def test_only_estimates_of_everything_meet_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """What becomes of an estimator is told once, of all it knows; also where the store has the estimates."""
    use(labelled("binary"), monkeypatch)
    log = played("binary")
    for upto in range(300, 5 * N, 300):
        log.read(batch=300, upto=upto).commit().crash()
    rows = log.read().commit().rows(tables.RECONCILED)
    assert rows
    assert {""} == {row["segment"] for row in rows}
