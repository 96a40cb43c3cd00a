"""The group-less consumer: it reads from the positions that it is given, and says what it could not read.

Positions belong to whoever commits them; Kafka's committed offsets are never asked for.
"""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from stream.broker import defects
from stream.broker.connect import CONNECT_S, arguments, unreachable
from stream.broker.fetched import Fetched, Gap, columns
from stream.broker.parsed import Parsed, as_parsed, offer_parsed
from stream.broker.problems import BrokerFailed, ConnectionProblem, TopicReplaced
from stream.broker.questions import Partition, Questions
from stream.broker.silence import Silence, names
from stream.config.settings import Kafka

FETCH_BYTES = 512 * 1024  # per partition and fetch: a round of the loop costs the same for few events as for many
GRACE_S = 10.0  # `getmany` has been seen to exceed its own timeout by 4 s (D7)


class Reader:
    """Reads partitions, read_committed, from positions that the caller keeps.

    While no broker answers, `fetch` returns nothing, `problem` says so, and reading recovers by itself. The errors
    are ConnectionProblem from `start`, else BrokerFailed: start again from the last Commit. `keyed`: with keys.
    """

    def __init__(self, kafka: Kafka, environment: Mapping[str, str], *, keyed: bool = False) -> None:
        self.problem = ""  # why nothing comes, in words; empty while the brokers answer
        self._kafka = kafka
        self._environment = environment
        self._keyed = keyed
        self._questions = Questions(kafka, environment)
        self._consumer: AIOKafkaConsumer = None
        self._positions: dict[TopicPartition, int] = {}  # behind what was handed out
        self._read: dict[TopicPartition, int] = {}  # behind what has come
        self._aside: dict[TopicPartition, list[Fetched | Gap]] = {}  # what has come of partitions that are paused
        self._silence = Silence((), 0.0)

    async def start(self) -> None:
        """Connect. ConnectionProblem names the address and the reason."""
        given = arguments(self._kafka, self._environment)
        offer_parsed()
        consumer = AIOKafkaConsumer(
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",  # anything else is silent loss, or silent repetition
            isolation_level="read_committed",
            check_crcs=self._kafka.check_crcs,
            max_partition_fetch_bytes=FETCH_BYTES,
            value_deserializer=as_parsed,
            request_timeout_ms=15_000,
            metadata_max_age_ms=30_000,
            **given,
        )
        try:
            async with asyncio.timeout(CONNECT_S):
                await consumer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await defects.close(consumer)
            raise await unreachable(self._kafka, given) from error
        except asyncio.CancelledError:
            await defects.close(consumer)
            raise
        self._consumer = consumer

    async def stop(self) -> None:
        """Disconnect, within seconds whatever the brokers do. A second call does nothing."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await defects.close(consumer)

    def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read exactly these partitions, each from its position. What was fetched and not handed out yet is dropped."""
        self._positions = {TopicPartition(*partition): offset for partition, offset in positions.items()}
        self._read, self._aside = dict(self._positions), {}
        defects.assign(self._consumer, self._positions)
        self._silence = Silence(self._positions, time.monotonic())

    async def fetch(self, timeout_ms: int, records_max: int, paused: Collection[Partition] = ()) -> list[Fetched | Gap]:
        """What has come, about `records_max` records; waits up to `timeout_ms` where nothing has.

        Partitions in `paused` are not handed out. What has come of them is set aside, and only then are they paused in
        the client, which asks a broker for nothing as long as it has records of it that nobody takes (D10). A stretch
        may hold no record, only a later position.
        """
        held = {TopicPartition(*partition) for partition in paused}
        if released := sorted(self._aside.keys() - held):
            self._consumer.resume(*released)
            return self._handed_out([item for each in released for item in self._aside.pop(each)], held)
        asked = self._positions.keys() - self._aside.keys()
        if not asked:
            await asyncio.sleep(timeout_ms / 1000)
            self._listen(())
            return []
        try:
            defects.fetching(self._consumer)
            async with asyncio.timeout(timeout_ms / 1000 + GRACE_S):
                # No names: all. The client looks each partition up in the names, so many of them are slow.
                come = await self._consumer.getmany(timeout_ms=timeout_ms, max_records=records_max)
        except OffsetOutOfRangeError as error:
            return self._handed_out(await self._gaps(error.args[0]), held)
        except TimeoutError as error:
            raise BrokerFailed(f"the Kafka client hangs, reading {names(asked)}") from error
        except KafkaError as error:
            raise BrokerFailed(f"reading {names(asked)} from {self._kafka.bootstrap}: {error!r}") from error
        # Once records_max is reached, others may have records waiting, and the client does not ask for more of those.
        self._listen(asked if sum(map(len, come.values())) < records_max else ())
        return self._handed_out(await self._moved(asked, come), held)

    def _handed_out(self, come: Sequence[Fetched | Gap], held: Collection[TopicPartition]) -> list[Fetched | Gap]:
        """What may be handed out; the rest is set aside."""
        out = []
        for item in come:
            each = TopicPartition(item.topic, item.partition)
            if each in held:
                self._aside.setdefault(each, []).append(item)
                self._consumer.pause(each)
            else:
                self._positions[each] = item.beginning if isinstance(item, Gap) else item.position
                out.append(item)
        return out

    def position(self, partition: Partition) -> int:
        """The next offset that `fetch` will hand out."""
        return self._positions[TopicPartition(*partition)]

    def silent(self) -> set[Partition]:
        """The partitions about which the client has owed an answer for some seconds."""
        return {(each[0], each[1]) for each in self._silence.silent(time.monotonic())}

    def lag(self, partition: Partition) -> int | None:
        """Offsets between position and high watermark, as of the last answer; None before the first."""
        end = self._consumer.highwater(TopicPartition(*partition))
        return None if end is None else max(0, int(end) - self.position(partition))

    def at_end(self, partition: Partition) -> bool:
        """Whether a fresh answer says that the position equals the high watermark. Hearing nothing does not say so."""
        return self.lag(partition) == 0 and self._silence.fresh(partition, time.monotonic())

    async def _moved(
        self, active: Collection[TopicPartition], come: Mapping[TopicPartition, Sequence[Parsed]]
    ) -> list[Fetched | Gap]:
        """Every partition whose position has moved, by records or past control records alone."""
        fetched: list[Fetched | Gap] = []
        for each in active:
            position = await self._consumer.position(each)
            if position != self._read[each]:
                self._read[each] = position
                fetched.append(columns(each, come.get(each, ()), position, keyed=self._keyed))
        return fetched

    async def _gaps(self, wanted: Mapping[TopicPartition, int]) -> list[Fetched | Gap]:
        """Where retention overtook us; reading goes on behind the gap. TopicReplaced where the end lies below us."""
        try:
            bounds = await self._questions.bounds(wanted)
        except ConnectionProblem as error:
            self.problem = str(error)
            return []  # the client will meet the same error again, and we shall ask again
        gaps: list[Fetched | Gap] = []
        for each, position in wanted.items():
            beginning, end = bounds[each]
            if position > end:
                raise TopicReplaced(each.topic, each.partition, position, end)
            # Neither below nor beyond by now: the partition has just moved to another broker. Read on.
            self._read[each] = max(position, beginning)
            self._consumer.seek(each, self._read[each])
            if position < beginning:
                gaps.append(Gap(each.topic, each.partition, position, beginning))
        return gaps

    def _listen(self, asked: Collection[TopicPartition]) -> None:
        """Note who has answered, and say who has not."""
        now = time.monotonic()
        polled = {each: self._consumer.last_poll_timestamp(each) for each in self._positions}
        self._silence.listen(polled, asked, now)
        silent = self._silence.problem(now)
        self.problem = f"{self._kafka.bootstrap}: {silent}" if silent else ""
