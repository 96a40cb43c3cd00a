"""What the store cannot know: numbers of the moment, handed in by whoever is asked for them."""

from msgspec import Struct


class Partition(Struct, frozen=True):
    """How one partition is being read."""

    topic: str
    partition: int
    lag: int
    paused: bool = False
    position: int = 0  # the next offset
    clock_ns: int | None = None  # event time; None before the first event
    kept_s: float | None = None  # wall time; None: nothing since the start


class Gathered(Struct, frozen=True):
    """What a worker has done since its start."""

    rebalances: int = 0
    records: int = 0  # of event topics
    partials: int = 0  # sent
    partial_bytes: int = 0


class Vitals(Struct, frozen=True):
    """What every process says that reads; `Vitals()` is one that has not started."""

    ready: bool = False
    watermarks_ns: tuple[tuple[str, int], ...] = ()  # scope and event time
    partitions: tuple[Partition, ...] = ()
    memory_bytes: int = 0
    gathered: Gathered | None = None  # of a worker


class Live(Struct, frozen=True):
    """The numbers of a service at this moment."""

    vitals: Vitals = Vitals()
    replaying: bool = False
    learning: tuple[tuple[str, float], ...] = ()  # model and share, 0 to 1
    outbox: tuple[tuple[str, int], ...] = ()  # outbox and rows that wait
    hooks: tuple[tuple[str, str, int], ...] = ()  # system, answer and how often
    commit_number: int = 0
    commit_seconds: float = 0.0
    store_bytes: int = 0
