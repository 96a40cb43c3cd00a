"""Questions about topics, each asked with a client of its own that is closed after the answer.

So nothing goes stale over a broker restart (D9: ListOffsets may say UnknownTopicOrPartition from then on), and no
question waits behind a long fetch on the same connection. aiokafka's protocol classes are used where its public clients
cannot ask: for metadata without creating the topic by asking, and for the high watermark, which `end_offsets` of a
read_committed consumer hides behind the last stable offset.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple, TypeVar

from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.errors import KafkaError, LeaderNotAvailableError, for_code
from aiokafka.protocol.admin import CreatePartitionsRequest, CreateTopicsRequest
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.structs import TopicPartition

from stream.broker.connect import CONNECT_S, arguments, reason, unreachable
from stream.broker.problems import BrokerFailed, ConnectionProblem
from stream.config.settings import Kafka

ANSWER_S = 10.0  # for one question, retries included
RETRY_S = 0.1
INVITED_TRIES = 10
READ_UNCOMMITTED, READ_COMMITTED = 0, 1
LATEST, EARLIEST = -1, -2
TOPIC_EXISTS, INVALID_PARTITIONS = 36, 37
NOT_THERE = (3, 5)  # unknown, or on its way
PARTITIONS = 4  # of a topic that we create
REPLICAS = 3  # the same, where there are so many brokers

Partition = tuple[str, int]  # topic, number
T = TypeVar("T")


class Bounds(NamedTuple):
    """Where a partition begins, and its high watermark: an open transaction is not idleness."""

    beginning: int
    end: int


class Found(NamedTuple):
    """The partitions of topics, sorted, and the topics that do not exist."""

    partitions: tuple[Partition, ...]
    missing: tuple[str, ...]


class Questions:
    """Asks the brokers. ConnectionProblem: nobody answers. BrokerFailed: the answer is no."""

    def __init__(self, kafka: Kafka, environment: Mapping[str, str]) -> None:
        self._kafka = kafka
        self._environment = environment

    async def partitions(self, topics: Collection[str]) -> Found:
        """Which partitions the topics have. Creates nothing, waits for nothing."""
        async with self._client() as client:
            answer = await _metadata(client, topics)
        refused = [(name, code) for code, name, *_ in answer.topics if code not in (0, *NOT_THERE)]
        if refused:
            raise BrokerFailed("; ".join(f"topic {name}: {for_code(code).description}" for name, code in refused))
        counts = {name: len(parts) for code, name, _, parts in answer.topics if not code}
        partitions = tuple((topic, i) for topic in sorted(counts) for i in range(counts[topic]))
        return Found(partitions, tuple(sorted(set(topics) - set(counts))))

    async def bounds(self, partitions: Collection[Partition]) -> dict[Partition, Bounds]:
        """Beginning and high watermark of each partition; one without a leader is asked for until ANSWER_S is over."""
        async with self._client() as client:
            beginnings = await _again(lambda: _offsets(client, partitions, EARLIEST))
            ends = await _again(lambda: _offsets(client, partitions, LATEST))
        return {each: Bounds(beginnings[each], ends[each]) for each in partitions}

    async def readable(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Up to where committed records can be read now, of the partitions whose leader says so."""
        found: dict[Partition, int] = {}
        async with self._client() as client:
            for leader, led in (await _leaders(client, partitions)).items():
                with suppress(KafkaError):
                    found |= await _offsets_of(client, leader, led, LATEST, READ_COMMITTED)
        return found

    async def create(
        self, topics: Collection[str], partitions: int = PARTITIONS, config: Mapping[str, str] | None = None
    ) -> None:
        """Create topics; one that exists already is as good."""
        given = list((config or {}).items())
        async with self._client() as client:
            controller = await self._controller(client)
            replicas = min(REPLICAS, len(client.cluster.brokers()))
            wanted: list[Any] = [(topic, partitions, replicas, [], given) for topic in topics]
            request = CreateTopicsRequest(wanted, int(ANSWER_S * 1000), validate_only=False)
            answer = await client.send(controller, request)
        _accepted("topics cannot be created", answer.topic_errors, TOPIC_EXISTS)

    async def grow(self, topic: str, partitions: int) -> None:
        """Let a topic have so many partitions; as many already are as good."""
        async with self._client() as client:
            controller = await self._controller(client)
            wanted: list[Any] = [(topic, (partitions, None))]
            request = CreatePartitionsRequest(wanted, int(ANSWER_S * 1000), validate_only=False)
            answer = await client.send(controller, request)
        _accepted("partitions cannot be added", answer.topic_errors, INVALID_PARTITIONS)

    async def _controller(self, client: AIOKafkaClient) -> int:
        """The broker that changes topics."""
        await _metadata(client, ())
        if client.cluster.controller is None:
            raise BrokerFailed(f"Kafka at {self._kafka.bootstrap} has no controller to create topics with")
        return int(client.cluster.controller.nodeId)

    async def invite(self, topics: Collection[str]) -> tuple[str, ...]:
        """Ask about topics as producers do, which lets some brokers create them; those still missing."""
        async with self._client() as client:
            await _metadata(client, topics, create=True)
        for _ in range(INVITED_TRIES):  # the first answer may say that the topic is on its way
            missing = (await self.partitions(topics)).missing
            if not missing:
                break
            await asyncio.sleep(RETRY_S)
        return missing

    async def publish_offsets(self, group: str, positions: Mapping[Partition, int]) -> bool:
        """Write positions as a group's committed offsets, for lag tools only: never read. False: not this time."""
        topics = defaultdict(list)
        for (topic, partition), offset in positions.items():
            topics[topic].append((partition, offset, ""))
        request = OffsetCommitRequest(group, -1, "", -1, list(topics.items()))
        try:
            async with self._client() as client:
                await _again(lambda: _commit_offsets(client, group, request))
        except BrokerFailed:
            return False
        return True

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[AIOKafkaClient]:
        """A connected client; what it raises becomes one of ours."""

        def made() -> dict[str, object]:
            return arguments(self._kafka, self._environment)

        client = AIOKafkaClient(request_timeout_ms=int(CONNECT_S * 1000), **made())
        try:
            try:
                async with asyncio.timeout(CONNECT_S):
                    await client.bootstrap()
            except (KafkaError, OSError, TimeoutError) as error:
                raise await unreachable(self._kafka, made()) from error
            async with asyncio.timeout(ANSWER_S):
                yield client
        except (TimeoutError, OSError) as error:
            raise ConnectionProblem(f"Kafka at {self._kafka.bootstrap} does not answer: {reason(error)}") from error
        except KafkaError as error:
            raise BrokerFailed(f"Kafka at {self._kafka.bootstrap}: {error}") from error
        finally:
            await client.close()


