"""Regressions before labels: how large errors probably are by what inputs are, and what becomes of it with labels."""

import random
from functools import cache
from typing import Any

import pytest

from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.monitor.plans.onboarding import File
from stream.reference import Table, from_columns, from_events
from stream.reference.columns import of_documents
from stream.taught.truth import LEAST
from tests.stream.rules.story import FIRST, Story, event, label, minute_of
from tests.stream.rules.test_estimates import LABELS, found, realised, told
from tests.stream.rules.test_inputs import forget

CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 2h, coverage: 0.8}, output: {kind: regression}}}
"""
N = 60  # predictions per minute


class World:
    """A model that errs more where its first input is large; `shift` moves that, `turn` is the concept's drift."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def one(self, shift: float = 0, turn: float = 0) -> tuple[dict[str, Any], float, float]:
        """Features, a prediction and its label."""
        size, country = self.dice.gauss(shift, 1), self.dice.choice(["FR", "DE"])
        said = 50 + 10 * self.dice.gauss(0, 1) + (5 if country == "FR" else 0)
        error = self.dice.gauss(0, 1) * 2 ** (size + turn)
        return {"amount": round(size, 6), "country": country}, round(said, 4), round(said - error, 4)


@cache
def labelled(n: int = 6_000) -> Table:
    """A reference with labels."""
    world = World(0)
    rows = [world.one() for _ in range(n)]
    return from_columns(of_documents([{**inputs, "prediction": said, "label": true} for inputs, said, true in rows]))


@cache
def unlabelled(n: int = 400) -> Table:
    """A reference without."""
    world = World(0)
    rows = [world.one() for _ in range(n)]
    return from_events(event(-60, seed=i, features=rows[i][0], prediction=rows[i][1]) for i in range(n))


