"""The Reader against a real Apache Kafka: exact positions, holes, gaps, kills."""

import asyncio
from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from stream.broker import Bounds, ConnectionProblem, Gap, Questions, TopicReplaced
from stream.config.settings import Kafka as Settings
from stream.events import ARROW, Arrow
from tests.integration.kafka import Kafka, RealKafka
from tests.integration.reading import ENOUGH, numbers, reading, run, until, values


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


def test_a_content_type_comes_with_its_record(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """Of records side by side, those that a header calls Arrow streams are marked, byte for byte."""
    topic = new_topic()
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "compression.type": "zstd"})
    for i in range(6):
        headers = [("content-type", ARROW.encode())] if i % 2 else []
        producer.produce(topic, b"%d" % i, partition=0, headers=headers)
    assert 0 == producer.flush(30)

    async def story() -> None:
        async with reading(kafka, {(topic, 0): 0}) as reader:
            fetched = await until(reader, lambda: reader.position((topic, 0)) == 6)
        assert [(b"%d" % i, i % 2 == 1) for i in range(6)] == [(each, type(each) is Arrow) for each in values(fetched)]

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
            questions = Questions(Settings(bootstrap=kafka.bootstrap), {})
            assert {(topic, 0): Bounds(0, 6)} == await questions.bounds([(topic, 0)])
            assert {(topic, 0): 5} == await questions.readable([(topic, 0), (f"{topic}-not", 0)])
            assert 5 == reader.position((topic, 0))
            assert not reader.at_end((topic, 0))
            await asyncio.to_thread(producer.abort_transaction, 20)
            assert [] == values(await until(reader, lambda: reader.at_end((topic, 0))))
            assert 7 == reader.position((topic, 0))
            assert {(topic, 0): 7} == await questions.readable([(topic, 0)])

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
                await Questions(Settings(bootstrap=own_kafka.bootstrap), {}).bounds(partitions)
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
