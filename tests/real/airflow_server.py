"""A standalone Airflow with the DAGs of the examples, and what tests ask it."""

import json
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sinks.dispatch.target import Target
from sinks.dispatch.targets import open_target
from tests.real.programs import Server, call, free_port, server, until

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
USER, PASSWORD = "admin", "open-sesame"
DAGS = {"retrain", "retrain_by_asset", "retrain_from_kafka", "retrain_in_mlflow"}


def serving(folder: Path, bootstrap: str, airflow: str, mlflow: str) -> AbstractContextManager[Server]:
    """Begun, not up yet; `airflow` is its address, `mlflow` that of the registry which a DAG tells."""
    for name in ("airflow", "mlflow"):
        shutil.copytree(EXAMPLES / name, folder / "examples" / name)
    (folder / "passwords.json").write_text(json.dumps({USER: PASSWORD}))
    consuming = {"group.id": "airflow-driftline", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    connection = {"conn_type": "kafka", "extra": {**consuming, "bootstrap.servers": bootstrap}}
    return server(
        "airflow",
        ["airflow", "standalone"],
        folder,
        airflow,
        AIRFLOW_HOME=str(folder),
        AIRFLOW__API__PORT=str(urlsplit(airflow).port),
        AIRFLOW__API__HOST="127.0.0.1",
        AIRFLOW__API__BASE_URL=airflow,
        AIRFLOW__API__WORKERS="1",
        AIRFLOW__CORE__DAGS_FOLDER=str(folder / "examples" / "airflow"),
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"{airflow}/execution/",  # else every task fails at another port
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=str(folder / "passwords.json"),
        AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL="5",
        AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(free_port()),
        AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT=str(free_port()),
        AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT="60",  # s; 5 by itself, and a busy machine fails a task by it
        AIRFLOW_CONN_KAFKA_DRIFTLINE=json.dumps(connection),
        MLFLOW_TRACKING_URI=mlflow,
    )


def up(own: Server) -> str:
    """Its address, when it has read the DAGs."""
    url = own.up("/api/v2/monitor/health")

    def read() -> bool:
        reply: Any = call("GET", f"{url}/api/v2/dags", token=token(url))
        return {each["dag_id"] for each in reply["dags"]} >= DAGS

    until(read, 120, lambda: own.said)
    return url


def token(url: str) -> str:
    """The test's own."""
    reply: Any = call("POST", f"{url}/auth/token", {"username": USER, "password": PASSWORD})
    found: str = reply["access_token"]
    return found


def asked(url: str, path: str, mine: str) -> Any:  # noqa: ANN401 - JSON
    """The document that Airflow answers at a path of its API."""
    return call("GET", f"{url}/api/v2/{path}", token=mine)


def runs(url: str, dag: str, mine: str) -> list[dict[str, Any]]:
    """The runs of a DAG."""
    found: list[dict[str, Any]] = asked(url, f"dags/{dag}/dagRuns?limit=100", mine)["dag_runs"]
    return found


def said(url: str, dag: str, run: str, task: str, mine: str) -> Any:  # noqa: ANN401 - JSON
    """What a task of a run has given back."""
    value = asked(url, f"dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value", mine)["value"]
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


def target(url: str, password: str = PASSWORD, **keys: str) -> Target:
    """A target that signs in, on the loopback."""
    signing = {"username": USER, "password": "env:PASSWORD", "networks": ["127.0.0.1/32"]}
    return open_target({"kind": "airflow", "url": url, **signing, **keys}, {"PASSWORD": password})
