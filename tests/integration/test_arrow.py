"""Arrow records on a real broker: one process and two tiers keep of them what the same events are worth."""

from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer

from sinks import commit as tables
from stream.config.parse import parse
from stream.events import ARROW
from tests.integration.kafka import Kafka
from tests.integration.publishing import CHANGED, CONFIGURATION, STEP_MS
from tests.integration.running import Driftline
from tests.integration.streams import BROKEN, BROKEN_EVERY, events, late_among
from tests.integration.undisturbed import undisturbed, whole
from tests.simulation.driver import rows
from tests.stream.encodings.tables import packed
from tests.stream.web.served import eventually
from tests.torture.fleet import POSITION, between

N, PACK = 15_000, 250


@pytest.mark.timeout(200)
def test_records_of_many_events_count_as_their_events(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """Single records among them, which are refused: equal to a process in memory."""
    topic = new_topic(2)
    n_records = sum(_publish(kafka, topic, partition) for partition in range(2))
    configuration = CONFIGURATION.format(bootstrap=kafka.bootstrap, topic=topic)
    run = Driftline(tmp_path / "run", file=configuration)
    with run.running():
        eventually(lambda: run.metric(POSITION) == n_records, 60)
        assert 0 == run.stop()
    halves = between(configuration, topic)
    monitor = Driftline(tmp_path / "monitor", file=halves, command="monitor")
    worker = Driftline(tmp_path / "worker", file=halves, command="ingest")
    with monitor.running(), worker.running():
        eventually(lambda: monitor.metric(POSITION) == n_records, 60)
        assert [0, 0] == [worker.stop(), monitor.stop()]
    log, settings = whole(kafka, [(topic, 0), (topic, 1)]), parse(configuration)
    for one in (run, monitor):
        with one.kept() as store:
            kept = rows(store)
            assert rows(undisturbed(settings, log, store.select(tables.JOURNAL))[0]) == kept
            traffic = store.select(tables.TRAFFIC)
        assert len(kept["triggers"]) == 1
        assert len(kept["dead_letters"]) == 2 * (N // BROKEN_EVERY)
        planted = 2 * late_among(N)
        assert 0.9 * planted < traffic["late"].sum() <= planted  # the last panes are open


def _publish(kafka: Kafka, topic: str, partition: int) -> int:
    """Events in records of many, and each refused one alone; how many records that makes."""
    producer = Producer(
        {"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True}
    )  # else retries change the order
    n, waiting = 0, list[bytes]()
    for i, event in enumerate(events(partition, N, STEP_MS, changed_from=CHANGED)):
        if event == BROKEN:
            producer.produce(topic, event, partition=partition)
            n += 1
        else:
            waiting.append(event)
        if event == BROKEN or len(waiting) == PACK or i == N - 1:
            header = ("content-type", ARROW.encode())
            producer.produce(topic, packed(*waiting), partition=partition, headers=[header])
            waiting, n = [], n + 1
    producer.flush(10)
    return n