def _accepted(what: str, answers: Iterable[Sequence[Any]], *as_good: int) -> None:
    """BrokerFailed where an answer per topic, name and code first, is neither yes nor as good."""
    refused = [(name, code) for name, code, *_ in answers if code not in (0, *as_good)]
    if refused:
        reasons = (f"{name}: {for_code(code).description}" for name, code in refused)
        raise BrokerFailed(f"{what}: {'; '.join(reasons)}")


async def _again(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until the answer is no longer that something is still starting or moving. The caller bounds the time."""
    while True:
        try:
            return await ask()
        except KafkaError as error:
            if not error.retriable:
                raise
            await asyncio.sleep(RETRY_S)


async def _metadata(client: AIOKafkaClient, topics: Collection[str], *, create: bool = False) -> Any:  # noqa: ANN401 - aiokafka is untyped
    """Metadata of these topics from any broker; nothing is created by asking, unless `create` allows it."""
    request = MetadataRequest(sorted(topics), allow_auto_topic_creation=create)
    answer = await client.send(client.get_random_node(), request)
    client.cluster.update_metadata(answer)
    return answer


async def _commit_offsets(client: AIOKafkaClient, group: str, request: OffsetCommitRequest) -> None:
    """Write committed offsets at the group's coordinator, which may just be starting or moving."""
    node = await client.coordinator_lookup(0, group)
    answer = await client.send(node, request, group=ConnectionGroup.COORDINATION)
    for code in (code for _, parts in answer.topics for _, code in parts if code):
        raise for_code(code)(group)


async def _offsets(client: AIOKafkaClient, partitions: Collection[Partition], which: int) -> dict[Partition, int]:
    """The earliest or latest offset of each partition, asked of its leader."""
    offsets: dict[Partition, int] = {}
    for leader, led in (await _leaders(client, partitions)).items():
        if leader < 0:
            raise LeaderNotAvailableError(f"{led} have no leader")
        offsets |= await _offsets_of(client, leader, led, which, READ_UNCOMMITTED)
    return offsets


async def _leaders(client: AIOKafkaClient, partitions: Collection[Partition]) -> dict[int, list[Partition]]:
    """Partitions by their leader; -1: they have none."""
    await _metadata(client, {topic for topic, _ in partitions})
    leaders = defaultdict(list)
    for partition in partitions:
        leader = client.cluster.leader_for_partition(TopicPartition(*partition))
        leaders[-1 if leader is None else int(leader)].append(partition)
    return leaders


async def _offsets_of(
    client: AIOKafkaClient, leader: int, partitions: Iterable[Partition], which: int, isolation: int
) -> dict[Partition, int]:
    topics = defaultdict(list)
    for topic, partition in partitions:
        topics[topic].append((partition, which))
    answer = await client.send(leader, OffsetRequest(-1, isolation, list(topics.items())))
    offsets: dict[Partition, int] = {}
    for topic, parts in answer.topics:
        for partition, code, _, offset in parts:
            if code:
                raise for_code(code)(f"{topic}/{partition}")
            offsets[topic, partition] = offset
    return offsets
