"""The first minute of a new user: an empty directory, a topic that has been written for a day, one command."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from tests.integration.kafka import Kafka
from tests.integration.running import Driftline, taken
from tests.integration.streams import BROKEN, BROKEN_EVERY, events
from tests.stream.web.served import eventually

HOURS, PARTITIONS = 30, 3
STEP_MS = 6_000
N = HOURS * 3_600_000 // STEP_MS
CHANGED = N * 27 // HOURS  # the change is planted after 27 hours, three after a day of learning


def test_one_command_and_no_file_lead_to_findings(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """Findings at /v1/findings and on the page, a trigger and dead letters on their topics, all by default settings."""
    topic, begin_ms = new_topic(PARTITIONS), int(time.time() * 1000) - HOURS * 3_600_000 - 60_000
    for partition in range(PARTITIONS):
        kafka.publish(topic, events(partition, N, STEP_MS, changed_from=CHANGED, begin_ms=begin_ms), partition)
    driftline = Driftline(tmp_path / "empty", "--topic", topic, "--bootstrap", kafka.bootstrap)
    begun = time.monotonic()
    with driftline.running():
        (found,) = eventually(lambda: driftline.items("/v1/findings?model=fraud&feature=amount&limit=1"), 60)
        print(f"first finding after {time.monotonic() - begun:.1f} s")
        (trigger,) = eventually(lambda: driftline.items("/v1/triggers"))
        asked = taken(kafka, "driftline.triggers", 1, lambda each: trigger["id"].encode() in each.value())[0]
        n_broken = PARTITIONS * (N // BROKEN_EVERY)
        refused = taken(kafka, "driftline.dead-letters", n_broken, lambda each: each.key().startswith(topic.encode()))
        page = driftline.get("/models/fraud")[1]
        assert 0 == driftline.stop()
    assert {"driftline.duckdb", "said.txt"} == {path.name for path in driftline.folder.iterdir()}
    assert found["detector"] in page
    assert "Traceback" not in driftline.said
    assert "not found in cluster metadata" not in driftline.said

    event = json.loads(asked.value())
    assert (b"fraud", [("content-type", b"application/cloudevents+json")]) == (asked.key(), asked.headers())
    assert {
        "specversion": "1.0",
        "type": "driftline.retrain.requested",
        "source": "/driftline",
        "subject": "fraud",
        "datacontenttype": "application/json",
    }.items() <= event.items()
    assert ("fraud", "3", "drift") == tuple(event["data"][name] for name in ("model", "model_version", "reason"))
    assert "amount" in {evidence["feature"] for evidence in event["data"]["evidence"]}

    letters = {dict(letter.headers())["driftline-offset"] for letter in refused}
    assert {str(offset).encode() for offset in range(BROKEN_EVERY - 1, N, BROKEN_EVERY)} == letters
    assert {BROKEN} == {letter.value() for letter in refused}
    assert {b"undecodable"} == {dict(letter.headers())["driftline-reason"] for letter in refused}
