"""Performance before labels: what scores say of a window, and what becomes of it when labels come."""

import random
from functools import cache
from typing import Any

import pytest
from scipy.special import expit

from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.monitor.plans.onboarding import File
from stream.plan import SCORE
from stream.reference import Table, from_columns, from_events
from stream.reference.columns import of_documents
from stream.taught.truth import LEAST
from tests.stream.rules.story import FIRST, Story, event, label, minute_of

LABELS = ("labels", 0)
CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 2h, coverage: 0.8}, output: {kind: binary}}}
"""
N = 60  # predictions per minute


class World:
    """A model of one input. `shift` moves the input towards what it knows least; `turn` is the concept's drift."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def one(self, shift: float = 0, turn: float = 0) -> tuple[float, int]:
        """A score and its label; scores are sure of themselves, though a little too much so."""
        amount = self.dice.gauss(0, 2.5) * (1 - shift)
        return round(float(expit(1.2 * amount)), 6), int(self.dice.random() < expit(amount * (1 - turn)))


@cache
def labelled(n: int = 4_000) -> Table:
    """A reference with labels."""
    world = World(0)
    rows = [world.one() for _ in range(n)]
    documents = [
        {"amount": i % 97, "country": "FR", "score": score, "prediction": int(score >= 0.5), "label": label}
        for i, (score, label) in enumerate(rows)
    ]
    return from_columns(of_documents(documents))


@cache
def unlabelled(n: int = 400) -> Table:
    """A reference without."""
    world = World(0)
    scores = [world.one()[0] for _ in range(n)]
    return from_events(event(-60, seed=i, score=score, prediction=int(score >= 0.5)) for i, score in enumerate(scores))


