"""Questions to a real Apache Kafka, and the ways to reach it: topics, offsets for lag tools, TLS and SASL."""

import asyncio
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, TopicPartition

from stream.broker import ConnectionProblem, Found, Questions, Reader
from stream.broker import wait_for_topics as wait
from stream.config.settings import Kafka as Settings
from stream.config.settings import Security
from tests.integration.kafka import PASSWORD, USER, Kafka, RealKafka, free_ports
from tests.integration.reading import numbers, run, until, values


def test_missing_topics_are_reported_and_not_created_by_asking(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """Partitions are listed for topics that exist; the others are named."""
    topic = new_topic(2)

    async def story() -> None:
        questions = Questions(Settings(bootstrap=kafka.bootstrap), {})
        for _ in range(2):
            assert Found(((topic, 0), (topic, 1)), (f"{topic}-not",)) == await questions.partitions(
                [topic, f"{topic}-not"]
            )

    run(story())


@pytest.mark.parametrize("n", [1, 2])
def test_a_missing_topic_is_waited_for(kafka: Kafka, new_topic: Callable[..., str], n: int) -> None:
    """What is waited for is said once, and waiting ends when somebody has created it."""
    name, said = new_topic(), []
    topics = [f"{name}-later-{i}" for i in range(n)]
    waited = f"topic {topics[0]}: it does" if n == 1 else f"topics {', '.join(topics)}: they do"

    async def story() -> None:
        waiting = asyncio.create_task(
            wait(Questions(Settings(bootstrap=kafka.bootstrap), {}), topics, create=False, say=say)
        )
        await first_word.wait()
        for topic in topics:
            await asyncio.to_thread(kafka.create_topic, topic, 1)
        assert Found(tuple((topic, 0) for topic in topics), ()) == await waiting
        assert [f"waiting for {waited} not exist yet (kafka.create_topics: true creates it)"] == said

    first_word = asyncio.Event()

    def say(words: str) -> None:
        said.append(words)
        first_word.set()

    run(story())


def test_a_missing_topic_is_created_where_configured(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """With `create` it has four partitions a moment later; a second call finds it there."""
    topic, said = new_topic() + "-ours", []

    async def story() -> None:
        for _ in range(2):
            found = await wait(
                Questions(Settings(bootstrap=kafka.bootstrap), {}), [topic], create=True, say=said.append
            )
            assert [(topic, i) for i in range(4)] == list(found.partitions)
        assert [f"created topic {topic}"] == said

    run(story())


def test_published_offsets_are_what_lag_tools_see(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """A lag tool asks for the group's committed offsets and finds our positions."""
    topic = new_topic(2)

    async def story() -> None:
        assert await Questions(Settings(bootstrap=kafka.bootstrap), {}).publish_offsets(
            topic, {(topic, 0): 7, (topic, 1): 0}
        )

    run(story())
    tool = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": topic})
    committed = tool.committed([TopicPartition(topic, 0), TopicPartition(topic, 1)], timeout=20)
    tool.close()
    assert [7, 0] == [each.offset for each in committed]


def test_an_unreachable_broker_is_named_with_the_reason() -> None:
    """`start` says which address was tried and what happened there, for each of them."""
    port = free_ports(1)[0]

    async def story() -> None:
        reader = Reader(Settings(bootstrap=f"127.0.0.1:{port},[::1]:{port}"), {})
        with pytest.raises(ConnectionProblem, match=rf"127.0.0.1:{port}: .*111.*; \[::1\]:{port}: "):
            await reader.start()

    run(story())


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_secured_brokers_are_read(
    own_kafka: RealKafka, new_topic: Callable[..., str], protocol: str, mechanism: str
) -> None:
    """TLS and SASL as `kafka.security` says, with the password out of the environment."""
    topic = new_topic()
    own_kafka.publish(topic, numbers(0, 3))
    security = Security(
        protocol=protocol, mechanism=mechanism, username=USER, password="env:PASSWORD", ca_file=str(own_kafka.ca_file)
    )
    address = own_kafka.tls if protocol == "SASL_SSL" else own_kafka.sasl

    async def story() -> None:
        reader = Reader(Settings(bootstrap=address, security=security), {"PASSWORD": PASSWORD})
        await reader.start()
        reader.assign({(topic, 0): 0})
        assert numbers(0, 3) == values(await until(reader, lambda: reader.at_end((topic, 0))))
        await reader.stop()
        stranger = Reader(Settings(bootstrap=address, security=security), {"PASSWORD": "guessed"})
        with pytest.raises(ConnectionProblem, match=r"(?i)authentication failed") as refused:
            await stranger.start()
        assert "guessed" not in str(refused.value)

    run(story())
