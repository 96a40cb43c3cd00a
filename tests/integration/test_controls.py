"""Controls on a real broker, by the commands of docs/controls.md and by HTTP, over a kill, in one tier and in two."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from sinks import commit as tables
from tests.integration.kafka import Kafka
from tests.integration.running import COMMAND, Driftline, configuration
from tests.integration.streams import events
from tests.stream.web.served import eventually
from tests.torture.fleet import between

PAGE = (Path(__file__).parents[2] / "docs" / "controls.md").read_text(encoding="utf-8")
CONSOLE, BY_HTTP = re.findall(r"```console\n(.*?)\n```", PAGE, re.DOTALL)
COMMANDS = [line.removeprefix("$ driftline ") for line in CONSOLE.splitlines()]
TOKEN = "the token of a test"
STEP_MS = 1_000


def asked(service: Driftline) -> list[tuple[str, str, str]]:
    """What was asked for, and what became of it, the oldest first."""
    return sorted((each["kind"], each["model"], each["outcome"]) for each in service.items("/v1/controls"))


def say(service: Driftline, *arguments: str) -> None:
    """Run a command as somebody would beside the service."""
    command = (*COMMAND, *arguments)
    run = subprocess.run(
        command, cwd=service.folder, env=service.environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert 0 == run.returncode, run.stderr


def words(line: str) -> list[str]:
    """A command's arguments."""
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line)]


@pytest.mark.timeout(150)
@pytest.mark.parametrize("tiers", [False, True], ids=["run", "monitor"])
def test_what_is_asked_is_done_once_and_told(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path, *, tiers: bool
) -> None:
    """The page's commands, a kill, the page's request, one that is no control; and what a dispatcher tells."""
    topic = new_topic()
    text = between(configuration(kafka, topic), topic).replace("topics: {", f"topics: {{outcomes: {topic}.outcomes, ")
    command, environment = "monitor" if tiers else "run", {"DRIFTLINE_TOKEN": TOKEN}
    service = Driftline(tmp_path / "service", file=text, environment=environment, command=command)
    worker = Driftline(tmp_path / "worker", file=text, command="ingest")
    kafka.publish(topic, events(0, 900, STEP_MS))
    with service.running():
        if tiers:
            worker.start()
        try:
            eventually(lambda: len(service.items("/v1/models")) == 2, 60)
            for line in COMMANDS[:1]:
                say(service, *words(line))
            eventually(lambda: asked(service) == [("pause", "fraud", "applied")])
            service.kill()
            service.start()
            for line in COMMANDS[1:]:
                say(service, *words(line))
            expected = [("maintenance", "*", "applied"), ("pause", "fraud", "applied"), ("resume", "fraud", "applied")]
            eventually(lambda: asked(service) == expected)
            (body,) = re.findall(r"-d '(.*)'", BY_HTTP)
            status, answer = post(service, body)
            assert (202, "resume", "fraud") == (status, answer["kind"], answer["model"])
            kafka.publish(f"{topic}.control", [b"{"])
            refused = [("", "", "refused"), ("resume", "fraud", "refused")]
            eventually(lambda: asked(service) == sorted((*expected, *refused)))
            eventually(lambda: service.metric("driftline_controls_total") == 4)  # since the kill
            outcome = {"trigger": "t", "target": "hook", "model": "fraud", "state": "started", "at": 1_795_000_000_000}
            told = json.dumps({"id": "1", "data": outcome}).encode()
            kafka.publish(kafka.create_topic(f"{topic}.outcomes"), [told, told, b"{"])  # nobody has waited for it
            eventually(lambda: service.metric("driftline_outcomes_total") == 1)
            dead = f'driftline_rejected_events_total{{reason="no_outcome",topic="{topic}.outcomes"}} 1.0'
            eventually(lambda: dead in service.get("/metrics")[1])
            assert 1 == service.metric("driftline_runs_running")
            _, page = service.get("/")
            assert "maintenance of all models to " in page
            assert 0 == service.stop()
        finally:
            if tiers:
                worker.kill()
    with service.kept() as store:
        kinds = store.select(tables.JOURNAL)["kind"].tolist()
        assert (5, 3) == (kinds.count("control"), kinds.count("outcome"))
        assert ["started"] == store.select(tables.OUTCOMES)["state"].tolist()
    assert TOKEN not in service.said


def post(service: Driftline, body: str) -> tuple[int, dict[str, str]]:
    """The answer to a control."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = Request(f"http://127.0.0.1:{service.port}/v1/control", body.encode(), headers, method="POST")
    with urlopen(request, timeout=20) as answer:
        return answer.status, json.loads(answer.read())
