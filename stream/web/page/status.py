"""What the store does not know: how the service is doing at this moment, as one frozen value swapped by the app."""

from typing import Literal

from msgspec import Struct

from stream.controls.control import Controls


class Watermark(Struct, frozen=True):
    """Up to where event time is complete. `at_ns` is None until every partition of the scope has a clock."""

    scope: str
    at_ns: int | None = None


class Partition(Struct, frozen=True):
    """How far one partition is read."""

    topic: str
    partition: int
    position: int = 0
    end: int = 0
    clock_ns: int | None = None
    paused: bool = False
    idle: bool = False

    @property
    def lag(self) -> int:
        """Records that have not been read; control records count, as they do for other lag tools."""
        return max(0, self.end - self.position)


class Feature(Struct, frozen=True):
    """One feature as it is counted."""

    name: str
    kind: Literal["numeric", "categorical"]
    inferred: bool = False


class Model(Struct, frozen=True):
    """Where one model stands. Learning runs in event time: `learned_ns` of `needed_ns`."""

    name: str
    versions: tuple[str, ...] = ()
    state: Literal["new", "learning", "watching"] = "new"
    progress: float = 0.0  # 0 to 1; 1 when watching
    learned_ns: int = 0
    needed_ns: int = 0
    events: int = 0
    features: tuple[Feature, ...] = ()


class Status(Struct, frozen=True):
    """The whole service; `Status()` is one that has not started."""

    started: bool = False
    ready: bool = False
    reason: str = "starting"  # why it is not ready; empty when it is
    problem: str = ""  # what a person should look at, e.g. that the broker is down
    watermarks: tuple[Watermark, ...] = ()
    partitions: tuple[Partition, ...] = ()
    models: tuple[Model, ...] = ()
    controls: Controls = Controls()  # what is in force
    hooks: tuple[tuple[str, str, int], ...] = ()  # who called, what was answered, and how often
    commit: int = 0
    commit_seconds: float = 0.0
    committed_s: float | None = None  # wall time; None: not since the start
    triggers_pending: int = 0
    dead_letters_pending: int = 0
    replaying: bool = False
    series_dropped: int = 0  # keys that `limits` refused
    memory_bytes: int = 0
    store_bytes: int = 0

    @property
    def lag(self) -> int:
        """Records of all partitions that have not been read."""
        return sum(partition.lag for partition in self.partitions)

    @property
    def watermark_ns(self) -> int | None:
        """The least watermark; None while one of them is unknown."""
        known = [watermark.at_ns for watermark in self.watermarks if watermark.at_ns is not None]
        return min(known) if known and len(known) == len(self.watermarks) else None

    def model(self, name: str) -> Model | None:
        """One model by its name."""
        return next((model for model in self.models if model.name == name), None)
