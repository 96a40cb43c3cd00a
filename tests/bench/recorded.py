"""Commits that a real Journey made: one day's, recorded once, then dated day after day.

The world is the memory bench's: fifty models with two segment fields, so fourteen rows of segments each, 24 features
and four more columns, three window lengths, late and broken events. Three of the models have a reference that they
drifted from: about four per cent of the segments' series in the windows of an hour and of a day.

A Commit holds what 10,000 events closed, one pane or two: as many are read at 50,000 a second between two Commits of a
catch-up. Live, a Commit closes one pane, and most close none. One in seven closes an hour here, one in thirty a day.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinks.commit import BY_NAME, Columns, Commit
from stream.config.parse import parse
from stream.config.settings import DAY
from stream.events import Records
from stream.files.references import reference_file
from stream.journey import Journey
from stream.monitor.plans.onboarding import Sources
from stream.watch import Memory
from tests.bench.events import NUMERIC, SEGMENTS, START_MS, Stream, reference

MODELS, DRIFTED = 50, 3
EVENTS = 10_000  # per Commit
DAILY = 30  # Commits
AWAKE = 1 / 6  # of each day, as in the memory bench
PARTITIONS, BATCH = 4, 500
TOPIC = "predictions"
MOVED = 1.3  # times what a drifted model's reference says
START_NS = START_MS * 1_000_000


@dataclass(frozen=True)
class Recording:
    """What one day's Commits hold, the one that closes the day before as the last."""

    first: dict[str, Columns]  # before them: the plans
    day: list[dict[str, Columns]]

    def commits(self, days: int) -> Iterator[Commit]:
        """The first Commit and then day after day of the same, each with its own times."""
        numbers = count(1)
        yield Commit(next(numbers), self.first)
        for day in range(days):
            for tables in self.day:
                yield Commit(next(numbers), {name: _dated(name, rows, day) for name, rows in tables.items()})


def record(folder: Path) -> Recording:
    """Drive a Journey through a day and into the next. It takes some twenty seconds."""
    journey, read, made = _journey(folder), 0, []
    n = EVENTS * DAILY
    for block in Stream(2 * n, MODELS, n / (AWAKE * DAY / 1e9), awake=AWAKE).blocks():
        for i in range(0, len(block), EVENTS):
            _read(journey, block[i : i + EVENTS], read // PARTITIONS)
            read += EVENTS
            made.append(dict(journey.take().tables))
            if len(made) == DAILY + 1:
                return Recording(made[0], made[1:])
    raise AssertionError


def _journey(folder: Path) -> Journey:
    usual, other = folder / "usual.jsonl", folder / "other.jsonl"
    lines = [json.loads(line) for line in reference()]
    for path, factor in ((usual, 1.0), (other, MOVED)):
        path.write_text("\n".join(_moved(line, factor) for line in lines), encoding="utf-8")
    files = [usual] * (MODELS - DRIFTED) + [other] * DRIFTED
    models = "\n".join(f'  m{i:02d}: {{reference: {{file: "{file}"}}}}' for i, file in enumerate(files))
    settings = parse(
        f"""
events: {{predictions: [{TOPIC}], max_skew: 365d, max_ahead: 6h}}
defaults: {{windows: [5m, 1h, 1d], segments: [{", ".join(SEGMENTS)}]}}
models:
{models}
"""
    )
    sources = Sources(settings.limits, {str(path): reference_file(path) for path in (usual, other)})
    journey = Journey(settings, sources, Memory())
    for partition in range(PARTITIONS):
        journey.find((TOPIC, partition), 0)
    return journey


def _moved(line: dict[str, Any], factor: float) -> str:
    """An event of no model, which is everyone's, its numbers times a factor."""
    features = {
        name: value * factor if name in NUMERIC and isinstance(value, float) else value
        for name, value in line["features"].items()
    }
    return json.dumps({**{name: value for name, value in line.items() if name != "model"}, "features": features})


def _read(journey: Journey, events: list[bytes], first: int) -> None:
    """Deal events out to the partitions in small batches in turn."""
    for i in range(0, len(events) // PARTITIONS, BATCH):
        for partition in range(PARTITIONS):
            part = events[partition::PARTITIONS][i : i + BATCH]
            offsets = np.arange(first + i, first + i + len(part))
            journey.receive(Records(TOPIC, partition, offsets, np.full(len(part), -1), part, int(offsets[-1]) + 1))
        journey.work()


def _dated(name: str, rows: Columns, day: int) -> dict[str, NDArray[np.generic]]:
    later = np.timedelta64(day, "D")
    times = {column.name for column in BY_NAME[name].columns if column.kind == "time"}
    return {each: array + later if each in times else array for each, array in rows.items()}  # type: ignore[operator]  # times add days
