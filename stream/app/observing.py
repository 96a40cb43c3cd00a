"""The service as it is right now, for the page, /metrics and readiness."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stream.config.settings import Settings
from stream.counting.clocks import Mark
from stream.events import NEVER, Partition
from stream.monitor.scopes import Marks
from stream.plan import Plan
from stream.resident import memory_bytes
from stream.roster import Entry
from stream.watch import Watch
from stream.web.page import status as seen

LOOK_S = 0.2  # how old clocks and lags may be; models are looked at after each Commit: 200 and two files take 2 ms


@dataclass
class Observer:
    """Looks at the watch after each Commit and now and then, so that every round of a busy loop does not."""

    settings: Settings
    clock: Callable[[], float] = time.monotonic
    resumed: Mapping[Partition, Mark] = field(default_factory=dict)  # where an earlier run had come to
    _looked: float = float("-inf")
    _commit: int = -1  # of which models were told

    def look(
        self,
        status: seen.Status,
        watch: Watch,
        ends: Callable[[], Mapping[Partition, int]],
        idle: Collection[Partition],
    ) -> seen.Status:
        """The status brought up to date, where it is old enough."""
        now, kept = self.clock(), watch.number != self._commit
        if not kept and now - self._looked < LOOK_S:
            return status
        self._looked = now
        status = msgspec.structs.replace(
            status,
            watermarks=watermarks(watch.marks),
            partitions=partitions(watch, ends(), idle),
            commit=watch.number,
            replaying=any(watch.clocks[p].offset < mark.offset for p, mark in self.resumed.items()),
        )
        if not kept:
            return status
        self._commit = watch.number
        return msgspec.structs.replace(
            status,
            models=models(watch),
            controls=watch.state.controls,
            memory_bytes=memory_bytes(),
            store_bytes=store_bytes(self.settings.store.path),
        )


def models(watch: Watch) -> tuple[seen.Model, ...]:
    """Where each model stands that this process watches: those of other monitors are admitted here, and no more."""
    mine = watch.settings.monitors.mine
    return tuple(_model(watch, entry) for entry in watch.state.roster.entries if mine(entry.name))


def _model(watch: Watch, entry: Entry) -> seen.Model:
    learner = watch.state.learners.get(entry.name)
    plan = entry.plans[-1] if entry.plans else None
    learned = learner.upto - learner.started if learner is not None else 0
    share = learner.share(entry.settings.reference.learn) if learner is not None else 0.0
    state = "watching" if plan is not None else "learning" if learner is not None else "new"
    return seen.Model(
        entry.name,
        tuple(entry.versions),
        state,  # type: ignore[arg-type]  # one of the three
        1.0 if plan is not None else share,
        learned,
        entry.settings.reference.learn,
        learner.events if learner is not None else 0,
        _features(plan) if plan is not None else (),
    )


def _features(plan: Plan) -> tuple[seen.Feature, ...]:
    grid = plan.grid
    return tuple(
        seen.Feature(name, "numeric" if i < len(grid.numeric) else "categorical", name in plan.inferred)
        for i, name in enumerate(grid.columns)
    )


def partitions(watch: Watch, ends: Mapping[Partition, int], idle: Collection[Partition]) -> tuple[seen.Partition, ...]:
    """How far each partition has been read; `ends` are the last known high watermarks."""
    predictions = watch.settings.events.predictions
    return tuple(
        seen.Partition(
            topic,
            partition,
            mark.offset,
            max(mark.offset, ends.get((topic, partition), mark.offset)),
            _known(mark.clock if topic in predictions else mark.label_clock),
            (topic, partition) in watch.held,
            (topic, partition) in idle,
        )
        for (topic, partition), mark in sorted(watch.clocks.items())
    )


def watermarks(marks: Marks) -> tuple[seen.Watermark, ...]:
    """Up to where event time is complete, per set of topics."""
    named = [("+".join(scope), mark) for scope, mark in sorted(marks.events.items())]
    named += [("labels:" + "+".join(scope), mark) for scope, mark in sorted(marks.labels.items())]
    return tuple(seen.Watermark(name, _known(mark)) for name, mark in named)


def store_bytes(path: str) -> int:
    """The store's file and its log."""
    return sum(file.stat().st_size for name in (path, path + ".wal") if (file := Path(name)).exists())


def _known(time: int) -> int | None:
    return None if time == NEVER else time
