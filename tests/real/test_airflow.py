"""A real Airflow with the DAGs of examples/airflow: a trigger that comes three times is one run, seen to its end."""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Target
from sinks.dispatch.targets import open_target
from tests.integration.kafka import RealKafka, Unavailable
from tests.integration.running import Driftline, taken
from tests.real.programs import call, environment, free_port, running, until
from tests.sinks.dispatch.entries import RUN, trigger

ROOT = Path(__file__).parent.parent.parent
LOCAL = {"networks": ["127.0.0.1/32"]}
PASSWORD = "open-sesame"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKafka | None]:
    """A Kafka with the topic of triggers; None where Java cannot be had."""
    try:
        own = RealKafka(tmp_path_factory.mktemp("kafka"))
        own.start()
    except Unavailable:
        yield None
        return
    own.create_topic("driftline.triggers")
    try:
        yield own
    finally:
        own.kill()


@pytest.fixture(scope="module")
def airflow(
    venv: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory, broker: RealKafka | None
) -> Iterator[str]:
    """The address of a standalone Airflow with one user, who signs in by a password."""
    programs = venv("airflow-3.3.2", "apache-airflow==3.3.2", "apache-airflow-providers-apache-kafka==2.1.0")
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "dags").mkdir()
    shutil.copy(ROOT / "examples" / "airflow" / "retrain.py", folder / "dags")
    consuming = {"group.id": "airflow-driftline", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    connection: dict[str, Any] = {"conn_type": "kafka", "extra": consuming}
    if broker is not None:
        consuming["bootstrap.servers"] = broker.bootstrap
        shutil.copy(ROOT / "examples" / "airflow" / "from_kafka.py", folder / "dags")
    (folder / "passwords.json").write_text(f'{{"admin": "{PASSWORD}"}}')
    url = f"http://127.0.0.1:{(port := free_port())}"
    env = environment(
        HOME=str(folder),
        PATH=f"{programs}:/usr/bin:/bin",
        AIRFLOW_HOME=str(folder),
        AIRFLOW__API__PORT=str(port),
        AIRFLOW__API__HOST="127.0.0.1",
        AIRFLOW__API__BASE_URL=url,
        AIRFLOW__API__WORKERS="1",
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"{url}/execution/",  # else every task fails at another port
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=str(folder / "passwords.json"),
        AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL="5",
        AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(free_port()),
        AIRFLOW_CONN_KAFKA_DRIFTLINE=json.dumps(connection),
    )
    with running([str(programs / "airflow"), "standalone"], folder, env, f"{url}/api/v2/monitor/health", 240):
        until(lambda: "retrain" in dags(url), 120)
        yield url


def token(url: str) -> str:
    """The test's own."""
    reply: Any = call("POST", f"{url}/auth/token", {"username": "admin", "password": PASSWORD})
    found: str = reply["access_token"]
    return found


def dags(url: str) -> set[str]:
    """The DAGs that Airflow has read."""
    reply: Any = call("GET", f"{url}/api/v2/dags", token=token(url))
    return {each["dag_id"] for each in reply["dags"]}


def target(url: str, **keys: object) -> Target:
    """A target that signs in."""
    entry = {"kind": "airflow", "url": url, "dag": "retrain", "username": "admin", "password": "env:PASSWORD", **LOCAL}
    return open_target({**entry, **keys}, {"PASSWORD": PASSWORD})


async def followed(own: Target, external_id: str) -> object:
    """The end of a run, within two minutes."""
    async with asyncio.timeout(120):
        while isinstance(state := await own.follow(external_id), Running | Again):  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    return state


def test_three_repeats_of_a_trigger_are_one_run_that_succeeds(airflow: str) -> None:
    """Airflow refuses the second and the third; the run reads the trigger."""

    async def story() -> tuple[list[object], object]:
        own = target(airflow)
        answers = [await own.start(trigger()) for _ in range(3)]
        end = await followed(own, f"retrain/{RUN}")
        await own.close()
        return list(answers), end

    answers, end = asyncio.run(story())
    assert [Started(f"retrain/{RUN}", f"{airflow}/dags/retrain/runs/{RUN}")] * 3 == answers
    assert Ended(succeeded=True) == end
    mine = token(airflow)
    runs: Any = call("GET", f"{airflow}/api/v2/dags/retrain/dagRuns", token=mine)
    (run,) = runs["dag_runs"]
    assert "drift" == run["conf"]["reason"]
    path = f"dags/retrain/dagRuns/{RUN}/taskInstances/trained/xcomEntries/return_value"
    said: Any = call("GET", f"{airflow}/api/v2/{path}", token=mine)
    assert "fraud retrained on 2026-11-01T00:00:00Z to 2026-11-20T17:00:00Z because of drift" in str(said["value"])


def test_an_event_of_an_asset_is_added_once(airflow: str) -> None:
    """The second time it is found among the events."""
    keys = {"kind": "airflow_asset", "url": airflow, "asset": "drift://driftline/fraud"}
    signing = {"username": "admin", "password": "env:PASSWORD", **LOCAL}

    async def story() -> list[object]:
        own = open_target({**keys, **signing}, {"PASSWORD": PASSWORD})
        answers: list[object] = []
        async with asyncio.timeout(60):
            while len(answers) < 3:  # lists of events answer 500 while a run is being made
                answer = await own.start(trigger(id="a55e7"))
                answers += [] if isinstance(answer, Again) else [answer]
                await asyncio.sleep(0.3)
        await own.close()
        return answers

    first, *others = asyncio.run(story())
    assert isinstance(first, Started), first
    assert [first, first] == others
    mine = token(airflow)
    events: Any = call("GET", f"{airflow}/api/v2/assets/events", token=mine)
    assert 1 == sum(each["extra"].get("trigger_id") == "a55e7" for each in events["asset_events"])

    def ran() -> bool:
        runs: Any = call("GET", f"{airflow}/api/v2/dags/retrain_by_asset/dagRuns", token=mine)
        return [each["state"] for each in runs["dag_runs"]] == ["success"]

    until(ran, 120)


def test_a_dag_reads_the_topic_itself(airflow: str, broker: RealKafka | None) -> None:
    """Three triggers, one of them twice: whatever shares a run, each is acted on once in it."""
    if broker is None:
        pytest.skip("Kafka cannot be started here")
    mine = token(airflow)
    until(lambda: "retrain_from_kafka" in dags(airflow), 120)
    broker.publish("driftline.triggers", [trigger(id=each).raw for each in ("k1", "k2", "k2", "k3")])

    def acted() -> list[str]:
        runs: Any = call("GET", f"{airflow}/api/v2/dags/retrain_from_kafka/dagRuns", token=mine)
        said: list[str] = []
        for run in runs["dag_runs"]:
            if run["state"] == "success":
                path = f"dags/retrain_from_kafka/dagRuns/{run['dag_run_id']}/taskInstances/trained/xcomEntries"
                entry: Any = call("GET", f"{airflow}/api/v2/{path}/return_value", token=mine)
                value = entry["value"]
                said += json.loads(value) if isinstance(value, str) else value
        return said

    until(lambda: len(acted()) >= 3, 180)
    assert {"fraud retrained because of drift"} == set(acted())
    assert len(acted()) <= 4


FILE = """
kafka: {{bootstrap: "{bootstrap}", create_topics: true}}
topics: {{triggers: real.triggers, outcomes: real.outcomes, dead_letters: real.dead-letters}}
dispatch:
  listen: 127.0.0.1:{port}
  targets:
    - {{kind: airflow, url: "{url}", dag: retrain, username: admin, password: env:PASSWORD, networks: [127.0.0.1/32]}}
"""


def test_triggers_on_the_topic_are_finished_runs_though_the_dispatcher_is_killed(
    airflow: str, broker: RealKafka | None, tmp_path: Path
) -> None:
    """From Kafka through `driftline dispatch` into Airflow: as many runs as triggers, and their ends on the topic."""
    if broker is None:
        pytest.skip("Kafka cannot be started here")
    broker.create_topic("real.triggers")
    ids = [f"d{i}" for i in range(4)]
    file = FILE.format(bootstrap=broker.bootstrap, url=airflow, port=(port := free_port()))
    own = Driftline(
        tmp_path / "one", "driftline.yaml", file=file, environment={"PASSWORD": PASSWORD}, command="dispatch"
    )
    own.port = port
    mine = token(airflow)

    def runs() -> dict[str, str]:
        found: Any = call("GET", f"{airflow}/api/v2/dags/retrain/dagRuns?limit=100", token=mine)
        return {each["dag_run_id"]: each["state"] for each in found["dag_runs"]}

    def publish() -> None:
        broker.publish("real.triggers", [trigger(id=each, model=f"model-{each}").raw for each in ids])

    began = monotonic()
    with own.running():
        until(own.ready, 60)
        publish()
        until(lambda: "driftline-d0" in runs(), 60)
        own.kill()
    with own.running():
        until(own.ready, 60)
        publish()  # and everything once more
        until(lambda: all(runs().get(f"driftline-{each}") == "success" for each in ids), 180)
        states = {
            (event["data"]["trigger"], event["data"]["state"])
            for each in taken(
                broker, "real.outcomes", 3 * len(ids), told_apart=lambda one: json.loads(one.value())["id"]
            )
            for event in [json.loads(each.value() or b"{}")]
        }
        assert 0 == own.stop()
    assert {(each, state) for each in ids for state in ("accepted", "started", "succeeded")} == states
    assert [f"driftline-{each}" for each in ids] == sorted(run for run in runs() if run.startswith("driftline-d"))
    assert monotonic() - began < 300
    assert PASSWORD not in own.said


def test_a_wrong_password_waits_and_a_missing_dag_does_not(airflow: str) -> None:
    """The one can be put right while the trigger waits; the other is a mistake of the configuration."""

    async def story(own: Target) -> object:
        answer = await own.start(trigger(id="404"))
        await own.close()
        return answer

    wrong = {
        "kind": "airflow",
        "url": airflow,
        "dag": "retrain",
        "username": "admin",
        "password": "env:PASSWORD",
        **LOCAL,
    }
    assert isinstance(asyncio.run(story(open_target(wrong, {"PASSWORD": "not it"}))), Again)
    assert isinstance(asyncio.run(story(target(airflow, dag="nonesuch"))), Refused)
