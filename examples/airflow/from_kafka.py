"""A DAG that reads driftline's topic itself, so that no dispatcher is needed: Airflow 3.3 with its Kafka provider 2.1.

`KafkaSharedStreamTrigger` commits a message once its event is kept. (`MessageQueueTrigger`, for Airflow 3.0 to 3.2,
commits before, and starts runs one after the other: 6 to 31 s where this one takes 3 to 4.) Airflow finds the brokers
in a connection:

    AIRFLOW_CONN_KAFKA_DRIFTLINE='{"conn_type": "kafka", "extra": {"bootstrap.servers": "broker:9092",
      "group.id": "airflow-driftline", "auto.offset.reset": "earliest", "enable.auto.commit": false}}'

Of events that come within one pass of its scheduler Airflow 3.3 gives a run the first, and keeps the others until yet
another comes, perhaps never: https://github.com/apache/airflow/issues/56050. So a run looks at the asset's newest
events, not only at its own, and remembers what it has acted on.
"""

import json

from airflow.providers.apache.kafka.triggers.shared_stream import KafkaSharedStreamTrigger
from airflow.sdk import Asset, AssetWatcher, Variable, dag, task

TRIGGERS = KafkaSharedStreamTrigger(topics=["driftline.triggers"], kafka_config_id="kafka_driftline", poll_timeout=1.0)
ASKED = Asset("driftline_triggers", watchers=[AssetWatcher(name="driftline", trigger=TRIGGERS)])
ACTED = "driftline_triggers_acted_on"  # a variable of Airflow: the ids of the newest
NEWEST = 100


@dag(schedule=[ASKED], catchup=False, is_paused_upon_creation=False, tags=["driftline"])
def retrain_from_kafka() -> None:
    """A run acts on every trigger that none has acted on: one or several, or none. A trigger may come twice."""

    @task(inlets=[ASKED], max_active_tis_per_dag=1)
    def trained(inlet_events: dict | None = None) -> list[str]:
        acted = Variable.get(ACTED, default=[], deserialize_json=True)
        words = []
        for event in reversed(inlet_events[ASKED].ascending(False).limit(NEWEST)):
            payload = event.extra["payload"]
            message = json.loads(payload) if isinstance(payload, str) else payload
            if message["id"] not in acted:
                words.append(f"{message['data']['model']} retrained because of {message['data']['reason']}")
                acted = [*acted, message["id"]][-NEWEST:]
                Variable.set(ACTED, acted, serialize_json=True)
        return words

    trained()


retrain_from_kafka()
