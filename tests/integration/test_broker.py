"""The Reader against a real Apache Kafka: exact positions, holes, gaps, kills."""
# ruff: noqa: SIM300 - what is expected comes first

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import pytest
from confluent_kafka import Consumer, TopicPartition

from stream.broker import Bounds, ConnectionProblem, Fetched, Found, Gap, Partition, Questions, Reader, TopicReplaced
from stream.broker import wait_for_topics as wait
from stream.config.settings import Kafka as Settings
from stream.config.settings import Security
from tests.integration.kafka import PASSWORD, USER, Kafka, RealKafka, free_ports

ENOUGH = 60  # fetches of half a second


def run(story: Awaitable[None]) -> None:
    """Tell a story within a minute."""
    asyncio.run(asyncio.wait_for(story, 60))


@asynccontextmanager
async def reading(kafka: Kafka, positions: Mapping[Partition, int], **settings: object) -> AsyncIterator[Reader]:
    """A started Reader of these positions."""
    reader = Reader(Settings(bootstrap=kafka.bootstrap, **settings), {})
    await reader.start()
    try:
        reader.assign(positions)
        yield reader
    finally:
        await reader.stop()


async def until(reader: Reader, done: Callable[[], bool], records_max: int = 1000) -> list[Fetched | Gap]:
    """Everything fetched until `done`."""
    all_of_it: list[Fetched | Gap] = []
    for _ in range(ENOUGH):
        if done():
            return all_of_it
        all_of_it += await reader.fetch(500, records_max)
    raise AssertionError(f"not done: {all_of_it}, {reader.problem}")


def values(fetched: list[Fetched | Gap]) -> list[bytes | None]:
    """The records' values, in the order of reading."""
    return [value for each in fetched if isinstance(each, Fetched) for value in each.values]


def numbers(first: int, end: int) -> list[bytes]:
    """Records to tell apart."""
    return [b"%d" % i for i in range(first, end)]


def test_reading_resumes_at_exact_positions(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """A second reader at the first one's position gets the rest, and nothing twice."""
    topic = new_topic()
    kafka.publish(topic, numbers(0, 1000))

    async def story() -> None:
        async with reading(kafka, {(topic, 0): 0}) as first:
            before = await until(first, lambda: first.position((topic, 0)) >= 300, records_max=7)
            position = first.position((topic, 0))
        async with reading(kafka, {(topic, 0): position}) as second:
            after = await until(second, lambda: second.at_end((topic, 0)))
        assert numbers(0, 1000) == values(before) + values(after)
        assert list(range(1000)) == [offset for each in before + after for offset in each.offsets.tolist()]

    run(story())


def test_aborted_and_control_records_are_passed_over(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """Only committed records are read, and the position ends behind the last marker."""
    topic = new_topic()
    kafka.publish_in_transaction(topic, numbers(0, 3), commit=True)
    kafka.publish_in_transaction(topic, numbers(3, 6), commit=False)
    kafka.publish_in_transaction(topic, numbers(6, 8), commit=True)
    kafka.publish_in_transaction(topic, numbers(8, 9), commit=False)

    async def story() -> None:
        async with reading(kafka, {(topic, 0): 1}) as reader:
            fetched = await until(reader, lambda: reader.at_end((topic, 0)))
            assert [b"1", b"2", b"6", b"7"] == values(fetched)
            assert [1, 2, 8, 9] == [offset for each in fetched for offset in each.offsets.tolist()]
            assert 13 == reader.position((topic, 0))  # nine records and four markers
            assert 13 == fetched[-1].position

    run(story())


def test_an_open_transaction_is_not_the_end(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """The position stops at the last stable offset, and the high watermark lies beyond it."""
    from confluent_kafka import Producer

    topic = new_topic()
    kafka.publish(topic, numbers(0, 5))
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topic})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, b"open", partition=0)
    producer.flush(20)

    async def story() -> None:
        async with reading(kafka, {(topic, 0): 0}) as reader:
            await until(reader, lambda: reader.lag((topic, 0)) == 1)
            assert {(topic, 0): Bounds(0, 6)} == await reader.bounds([(topic, 0)])
            assert 5 == reader.position((topic, 0))
            assert not reader.at_end((topic, 0))
            await asyncio.to_thread(producer.abort_transaction, 20)
            assert [] == values(await until(reader, lambda: reader.at_end((topic, 0))))
            assert 7 == reader.position((topic, 0))

    run(story())


