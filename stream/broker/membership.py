"""Which partitions a consumer group gives to this process: membership alone, nothing is read through it.

Reading goes by position (`Reader`), and whose Partials count is decided by fencing; the group only shares the work out.
"""

from collections.abc import Collection, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from stream.broker import defects
from stream.broker.connect import arguments, unreachable
from stream.broker.questions import Partition
from stream.config.settings import Kafka

SESSION_MS, HEARTBEAT_MS, REBALANCE_MS = 6_000, 1_000, 8_000
REQUEST_MS = 12_000  # above the rebalance: a request to join waits that long
NEVER_MS = 2**31 - 1  # nothing is polled here


class Membership(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """One member of a group over topics. `assigned` changes whenever the group shares out anew."""

    def __init__(self, kafka: Kafka, environment: Mapping[str, str], group: str, topics: Collection[str]) -> None:
        self.assigned: frozenset[Partition] = frozenset()
        self.rebalances = 0  # how often the group has shared out
        self._kafka, self._environment, self._group, self._topics = kafka, environment, group, list(topics)
        self._consumer: AIOKafkaConsumer = None

    async def start(self) -> None:
        """Join. ConnectionProblem where nobody answers."""
        given = arguments(self._kafka, self._environment)
        consumer = AIOKafkaConsumer(
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            rebalance_timeout_ms=REBALANCE_MS,
            request_timeout_ms=REQUEST_MS,
            max_poll_interval_ms=NEVER_MS,
            metadata_max_age_ms=5_000,  # partitions that were added are shared out too
            **given,
        )
        self._consumer = consumer  # from the first call of ours on, which `start` waits for
        consumer.subscribe(self._topics, listener=self)
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            await self.stop()
            raise await unreachable(self._kafka, given) from error

    async def stop(self) -> None:
        """Leave."""
        consumer, self._consumer, self.assigned = self._consumer, None, frozenset()
        if consumer is not None:
            await defects.close(consumer)

    def check(self) -> None:
        """BrokerFailed where the client has given up: it would neither say so nor join again."""
        defects.coordinating(self._consumer)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Aiokafka's call before it shares out anew: all of ours are in doubt."""
        del revoked
        self.assigned = frozenset()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Aiokafka's call with what is ours now."""
        self._consumer.pause(*assigned)
        for each in assigned:
            self._consumer.seek(each, 0)  # D5: else it would be looked up among the group's offsets, which nobody keeps
        self.assigned = frozenset((each.topic, each.partition) for each in assigned)
        self.rebalances += 1
