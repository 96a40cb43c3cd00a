"""Stopping and starting: within five seconds whatever is waited for, and exactly on from there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sinks import commit as tables
from tests.integration.kafka import Kafka, RealKafka
from tests.integration.running import Driftline, configuration, taken
from tests.integration.streams import BROKEN_EVERY, events
from tests.stream.web.served import eventually

N, STEP_MS = 3_000, 1_000


def read(driftline: Driftline, topic: str) -> list[int]:
    """The positions of a topic in the store."""
    with driftline.kept() as store:
        return [int(offset) for offset in store.select(tables.POSITIONS, where={"topic": topic})["offset"].tolist()]


def test_a_restart_goes_on_exactly(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """SIGTERM ends it with code 0; the next start reads what came meanwhile, and tells nothing twice."""
    topic = new_topic()
    driftline = Driftline(tmp_path, file=configuration(kafka, topic))
    n_broken = 2 * N // BROKEN_EVERY
    for first in (0, N):
        kafka.publish(topic, events(0, first + N, STEP_MS, first=first))
        with driftline.running():
            driftline.finishes()
            refused = taken(kafka, f"{topic}.dead-letters", (first + N) // BROKEN_EVERY)
            assert 0 == driftline.stop()
        assert [first + N] == read(driftline, topic)
    assert n_broken == len(refused) == len({each.key() for each in refused})
    assert "Traceback" not in driftline.said


def test_stopping_does_not_wait_for_a_topic(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """While a topic is missing it says so, is alive and not ready, and can be stopped; once it appears, it is read."""
    topic = f"{new_topic()}-later"
    driftline = Driftline(tmp_path, file=configuration(kafka, topic))
    with driftline.running():
        driftline.hears(f"waiting for topic {topic}: it does not exist yet (kafka.create_topics: true creates it)")
        assert f"waiting for topics {topic}" == driftline.unready()
        assert 200 == driftline.get("/health/live")[0]
        assert 0 == driftline.stop()
    with driftline.running():
        eventually(driftline.unready)
        kafka.create_topic(topic)
        kafka.publish(topic, events(0, 100, STEP_MS))
        driftline.finishes()
        assert 0 == driftline.stop()
    assert [100] == read(driftline, topic)


def test_missing_topics_are_created_where_configured(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """With `create_topics` it waits for nobody; the topics that it writes are created in any case."""
    topic = f"{new_topic()}-ours"
    driftline = Driftline(tmp_path, file=configuration(kafka, topic, create=True))
    with driftline.running():
        eventually(driftline.ready)
        assert 0 == driftline.stop()
    assert f"driftline: created topic {topic}\n" in driftline.said
    assert f"driftline: created topics {topic}.control, {topic}.dead-letters, {topic}.triggers\n" in driftline.said
    assert [0, 0, 0, 0] == read(driftline, topic)


@pytest.mark.timeout(120)
def test_a_broker_that_dies_costs_nothing(own_kafka: RealKafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """Readiness turns red with the reason, and green when the broker is back; a stop does not wait for it either."""
    topics = [new_topic(), new_topic()]
    staying, leaving = (Driftline(tmp_path / each, file=configuration(own_kafka, each)) for each in topics)
    for topic in topics:
        own_kafka.publish(topic, events(0, N, STEP_MS))
    with staying.running(), leaving.running():
        staying.finishes()
        leaving.finishes()
        own_kafka.kill()
        assert f"{own_kafka.bootstrap}: no answer for" in str(eventually(staying.unready))
        assert 0 == leaving.stop()
        own_kafka.start()
        eventually(staying.ready)
        own_kafka.publish(topics[0], events(0, 2 * N, STEP_MS, first=N))
        staying.finishes()
        assert 0 == staying.stop()
    assert [2 * N] == read(staying, topics[0])
    assert [N] == read(leaving, topics[1])
    assert "Kafka: well again" in staying.said
    assert "Traceback" not in staying.said + leaving.said
