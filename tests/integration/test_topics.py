"""The Relay against a real Apache Kafka: all or none, once per call, one process per name."""

import asyncio
import secrets
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from sinks.commit import DEAD_LETTERS, TRIGGERS, columns
from sinks.topics import Fenced, Message, Relay, RelayFailed, dead_letters, triggers
from stream.broker import MESSAGE_BYTES, PARTIAL_BYTES, Fetched, Reader, arguments
from stream.config.settings import Kafka as Settings
from tests.integration.kafka import Kafka, RealKafka
from tests.integration.reading import reading, run, until, values
from tests.integration.running import taken


def relay(kafka: Kafka, name: str = "", *, transactional: bool = True) -> Relay:
    """A Relay with a name of its own where none is given."""
    settings = Settings(bootstrap=kafka.bootstrap)
    return Relay(lambda: arguments(settings, {}), name or secrets.token_hex(6), transactional=transactional)


async def committed(kafka: Kafka, topic: str) -> list[Fetched]:
    """What a read_committed consumer sees of a topic of one partition."""
    reader = Reader(Settings(bootstrap=kafka.bootstrap), {})
    await reader.start()
    reader.assign({(topic, 0): 0})
    seen: list[Fetched] = []
    while not reader.at_end((topic, 0)):
        seen += [each for each in await reader.fetch(300, 5000) if isinstance(each, Fetched)]
    await reader.stop()
    return seen


@pytest.mark.parametrize("transactional", [True, False])
def test_each_send_is_seen_once(kafka: Kafka, new_topic: Callable[..., str], transactional: bool) -> None:
    """Calls one after the other put their messages on the topic once, in order, with headers."""
    topic = new_topic()

    async def story() -> None:
        voice = relay(kafka, transactional=transactional)
        for call in range(3):
            await voice.send([Message(topic, b"k", b"%d-%d" % (call, i), (("n", b"1"),)) for i in range(50)])
        await voice.send([])
        await voice.stop()
        seen = await committed(kafka, topic)
        expected = [b"%d-%d" % (call, i) for call in range(3) for i in range(50)]
        assert expected == values(seen)

    run(story())
    assert [[("n", b"1")]] * 150 == [record.headers() for record in taken(kafka, topic, 150)]


def test_partials_may_be_larger_than_usual_messages(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """Sums of many models: sent where the topic is made for them, and read from all partitions in turn."""
    topic = new_topic(3, {MESSAGE_BYTES: str(PARTIAL_BYTES)})
    body, settings = b"x" * (PARTIAL_BYTES // 4), Settings(bootstrap=kafka.bootstrap)
    places = {(topic, partition): 0 for partition in range(3)}

    async def story() -> None:
        usual = relay(kafka)
        with pytest.raises(RelayFailed, match="MessageSizeTooLarge"):
            await usual.send([Message(topic, None, body, partition=0)])
        large = Relay(
            lambda: arguments(settings, {}), secrets.token_hex(6), transactional=True, message_bytes=PARTIAL_BYTES
        )
        for partition in range(3):
            await large.send([Message(topic, None, body, partition=partition)] * 2)
        await large.stop()
        async with reading(kafka, places) as reader:
            assert [body] * 6 == values(await until(reader, lambda: all(map(reader.at_end, places))))

    run(story())


def test_a_send_that_fails_shows_nothing(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """One message that the broker refuses takes the whole call back; the next call is whole again."""
    topic = new_topic(config={"max.message.bytes": "1000"})

    async def story() -> None:
        voice = relay(kafka)
        with pytest.raises(RelayFailed, match="MessageSizeTooLarge"):
            await voice.send([Message(topic, None, b"first"), Message(topic, None, bytes(5000))])
        await voice.send([Message(topic, None, b"again")])
        await voice.stop()
        assert [b"again"] == values(await committed(kafka, topic))

    run(story())


def test_a_second_process_of_the_same_name_silences_the_first(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """The first is fenced for good, rather than fencing the second in turn."""
    topic, name = new_topic(), secrets.token_hex(6)

    async def story() -> None:
        first, second = relay(kafka, name), relay(kafka, name)
        await first.send([Message(topic, None, b"first")])
        await second.start()
        for _ in range(2):
            with pytest.raises(Fenced, match=f"another process relays under the name 'driftline-{name}'"):
                await first.send([Message(topic, None, b"zombie")])
        await second.send([Message(topic, None, b"second")])
        await first.stop()
        await second.stop()
        assert [b"first", b"second"] == values(await committed(kafka, topic))

    run(story())


def test_a_broker_that_was_down_gets_it_later(own_kafka: RealKafka, new_topic: Callable[..., str]) -> None:
    """While the broker is down a send fails in bounded time; sent again afterwards, it is there once."""
    topic = new_topic()

    async def story() -> None:
        voice = relay(own_kafka)
        await voice.send([Message(topic, None, b"before")])
        own_kafka.kill()
        for _ in range(2):
            with pytest.raises(RelayFailed):
                await voice.send([Message(topic, None, b"during")])
        await asyncio.to_thread(own_kafka.start)
        await voice.send([Message(topic, None, b"during")])
        await voice.stop()
        assert [b"before", b"during"] == values(await committed(own_kafka, topic))

    run(story())


def test_a_killed_sender_leaves_nothing_to_see(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """A call that is cancelled in the middle is invisible, and its successor says it once."""
    topic, name = new_topic(), secrets.token_hex(6)
    messages = [Message(topic, None, b"%1000d" % i) for i in range(400)]  # more than one batch: some are on the broker

    def interrupted() -> Iterator[Message]:
        yield from messages[:300]
        asyncio.current_task().cancel()
        yield from messages[300:]

    async def story() -> None:
        first = relay(kafka, name)
        await first.start()
        sending = asyncio.create_task(first.send(interrupted()))
        await asyncio.wait([sending])
        assert sending.cancelled()
        second = relay(kafka, name)
        await second.send(messages)
        await second.stop()
        assert [each.value for each in messages] == values(await committed(kafka, topic))

    run(story())


def test_outboxes_become_messages() -> None:
    """Triggers are CloudEvents keyed by model; dead letters carry where they came from and why."""
    time = np.datetime64("2026-11-20T17:00", "us")
    trigger = columns(
        TRIGGERS,
        {"id": ["a"], "model": ["fraud"], "version": ["3"], "reason": ["drift"], "at": [time], "incident": ["i"],
         "body": [b"{}"]},
    )  # fmt: skip
    letter = columns(
        DEAD_LETTERS,
        {"topic": ["predictions"], "partition": [2], "offset": [7], "row": [0], "at": [time], "reason": ["json"],
         "detail": ["not JSON"], "payload": [b"{"]},
    )  # fmt: skip
    content_type = (("content-type", b"application/cloudevents+json"),)
    assert [Message("t", b"fraud", b"{}", content_type)] == triggers(trigger, "t")
    headers = (
        ("driftline-topic", b"predictions"),
        ("driftline-partition", b"2"),
        ("driftline-offset", b"7"),
        ("driftline-row", b"0"),
        ("driftline-reason", b"json"),
        ("driftline-detail", b"not JSON"),
    )
    assert [Message("d", b"predictions/2/7/0", b"{", headers)] == dead_letters(letter, "d")
