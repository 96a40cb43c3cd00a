"""A second opinion before labels: what labelled events of the reference say of a window by its inputs alone."""

import math
import random
from functools import cache, lru_cache
from typing import Any

import pytest
from scipy.special import expit

from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.monitor.plans.onboarding import File
from stream.reference import Table, from_columns
from stream.reference.columns import of_documents
from tests.stream.rules.story import FIRST, Story, event, label

LABELS = ("labels", 0)
N = 120  # predictions per minute
CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 2h, coverage: 0.8}, output: {kind: KIND}}}
"""
COUNTRIES = ("FR", "DE", "IT")


class World:
    """A model that is sure of nothing where `amount` is near 0, and worse in Italy; `shift` moves inputs there."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def inputs(self, shift: float) -> dict[str, Any]:
        """Of one event."""
        italian = self.dice.random() < 0.2 + 0.4 * shift
        amount = self.dice.gauss(0, 2.5) * (1 - 0.6 * shift)
        return {"amount": round(amount, 4), "country": "IT" if italian else self.dice.choice(COUNTRIES[:2])}

    def answer(self, kind: str, features: dict[str, Any], *, turned: bool = False) -> tuple[dict[str, Any], Any]:
        """What the model says, and what is true; where the concept has turned, that is less like it used to be."""
        amount, italian = features["amount"], features["country"] == "IT"
        if kind == "regression":
            error = self.dice.gauss(0, 1.0 + 2.0 * italian + turned)
            return {"prediction": round(10 * amount, 3)}, round(10 * amount + error, 3)
        truth = int(self.dice.random() < expit((0.5 if italian or turned else 2.0) * amount))
        return {"prediction": int(amount >= 0)}, truth


@cache
def reference(kind: str, n: int = 4_000) -> Table:
    """Labelled rows."""
    world, rows = World(0), []
    for _ in range(n):
        features = world.inputs(0)
        said, truth = world.answer(kind, features)
        rows.append({**features, **said, "label": truth})
    return from_columns(of_documents(rows))


def told(
    kind: str,
    shift: float,
    minutes: int = 20,
    *,
    since: int = 0,
    turn: bool = False,
    **odd: Any,  # noqa: ANN401 - features
) -> Story:
    """Inputs that shift in the second half, or a concept that turns, and labels two minutes later; `odd` features."""
    log, calm = Story(CONFIGURATION.replace("KIND", kind), (FIRST, LABELS)), (0.0, False, ())
    later, first = (shift, turn, tuple(odd.items())), since or minutes // 2
    said = published(kind, tuple(later if minute >= first else calm for minute in range(minutes)))
    for partition, values in zip((FIRST, LABELS), said, strict=True):
        log.publish(partition, *values)
    return log


Changes = tuple[float, bool, tuple[tuple[str, Any], ...]]  # in a minute: shift, turned, odd features


@lru_cache(maxsize=4)  # a story is told four times
def published(kind: str, changes: tuple[Changes, ...]) -> tuple[list[bytes], list[bytes]]:
    """Predictions and labels, minute by minute."""
    world, predictions, said = World(1), list[bytes](), []
    for minute, (shift, turned, odd) in enumerate(changes):
        for i in range(N):
            features = world.inputs(shift)
            answer, truth = world.answer(kind, features, turned=turned)
            name = f"{minute}-{i}"
            features |= odd
            predictions.append(event(minute + (i + 0.5) / N, seed=i, id=name, **answer, features=features))
            said.append((minute + 2 + i / N, name, truth))
    labels = [label(at, id=name, label=truth) for at, name, truth in said]
    end = len(changes) + 200
    return [*predictions, event(end)], [*labels, label(end, id="nobody")]


