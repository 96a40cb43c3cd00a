"""A DAG for the `airflow` target whose run registers a new version in MLflow and moves the alias: docs/mlflow.md.

It runs ../mlflow/retrain.py as the `command` target would. Airflow's processes find the registry in
`MLFLOW_TRACKING_URI`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from airflow.sdk import dag, task

PROGRAM = Path(__file__).parent.parent / "mlflow" / "retrain.py"


@dag(schedule=None, catchup=False, is_paused_upon_creation=False, tags=["driftline"])
def retrain_in_mlflow() -> None:
    """A run for a trigger: its configuration is the trigger's data, with the id beside it."""

    @task
    def promoted(dag_run: object = None) -> str:
        trigger = json.dumps({"id": dag_run.conf["trigger_id"], "data": dag_run.conf})
        command = [sys.executable, PROGRAM, os.environ["MLFLOW_TRACKING_URI"], dag_run.conf["model"]]
        return subprocess.run(command, input=trigger, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603

    promoted()


retrain_in_mlflow()
