"""When Partials arrive, seen from outside: how long a rebalance keeps a partition silent."""

import time
from collections import defaultdict
from contextlib import closing
from itertools import pairwise
from threading import Event, Thread

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from tests.integration.kafka import Kafka

AFTER_S = 10.0  # in which a rebalance is over


class Pulse(Thread):
    """Listens to a topic of Partials from `start` to `stop`."""

    def __init__(self, kafka: Kafka, topic: str, partitions: int) -> None:
        super().__init__(daemon=True)
        self._kafka, self._topic, self._partitions = kafka, topic, partitions
        self._over = Event()
        self._arrived: dict[int, list[float]] = defaultdict(list)

    def run(self) -> None:
        """Note when each Partial arrives."""
        settings = {
            "bootstrap.servers": self._kafka.bootstrap,
            "group.id": "pulse",
            "isolation.level": "read_committed",
        }
        with closing(Consumer(settings)) as consumer:
            consumer.assign([TopicPartition(self._topic, i, OFFSET_END) for i in range(self._partitions)])
            while not self._over.is_set():
                for message in consumer.consume(1_000, 0.05):
                    if not message.error():
                        self._arrived[message.partition() or 0].append(time.monotonic())

    def stop(self) -> None:
        """Listen no more."""
        self._over.set()
        self.join(10)

    def silence(self, since: float) -> float:
        """The longest time, s, for which any partition was silent in the AFTER_S from a moment on."""
        spans = [
            (before, after)
            for arrived in self._arrived.values()
            for before, after in pairwise(arrived)
            if after > since and before < since + AFTER_S
        ]
        return max((after - max(before, since) for before, after in spans), default=float("inf"))
