"""A log by hand and the journey over it: publish, read, fall idle, commit, crash; then look at the rows.

Times are minutes after BEGIN. Panes are a minute long, the lateness is a minute, unless a story says otherwise.
"""

import json
import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from sinks import commit as tables
from sinks.commit import RESULTS, Table
from sinks.memory import MemoryStore
from stream.config.parse import parse
from stream.config.settings import MINUTE
from stream.events import Partition, Records
from stream.joining.meeting import settle
from stream.journey import Journey
from stream.monitor.plans.onboarding import File, Sources
from stream.recovery import recall
from stream.reference import from_events
from tests.stream.rules.tiered import Log, Tiered

BEGIN = 1_800_000_000_000  # ms, the start of an hour
CONFIGURATION = """
events: {predictions: [events]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {}}
"""
LEARNING = """
events: {predictions: [events]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {learn: 5m}}
"""
FIRST: Partition = ("events", 0)
SECOND: Partition = ("events", 1)
NO_TIME = -1  # of a record: nothing is said about skew
WHOLE = 1_000_000  # a batch without a bound


def event(minute: float, model: str = "shop", seed: int = 0, **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """A prediction at a minute; the seed decides its features."""
    document = {
        "id": f"{minute}-{seed}",
        "kind": "prediction",
        "model": model,
        "version": "1",
        "time": BEGIN + round(minute * 60_000),
        "features": None if "features" in changes else drawn(minute, seed),
    }
    return json.dumps(document | changes).encode()


@lru_cache(maxsize=30_000, typed=True)  # a story is told four times; 1 and 1.0 are written otherwise
def drawn(minute: float, seed: int) -> dict[str, Any]:
    """The features of an event."""
    dice = random.Random(f"{minute} {seed}")
    return {"amount": dice.gauss(100, 10), "country": dice.choice(["FR", "DE"])}


def label(minute: float, model: str = "shop", **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """A label at a minute."""
    time = BEGIN + round(minute * 60_000)
    return json.dumps({"id": "a", "kind": "label", "model": model, "time": time, "label": 1} | changes).encode()


def crowd(minute: float, n: int, model: str = "shop", **changes: Any) -> list[bytes]:  # noqa: ANN401 - any JSON
    """Many events at one moment."""
    return [event(minute, model, seed, **changes) for seed in range(n)]


configured = lru_cache(maxsize=64)(parse)  # every life of every story reads one of few texts


REFERENCE = File(from_events(crowd(-60, 400)), "digest")


def moment(minute: float) -> int:
    """A minute as event time in ns."""
    return BEGIN * 1_000_000 + round(minute * MINUTE)


def minute_of(time: Any) -> float:  # noqa: ANN401 - ns or datetime64
    """The minute of an event time, in ns or as the tables keep it."""
    ns = int(time.astype("datetime64[ns]").astype(np.int64)) if isinstance(time, np.datetime64) else time
    return (ns - BEGIN * 1_000_000) / MINUTE


class Story:
    """A log that grows by hand, one store, and one life of the service after another."""

    lives: ClassVar[tuple[bool, ...]] = (False,)  # each: whether workers and a monitor do what else one process does

    def __init__(self, configuration: str = CONFIGURATION, partitions: Sequence[Partition] = (FIRST,)) -> None:
        self.configuration = configuration
        self.store = MemoryStore()
        self.log: dict[Partition, list[tuple[int, int, bytes | None]]] = {}
        self.begins: dict[Partition, int] = {}
        self.partials: Log = {}
        self._seen: dict[str, tuple[object, list[dict[str, Any]]]] = {}
        self._life = 0
        self.journey: Any = self._born()
        for partition in partitions:
            self.find(partition)

    @property
    def tiers(self) -> bool:
        """Whether workers and a monitor do it in this life; the last of `lives` is that of all that follow."""
        return self.lives[min(self._life, len(self.lives) - 1)]

    def _born(self) -> Journey | Tiered:
        settings = configured(self.configuration)
        sources = Sources(settings.limits, {"reference": REFERENCE})
        memory = recall(self.store, settings)
        return Tiered(settings, sources, memory, self.partials) if self.tiers else Journey(settings, sources, memory)

    # ---- what happens

    def find(self, partition: Partition, offset: int = 0) -> None:
        """A partition is found, and read from an offset on."""
        self.log.setdefault(partition, [])
        self.journey.find(partition, offset)

    def publish(self, partition: Partition, *values: bytes | None, stamp: float | None = None, hole: int = 0) -> None:
        """Append records; `stamp` is the minute of their own time, `hole` the offsets that are left out before each."""
        log = self.log.setdefault(partition, [])
        for value in values:
            offset = (log[-1][0] + 1 if log else 0) + hole
            log.append((offset, NO_TIME if stamp is None else BEGIN + round(stamp * 60_000), value))

    def read(self, *partitions: Partition, batch: int = WHOLE, upto: int = WHOLE) -> "Story":
        """Read these partitions (all, without a name) in turn, up to an offset, until nothing more can be read."""
        moved = True
        while moved:
            moved = False
            for partition in partitions or tuple(self.log):
                if partition in self.journey.held or partition not in self.journey.clocks:
                    continue
                if self.journey.read_upto(partition) < self.begins.get(partition, 0):
                    self.journey.lose(partition, self.begins[partition])
                at = self.journey.read_upto(partition)
                chosen = [record for record in self.log[partition] if at <= record[0] < upto][:batch]
                if chosen:
                    taken = self.journey.read if self.tiers else self.journey.receive
                    taken(records(partition, chosen))
                    self.journey.work()
                    moved = True
        return self

    def expire(self, partition: Partition, offset: int) -> None:
        """Retention takes the records before an offset."""
        self.log[partition] = [record for record in self.log[partition] if record[0] >= offset]
        self.begins[partition] = offset

    def idle(self, partition: Partition, minute: float) -> None:
        """The reader finds a partition idle, and raises its clocks."""
        self.journey.release(partition, moment(minute), moment(minute))

    def end(self, minute: float = 600) -> "Story":
        """Everything is idle for long: all windows close."""
        assert not self.journey.held, "a partition that waits is not idle"
        for partition in sorted(self.journey.clocks):
            self.idle(partition, minute)
        return self.commit()

    def commit(self) -> "Story":
        """Write a Commit."""
        settle(self.journey, self.store)
        return self

    def crash(self, configuration: str = "") -> "Story":
        """The process is gone; another one goes on from the store, perhaps with another configuration."""
        self.configuration = configuration or self.configuration
        self._life += 1
        self.journey = self._born()
        return self

    # ---- what is seen

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """The rows of a table in the order of its key; times as minutes. They are every asker's: nobody changes one."""
        # Stories ask for the same ones again and again. A MemoryStore has another list as soon as rows come or go.
        chunks = getattr(self.store, "_chunks", {}).get(table.name)
        kept, found = self._seen.get(table.name, (None, []))
        if chunks is None or chunks is not kept or len(chunks) > 1:
            selected = self.store.select(table)
            names = [column.name for column in table.columns]
            lists = [seen(selected[name]) for name in names]
            found = [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]
            self._seen[table.name] = getattr(self.store, "_chunks", {}).get(table.name), found
        return list(found)

    def counts(self, model: str = "shop") -> dict[float, tuple[int, int]]:
        """By the end of each pane: events counted, late ones."""
        return {row["end"]: (row["events"], row["late"]) for row in self.rows(tables.TRAFFIC) if row["model"] == model}

    def windows(self, length: float, model: str = "shop") -> list[dict[str, Any]]:
        """The windows of this many minutes, all events, without the rows of segments."""
        return [
            row
            for row in self.rows(tables.WINDOWS)
            if row["model"] == model and row["length"] == length * MINUTE and not row["segment"]
        ]

    def results(self) -> dict[str, list[str]]:
        """All rows that the guarantee compares."""
        return {table.name: [repr(row) for row in self.rows(table)] for table in RESULTS}


def records(partition: Partition, chosen: Sequence[tuple[int, int, bytes | None]]) -> Records:
    """Some of the log as a reader hands it on."""
    offsets, stamps, values = zip(*chosen, strict=True)
    position = offsets[-1] + 1
    return Records(*partition, np.array(offsets, np.int64), np.array(stamps, np.int64), list(values), position)


def seen(column: np.ndarray) -> list[Any]:
    """Values as stories compare them: times as minutes."""
    if column.dtype.kind == "M":
        return [minute_of(ns) for ns in column.astype("datetime64[ns]").astype(np.int64).tolist()]
    found: list[Any] = column.tolist()
    return found
