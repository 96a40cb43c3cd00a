"""The last record that counts, whatever lies behind it."""

from collections.abc import Callable

from aiokafka import AIOKafkaProducer

from stream.broker import last_record
from stream.config.settings import Kafka as Settings
from tests.integration.kafka import Kafka
from tests.integration.reading import run

ABORTED = 90  # transactions: more offsets than the first steps back


async def transactions(kafka: Kafka, topic: str, *, committed: int, aborted: int) -> None:
    """So many transactions of one record each: first those that count."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=f"{topic}-0")
    await producer.start()
    try:
        for i in range(committed + aborted):
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"%d" % i, partition=0)
            await (producer.commit_transaction() if i < committed else producer.abort_transaction())
    finally:
        await producer.stop()


def test_what_was_aborted_does_not_count(kafka: Kafka, new_topic: Callable[..., str]) -> None:
    """Behind the last committed record lie aborted ones and control records; a partition may hold nothing else."""
    topic, settings = new_topic(2), Settings(bootstrap=kafka.bootstrap)

    async def story() -> None:
        assert await last_record(settings, {}, (topic, 0)) is None
        await transactions(kafka, topic, committed=0, aborted=3)
        assert await last_record(settings, {}, (topic, 0)) is None
        await transactions(kafka, topic, committed=3, aborted=ABORTED)
        assert b"2" == await last_record(settings, {}, (topic, 0))
        assert await last_record(settings, {}, (topic, 1)) is None

    run(story())
