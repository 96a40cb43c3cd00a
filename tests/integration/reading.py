"""Stories of a Reader on a real broker: how to tell one, and what it has read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from stream.broker import Fetched, Gap, Partition, Reader
from stream.config.settings import Kafka as Settings
from tests.integration.kafka import Kafka

ENOUGH = 60  # fetches of half a second


def run(story: Awaitable[None]) -> None:
    """Tell a story within a minute."""
    asyncio.run(asyncio.wait_for(story, 60))


@asynccontextmanager
async def reading(kafka: Kafka, positions: Mapping[Partition, int], **settings: object) -> AsyncIterator[Reader]:
    """A started Reader of these positions."""
    reader = Reader(Settings(bootstrap=kafka.bootstrap, **settings), {})
    await reader.start()
    try:
        reader.assign(positions)
        yield reader
    finally:
        await reader.stop()


async def until(reader: Reader, done: Callable[[], bool], records_max: int = 1000) -> list[Fetched | Gap]:
    """Everything fetched until `done`."""
    all_of_it: list[Fetched | Gap] = []
    for _ in range(ENOUGH):
        if done():
            return all_of_it
        all_of_it += await reader.fetch(500, records_max)
    raise AssertionError(f"not done: {str(all_of_it)[:2_000]}, {reader.problem}")


def values(fetched: list[Fetched | Gap]) -> list[bytes | None]:
    """The records' values, in the order of reading."""
    return [value for each in fetched if isinstance(each, Fetched) for value in each.values]


def numbers(first: int, end: int) -> list[bytes]:
    """Records to tell apart."""
    return [b"%d" % i for i in range(first, end)]
