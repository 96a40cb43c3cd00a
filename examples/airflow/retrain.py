"""A DAG that driftline's `airflow` target starts: one run per trigger, whose configuration is the trigger's data.

Put it into the folder of DAGs. With `kind: airflow_asset` its second DAG is started by events of an asset instead. A
run of that one acts on whatever no run has acted on yet: from_kafka.py says why.
"""

from airflow.sdk import Asset, Variable, dag, task

DRIFTED = Asset(name="fraud_drift", uri="drift://driftline/fraud")
ACTED = "fraud_drift_acted_on"  # a variable of Airflow: the ids of the newest
NEWEST = 100


def train(trigger: dict) -> str:
    """Your training: on the data of this stretch, unless the trigger says that the data itself is broken."""
    if trigger.get("hold_training"):
        return f"{trigger['model']}: the data is broken, nothing is trained"
    fresh = trigger["fresh_data"]
    return f"{trigger['model']} retrained on {fresh['from']} to {fresh['to']} because of {trigger['reason']}"


@dag(schedule=None, catchup=False, is_paused_upon_creation=False, tags=["driftline"])
def retrain() -> None:
    """Started by a request, once per trigger: its id is the run's."""

    @task
    def trained(dag_run: object = None) -> str:
        words = train(dag_run.conf)
        print(words)
        return words

    trained()


@dag(schedule=[DRIFTED], catchup=False, is_paused_upon_creation=False, tags=["driftline"])
def retrain_by_asset() -> None:
    """Started by events: several may share a run, and one may come twice."""

    @task(inlets=[DRIFTED], max_active_tis_per_dag=1)
    def trained(inlet_events: dict | None = None) -> list[str]:
        acted = Variable.get(ACTED, default=[], deserialize_json=True)
        words = []
        for event in reversed(inlet_events[DRIFTED].ascending(False).limit(NEWEST)):
            if event.extra["trigger_id"] not in acted:
                words.append(train(event.extra))
                acted = [*acted, event.extra["trigger_id"]][-NEWEST:]
                Variable.set(ACTED, acted, serialize_json=True)
        return words

    trained()


retrain()
retrain_by_asset()
