"""Two tiers on a real broker: workers and a monitor, killed under load, and the rows of one undisturbed process."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from sinks import commit as tables
from tests.integration.kafka import PASSWORD, Kafka, RealKafka
from tests.integration.publishing import CONFIGURATION, PARTITIONS, STEP_MS
from tests.integration.running import Driftline
from tests.integration.streams import events
from tests.stream.web.served import eventually
from tests.torture.fleet import POSITION, Fleet, between

STORY = ("kill worker", "freeze worker", "kill monitor", "leave", "freeze worker", "kill monitor")


@pytest.mark.timeout(200)
def test_workers_and_a_monitor_under_fire_give_the_rows_of_one_process(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """Two workers share three partitions and take over from each other; the monitor dies too: equal rows."""
    fleet = Fleet(kafka, new_topic(PARTITIONS), tmp_path / "fleet", workers=2, dice=random.Random(5))
    with fleet.running():
        for fault in STORY:
            fleet.wait(2, 4)
            fleet.strike(fault)
        fleet.settle()
    found = fleet.judge()
    print(found, dict(fleet.faults), f"read again: {fleet.reread}")
    assert found["releases"] > 0
    assert found["triggers"] > 0
    assert sum(fleet.reread) > 0
    assert 0 == fleet.faults["a worker gave up"]


@pytest.mark.timeout(200)
def test_two_monitors_have_together_the_rows_of_one_process(
    own_kafka: RealKafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """Each with one of two models and a store of its own; one dies after the other, and workers come and go.

    All of them speak with the broker by SCRAM over TLS.
    """
    parts = {"workers": 2, "monitors": 2, "secure": True}
    fleet = Fleet(own_kafka, new_topic(PARTITIONS), tmp_path / "fleet", dice=random.Random(6), **parts)
    with fleet.running():
        for fault in ("kill monitor", "leave", "kill monitor", "kill worker", "kill monitor"):
            fleet.wait(3, 5)
            fleet.strike(fault)
        fleet.settle()
    found = fleet.judge()
    print(found, dict(fleet.faults), f"read again: {fleet.reread}")
    assert (2, 1) == (found["plans"], found["triggers"])
    assert not any(PASSWORD in each.said for each in (*fleet.monitors, *fleet.workers))
    assert sum(fleet.reread) > 0


def test_a_partition_that_is_added_is_read_from_its_beginning(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """The topic of Partials grows with that of events, and the worker claims what is new."""
    topic = new_topic(1)
    configuration = between(CONFIGURATION.format(bootstrap=kafka.bootstrap, topic=topic), topic)
    monitor = Driftline(tmp_path / "monitor", file=configuration, command="monitor")
    worker = Driftline(tmp_path / "worker", file=configuration, command="ingest")
    reached, n = {"bootstrap.servers": kafka.bootstrap}, 400
    admin = AdminClient(reached)

    def publish(partition: int) -> None:
        producer = Producer(reached)
        for event in events(partition, n, STEP_MS):
            producer.produce(topic, event, partition=partition)
        producer.flush(10)

    with monitor.running(), worker.running():
        publish(0)
        eventually(lambda: monitor.metric(POSITION) == n, 60)
        admin.create_partitions([NewPartitions(topic, 2)])[topic].result(10)
        publish(1)
        eventually(lambda: monitor.metric(POSITION) == 2 * n, 60)
        assert [0, 0] == [worker.stop(), monitor.stop()]
    with monitor.kept() as store:
        found = store.select(tables.JOURNAL, where={"kind": "found"})
        assert [(0, 0), (1, 0)] == sorted(zip(found["partition"].tolist(), found["offset"].tolist(), strict=True))
    assert f"topic {topic}.partials.{topic} has 2 partitions now" in monitor.said
