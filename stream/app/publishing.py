"""Messages put onto a topic that somebody else reads, a few thousand at a time."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence

from sinks.topics import Message, Relay, RelayFailed
from stream.broker import BrokerFailed, Questions, arguments
from stream.config.settings import Kafka

TRIES = 5  # with growing rests in between: some ten seconds


class TopicMissing(Exception):
    """Nobody has made the topic."""


async def offered(kafka: Kafka, environment: Mapping[str, str], topic: str, otherwise: str = "create it") -> None:
    """Return when the topic is there: `kafka.create_topics` creates it. TopicMissing, BrokerFailed.

    `otherwise`: what a person may do about it.
    """
    questions = Questions(kafka, environment)
    if (await questions.partitions((topic,))).missing:
        if not kafka.create_topics:
            raise TopicMissing(f"the topic {topic} does not exist; {otherwise}, or let kafka.create_topics: true do so")
        await questions.create((topic,))


async def publish(
    kafka: Kafka,
    environment: Mapping[str, str],
    batches: Iterable[Sequence[Message]],
    after: int,
    progress: Callable[[int], None],
) -> None:
    """Send all batches in order, but for the first messages, which are there. `progress` hears how many then are.

    A batch is there whole or not at all, but for `kafka.transactional: false`. BrokerFailed.
    """
    # Nobody else has the name: two that publish at once do not fence each other.
    name = f"publish-{secrets.token_hex(6)}"
    relay = Relay(lambda: arguments(kafka, environment), name, transactional=kafka.transactional)
    done = 0
    try:
        for batch in batches:
            try:
                await _send(relay, batch[max(0, after - done) :])
            except RelayFailed as error:
                there = max(done, after)
                raise BrokerFailed(f"{error}; {there:,} events are there: go on with --after {there}") from error
            done += len(batch)
            progress(done)
    finally:
        await relay.stop()


async def _send(relay: Relay, batch: Sequence[Message]) -> None:
    """Send a batch, again where that fails."""
    for left in range(TRIES - 1, -1, -1):
        try:
            await relay.send(batch)
        except RelayFailed:
            if not left:
                raise
        else:
            return