def test_what_retention_took_is_a_gap(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """A reader that was overtaken says which offsets are lost, and reads on behind them."""
    topic = new_topic()
    kafka.publish(topic, numbers(0, 100))
    kafka.delete_records(topic, 0, 60)

    async def story() -> None:
        async with reading(kafka, {(topic, 0): 10}) as reader:
            fetched = await until(reader, lambda: reader.at_end((topic, 0)))
            assert Gap(topic, 0, wanted=10, beginning=60) == fetched[0]
            assert numbers(60, 100) == values(fetched)

    run(story())


def test_a_topic_that_was_created_again_is_an_error(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """A position beyond the end says so, rather than waiting until the end has come so far."""
    topic = new_topic()
    kafka.publish(topic, numbers(0, 50))

    async def story() -> None:
        async with reading(kafka, {(topic, 0): 0}) as reader:
            await until(reader, lambda: reader.at_end((topic, 0)))
            await asyncio.to_thread(kafka.delete_topic, topic)
            await asyncio.to_thread(kafka.create_topic, topic)
            await asyncio.to_thread(kafka.publish, topic, numbers(0, 3))
            with pytest.raises(TopicReplaced, match=f"{topic}/0 ends at offset 3, but was read up to 50"):
                await until(reader, lambda: False)

    run(story())


def test_a_partition_that_is_found_later_joins_in(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """Assigned anew in the middle of what was fetched, the old partition goes on exactly where it was."""
    topic = new_topic(2)
    for partition in (0, 1):
        kafka.publish(topic, numbers(100 * partition, 100 * partition + 50), partition)

    async def story() -> None:
        async with reading(kafka, {(topic, 0): 0}) as reader:
            fetched = await until(reader, lambda: reader.position((topic, 0)) >= 10, records_max=3)
            reader.assign({(topic, 0): reader.position((topic, 0)), (topic, 1): 0})
            fetched += await until(reader, lambda: reader.at_end((topic, 0)) and reader.at_end((topic, 1)))
            assert sorted(numbers(0, 50) + numbers(100, 150)) == sorted(values(fetched))

    run(story())


def test_a_killed_broker_costs_nothing(own_kafka: RealKafka, new_topic: Callable[..., str]) -> None:
    """While it is down nothing comes and the reader says so; afterwards it goes on, with nothing lost or double."""
    topic = new_topic(2)
    own_kafka.publish(topic, numbers(0, 400), 0)
    own_kafka.publish(topic, numbers(400, 800), 1)
    partitions = [(topic, 0), (topic, 1)]

    async def story() -> None:
        async with reading(own_kafka, dict.fromkeys(partitions, 0)) as reader:
            fetched = await until(reader, lambda: reader.position((topic, 0)) >= 100, records_max=100)
            own_kafka.kill()
            fetched += await until(reader, lambda: reader.problem != "")
            assert f"{own_kafka.bootstrap}: no answer for 5 s about" in reader.problem
            assert not any(map(reader.at_end, partitions))
            with pytest.raises(ConnectionProblem, match=f"cannot reach Kafka at {own_kafka.bootstrap}: .*111"):
                await reader.bounds(partitions)
            await asyncio.to_thread(own_kafka.start)
            await asyncio.to_thread(own_kafka.publish, topic, numbers(800, 900))
            fetched += await until(reader, lambda: all(map(reader.at_end, partitions)))
            assert sorted(numbers(0, 900)) == sorted(values(fetched))
            assert "" == reader.problem

    run(story())


def test_paused_partitions_are_held_and_lose_nothing(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """A paused partition hands out nothing, the others go on, and afterwards it continues where it was."""
    topic = new_topic(2)
    for partition in (0, 1):
        kafka.publish(topic, numbers(0, 50), partition)

    async def story() -> None:
        async with reading(kafka, {(topic, 0): 0, (topic, 1): 0}) as reader:
            for _ in range(ENOUGH):
                if reader.position((topic, 1)) == 50:
                    break
                assert all(each.partition == 1 for each in await reader.fetch(500, 20, paused={(topic, 0)}))
            assert [] == await reader.fetch(10, 20, paused={(topic, 0), (topic, 1)})
            assert 0 == reader.position((topic, 0))
            assert numbers(0, 50) == values(await until(reader, lambda: reader.at_end((topic, 0))))

    run(story())


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


def test_a_missing_topic_is_waited_for(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """What is waited for is said once, and waiting ends when somebody has created it."""
    topic, said = new_topic() + "-later", []

    async def story() -> None:
        waiting = asyncio.create_task(
            wait(Questions(Settings(bootstrap=kafka.bootstrap), {}), [topic], create=False, say=say)
        )
        await first_word.wait()
        await asyncio.to_thread(kafka.create_topic, topic, 1)
        assert Found(((topic, 0),), ()) == await waiting
        assert [f"waiting for topic {topic}: it does not exist yet (kafka.create_topics: true creates it)"] == said

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
