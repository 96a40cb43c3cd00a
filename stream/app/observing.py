"""The service as it is right now, for the page, /metrics and readiness."""

import os
import resource
from collections.abc import Mapping
from pathlib import Path

from stream.events import NEVER, Partition
from stream.journey import Journey
from stream.plan import Plan
from stream.roster import Entry
from stream.web import status as seen


def models(journey: Journey) -> tuple[seen.Model, ...]:
    """Where each model stands."""
    return tuple(_model(journey, entry) for entry in journey.state.roster.entries)


def _model(journey: Journey, entry: Entry) -> seen.Model:
    learner = journey.state.learners.get(entry.name)
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


def partitions(
    journey: Journey, ends: Mapping[Partition, int], idle: set[Partition]
) -> tuple[seen.Partition, ...]:
    """How far each partition has been read; `ends` are the last known high watermarks."""
    predictions = journey.settings.events.predictions
    return tuple(
        seen.Partition(
            topic,
            partition,
            mark.offset,
            max(mark.offset, ends.get((topic, partition), mark.offset)),
            _known(mark.clock if topic in predictions else mark.label_clock),
            (topic, partition) in journey.held,
            (topic, partition) in idle,
        )
        for (topic, partition), mark in sorted(journey.clocks.items())
    )


def watermarks(journey: Journey) -> tuple[seen.Watermark, ...]:
    """Up to where event time is complete, per set of topics."""
    named = [("+".join(scope), mark) for scope, mark in sorted(journey.marks.events.items())]
    named += [("labels:" + "+".join(scope), mark) for scope, mark in sorted(journey.marks.labels.items())]
    return tuple(seen.Watermark(name, _known(mark)) for name, mark in named)


def memory_bytes() -> int:
    """Resident size of this process; where the kernel does not tell, its greatest so far."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def store_bytes(path: str) -> int:
    """The store's file and its log."""
    return sum(file.stat().st_size for name in (path, path + ".wal") if (file := Path(name)).exists())


def _known(time: int) -> int | None:
    return None if time == NEVER else time
