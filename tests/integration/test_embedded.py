"""The embedded broker, as the demo uses it."""

import asyncio
import sys

import pytest
from confluent_kafka import Producer

from sinks.topics import Message, Relay
from stream.broker import BrokerFailed, Fetched, Questions, Reader, arguments
from stream.config.settings import Kafka
from stream.embedded import EmbeddedBroker, EmbeddedBrokerMissing


def test_what_is_published_and_relayed_is_read() -> None:
    """Reader and Relay work on it, without checksums and without transactions."""

    async def story(settings: Kafka) -> list[bytes | None]:
        voice = Relay(lambda: arguments(settings, {}), "demo", transactional=settings.transactional)
        await voice.send([Message("events", None, b"relayed")])
        await voice.stop()
        reader = Reader(settings, {})
        await reader.start()
        found = await Questions(settings, {}).partitions(["events"])
        assert [("events", i) for i in range(4)] == list(found.partitions)
        reader.assign(dict.fromkeys(found.partitions, 0))
        values: list[bytes | None] = []
        while not all(map(reader.at_end, found.partitions)):
            values += [
                value for each in await reader.fetch(300, 100) if isinstance(each, Fetched) for value in each.values
            ]
        await reader.stop()
        return sorted(values)

    with EmbeddedBroker() as broker:
        broker.create("events")
        producer = Producer({"bootstrap.servers": broker.bootstrap})
        for i in range(100):
            producer.produce("events", b"%03d" % i, partition=i % 4)
        assert 0 == producer.flush(10)
        settings = Kafka(bootstrap=broker.bootstrap, transactional=False, check_crcs=False)
        values = asyncio.run(asyncio.wait_for(story(settings), 30))
    assert [b"%03d" % i for i in range(100)] + [b"relayed"] == values


def test_it_cannot_be_asked_to_create_topics() -> None:
    """The client's request fails with a sentence; `create` of the broker itself is the way."""
    with EmbeddedBroker() as broker, pytest.raises(BrokerFailed, match="no controller"):
        asyncio.run(Questions(Kafka(bootstrap=broker.bootstrap), {}).create(["events"]))


def test_its_absence_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the optional wheel the sentence says what to install."""
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(EmbeddedBrokerMissing, match=r"\.\[demo\]"):
        EmbeddedBroker()
