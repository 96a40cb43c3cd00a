"""Two services of the same name: the second one speaks, the first one ends."""

from collections.abc import Callable
from pathlib import Path

from tests.integration.kafka import Kafka
from tests.integration.running import Driftline, configuration, taken
from tests.integration.streams import BROKEN
from tests.stream.web.served import eventually


def test_the_second_of_two_services_ends_the_first(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """With a store of its own it takes the name over; what the first one says then is a sentence, and code 1."""
    topic = new_topic()
    first, second = (Driftline(tmp_path / name, file=configuration(kafka, topic)) for name in ("first", "second"))
    kafka.publish(topic, [BROKEN])
    with first.running():
        taken(kafka, f"{topic}.dead-letters", 1)
        with second.running():
            taken(kafka, f"{topic}.dead-letters", 2)  # the second tells of the same record, for its store is new
            kafka.publish(topic, [BROKEN])
            assert 1 == first.end()
            assert eventually(second.ready)
            told = taken(kafka, f"{topic}.dead-letters", 3)
            assert 0 == second.stop()
    assert [b"0", b"0", b"1"] == sorted(dict(each.headers())["driftline-offset"] for each in told)
    assert first.said.splitlines()[-1].startswith("driftline: another process relays under the name 'driftline-")
    assert "Traceback" not in first.said + second.said
