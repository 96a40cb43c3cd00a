"""A broker inside this process, for the demo: librdkafka's mock cluster out of the optional `confluent-kafka` wheel.

It is not Kafka. What was found about it:
- a partition keeps at most 5 MiB or 100,000 batches and silently drops what is older: publish no faster than it is
  read;
- topics come into being with 4 partitions when they are first asked for; nothing else about them can be set or asked;
- the control batches of transactions carry checksum 0 and aborted data stays visible: `kafka.transactional` and
  `kafka.check_crcs` must be false;
- committed offsets are kept, but a group has one member at most.
"""

from types import TracebackType
from typing import Self

PARTITIONS = 4
ANSWER_S = 5.0


class EmbeddedBrokerMissing(Exception):
    """The optional part that holds the broker is not installed."""


class EmbeddedBroker:
    """One broker at `bootstrap` on the loopback, from `with` to the end of the block; its records go with it."""

    def __init__(self) -> None:
        try:
            from confluent_kafka import Producer
        except ImportError as error:
            raise EmbeddedBrokerMissing(
                "the embedded broker is not installed; install driftline with its extra: pip install '.[demo]'"
            ) from error
        # The cluster belongs to the client that asked for it, and lives as long.
        self._owner = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        (broker,) = self._owner.list_topics(timeout=ANSWER_S).brokers.values()
        self.bootstrap = f"{broker.host}:{broker.port}"

    def create(self, topic: str) -> None:
        """Let a topic be there, with 4 partitions."""
        found = self._owner.list_topics(topic, timeout=ANSWER_S).topics[topic]
        assert len(found.partitions) == PARTITIONS, found.error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._owner = None
