"""What the store cannot know: numbers of the moment, handed in by whoever runs the exporter."""

from msgspec import Struct


class Partition(Struct, frozen=True):
    """How one partition is being read."""

    topic: str
    partition: int
    lag: int
    paused: bool = False
    position: int = 0  # the next offset


class Live(Struct, frozen=True):
    """The numbers of this moment; `Live()` is those of a service that has not started."""

    ready: bool = False
    replaying: bool = False
    watermarks_ns: tuple[tuple[str, int], ...] = ()  # scope and event time
    partitions: tuple[Partition, ...] = ()
    learning: tuple[tuple[str, float], ...] = ()  # model and share, 0 to 1
    outbox: tuple[tuple[str, int], ...] = ()  # outbox and rows that wait
    commit_number: int = 0
    commit_seconds: float = 0.0
    store_bytes: int = 0
    memory_bytes: int = 0
