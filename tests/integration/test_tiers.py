"""Two tiers on a real broker: workers and a monitor, killed under load, and the rows of one undisturbed process."""

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from sinks import commit as tables
from stream.config.parse import parse
from tests.integration.kafka import Kafka
from tests.integration.running import Driftline
from tests.integration.streams import events
from tests.integration.test_service_killed import CONFIGURATION, PARTITIONS, STEP_MS, Publisher, undisturbed, whole
from tests.simulation.driver import rows
from tests.stream.web.served import eventually

FAULTS = 6  # in turns: a worker is killed, another is frozen past its session, the monitor is killed
FROZEN_S = 8.0
POSITION = "driftline_consumer_position_offset"
SILENT = range(11_000, 1_000_000)  # the last partition stops there, and is released again and again


def between(configuration: str, topic: str) -> str:
    """The configuration with a name and topics between the tiers that are the test's own."""
    named = configuration.replace("kafka: {", f"kafka: {{name: {topic}, ")
    return named.replace("topics: {", f"topics: {{partials: {topic}.partials, plans: {topic}.plans, ")


@contextmanager
def ending(publisher: Publisher) -> Iterator[None]:
    """Surely ended with the block."""
    try:
        yield
    finally:
        if publisher.is_alive():
            publisher.finish()


@pytest.mark.timeout(200)
def test_workers_and_a_monitor_under_fire_give_the_rows_of_one_process(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """Two workers share three partitions and take over from each other; the monitor dies too: equal rows."""
    topic, dice, pause = new_topic(PARTITIONS), random.Random(5), Event()
    configuration = between(CONFIGURATION.format(bootstrap=kafka.bootstrap, topic=topic), topic)
    monitor = Driftline(tmp_path / "monitor", file=configuration, command="monitor")
    workers = [Driftline(tmp_path / f"worker-{i}", file=configuration, command="ingest") for i in range(2)]
    publisher = Publisher(kafka, topic, SILENT)
    publisher.start()
    with ending(publisher), monitor.running(), workers[0].running(), workers[1].running():
        eventually(monitor.ready)
        for i in range(FAULTS):
            pause.wait(dice.uniform(2, 4))
            victim = monitor if i % 3 == 2 else workers[i % 2]
            if i % 3 == 1:
                victim.process.send_signal(signal.SIGSTOP)
                pause.wait(FROZEN_S)
                victim.process.send_signal(signal.SIGCONT)  # it believes that it still has its partitions
            else:
                victim.kill()
                pause.wait(dice.uniform(0, 1))
                victim.start()
        publisher.finish()
        log = whole(kafka, [(topic, partition) for partition in range(PARTITIONS)])
        n = sum(stretches[-1].position for stretches in log.values())
        eventually(lambda: monitor.metric(POSITION) >= n, 60)
        pause.wait(3)  # all idle: the last panes close
        assert [0, 0] == [worker.stop() for worker in workers]
        assert 0 == monitor.stop()
    with monitor.kept() as store:
        kept = rows(store)
        expected = undisturbed(parse(configuration), log, store)
        n_released = np.count_nonzero(store.select(tables.JOURNAL)["kind"] == "release")
    print({table: len(found) for table, found in kept.items()}, f"{n_released} releases")
    assert n_released > 0
    assert {table: len(found) for table, found in expected.items()} == {t: len(found) for t, found in kept.items()}
    assert expected == kept


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
