"""What goes out: CloudEvents 1.0, the same bytes in every run."""

import json
import re
from datetime import datetime
from typing import Any

import pytest

from sinks import commit as tables
from stream.config.settings import SECOND
from stream.monitor.acting.triggers import rfc3339
from stream.monitor.plans.onboarding import File
from stream.reference import from_events
from tests.stream.rules.story import CONFIGURATION, FIRST, Story, crowd, event, moment


def triggered(batch: int = 1_000, model: str = "shop", since: int = 3, changed: str = "FR") -> list[dict[str, Any]]:
    """The triggers of a model whose countries all become one."""
    story = Story(CONFIGURATION.replace("shop", model))
    for minute in range(8):
        for seed in range(60):
            country = changed if minute >= since else ("DE" if seed % 2 else "FR")
            features = json.loads(event(minute, model, seed))["features"] | {"country": country}
            story.publish(FIRST, event(minute + 0.5, model, seed, features=features))
    story.read(batch=batch).end()
    return story.rows(tables.TRIGGERS)


def test_a_trigger_is_a_cloud_event() -> None:
    """The required attributes, and those that a consumer needs to act."""
    (row,) = triggered()
    body = json.loads(row["body"])
    assert {"specversion": "1.0", "source": "/driftline", "type": "driftline.retrain.requested", "subject": "shop"} == {
        name: body[name] for name in ("specversion", "source", "type", "subject")
    }
    assert (row["id"], "application/json") == (body["id"], body["datacontenttype"])
    assert re.fullmatch(r"[0-9a-f]{16}", body["id"])
    assert re.fullmatch(r"[a-z0-9]+", "".join(body)), "names of attributes are lower-case letters and digits"


def test_its_time_is_the_end_of_the_window_that_opened_the_incident() -> None:
    """RFC 3339, event time: no wall clock."""
    (row,) = triggered()
    body = json.loads(row["body"])
    assert row["at"] * 60 == (datetime.fromisoformat(body["time"]).timestamp() * SECOND - moment(0)) / SECOND
    assert body["time"] == body["data"]["fresh_data"]["to"]
    assert {"drift"} == {row["reason"], body["data"]["reason"]}


def test_it_says_what_changed_and_against_what() -> None:
    """Evidence in words and numbers, the reference, the incident."""
    (row,) = triggered()
    data = json.loads(row["body"])["data"]
    assert ("shop", "1", row["incident"], False) == tuple(
        data[name] for name in ("model", "model_version", "incident", "hold_training")
    )
    assert "file reference" == data["reference"]["source"]
    assert "country" in {one["feature"] for one in data["evidence"]}
    assert all(one["value"] > one["limit"] and one["n"] and one["words"] for one in data["evidence"])
    assert [one["window"][1] for one in data["evidence"]] == [data["fresh_data"]["to"]] * len(data["evidence"])


def test_the_same_log_gives_the_same_bytes_and_another_one_another_id() -> None:
    """The id is a hash of model, version, reason and window: floats and texts may differ, it does not."""
    whole, cut = triggered(), triggered(batch=7)
    assert whole == cut
    (other_value,) = triggered(changed="DE")
    assert (whole[0]["id"], False) == (other_value["id"], whole[0]["body"] == other_value["body"])
    assert 3 == len({triggered(model="bakery")[0]["id"], triggered(since=5)[0]["id"], whole[0]["id"]})


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (moment(0), "2027-01-15T08:00:00Z"),
        (1_500_000_000, "1970-01-01T00:00:01.500Z"),
        (-1_000_000, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_rfc_3339(time: int, expected: str) -> None:
    """Panes may be as short as milliseconds."""
    assert expected == rfc3339(time)


def test_an_incident_is_told_when_it_opens_and_when_it_closes() -> None:
    """Under one id; only its opening asks for a retraining."""
    story = Story(CONFIGURATION.replace("shop: {}", "shop: {windows: [1m]}"))
    for minute in range(14):
        drifted = {"features": {"amount": 100, "country": "FR"}} if 3 <= minute < 6 else {}
        story.publish(FIRST, *crowd(minute + 0.5, 100, **drifted))
    story.read().end()
    assert ["closed", "opened"] == sorted(row["state"] for row in story.rows(tables.INCIDENTS))
    assert 1 == len({row["id"] for row in story.rows(tables.INCIDENTS)})
    assert 1 == len(story.rows(tables.TRIGGERS))


@pytest.mark.parametrize("also", [False, True])
def test_a_slow_service_is_no_reason_to_retrain(also: bool) -> None:
    """How it served is found to drift, and that is all: no incident, no evidence, none that is kept open by it."""
    served = [event(-60, seed=seed, latency_ms=10 + seed % 7, status="ok") for seed in range(400)]
    with pytest.MonkeyPatch.context() as place:
        place.setattr("tests.stream.rules.story.REFERENCE", File(from_events(served), "served"))
        story = Story()
        for minute in range(16):
            slow = {"latency_ms": 500, "status": "timeout"} if minute >= 3 else {"latency_ms": 10 + minute % 7}
            countries = {"features": {"country": "FR", "amount": 100}} if also and 3 <= minute < 5 else {}
            for seed in range(60):
                story.publish(FIRST, event(minute + 0.5, seed=seed, **slow, **countries))
        story.read().commit().end()
    found = story.rows(tables.FINDINGS)
    assert {"service:latency_ms", "service:status"} <= {row["feature"] for row in found}
    assert {""} == {row["incident"] for row in found if row["feature"].startswith("service:")}
    assert (["closed", "opened"] if also else []) == sorted(row["state"] for row in story.rows(tables.INCIDENTS))
    for row in story.rows(tables.TRIGGERS):
        evidence = {one["feature"] for one in json.loads(row["body"])["data"]["evidence"]}
        assert evidence
        assert not any(feature.startswith("service:") for feature in evidence)
    assert also == bool(story.rows(tables.TRIGGERS))
