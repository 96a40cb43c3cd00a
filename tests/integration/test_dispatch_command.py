"""`driftline dispatch`, and `run` with a dispatcher inside, as a user starts them: a webhook gets the trigger once."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.integration.dispatching import Stub, trigger
from tests.integration.kafka import Kafka, free_ports
from tests.integration.running import COMMAND, Driftline, configuration, taken
from tests.stream.web.served import eventually

MEMORY_MAX = 150_000_000
SECRET = {"HOOK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}


def dispatching(kafka: Kafka, topic: str, stub: Stub, port: int, *, inside: bool) -> str:
    """A service of one topic with a webhook."""
    target = f'{{kind: webhook, name: hook, url: "{stub.url}/hook", networks: [127.0.0.1/32], secret: env:HOOK}}'
    return configuration(kafka, topic, create=True).replace("topics: {", f"topics: {{outcomes: {topic}.outcomes, ") + (
        f"dispatch: {{inside: {str(inside).lower()}, listen: '127.0.0.1:{port}', targets: [{target}]}}\n"
    )


def dispatcher(folder: Path, kafka: Kafka, topic: str, stub: Stub) -> Driftline:
    """`driftline dispatch` of that configuration, a process of its own, not started yet."""
    port = free_ports(1)[0]
    file = dispatching(kafka, topic, stub, port, inside=False)
    driftline = Driftline(folder / "one", "driftline.yaml", file=file, environment=SECRET, command="dispatch")
    driftline.port = port
    return driftline


def test_a_trigger_becomes_a_signed_request(tmp_path: Path, kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """Once, over a stop and a second start; a second one on its ledger is refused; memory is as promised."""
    topic = new_topic()
    with Stub().serving() as stub:
        driftline = dispatcher(tmp_path, kafka, topic, stub)
        with driftline.running():
            eventually(driftline.ready, 60)
            kafka.publish(f"{topic}.triggers", [trigger(1)])
            told = taken(kafka, f"{topic}.outcomes", 2)
            assert ["accepted", "started"] == [json.loads(each.value() or b"{}")["data"]["state"] for each in told]
            second = Driftline(tmp_path / "one", "driftline.yaml", environment=SECRET, command="dispatch")
            with second.running():
                assert 2 == second.end()
            assert "dispatch.ledger: driftline-dispatch.duckdb cannot be opened" in second.said
            assert driftline.metric("driftline_dispatch_memory_bytes") < MEMORY_MAX
            assert 0 == driftline.stop()
        with driftline.running():
            eventually(driftline.ready, 60)
            kafka.publish(f"{topic}.triggers", [trigger(1), trigger(2)])
            taken(kafka, f"{topic}.outcomes", 4)
            assert 0 == driftline.stop()
        assert {("hook", "t1"): 1, ("hook", "t2"): 1} == stub.taken
        assert 2 == stub.calls["hook"]
        assert not re.search("whsec", driftline.said)


def redriven(driftline: Driftline, *arguments: str) -> str:
    """What `driftline redrive` says."""
    command = (*COMMAND, "redrive", "driftline.yaml", *arguments)
    where = {"cwd": driftline.folder, "env": driftline.environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, **where).stdout


def test_what_was_given_up_is_redriven(tmp_path: Path, kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """A target refuses while it is misconfigured; the command lists it, puts it before the target again, and once."""
    topic = new_topic()
    with Stub().serving() as stub:
        driftline = dispatcher(tmp_path, kafka, topic, stub)
        with driftline.running():
            eventually(driftline.ready, 60)
            stub.refuses.add("hook")
            kafka.publish(f"{topic}.triggers", [b"no trigger", trigger(1)])
            taken(kafka, f"{topic}.dead-letters", 2)
            stub.refuses.clear()
            assert "fraud 3  t1 at hook: answered 400" in redriven(driftline, "--dry-run")
            assert not stub.taken
            assert f"1 put on {topic}.triggers again" in redriven(driftline, "--target", "hook", "--since", "1h")
            told = taken(kafka, f"{topic}.outcomes", 4)
            states = [json.loads(each.value() or b"{}")["data"]["state"] for each in told]
            assert ["accepted", "failed", "accepted", "started"] == states
            redriven(driftline)
            kafka.publish(f"{topic}.triggers", [trigger(2)])
            taken(kafka, f"{topic}.outcomes", 6)
            assert {("hook", "t1"): 1, ("hook", "t2"): 1} == stub.taken


def test_what_was_held_is_released(tmp_path: Path, kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """By the command that says so, and no other; the target reads that nothing is to be held any more."""
    topic = new_topic()
    with Stub().serving() as stub:
        driftline = dispatcher(tmp_path, kafka, topic, stub)
        file = driftline.folder / "driftline.yaml"
        file.write_text(file.read_text().replace("name: hook,", "name: hook, hold: true,"))
        with driftline.running():
            eventually(driftline.ready, 60)
            kafka.publish(f"{topic}.triggers", [trigger(1, hold_training=True)])
            taken(kafka, f"{topic}.dead-letters", 1)
            assert "0 put on" in redriven(driftline)
            assert "1 held: --release" in redriven(driftline)
            assert "fraud 3  t1 at hook: held: the data" in redriven(driftline, "--release")
            told = taken(kafka, f"{topic}.outcomes", 4)
            states = [json.loads(each.value() or b"{}")["data"]["state"] for each in told]
            assert ["accepted", "failed", "accepted", "started"] == states
        assert {("hook", "t1"): 1} == stub.taken


def test_a_service_dispatches_what_it_asks_for(tmp_path: Path, kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """By one line of configuration; both end together."""
    topic = new_topic()
    with Stub().serving() as stub:
        file = dispatching(kafka, topic, stub, free_ports(1)[0], inside=True)
        driftline = Driftline(tmp_path / "one", "driftline.yaml", file=file, environment=SECRET)
        with driftline.running():
            eventually(driftline.ready, 60)
            eventually(lambda: f"{topic}.outcomes" in driftline.said or "created" in driftline.said)
            kafka.publish(f"{topic}.triggers", [trigger(1)])
            taken(kafka, f"{topic}.outcomes", 2)
            assert 0 == driftline.stop()
        assert {("hook", "t1"): 1} == stub.taken
