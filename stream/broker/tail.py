"""The last record of a partition that counts: behind it lie only control records and what was aborted."""

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from stream.broker import defects
from stream.broker.connect import arguments
from stream.broker.problems import BrokerFailed
from stream.broker.questions import Partition
from stream.config.settings import Kafka

TAIL_S = 8.0
STEPS = (8, 64, 512, 4_096, 32_768)  # offsets to step back: whole transactions may have been aborted


async def last_record(kafka: Kafka, environment: Mapping[str, str], partition: Partition) -> bytes | None:
    """The value of the last committed record; None where there never was one.

    Whoever may write must have been fenced before: an open transaction would hide what it commits later. BrokerFailed:
    not now, or retention has taken everything.
    """
    consumer = AIOKafkaConsumer(
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        **arguments(kafka, environment),
    )
    each = TopicPartition(*partition)
    try:
        async with asyncio.timeout(TAIL_S):
            await consumer.start()
            return await _last(consumer, each)
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerFailed(f"the end of {each.topic}/{each.partition} cannot be read: {error!r}") from error
    finally:
        await defects.close(consumer)


async def _last(consumer: AIOKafkaConsumer, each: TopicPartition) -> bytes | None:
    defects.assign(consumer, {each: 0})
    beginning = (await consumer.beginning_offsets([each]))[each]
    end = (await consumer.end_offsets([each]))[each]  # the last stable offset, of a read_committed consumer
    for back in (*STEPS, end):
        start = max(beginning, end - back)
        found = await _newest(consumer, each, start, end)
        if found is not None:
            return found
        if start == beginning:
            break
    if beginning:
        raise BrokerFailed(f"{each.topic}/{each.partition}: retention has taken the last record")
    return None


async def _newest(consumer: AIOKafkaConsumer, each: TopicPartition, start: int, end: int) -> bytes | None:
    """The last record of `[start, end)`, or None."""
    consumer.seek(each, start)
    value: bytes | None = None
    while await consumer.position(each) < end:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            value = records[-1].value
    return value
