"""Topics read once from their beginnings to their ends, record by record with their headers: for a person's command."""

from collections.abc import AsyncIterator, Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from msgspec import Struct

from stream.broker import defects
from stream.broker.connect import arguments
from stream.broker.problems import BrokerFailed
from stream.broker.questions import Questions
from stream.config.settings import Kafka

ROUND_MS = 500
ROUNDS = 60  # without anything, half a minute: then the broker counts as gone


class Headed(Struct, frozen=True):
    """One record. `timestamp`: ms since 1970."""

    partition: int
    offset: int
    timestamp: int
    value: bytes | None
    headers: Mapping[str, bytes]


async def headed(kafka: Kafka, environment: Mapping[str, str], topic: str) -> AsyncIterator[Headed]:
    """All that is committed on a topic now, partition by partition; nothing where there is none. BrokerFailed."""
    there = (await Questions(kafka, environment).partitions((topic,))).partitions
    consumer = AIOKafkaConsumer(
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        **arguments(kafka, environment),
    )
    try:
        await consumer.start()
        for each in (TopicPartition(*one) for one in there):
            async for record in _read(consumer, each):
                yield record
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerFailed(f"the topic {topic} cannot be read: {error!r}") from error
    finally:
        await defects.close(consumer)


async def _read(consumer: AIOKafkaConsumer, each: TopicPartition) -> AsyncIterator[Headed]:
    defects.assign(consumer, {each: 0})
    beginning = (await consumer.beginning_offsets([each]))[each]
    end = (await consumer.end_offsets([each]))[each]  # the last stable offset, of a read_committed consumer
    consumer.seek(each, beginning)
    position, rounds = beginning, 0
    while position < end:
        for some in (await consumer.getmany(timeout_ms=ROUND_MS)).values():
            for one in some:
                yield Headed(each.partition, one.offset, one.timestamp, one.value, dict(one.headers))
        before, position = position, await consumer.position(each)
        rounds = rounds + 1 if position == before else 0
        if rounds > ROUNDS:
            raise BrokerFailed(f"{each.topic}/{each.partition} cannot be read: no answer from offset {position} on")
