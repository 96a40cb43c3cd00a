"""The whole way round without a hand: drift, a trigger, a finished run of Airflow, an alias in MLflow, and back."""

import json
import random
from pathlib import Path
from time import monotonic
from typing import Any

from sinks.dispatch.targets.plans.exchange import Reply
from tests.integration.kafka import RealKafka
from tests.integration.running import Driftline, taken
from tests.integration.stub import stub
from tests.real.airflow_server import PASSWORD, USER, runs, token
from tests.real.programs import call, free_port, until

SECRET = "the secret of a webhook"
WITHIN_S = 300
LEARN_MIN, STEP_MS = 10, 250  # of events of a stream that is read as fast as it comes
BEGIN_MS = 1_795_000_020_000
LOCAL = "networks: [127.0.0.1/32]"
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
    - {{kind: airflow, url: "{airflow}", dag: retrain_in_mlflow, username: {user}, password: env:PASSWORD, {local}}}
    - {{kind: mlflow, url: "{mlflow}", {local}}}
    - {{kind: webhook, url: "{receiver}", secret: env:WEBHOOK_SECRET, {local}}}
    - {{kind: command, command: [tee, "asked-${{id}}.json"], directory: "{folder}"}}
"""
ENDS = {"airflow": "succeeded", "mlflow": "started", "webhook": "started", "command": "succeeded"}  # the last one told


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


def told(kafka: RealKafka) -> dict[str, dict[str, str]]:
    """What has become of each trigger at each target, as the topic of outcomes tells it by now."""
    found: dict[str, dict[str, str]] = {}
    for each in taken(kafka, "loop.outcomes", 1):
        outcome = json.loads(each.value() or b"null")["data"]
        found.setdefault(outcome["trigger"], {})[outcome["target"]] = outcome["state"]
    return found


def test_drift_ends_in_a_promoted_version_without_a_hand(
    airflow: str, mlflow: str, broker: RealKafka, tmp_path: Path
) -> None:
    """Drift, trigger, finished run, alias, webhook: the new version's reference is promoted, the incident is closed."""
    broker.create_topic("loop")
    api = f"{mlflow}/api/2.0/mlflow"
    call("POST", f"{api}/registered-models/create", {"name": "loop"})
    call("POST", f"{api}/model-versions/create", {"name": "loop", "source": "s3://models/loop/first"})
    call("POST", f"{api}/registered-models/alias", {"name": "loop", "alias": "champion", "version": "1"})
    serving = Serving(broker, api)
    with stub() as receiver:
        receiver.answer = lambda _: Reply(204)
        places = {"bootstrap": broker.bootstrap, "airflow": airflow, "mlflow": mlflow, "receiver": receiver.url}
        file = FILE.format(**places, user=USER, local=LOCAL, folder=tmp_path, port=free_port())
        secrets = {"WEBHOOK_SECRET": SECRET, "PASSWORD": PASSWORD}
        own = Driftline(tmp_path / "one", "driftline.yaml", file=file, environment=secrets)
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
            opened = monotonic() - begun
            until(lambda: serving.version == "2", 120, lambda: f"{told(broker)} {own.said}")
            served = monotonic() - begun
            promoted = {"kind": "promote", "model": "loop", "who": "mlflow", "outcome": "applied"}

            def controls() -> list[dict[str, object]]:
                return [{name: each[name] for name in promoted} for each in own.items("/v1/controls")]

            until(lambda: controls() == [promoted], 60, lambda: f"{own.items('/v1/controls')} {own.said}")
            (incident,) = own.items("/v1/incidents")
            assert incident["closed"] is not None
            closed = monotonic() - begun

            serving.minutes(LEARN_MIN + 20, 112)

            def newest() -> list[dict[str, Any]]:
                return [each for each in own.items("/v1/windows?length=5m") if each["version"] == "2"]

            until(lambda: bool(newest()) and newest()[0]["verdict"] == "ok", 60, lambda: str(newest()[:3]) + own.said)
            took = monotonic() - begun
            assert "of version 2, which was promoted" in newest()[0]["reference"]
            assert 1 == len(own.items("/v1/incidents"))
            assert 1 == own.metric("driftline_hooks_total")
            until(lambda: list(told(broker).values()) == [ENDS], 60, lambda: f"{told(broker)} {own.said}")
        (trigger,) = told(broker)
        version: Any = call("GET", f"{api}/model-versions/get?name=loop&version=2")
        assert [{"key": "driftline.trigger", "value": trigger}] == version["model_version"]["tags"]
        (run,) = runs(airflow, "retrain_in_mlflow", token(airflow))
        assert (f"driftline-{trigger}", "success") == (run["dag_run_id"], run["state"])
        (asked,) = receiver.asked
        assert trigger == asked.headers["webhook-id"]
        assert asked.body == (tmp_path / f"asked-{trigger}.json").read_bytes()
    print(f"incident after {opened:.1f} s, version served after {served:.1f} s, incident closed after {closed:.1f} s, "
          f"a window of the new version well after {took:.1f} s")  # fmt: skip
    assert took < WITHIN_S
