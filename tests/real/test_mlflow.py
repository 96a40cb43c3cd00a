"""A real MLflow: one run for a trigger that comes three times, the version's tag, and the whole loop back again."""

import asyncio
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from sinks.dispatch.target import Started
from sinks.dispatch.targets import open_target
from tests.integration.kafka import RealKafka, Unavailable
from tests.integration.running import Driftline, taken
from tests.real.programs import call, environment, free_port, running, until
from tests.sinks.dispatch.entries import ID, trigger

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def mlflow(venv: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with an empty store."""
    programs = venv("mlflow-3.17.2", "mlflow==3.17.2")
    folder = tmp_path_factory.mktemp("mlflow")
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [str(programs / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", "sqlite:///m.db", "--artifacts-destination", "./art"]
    local = {"MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true"}
    local["MLFLOW_WEBHOOK_CACHE_TTL"] = "1"  # s for which it remembers that there is no webhook; a minute by itself
    env = environment(HOME=str(folder), PATH=f"{programs}:/usr/bin:/bin", **local)
    with running(command, folder, env, f"{url}/health", 200):
        yield url


def test_three_repeats_of_a_trigger_are_one_run_with_its_evidence(mlflow: str) -> None:
    """Found again by its tag; the version of the registered model says that it has drifted."""
    api = f"{mlflow}/api/2.0/mlflow"
    call("POST", f"{api}/registered-models/create", {"name": "fraud"})
    for _ in range(3):
        call("POST", f"{api}/model-versions/create", {"name": "fraud", "source": "s3://nowhere/model"})
    entry = {"kind": "mlflow", "url": mlflow, "networks": ["127.0.0.1/32"]}

    async def thrice() -> list[object]:
        answers: list[object] = []
        for _ in range(3):
            target = open_target(entry)  # as after a crash
            answers.append(await target.start(trigger()))
            await target.close()
        return answers

    first, *others = asyncio.run(thrice())
    assert isinstance(first, Started), first
    assert [first, first] == others
    experiment: Any = call("GET", f"{api}/experiments/get-by-name?experiment_name=drift-monitor/fraud")
    wanted = {
        "experiment_ids": [experiment["experiment"]["experiment_id"]],
        "filter": f"tags.`drift.alert_id` = '{ID}'",
    }
    found: Any = call("POST", f"{api}/runs/search", wanted)
    (run,) = found["runs"]
    assert "FINISHED" == run["info"]["status"]
    assert {"verdict/amount": 0.09, "verdict/amount/limit": 0.05} == {
        each["key"]: each["value"] for each in run["data"]["metrics"]
    }
    version: Any = call("GET", f"{api}/model-versions/get?name=fraud&version=3")
    tags = {each["key"]: each["value"] for each in version["model_version"]["tags"]}
    assert {"drift.status": "drifted", "drift.incident": "41f0c2d9a6b3"} == tags


def test_a_model_that_is_not_registered_is_recorded_all_the_same(mlflow: str) -> None:
    """The run says everything; there is no version to tag."""
    target = open_target({"kind": "mlflow", "url": mlflow, "networks": ["127.0.0.1/32"]})

    async def story() -> object:
        answer = await target.start(trigger(id="77", model="unknown"))
        await target.close()
        return answer

    assert isinstance(asyncio.run(story()), Started)


SECRET = "the secret of a webhook"
LEARN_MIN, STEP_MS = 10, 250  # of events of a stream that is read as fast as it comes
BEGIN_MS = 1_795_000_020_000
FILE = """
kafka: {{bootstrap: "{bootstrap}", create_topics: true}}
events: {{predictions: [loop], max_ahead: 1m, idle: 500ms}}
topics: {{triggers: loop.triggers, outcomes: loop.outcomes, dead_letters: loop.dead-letters, control: loop.control}}
defaults: {{windows: [1m, 5m], lateness: 10s, reference: {{learn: 10m}}}}
models: {{loop: {{features: {{amount: numeric}}}}}}
hooks: {{mlflow: {{secret: env:WEBHOOK_SECRET}}}}
dispatch:
  inside: true
  listen: 127.0.0.1:{port}
  targets:
    - {{kind: command, command: ["{python}", "{retrain}", "{mlflow}", "${{model}}"]}}
    - {{kind: mlflow, url: "{mlflow}", networks: [127.0.0.1/32]}}
"""


class Serving:
    """A service that asks MLflow which version is served, and says minute by minute what it predicted."""

    def __init__(self, kafka: RealKafka, api: str) -> None:
        self._kafka, self._api, self._dice, self.minute = kafka, api, random.Random(1), 0

    @property
    def version(self) -> str:
        """The one with the alias."""
        found: Any = call("GET", f"{self._api}/registered-models/alias?name=loop&alias=champion")
        version: str = found["model_version"]["version"]
        return version

    def minutes(self, n: int, mean: float) -> None:
        """Events of some minutes, in a world where amounts have a mean."""
        version, begin = self.version, BEGIN_MS + self.minute * 60_000
        about = {"kind": "prediction", "model": "loop", "version": version}
        times = range(begin, begin + n * 60_000, STEP_MS)
        amounts = ({"amount": self._dice.gauss(mean, 10)} for _ in times)
        said = ({**about, "time": time, "features": each} for time, each in zip(times, amounts, strict=True))
        self._kafka.publish("loop", [json.dumps(each).encode() for each in said])
        self.minute += n


def outcomes(kafka: RealKafka) -> list[str]:
    """What the dispatcher has told by now, for a message."""
    return [str(json.loads(one.value() or b"null")["data"]) for one in taken(kafka, "loop.outcomes", 1)]


@pytest.mark.timeout(400)
def test_drift_ends_in_a_promoted_version_without_a_hand(
    mlflow: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Drift, trigger, run, new version, alias, webhook, control: its reference is promoted, the incident is closed."""
    kafka = RealKafka(tmp_path_factory.mktemp("kafka"))
    try:
        kafka.start()
    except Unavailable as why:
        pytest.skip(str(why))
    kafka.create_topic("loop")
    api = f"{mlflow}/api/2.0/mlflow"
    call("POST", f"{api}/registered-models/create", {"name": "loop"})
    call("POST", f"{api}/model-versions/create", {"name": "loop", "source": "s3://models/loop/first"})
    call("POST", f"{api}/registered-models/alias", {"name": "loop", "alias": "champion", "version": "1"})
    places = {"bootstrap": kafka.bootstrap, "mlflow": mlflow, "port": free_port(), "python": sys.executable}
    file = FILE.format(**places, retrain=ROOT / "examples" / "mlflow" / "retrain.py")
    own = Driftline(tmp_path / "one", "driftline.yaml", file=file, environment={"WEBHOOK_SECRET": SECRET})
    serving = Serving(kafka, api)
    try:
        with own.running():
            until(own.ready, 60, lambda: own.said)
            hook = {
                "name": "driftline",
                "url": f"http://127.0.0.1:{own.port}/v1/hooks/mlflow",
                "events": [{"entity": "MODEL_VERSION_ALIAS", "action": "CREATED"}],
                "secret": SECRET,
            }
            call("POST", f"{api}/webhooks", hook)
            serving.minutes(LEARN_MIN + 10, 100)
            until(lambda: own.metric("driftline_learning_ratio") == 1, 60, lambda: own.said)
            begun = monotonic()
            serving.minutes(15, 112)
            until(lambda: own.items("/v1/incidents") != [], 60, lambda: own.said)
            until(lambda: serving.version == "2", 90, lambda: f"{outcomes(kafka)} {own.said}")
            promoted = {"kind": "promote", "model": "loop", "who": "mlflow", "outcome": "applied"}

            def asked() -> list[dict[str, object]]:
                return [{name: each[name] for name in promoted} for each in own.items("/v1/controls")]

            until(
                lambda: asked() == [promoted],
                60,
                lambda: f"{own.items('/v1/controls')} {own.get('/metrics')} {own.said}",
            )
            (incident,) = own.items("/v1/incidents")
            assert incident["closed"] is not None
            closed = monotonic() - begun
            serving.minutes(LEARN_MIN + 20, 112)

            def newest() -> list[dict[str, Any]]:
                return [each for each in own.items("/v1/windows?length=5m") if each["version"] == "2"]

            until(lambda: bool(newest()) and newest()[0]["verdict"] == "ok", 60, lambda: str(newest()[:3]) + own.said)
            assert "of version 2, which was promoted" in newest()[0]["reference"]
            took = monotonic() - begun
            assert 1 == len(own.items("/v1/incidents"))
            assert 1 == own.metric("driftline_hooks_total")
            print(f"incident closed after {closed:.1f} s, a window of the new version well after {took:.1f} s")
            assert took < 300
    finally:
        kafka.kill()
