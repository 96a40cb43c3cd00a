"""The yardstick: as little as a Python service with a schema can do. It is fixed; nothing of driftline is in it.

aiokafka's `getmany(max_records=2000)` with the client's defaults, and msgspec's decode of each event to typed Structs,
whose result is dropped.
"""

from typing import Any, Literal, Self, Union

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from msgspec import defstruct

from tests.bench.events import CATEGORICAL, NUMERIC, SEGMENTS
from tests.bench.spent import Spent

RECORDS_MAX = 2_000


def decoder(models: int) -> msgspec.json.Decoder[Any]:
    """A tagged union of one Struct per model, decoded once per event."""
    segments = defstruct("Segments", [(name, str | None, None) for name in SEGMENTS], gc=False, frozen=True)
    numeric = [(name, float | None, float("nan")) for name in NUMERIC]
    categorical = [(name, str | None, None) for name in CATEGORICAL]
    types = []
    for i in range(models):
        fields = [
            ("kind", Literal["prediction", "label", "features"]),
            ("version", str),
            ("time", str | int),
            ("features", defstruct(f"Features{i}", numeric + categorical, gc=False)),
            ("score", float | None, float("nan")),
            ("prediction", Any, None),
            ("latency_ms", float | None, float("nan")),
            ("status", str, "ok"),
            ("segments", segments, segments()),
        ]
        types.append(defstruct(f"Event{i}", fields, gc=False, tag_field="model", tag=f"m{i:02d}"))
    return msgspec.json.Decoder(Union[(*types,)])


class Bare:
    """Reads and decodes a topic from its beginning, as far as it is asked to each time."""

    def __init__(self, bootstrap: str, topic: str, partitions: int, models: int) -> None:
        self._decode = decoder(models).decode
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        self._partitions = [TopicPartition(topic, i) for i in range(partitions)]
        self._read = 0

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._consumer.stop()

    async def read(self, upto: int) -> Spent:
        """Go on until that many records have been read in all; what that cost per event."""
        decode, read, began, before = self._decode, self._read, self._read, Spent.now()
        while read < upto:
            come = await self._consumer.getmany(timeout_ms=1000, max_records=RECORDS_MAX)
            for records in come.values():
                read += len(records)
                for record in records:
                    try:  # noqa: SIM105 - a context manager per event would slow the yardstick down
                        decode(record.value)
                    except msgspec.MsgspecError:
                        pass
        self._read = read
        return Spent.now().since(before).per(read - began)
