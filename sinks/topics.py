"""The voice on Kafka: what the outboxes hold, sent in one transaction, at least once and under the same ids.

A name belongs to one process: its producer's transactional id fences whoever used the name before, on whatever host.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed, ProducerFenced
from msgspec import Struct

from sinks.commit import Columns

START_S = 8.0  # `start` may wait for ever for a coordinator
SEND_S = 8.0  # one transaction takes 5 ms, 24 ms where another has just ended
STOP_S = 1.0
TRANSACTION_MS = 30_000  # well above SEND_S: a transaction that times out looks as if somebody had fenced us
MESSAGE_BYTES = 1_048_576  # what brokers take of a topic that says nothing else, a little less
BACKOFF_S, BACKOFF_S_MAX = 0.1, 5.0


class RelayFailed(Exception):
    """Nothing was sent, or not surely: send the same messages again later."""


class Fenced(Exception):
    """Another process has taken this name. Ours must end: it may no longer speak."""


class Message(Struct, frozen=True):
    """One record for a topic."""

    topic: str
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None  # None: by the key


def triggers(rows: Columns, topic: str) -> list[Message]:
    """Rows of the `triggers` table as CloudEvents in structured mode, keyed by model."""
    headers = (("content-type", b"application/cloudevents+json"),)
    models, bodies = rows["model"].tolist(), rows["body"].tolist()
    return [Message(topic, model.encode(), body, headers) for model, body in zip(models, bodies, strict=True)]


def dead_letters(rows: Columns, topic: str) -> list[Message]:
    """Rows of the `dead_letters` table: rejected payloads, keyed by position, with position and reason as headers."""
    names = ("topic", "partition", "offset", "row", "reason", "detail")
    values = zip(*(rows[name].tolist() for name in names), strict=True)
    return [
        Message(
            topic,
            "/".join(map(str, row[:4])).encode(),
            payload,
            tuple((f"driftline-{name}", str(value).encode()) for name, value in zip(names, row, strict=True)),
        )
        for row, payload in zip(values, rows["payload"].tolist(), strict=True)
    ]


class Relay:
    """Sends messages under one name.

    `arguments` gives the arguments of an aiokafka client (addresses, security), anew for each producer. Without
    `transactional`, for brokers that have no transactions, a failed `send` may have sent some messages, and nobody is
    fenced.
    """

    def __init__(
        self,
        arguments: Callable[[], Mapping[str, object]],
        name: str,
        *,
        transactional: bool,
        message_bytes: int = MESSAGE_BYTES,
    ) -> None:
        self._arguments = arguments
        self._message_bytes = message_bytes
        self._id = f"driftline-{name}"
        self._transactional = transactional
        self._producer: AIOKafkaProducer = None
        self._failures = 0
        self._rest_until = 0.0  # monotonic
        self._fenced = False

    async def start(self) -> None:
        """Connect, and fence whoever used the name before. RelayFailed: not now; `send` tries again."""
        if self._fenced:
            raise self._taken()
        if self._producer is not None:
            return
        await asyncio.sleep(max(0.0, self._rest_until - time.monotonic()))
        producer = AIOKafkaProducer(
            **self._arguments(),
            **({"transactional_id": self._id} if self._transactional else {}),
            transaction_timeout_ms=TRANSACTION_MS,
            enable_idempotence=True,
            max_request_size=self._message_bytes,
            request_timeout_ms=5_000,
            retry_backoff_ms=50,
            linger_ms=0,
        )
        await self._attempt(producer, producer.start(), START_S)
        self._producer = producer

    async def send(self, messages: Sequence[Message]) -> None:
        """Send all of them or none, a few thousand at most. RelayFailed: send them again. Fenced: never again."""
        if not messages:
            return
        await self.start()
        producer = self._producer
        send = _in_transaction(producer, messages) if self._transactional else _acknowledged(producer, messages)
        await self._attempt(producer, send, SEND_S)
        self._failures = 0

    async def stop(self) -> None:
        """Disconnect. Nothing is pending: every `send` has ended."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _kill(producer)

    async def _attempt(
        self, producer: AIOKafkaProducer, action: Coroutine[object, object, None], limit_s: float
    ) -> None:
        """Do it within the limit. A producer that failed at anything is never used again: a new one knows its state."""
        try:
            async with asyncio.timeout(limit_s):
                await action
        except BaseException as error:
            self._producer = None
            self._failures += 1
            self._rest_until = time.monotonic() + min(BACKOFF_S * 2**self._failures, BACKOFF_S_MAX)
            await _kill(producer)
            if isinstance(error, ProducerFenced):
                self._fenced = True  # starting again would fence the other in turn, and so on for ever
                raise self._taken() from error
            if isinstance(error, KafkaError | OSError | TimeoutError):
                raise RelayFailed(f"Kafka does not take messages: {error!r}") from error
            raise

    def _taken(self) -> Fenced:
        return Fenced(
            f"another process relays under the name {self._id!r}, or this one was suspended while it was sending: "
            "each driftline on the same topics needs a `kafka.name` of its own"
        )


async def _in_transaction(producer: AIOKafkaProducer, messages: Sequence[Message]) -> None:
    """Every acknowledgement before the commit: `commit_transaction` ignores sends that failed (D2)."""
    await producer.begin_transaction()
    await _acknowledged(producer, messages)
    await producer.commit_transaction()


async def _acknowledged(producer: AIOKafkaProducer, messages: Sequence[Message]) -> None:
    """Send, and return when the brokers have them all."""
    sent = []
    for each in messages:
        future = await producer.send(
            each.topic, each.value, key=each.key, partition=each.partition, headers=list(each.headers)
        )
        future.add_done_callback(_heard)
        sent.append(future)
    for future in sent:
        await future


def _heard(future: asyncio.Future[object]) -> None:
    """Look at an outcome that nobody may wait for any more, or the event loop complains about it."""
    if not future.cancelled():
        future.exception()


async def _kill(producer: AIOKafkaProducer) -> None:
    """End a producer in bounded time, whatever it was doing.

    D3: `stop()` waits for ever for batches and transactions that a dead broker will not take, a second `stop()` does
    nothing, and one that raises leaves the connections open; so its parts are ended one by one.
    """
    try:
        async with asyncio.timeout(STOP_S):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError, AssertionError):
        producer._closed = True  # noqa: SLF001 - D3: there is no public way to end it
        producer._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001 - likewise
        sender = producer._sender and producer._sender.sender_task  # noqa: SLF001 - likewise
        if sender is not None:
            sender.cancel()
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(STOP_S):
                await producer.client.close()
        if sender is not None:
            await asyncio.wait([sender], timeout=STOP_S)
