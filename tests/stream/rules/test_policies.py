"""Policies over a log: what labels open, what broke, what is due, and what is announced; however it is read."""

import json
from typing import Any

import pytest

from sinks import commit as tables
from stream.config.settings import SECOND
from stream.monitor.plans.onboarding import File
from stream.reference import from_events
from tests.stream.rules.story import CONFIGURATION, FIRST, Story, crowd, event, label, moment

LABELS = """
events: {predictions: [events], labels: [events]}
defaults: {windows: [5m], lateness: 1m, reference: {file: reference}}
models: {shop: {output: {kind: binary}, labels: {within: 20m, coverage: 0.5}POLICY}}
"""


def scored(minute: float, seed: int, *, right: bool) -> tuple[bytes, bytes]:
    """A prediction and what was true."""
    said = seed % 2
    prediction = event(minute, seed=seed, prediction=said, score=0.9 if said else 0.1)
    return prediction, label(minute + 0.2, id=f"{minute}-{seed}", label=said if right else 1 - said)


def spoiled(policy: str = "", batch: int = 1_000) -> Story:
    """A quarter of an hour in which nearly all is right, and then half of it is."""
    known = [scored(-60, seed, right=True)[0] for seed in range(400)]
    with pytest.MonkeyPatch.context() as place:
        place.setattr("tests.stream.rules.story.REFERENCE", File(from_events(known), "labelled"))
        story = Story(LABELS.replace("POLICY", policy))
        for minute in range(40):
            for seed in range(60):
                good = seed % 10 > 0 if minute < 15 else seed % 4 > 1
                story.publish(FIRST, *scored(minute + 0.1, seed, right=good))
            story.read(batch=batch).commit()
        story.end()
    return story


def told(story: Story) -> list[tuple[Any, ...]]:
    """Incidents as they went, by minute."""
    rows = story.rows(tables.INCIDENTS)
    return sorted((row["at"], row["state"], row["rule"], row["kind"], row["why"]) for row in rows)


def bodies(story: Story) -> list[dict[str, Any]]:
    """What triggers say, in order of time."""
    rows = sorted(story.rows(tables.TRIGGERS), key=lambda row: row["at"])
    return [json.loads(row["body"]) for row in rows]


def test_worse_performance_asks_for_a_retraining() -> None:
    """Without a word of configuration: two of three windows with enough labels; with how many have one."""
    story = spoiled()
    assert [("opened", "performance", "performance", "")] == [one[1:] for one in told(story)][:1]
    (trigger,) = bodies(story)
    data = trigger["data"]
    assert ("performance", "critical", False) == (data["reason"], data["severity"], data["hold_training"])
    assert {"performance"} == {one["kind"] for one in data["evidence"]}
    assert 0.5 <= data["fresh_data"]["label_coverage"] <= 1
    incidents = {row["incident"] for row in story.rows(tables.FINDINGS) if row["detector"] == "performance"}
    assert data["incident"] in incidents


def test_what_labels_open_does_not_depend_on_batches() -> None:
    """Incidents, triggers, findings."""
    rule = "{name: both, when: {any: [{performance: {for: 1 of 1 windows}}, {estimated_performance: {}}]}}"
    some = [spoiled(f", policy: {{rules: [{rule}]}}", batch) for batch in (1_000, 37)]
    for table in (tables.INCIDENTS, tables.TRIGGERS, tables.FINDINGS):
        first, second = (sorted(map(repr, one.rows(table))) for one in some)
        assert first == second
        assert first


def test_broken_input_holds_training_and_leaves_its_span_out() -> None:
    """A feature that is missing: the pipeline broke, in the windows that say so."""
    story = Story(CONFIGURATION)
    for minute in range(8):
        gone = {"features": {"amount": None, "country": "FR"}} if minute >= 3 else {}
        story.publish(FIRST, *crowd(minute + 0.5, 60, **gone))
    story.read().end()
    data = bodies(story)[0]["data"]
    assert data["hold_training"]
    assert "broken pipeline" in {one["cause"] for one in data["evidence"]}
    assert any(cell["contribution"] > 0 for one in data["evidence"] for cell in one["contributions"])
    fresh = data["fresh_data"]
    assert fresh["without"]
    assert all(fresh["from"] <= start < end <= fresh["to"] for start, end in fresh["without"])


