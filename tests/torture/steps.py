"""What a dispatcher has told of its triggers, as a judge reads it from the topic of outcomes."""

import json
from collections.abc import Iterator

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from tests.integration.kafka import Kafka

Step = tuple[str, str, str]  # trigger, target, state


def told(kafka: Kafka, triggers: str) -> Iterator[tuple[list[Step], bool]]:
    """All steps so far, again and again, and whether more have come in the last second; until the reader has enough."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": f"judge-{triggers}"})
    topic = f"{triggers}.outcomes"
    there = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, each, OFFSET_BEGINNING) for each in there])
    found: list[Step] = []
    try:
        while True:
            some = [_step(each) for each in consumer.consume(10_000, 1.0) if not each.error()]
            found += some
            yield found, bool(some)
    finally:
        consumer.close()


def _step(message: Message) -> Step:
    data = json.loads(message.value() or b"{}")["data"]
    return data["trigger"], data["target"], data["state"]
