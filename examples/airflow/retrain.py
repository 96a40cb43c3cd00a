"""A DAG that driftline's `airflow` target starts: one run per trigger, whose configuration is the trigger's data.

Put it into the folder of DAGs. With `kind: airflow_asset` its second DAG is started by events of an asset instead; such
a run may carry several events.
"""

from airflow.sdk import Asset, dag, task


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


@dag(schedule=[Asset(name="fraud_drift", uri="drift://driftline/fraud")], catchup=False, is_paused_upon_creation=False)
def retrain_by_asset() -> None:
    """Started by events: several may share a run, and one may come twice."""

    @task
    def trained(triggering_asset_events: dict | None = None) -> list[str]:
        events = [event.extra for several in (triggering_asset_events or {}).values() for event in several]
        by_id = {event["trigger_id"]: event for event in events}
        return [train(event) for event in by_id.values()]

    trained()


retrain()
retrain_by_asset()
