"""Whatever asks for retraining gets its run: clock and count, drift, performance, people; a replay asks the same."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sinks import commit as tables
from stream.config.parse import parse
from tests.integration.dispatching import Stub
from tests.integration.kafka import Kafka, free_ports
from tests.integration.running import Driftline, taken
from tests.integration.undisturbed import undisturbed, whole
from tests.simulation.driver import rows
from tests.stream.web.served import eventually

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}"}}
events: {{predictions: [{topic}], labels: [{topic}], idle: 10m}}
topics:
  {{triggers: {topic}.triggers, dead_letters: {topic}.dead-letters, control: {topic}.control, outcomes: {topic}.told}}
defaults: {{windows: [30m], reference: {{learn: 2h}}, trigger: {{cooldown: 0s}}}}
models:
  fraud:
    labels: {{within: 1h, coverage: 0.8}}
    output: {{kind: binary}}
    policy: {{schedules: [{{name: clock, cron: "10 15 * * *"}}, {{name: count, events: 2000}}]}}
dispatch:
  inside: true
  listen: "127.0.0.1:{port}"
  targets: [{{kind: webhook, name: hook, url: "{url}/hook", networks: [127.0.0.1/32], secret: env:HOOK}}]
"""
# By the time of the page's example: what has asked when all up to then is read. A later trigger supersedes one that has
# no run yet, so each is waited for.
ASKED = {
    "15:45": {"schedule": 1},  # the clock
    "16:45": {"schedule": 1, "drift": 1},
    "18:04": {"schedule": 2, "drift": 1},  # the count
    "18:35": {"schedule": 2, "drift": 1, "performance": 1},
    "19:15": {"schedule": 2, "drift": 1, "performance": 1, "manual": 1},  # by hand, asked before
}
BY_HAND = b'{"id": "by-hand", "kind": "trigger", "model": "fraud"}'


@pytest.mark.timeout(120)
def test_every_reason_gets_a_run_and_a_replay_asks_the_same(
    tmp_path: Path, kafka: Kafka, new_topic: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Orders of docs/policy.md as they come, with the dispatcher inside: each reason is started once by a webhook."""
    monkeypatch.chdir(tmp_path)
    exec(compile(re.findall(r"```python\n(.*?)\n```", PAGE, re.DOTALL)[0], "docs", "exec"), {})
    log = Path("log.jsonl").read_bytes().splitlines()
    topic, began = new_topic(), 0
    with Stub().serving() as stub:
        where = {"bootstrap": kafka.bootstrap, "topic": topic, "port": free_ports(1)[0], "url": stub.url}
        text = CONFIGURATION.format(**where)
        service = Driftline(
            tmp_path / "service", file=text, environment={"HOOK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
        )
        with service.running():
            eventually(service.ready, 60)
            for upto, asked in ASKED.items():
                if "manual" in asked:
                    kafka.publish(f"{topic}.control", [BY_HAND])
                    eventually(lambda: service.items("/v1/controls"), 30)
                end = next(i for i, line in enumerate(log) if json.loads(line)["time"] >= f"2026-01-05T{upto}")
                kafka.publish(topic, log[began:end])
                began, n = end, sum(asked.values())
                eventually(lambda n=n: len(stub.taken) == n, 60)  # type: ignore[misc]  # a default
                assert asked == reasons(kafka, f"{topic}.triggers", n)
            assert 0 == service.stop()
        assert {1} == set(stub.taken.values())
    with service.kept() as store:
        calm, _ = undisturbed(parse(text, {"HOOK": ""}), whole(kafka, [(topic, 0)]), store.select(tables.JOURNAL))
        assert rows(calm)["triggers"] == rows(store)["triggers"]
        kept = store.select(tables.TRIGGERS, order=("at",))
    assert {("hook", each) for each in kept["id"].tolist()} == stub.taken.keys()
    clock = [str(at)[11:16] for at, reason in zip(kept["at"], kept["reason"], strict=True) if reason == "schedule"]
    assert "15:10" in clock


def reasons(kafka: Kafka, topic: str, n: int) -> dict[str, int]:
    """How often each has asked so far."""
    found = [json.loads(each.value() or b"")["data"]["reason"] for each in taken(kafka, topic, n)]
    return {reason: found.count(reason) for reason in dict.fromkeys(found)}