def use(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stories have this reference."""
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(table, "labelled"))


@cache
def lived(changes: tuple[tuple[tuple[str, float], ...], ...]) -> list[tuple[dict[str, Any], float, float]]:
    """What happens in N steps of each minute, whose changes these are; a story is told four times."""
    world = World(1)
    return [world.one(**dict(each)) for each in changes for _ in range(N)]


def played(minutes: int, delay: float, changes: Any, labels: float = 1e9) -> Story:  # noqa: ANN401 - a function
    """N predictions a minute, their labels later; `changes(minute)` is the world then; labels come up to a minute."""
    log, answers = Story(CONFIGURATION, (FIRST, LABELS)), []
    happened = iter(lived(tuple(tuple(changes(minute).items()) for minute in range(minutes))))
    for minute in range(minutes):
        for i in range(N):
            inputs, said, true = next(happened)
            name, at = f"{minute}-{i}", minute + (i + 0.5) / N
            log.publish(FIRST, event(at, seed=i, id=name, features=inputs, prediction=said))
            answers.append((at + delay * (0.5 + i / N), name, true))
    log.publish(FIRST, event(minutes + 200, features={"amount": 0.0, "country": "FR"}, prediction=50.0))
    for at, name, true in sorted(answers):
        if at <= labels:
            log.publish(LABELS, label(at, id=name, label=true))
    log.publish(LABELS, label(min(minutes + 200, labels), id="nobody"))
    return log


def drifting(minute: int) -> dict[str, float]:
    """Inputs move from minute 20 on to where errors are larger."""
    return {"shift": 0.8 if minute >= 20 else 0.0}


def turning(minute: int) -> dict[str, float]:
    """From minute 20 on errors are larger everywhere; inputs stay."""
    return {"turn": 1.0 if minute >= 20 else 0.0}


def test_larger_errors_by_the_inputs_are_found_before_any_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has said a label, and the estimate says by how much errors grew; labels agree when they come."""
    use(labelled(), monkeypatch)
    silent = played(40, 60, drifting, labels=-1)
    silent.publish(LABELS, label(60, id="nobody"))
    silent.read(batch=500).commit()
    assert silent.rows(tables.PAIRS) == []
    ends = found(silent, "output:estimated_mae")
    assert 20 < ends[0] <= 25
    before, after = (told(silent, "mae")[end]["value"] for end in (20, 40))
    log = played(40, 60, drifting).read(batch=500).commit()
    assert told(log, "mae")[40]["value"] == after
    for metric in ("mae", "mse", "rmse", "mean_error"):
        truth = realised(log, metric)
        for end in (20, 40):
            row = told(log, metric)[end]
            assert row["low"] <= truth[end] <= row["high"]
    assert after > 1.4 * before
    assert found(log, "output:estimate") == []


def test_errors_that_grow_everywhere_are_found_by_reconciling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs are as they were, so is the estimate; the truth is another."""
    use(labelled(), monkeypatch)
    log = played(45, 5, turning).read(batch=500).commit()
    assert found(log, "output:estimated_mae") == []
    assert told(log, "mae")[40]["value"] == pytest.approx(told(log, "mae")[20]["value"], rel=0.1)
    assert realised(log, "mae")[40] > 1.5 * told(log, "mae")[40]["value"]
    ends = found(log, "output:estimate")
    assert 20 < ends[0] <= 35
    said = [row["words"] for row in log.rows(tables.FINDINGS) if row["feature"] == "output:estimate"]
    assert "inputs no longer mean what they meant" in said[0]


def test_nothing_is_found_where_errors_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """And truths are in their intervals about as often as these promise."""
    use(labelled(), monkeypatch)
    log = played(45, 5, lambda _: {}).read(batch=2_000).commit()
    assert found(log, "output:estimated_mae") + found(log, "output:estimate") == []
    outside = [
        row["outside"] for row in log.rows(tables.RECONCILED) if (row["metric"], row["opinion"]) == ("mae", "first")
    ]
    assert len(outside) == 45
    assert sum(outside) <= 6


def test_without_labels_in_the_reference_the_first_errors_of_the_stream_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand pairs; windows that begin later are estimated, by the same ones wherever it is cut."""
    use(unlabelled(), monkeypatch)
    log = played(40, 2, lambda _: {}).read(batch=500).commit()
    (basis,) = log.rows(tables.BASES)
    assert LEAST <= basis["n"] < LEAST + N
    since = minute_of(basis["since"])
    assert LEAST / N < since < LEAST / N + 6
    assert min(told(log, "mae", minutes=1)) == since + 1
    assert {row["basis"] for row in told(log, "mae").values()} == {f"learned from {basis['n']:,} labels"}
    row = told(log, "mae")[40]
    assert row["low"] <= realised(log, "mae")[40] <= row["high"]
    again = played(40, 2, lambda _: {})
    for upto in range(300, 2_500, 450):
        again.read(batch=170, upto=upto).commit().crash()
    assert log.results() == again.read().commit().results()


def test_a_restart_amid_a_window_changes_no_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the batches and wherever it is cut."""
    use(labelled(), monkeypatch)
    whole = played(12, 3, drifting).read().commit().results()
    assert any("mse" in row for row in whole["estimates"])
    for batch, every in ((37, 110), (300, 250)):
        log = played(12, 3, drifting)
        for upto in range(every, 720, every):
            log.read(batch=batch, upto=upto).commit().crash()
        assert whole == log.read().commit().results()


def test_panes_wait_for_the_clock_of_the_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """However far predictions have come meanwhile, and whatever retention takes."""
    use(labelled(), monkeypatch)
    later, found = 60 * 24 * 6, []
    for forgets in (False, True):
        log = played(6, 2, lambda _: {}, labels=0.5)
        log.publish(FIRST, event(later, features={"amount": 0.0, "country": "FR"}, prediction=50.0))
        log.read().commit()
        assert log.rows(tables.ESTIMATES) == []
        if forgets:
            forget(log)
            log.crash()
        log.publish(LABELS, label(later, id="somebody"))
        found.append(log.read().commit().rows(tables.ESTIMATES))
    assert found[0] == found[1]
    assert len([row for row in found[1] if row["metric"] == "mae"]) >= 7


def test_a_window_is_as_long_as_its_own_panes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Estimates of one length say what those of its parts say on average, as means do."""
    use(labelled(), monkeypatch)
    log = played(10, 3, lambda _: {}).read().commit()
    short, long = (told(log, "mean_error", minutes) for minutes in (1, 5))
    assert {row["length"] for row in long.values()} == {5 * MINUTE}
    mean = sum(short[end]["value"] * short[end]["n"] for end in range(1, 6)) / sum(
        short[end]["n"] for end in range(1, 6)
    )
    assert long[5]["value"] == pytest.approx(mean, rel=1e-6)
    assert long[5]["n"] == sum(short[end]["n"] for end in range(1, 6))


def test_another_plan_learns_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What errors were in the cells of a plan says nothing of other cells; windows of the former teach no more."""
    use(unlabelled(), monkeypatch)
    log = played(60, 2, lambda _: {})
    log.read(batch=500, upto=26 * N).commit().crash(
        CONFIGURATION.replace("labels: {w", "segments: [country], labels: {w")
    )
    log.read(batch=500).commit()
    first, second = sorted(log.rows(tables.BASES), key=lambda row: row["since"])
    (change,) = [row for row in log.rows(tables.JOURNAL) if row["kind"] == "plan"]
    since = minute_of(change["until"])
    ends = sorted(told(log, "mae", minutes=1))
    assert minute_of(first["since"]) < since < minute_of(second["since"])
    assert not [end for end in ends if since < end <= minute_of(second["since"])]
    assert ends[-1] == 60
