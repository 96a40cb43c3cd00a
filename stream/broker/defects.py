"""What aiokafka 0.14 gets wrong about consumers, each defect in one place (numbers as in docs/decisions.md).

Read when the pin is lifted: a function whose defect is gone goes too. Producers have theirs in `sinks.topics`.
"""

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from stream.broker.problems import BrokerFailed

STOP_S = 3.0


def assign(consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> None:
    """Assign and seek without letting the loop run in between.

    D5: a partition without a position is reset at once, paused or not, and with `auto_offset_reset="none"` that makes
    `getmany` fail.
    """
    consumer.assign(list(positions))
    for partition, offset in positions.items():
        consumer.seek(partition, offset)


def fetching(consumer: AIOKafkaConsumer) -> None:
    """Raise what ended the task that fetches.

    Nobody else would say so: without that task `getmany` returns nothing, for ever, as if the topic were silent.
    """
    task = consumer._fetcher.error_future  # noqa: SLF001 - there is no public way to see it
    if task.done() and not task.cancelled() and (error := task.exception()):
        raise error


def coordinating(consumer: AIOKafkaConsumer) -> None:
    """Raise what ended the task that keeps up the membership of a group. Nobody else would say so either."""
    task = consumer._coordinator._coordination_task  # noqa: SLF001 - there is no public way to see it
    if task.done() and not task.cancelled():
        raise BrokerFailed(f"the Kafka client has left its group: {task.exception()!r}")


async def close(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer within STOP_S, whatever it was doing.

    D9: `stop()` may raise CancelledError that nobody asked for, and then leaves its connections open. D3: it may hang
    while the broker is down, and a second `stop()` does nothing.
    """
    try:
        async with asyncio.timeout(STOP_S):
            await consumer.stop()
    except (KafkaError, OSError, TimeoutError):
        pass
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) and task.cancelling():
            raise
    finally:
        await consumer._client.close()  # noqa: SLF001 - twice does no harm, and `stop()` may not have come so far
