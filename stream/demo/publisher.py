"""Puts a world's records onto its topics, as any service with a Kafka client would."""

import time
from collections import deque
from typing import Any

import numpy as np

from stream.broker import BrokerFailed
from stream.demo.world import Block, Ints
from stream.embedded import PARTITIONS, EmbeddedBrokerMissing

TOPIC, LABELS = "predictions", "labels"
# Per partition of predictions: half of what the embedded broker keeps before it drops the oldest. It keeps all labels.
AHEAD_BYTES_MAX = 2_500_000
ANSWER_S = 20.0
LOOK_S = 0.5  # between two looks for a topic


class PublishFailed(BrokerFailed):
    """The broker did not take the records; says why."""


class Publisher:
    """Sends blocks to the topics `predictions` and `labels`, and remembers how much a reader may not have read yet.

    `labels`: whether there is a topic for them; else they are left out.
    """

    def __init__(self, bootstrap: str, *, labels: bool = True) -> None:
        try:
            from confluent_kafka import Producer
        except ImportError as error:
            raise EmbeddedBrokerMissing(
                "the publisher's client is not installed; install driftline with its extra: pip install '.[demo]'"
            ) from error
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "linger.ms": 20,
                "message.timeout.ms": int(1_000 * ANSWER_S),
                "log_level": 0,
            }
        )
        self._bootstrap, self.labels = bootstrap, labels
        self._refused = ""
        self._unread: deque[tuple[int, Ints]] = deque()  # of each block: its last arrival, its bytes per partition
        self.n_published = 0

    def partitions(self, answer_s: float = ANSWER_S) -> int:
        """How many partitions the topic has. One that is not there yet is waited for, as its reader may create it."""
        until = time.monotonic() + answer_s
        while (found := self._topic(answer_s)).error is not None:
            if time.monotonic() > until:
                raise PublishFailed(f"the topic {TOPIC!r} cannot be written: {found.error.str()}")
            time.sleep(LOOK_S)
        return len(found.partitions)

    def labelled(self) -> bool:
        """Whether the broker has a topic for labels. Asking does not create it."""
        return LABELS in self._listed().topics

    def _topic(self, answer_s: float) -> Any:  # noqa: ANN401 - the client's untyped description
        return self._listed(TOPIC, timeout=answer_s).topics[TOPIC]

    def _listed(self, topic: str | None = None, timeout: float = ANSWER_S) -> Any:  # noqa: ANN401 - likewise
        from confluent_kafka import KafkaException

        try:
            return self._producer.list_topics(topic, timeout=timeout)
        except KafkaException as error:
            raise PublishFailed(f"no broker answers at {self._bootstrap}: {error.args[0].str()}") from error

    def fresh(self, partitions: int) -> bool:
        """Whether the topic has never had a record."""
        from confluent_kafka import Consumer, TopicPartition

        asking = Consumer({"bootstrap.servers": self._bootstrap, "group.id": "driftline-demo", "log_level": 0})
        try:
            ends = [asking.get_watermark_offsets(TopicPartition(TOPIC, i), ANSWER_S)[1] for i in range(partitions)]
        finally:
            asking.close()
        return not any(ends)

    def send(self, block: Block, partitions: int = PARTITIONS) -> None:
        """Send a block; returns when the broker has all of it. PublishFailed where it does not take it."""
        if not self.labels:
            block = block.take(~block.labels)
        places = block.keys % partitions
        topics = np.where(block.labels, LABELS, TOPIC).tolist()
        for topic, value, arrival_ms, partition in zip(
            topics, block.values, block.arrivals_ms.tolist(), places.tolist(), strict=True
        ):
            self._produce(topic, value, arrival_ms, partition)
        # Every block waits for its answers, so that a broker that is gone is noticed at once.
        if self._producer.flush(ANSWER_S) or self._refused:
            raise PublishFailed(f"{self._bootstrap} does not take the records: {self._refused or 'no answer'}")
        if len(block):
            sizes = np.fromiter(map(len, block.values), np.int64, len(block)) * ~block.labels
            per_partition = np.bincount(places, sizes, minlength=partitions).astype(np.int64)
            self._unread.append((int(block.arrivals_ms[-1]), per_partition))
        self.n_published += len(block)

    def _produce(self, topic: str, value: bytes, arrival_ms: int, partition: int) -> None:
        while True:
            try:
                self._producer.produce(
                    topic, value, partition=partition, timestamp=arrival_ms, on_delivery=self._delivered
                )
            except BufferError:  # the client's queue is full
                self._producer.poll(0.1)
            else:
                return

    def _delivered(self, error: object, _message: object) -> None:
        if error is not None:
            self._refused = str(error)

    def ahead(self, watermark_ms: int) -> bool:
        """Whether a reader with this watermark may still have more to read than the embedded broker keeps.

        A partition is read in order of arrival and nothing arrives before its time: what arrived before the watermark
        has been read.
        """
        while self._unread and self._unread[0][0] < watermark_ms:
            self._unread.popleft()
        return bool(self._unread) and int(np.sum([sizes for _, sizes in self._unread], axis=0).max()) > AHEAD_BYTES_MAX