def use(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stories have this reference."""
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(table, "labelled"))


@cache
def lived(changes: tuple[tuple[tuple[str, float], ...], ...]) -> list[tuple[float, int]]:
    """What happens in N steps of each minute, whose changes these are; a story is told four times."""
    world = World(1)
    return [world.one(**dict(each)) for each in changes for _ in range(N)]


def played(log: Story, minutes: int, delay: float, changes: Any, labels: float = 1e9) -> Story:  # noqa: ANN401 - a function
    """N predictions a minute, their labels later; `changes(minute)` is the world then; labels come up to a minute."""
    told, happened = [], iter(lived(tuple(tuple(changes(minute).items()) for minute in range(minutes))))
    for minute in range(minutes):
        for i in range(N):
            score, answer = next(happened)
            name, at = f"{minute}-{i}", minute + (i + 0.5) / N
            log.publish(FIRST, event(at, seed=i, id=name, score=score, prediction=int(score >= 0.5)))
            told.append((at + delay * (0.5 + i / N), name, answer))
    log.publish(FIRST, event(minutes + 200))
    for at, name, answer in sorted(told):
        if at <= labels:
            log.publish(LABELS, label(at, id=name, label=answer))
    log.publish(LABELS, label(min(minutes + 200, labels), id="nobody"))
    return log


def found(log: Story, feature: str) -> list[float]:
    """The ends of findings of estimates."""
    mine = [row for row in log.rows(tables.FINDINGS) if (row["detector"], row["feature"]) == ("estimate", feature)]
    return sorted(row["end"] for row in mine)


def told(log: Story, metric: str = "accuracy", minutes: float = 5) -> dict[float, dict[str, Any]]:
    """Estimates of a metric by the end of their window."""
    rows = log.rows(tables.ESTIMATES)
    return {row["end"]: row for row in rows if row["metric"] == metric and row["length"] == minutes * MINUTE}


def realised(log: Story, metric: str = "accuracy", minutes: float = 5) -> dict[float, float]:
    """What labels said in the end."""
    newest: dict[float, tuple[float, float]] = {}
    for row in log.rows(tables.PERFORMANCE):
        if row["metric"] == metric and row["length"] == minutes * MINUTE and not row["segment"]:
            newest[row["end"]] = max(newest.get(row["end"], (0.0, 0.0)), (row["step"], row["value"]))
    return {end: value for end, (_, value) in newest.items()}


def drifting(minute: int) -> dict[str, float]:
    """Inputs shift from minute 20 on to where the model knows least."""
    return {"shift": 0.75 if minute >= 20 else 0.0}


def turning(minute: int) -> dict[str, float]:
    """The concept drifts from minute 20 on; inputs stay."""
    return {"turn": 1.0 if minute >= 20 else 0.0}


def test_decay_by_the_inputs_is_found_before_any_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has said a label, and the estimate says by how much accuracy fell; labels agree when they come."""
    use(labelled(), monkeypatch)
    silent = played(Story(CONFIGURATION, (FIRST, LABELS)), 40, 60, drifting, labels=-1)
    silent.publish(LABELS, label(60, id="nobody"))
    silent.read(batch=500).commit()
    assert silent.rows(tables.PAIRS) == []
    ends = found(silent, "output:estimated_accuracy")
    assert 20 < ends[0] <= 25
    before, after = (told(silent)[end]["value"] for end in (20, 40))
    log = played(Story(CONFIGURATION, (FIRST, LABELS)), 40, 60, drifting).read(batch=500).commit()
    assert told(log)[40]["value"] == after
    truth = realised(log)
    for end, value in ((20, before), (40, after)):
        row = told(log)[end]
        assert value == pytest.approx(truth[end], abs=0.07)
        assert row["low"] <= truth[end] <= row["high"]
    assert before - after > 0.15
    assert found(log, "output:estimate") == []


def test_concept_drift_is_not_seen_by_the_estimate_and_found_by_reconciling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores are as they were, so is the estimate; the truth is another, and the finding says that."""
    use(labelled(), monkeypatch)
    log = played(Story(CONFIGURATION, (FIRST, LABELS)), 45, 5, turning).read(batch=500).commit()
    assert found(log, "output:estimated_accuracy") == []
    estimates = told(log)
    assert estimates[40]["value"] == pytest.approx(estimates[20]["value"], abs=0.05)
    assert realised(log)[40] < estimates[40]["value"] - 0.2
    ends = found(log, "output:estimate")
    assert 20 < ends[0] <= 35
    said = [row["words"] for row in log.rows(tables.FINDINGS) if row["feature"] == "output:estimate"]
    assert "scores no longer mean what they meant" in said[0]
    outside = {
        row["end"]: row["outside"]
        for row in log.rows(tables.RECONCILED)
        if row["metric"] == "accuracy" and row["opinion"] == "first"
    }
    assert sum(outside[end] for end in range(1, 20)) <= 4
    assert sum(outside[end] for end in range(22, 40)) >= 14


def test_nothing_is_found_where_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And truths are in their intervals about as often as these promise."""
    use(labelled(), monkeypatch)
    log = played(Story(CONFIGURATION, (FIRST, LABELS)), 45, 5, lambda _: {}).read(batch=2_000).commit()
    assert found(log, "output:estimated_accuracy") + found(log, "output:estimate") == []
    rows = [row for row in log.rows(tables.RECONCILED) if row["opinion"] == "first"]
    outside = [row["outside"] for row in rows if row["metric"] == "accuracy"]
    assert len(outside) == 45
    assert sum(outside) <= 6


def test_without_labels_in_the_reference_the_first_ones_of_the_stream_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first thousand pairs; windows that begin later are estimated, and by the same ones after a crash."""
    use(unlabelled(), monkeypatch)
    log = played(Story(CONFIGURATION, (FIRST, LABELS)), 40, 2, lambda minute: {"shift": 0.6 * (minute >= 32)})
    log.read(batch=500).commit()
    (basis,) = log.rows(tables.BASES)
    assert LEAST <= basis["n"] < LEAST + N
    since = minute_of(basis["since"])
    assert LEAST / N < since < LEAST / N + 6
    assert min(told(log, minutes=1)) == since + 1
    assert {row["basis"] for row in told(log).values()} == {f"learned from {basis['n']:,} labels"}
    for end in (30, 40):
        assert told(log)[end]["value"] == pytest.approx(realised(log)[end], abs=0.08)
    again = played(Story(CONFIGURATION, (FIRST, LABELS)), 40, 2, lambda minute: {"shift": 0.6 * (minute >= 32)})
    for upto in range(300, 2_500, 450):
        again.read(batch=170, upto=upto).commit().crash()
    again.read().commit()
    assert log.results() == again.results()


def test_a_restart_goes_on_with_half_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the batches and wherever it is cut: the same estimates."""
    use(labelled(), monkeypatch)
    whole = played(Story(CONFIGURATION, (FIRST, LABELS)), 12, 3, drifting).read().commit().results()
    for batch, every in ((37, 110), (300, 250)):
        log = played(Story(CONFIGURATION, (FIRST, LABELS)), 12, 3, drifting)
        for upto in range(every, 720, every):
            log.read(batch=batch, upto=upto).commit().crash()
        assert whole == log.read().commit().results()


def test_what_decisions_are_worth_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """And labels agree when they come."""
    use(labelled(), monkeypatch)
    worth = "kind: binary, worth: {true_positive: 1, false_positive: -2, false_negative: -5}"
    log = played(Story(CONFIGURATION.replace("kind: binary", worth), (FIRST, LABELS)), 10, 3, lambda _: {})
    log.read().commit()
    truth = realised(log, "worth")
    for end in (5, 10):
        row = told(log, "worth")[end]
        assert row["value"] == pytest.approx(truth[end], abs=4 * (row["chance"] ** 2 + row["shared"] ** 2) ** 0.5)
    assert "worth" in {row["metric"] for row in log.rows(tables.RECONCILED)}


def test_the_labels_of_a_reference_are_what_windows_are_compared_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first one on; so no window is asked to teach, and a turned concept is worse at once."""
    use(labelled(), monkeypatch)
    log = played(Story(CONFIGURATION, (FIRST, LABELS)), 15, 2, lambda minute: {"turn": 1.6 if minute >= 10 else 0})
    log.read().commit()
    rows = [row for row in log.rows(tables.PERFORMANCE) if row["metric"] == "accuracy" and row["status"] == "final"]
    verdicts = {row["end"]: row["verdict"] for row in rows if row["length"] == 5 * MINUTE}
    assert {5: "well", 10: "well", 15: "worse"} == verdicts
    reference = {row["reference"] for row in rows}
    truth = labelled()
    right = [str(int(score >= 0.5)) == answer for score, answer in zip(truth.outputs[SCORE], truth.labels, strict=True)]
    assert [pytest.approx(sum(right) / len(right))] == list(reference)
    assert [] == log.rows(tables.STANDARDS)