def quiet(policy: str, batch: int = 1_000) -> Story:
    """Twelve minutes of which one half drifts."""
    story = Story(CONFIGURATION.replace("shop: {}", f"shop: {{windows: [1m], policy: {policy}}}"))
    for minute in range(12):
        drifted = {"features": {"amount": 100, "country": "FR"}} if 3 <= minute < 9 else {}
        story.publish(FIRST, *crowd(minute + 0.5, 60, **drifted))
    story.read(batch=batch).end()
    return story


def test_maintenance_suppresses_says_so_and_asks_afterwards() -> None:
    """What lasts longer than the maintenance is asked for when that is over."""
    span = "{from: 2027-01-15T08:00:00Z, to: 2027-01-15T08:06:30Z, why: moving house}"
    story = quiet(f"{{maintenance: [{span}]}}")
    first, second = told(story)[:2]
    assert ("opened", "moving house") == (first[1], first[4])
    assert ("updated", "") == (second[1], second[4])
    (row,) = story.rows(tables.TRIGGERS)
    assert (7, first[0] < 7) == (row["at"], True)


@pytest.mark.parametrize("batch", [1_000, 7])
def test_a_schedule_asks_at_its_instants_without_any_drift(batch: int) -> None:
    """By event time: the same ones however the log is read; and every so many events."""
    rule = "{name: never, when: {traffic: {}}}"
    schedules = '[{name: often, cron: "*/4 * * * *"}, {name: many, events: 300}]'
    story = quiet(f"{{rules: [{rule}], schedules: {schedules}, targets: {{schedule: [airflow]}}}}", batch)
    rows = sorted(story.rows(tables.TRIGGERS), key=lambda row: (row["at"], row["id"]))
    asked = sorted((row["at"], json.loads(row["body"])["data"]["rule"]) for row in rows)
    assert [(4, "often"), (5, "many"), (8, "often"), (10, "many"), (12, "often")] == asked
    assert {("schedule", "info", ("airflow",), "")} == {
        (data["reason"], data["severity"], tuple(data["targets"]), data["incident"])
        for data in (body["data"] for body in bodies(story))
    }
    assert all(body["time"].endswith(f"{4 * (i + 1):02}:00Z") for i, body in enumerate(bodies(story)[::2]))


def test_a_service_may_be_a_reason_where_a_rule_says_so() -> None:
    """Its findings belong to the incident then, and are the evidence."""
    served = [event(-60, seed=seed, latency_ms=10 + seed % 7, status="ok") for seed in range(400)]
    rule = "{name: slow, when: {any: [{latency: {}}, {errors: {}}]}}"
    with pytest.MonkeyPatch.context() as place:
        place.setattr("tests.stream.rules.story.REFERENCE", File(from_events(served), "served"))
        story = Story(CONFIGURATION.replace("shop: {}", f"shop: {{policy: {{rules: [{rule}]}}}}"))
        for minute in range(12):
            slow = {"latency_ms": 500, "status": "timeout"} if minute >= 3 else {"latency_ms": 10 + minute % 7}
            for seed in range(60):
                story.publish(FIRST, event(minute + 0.5, seed=seed, **slow))
        story.read().commit().end()
    (trigger,) = bodies(story)
    assert ("service", "slow") == (trigger["data"]["reason"], trigger["data"]["rule"])
    assert {"latency", "errors"} >= {one["kind"] for one in trigger["data"]["evidence"]}
    incident = trigger["data"]["incident"]
    assert incident in {row["incident"] for row in story.rows(tables.FINDINGS) if row["feature"].startswith("service:")}


def test_an_id_is_of_model_version_reason_and_window() -> None:
    """The event time of the id is that of the trigger."""
    (row,) = quiet("{}").rows(tables.TRIGGERS)
    assert moment(row["at"]) % (60 * SECOND) == 0
    assert 16 == len(row["id"])