@pytest.fixture(params=["binary"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kind of answers, whose labelled reference stories have."""
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(reference(request.param), "labelled"))
    return str(request.param)


def weighted(log: Story, metric: str, minutes: int = 5) -> dict[float, dict[str, Any]]:
    """The rows of a metric by the end of their window."""
    rows = log.rows(tables.WEIGHTED)
    return {row["end"]: row for row in rows if (row["metric"], row["length"]) == (metric, minutes * MINUTE)}


def realised(log: Story, metric: str, minutes: int = 5) -> dict[float, float]:
    """What all labels said."""
    rows = log.rows(tables.PERFORMANCE)
    newest = sorted(
        (row["step"], row["end"], row["value"])
        for row in rows
        if row["segment"] == "" and (row["metric"], row["length"]) == (metric, minutes * MINUTE)
    )
    return {end: value for _, end, value in newest}


@pytest.mark.parametrize("kind", ["binary", "regression"], indirect=True)
def test_a_shift_of_inputs_moves_it_towards_the_truth(kind: str) -> None:
    """It is there without a score, and without a model of losses; labels agree when they come."""
    log = told(kind, shift=1.0).read(batch=500).commit()
    metric, falls = {"binary": ("accuracy", 0.08), "regression": ("mae", -0.3)}[kind]
    found, truth = weighted(log, metric), realised(log, metric)
    assert sorted(found) == [5, 10, 15, 20]
    for end, row in found.items():
        assert row["low"] <= truth[end] <= row["high"], end
        assert (row["why"], row["labelled"], row["n"]) == ("", 4_000, 5 * N)
    now, before = found[20]["value"], found[10]["value"]
    assert (before - now) / falls > 1
    assert abs(now - truth[20]) < abs(before - truth[20]) / 2
    assert found[20]["effective"] < found[10]["effective"] <= 4_000


def test_an_unchanged_stream_says_what_the_labelled_events_do(kind: str) -> None:
    """As good as they were on average, within its error, worth nearly all of them, and nothing is found."""
    log = told(kind, shift=0.0).read(batch=500).commit()
    table = reference(kind)
    assert table.labels is not None
    answers = table.outputs["output:prediction"]
    right = sum(str(int(said)) == truth for said, truth in zip(answers, table.labels, strict=True)) / table.n
    for row in weighted(log, "accuracy").values():
        assert abs(row["value"] - right) < 2.5 * (row["chance"] ** 2 + row["shared"] ** 2) ** 0.5
        assert row["effective"] > 3_200
        assert not row["apart"]
    assert {row["detector"] for row in log.rows(tables.FINDINGS)} <= {"service"}  # that it falls silent in the end


def reconciled(log: Story) -> dict[float, bool]:
    """Whether second opinions were outside their interval, by the end of their minute."""
    rows = [row for row in log.rows(tables.RECONCILED) if row["opinion"] == "second"]
    assert {row["length"] for row in rows} <= {MINUTE}
    return {row["end"]: row["outside"] for row in rows if row["metric"] in {"accuracy", "mae"}}


def untrusted(log: Story) -> list[dict[str, Any]]:
    """The findings that second opinions can no longer be trusted."""
    return [row for row in log.rows(tables.FINDINGS) if row["feature"] == "output:weighted"]


@pytest.mark.parametrize("kind", ["binary", "regression"], indirect=True)
def test_it_meets_the_truth_and_a_turned_concept_is_found(kind: str) -> None:
    """Inputs stay as they were, so it says what it said; labels do not, and it is said that they do not."""
    log = told(kind, shift=0.0, minutes=40, turn=True).read(batch=500).commit()
    outside = reconciled(log)
    assert list(range(1, 41)) == sorted(outside)
    assert sum(outside[end] for end in range(1, 21)) <= 3
    assert sum(outside[end] for end in range(21, 41)) >= 8
    found = untrusted(log)
    assert 20 < min(row["end"] for row in found) <= 32
    assert {row["detector"] for row in found} == {"estimate"}
    assert "labels no longer depend on the inputs as they did" in found[0]["words"]


@pytest.mark.parametrize("kind", ["binary", "regression"], indirect=True)
def test_it_is_trusted_as_long_as_labels_depend_on_inputs_as_they_did(kind: str) -> None:
    """However far these shift; the truth is outside about as often as intervals promise."""
    log = told(kind, shift=1.0, minutes=40).read(batch=500).commit()
    assert sum(reconciled(log).values()) <= 5
    assert untrusted(log) == []


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"country": None}, "100.0% of country lies where none of the 4,000 labelled events does"),
        ({"amount": 50.0}, "100.0% of amount lies where none of the 4,000 labelled events does"),
    ],
)
def test_it_says_nothing_of_inputs_that_nobody_labelled(kind: str, odd: dict[str, Any], why: str) -> None:
    """And why."""
    log = told(kind, 0.0, **odd).read(batch=500).commit()
    found = weighted(log, "accuracy")
    assert [found[end]["why"] for end in (5, 10, 15, 20)] == ["", "", why, why]
    assert all(math.isnan(found[20][name]) for name in ("value", "chance", "shared", "low", "high"))


def test_it_says_nothing_where_few_labelled_events_are_like_these(kind: str) -> None:
    """Half of a window is what one in 100 labelled events is: these would count for all."""
    log = told(kind, 0.0, amount=6.5).read(batch=500).commit()
    row = weighted(log, "accuracy")[20]
    assert math.isnan(row["value"])
    assert row["why"].startswith("too few of the 4,000 labelled events are like these: they are worth ")
    assert row["effective"] < 200
    assert row["covered"] == 1.0


def test_counts_wait_for_labels_that_are_days_behind(kind: str) -> None:
    """Panes are kept for two days; of steps that were not taken by then, as long as they are needed."""
    found = []
    for forgetful in (False, True):
        log = Story(CONFIGURATION.replace("KIND", kind).replace("2h", "1d").replace("1m, 5m", "1h"), (FIRST, LABELS))
        world = World(2)
        for hour in range(4 * 24):
            for i in range(4):
                features = world.inputs(0)
                said, _ = world.answer(kind, features)
                log.publish(FIRST, event(60 * hour + i, seed=i, **said, features=features))
        log.publish(LABELS, label(0, id="nobody"))
        log.read().commit()
        if forgetful:
            bounds = log.journey.retention()
            assert bounds is not None
            log.store.forget({"panes": bounds.panes}, {})
        log.publish(LABELS, label(6_000, id="nobody"))
        found.append(log.read().commit().rows(tables.WEIGHTED))
    assert repr(found[0]) == repr(found[1])  # nan is itself
    assert len({row["end"] for row in found[0]}) == 4 * 24 - 1


def test_a_restart_goes_on_with_half_a_window(kind: str) -> None:
    """Whatever the batches and wherever it is cut: the same numbers."""
    whole = told(kind, 1.0, minutes=12).read().commit().results()
    for batch, every in ((37, 410), (300, 650)):
        log = told(kind, 1.0, minutes=12)
        for upto in range(every, 12 * N, every):
            log.read(batch=batch, upto=upto).commit().crash()
        assert whole == log.read().commit().results()
