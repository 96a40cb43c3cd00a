"""From a real Kafka to committed findings in one process, beside a fixed bare loop, interleaved in one run.

The two take turns within seconds. A figure is the median over stretches of fifteen panes, in each of which every window
length closes.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from stream.broker import quieten
from tests.bench.events import SEGMENTS, Stream, publish
from tests.bench.measured import PARTITIONS, Run, run, settings
from tests.bench.report import Figure
from tests.bench.spent import Spent, Stages
from tests.integration.kafka import own_kafka

PANE_S = 60
PANES = 15  # of a stretch: the longest window
STRETCHES, REPETITIONS = 7, 2
LATENESS_PANES = 0.5  # more in the first turn: the windows of a stretch close within it
TURNS = 3  # of each in a stretch


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    name: str
    models: int
    segments: tuple[str, ...]
    per_pane: int  # events
    limit: float

    def upto(self, stretches: int) -> list[int]:
        """How many events have been read at the end of each turn."""
        panes = (LATENESS_PANES + PANES * (i + 1) / TURNS for i in range(stretches * TURNS))
        return [int(n * self.per_pane) for n in panes]


def stretches(spent: list[Spent]) -> list[Spent]:
    """What was spent per event in each stretch, from that of its turns."""
    per_turn = np.array(spent).reshape(-1, TURNS, len(Spent._fields))
    return [Spent(*mean) for mean in per_turn.mean(axis=1).tolist()]


PREFIX, HERE = ".bench-", Path()  # broker and stores are on the disk of the checkout
CASES = (Case("1 model", 1, (), 10_000, 2.0), Case("50 models, 2 segment fields", 50, SEGMENTS, 50_000, 2.5))


def figures(quick: bool) -> Iterator[Figure]:
    """All cases; a figure each."""
    quieten()
    with own_kafka(PREFIX, HERE) as (kafka, _):
        for topic in ("driftline.dead-letters", "driftline.triggers"):
            kafka.create_topic(topic)
        for case in CASES:
            upto = case.upto(1 if quick else STRETCHES)
            topic = kafka.create_topic(f"bench-{case.models}", PARTITIONS, {"retention.ms": "-1"})
            stream = Stream(upto[-1], case.models, case.per_pane / PANE_S)
            publish(kafka.bootstrap, topic, range(PARTITIONS), stream)
            yield _case(case, kafka.bootstrap, topic, upto, 1 if quick else REPETITIONS)
            kafka.delete_topic(topic)


def _case(case: Case, bootstrap: str, topic: str, upto: list[int], repetitions: int) -> Figure:
    runs = [_run(case, bootstrap, topic, upto) for _ in range(repetitions)]
    stages, some = Stages(), upto[: 2 * TURNS]
    _run(case, bootstrap, topic, some, stages)
    print(f"\nspeed, {case.name}: {upto[-1]:,} events, {repetitions} times, in turns; us per event")
    print("  kept: " + ", ".join(f"{many:,} {what}" for what, many in runs[-1].kept.items()))
    ours, theirs = ([spent for run in runs for spent in stretches(run[i])] for i in range(2))
    for name, all_ in (("bare", theirs), ("driftline", ours)):
        medians = (f"{kind} {median(getattr(spent, kind) for spent in all_):6.2f}" for kind in Spent._fields)
        print(f"  {name:10s} {'  '.join(medians)}")
    for stage, us in stages.us.most_common():
        print(f"    {stage:30s} {us / some[-1]:6.3f}")
    ratios = {
        kind: [getattr(a, kind) / getattr(b, kind) for a, b in zip(ours, theirs, strict=True)] for kind in Spent._fields
    }
    for kind, each in ratios.items():
        print(f"  ratio {kind:8s} {median(each):5.2f}   ({', '.join(f'{ratio:.2f}' for ratio in each)})")
    return Figure(f"speed, {case.name}: processor time / bare loop", median(ratios["process"]), case.limit, "")


def _run(case: Case, bootstrap: str, topic: str, upto: list[int], stages: Stages | None = None) -> Run:
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        chosen = settings(case.models, case.segments, bootstrap, topic, Path(folder) / "bench.duckdb")
        return run(chosen, topic, upto, stages)
