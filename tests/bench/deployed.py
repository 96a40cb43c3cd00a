"""What a worker, a monitor and a broker take in life: processes of their own, clients and transactions included.

A backlog is read by one worker and one monitor. Processor time is that of each process after the first stretch, in
which tables are made and code is compiled; memory is what they hold in the end. The broker is one node without
replicas, and its Java compiles only quickly.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from tests.bench.events import Stream, publish, reference
from tests.bench.report import Figure
from tests.bench.speed import CASES, HERE, PANE_S, PREFIX, Case
from tests.integration.kafka import RealKafka, own_kafka
from tests.integration.running import Driftline
from tests.stream.web.served import eventually

PANES = 30
PARTITIONS = 16  # of fewer, the Partials of fifty models in a catch-up are larger than a message may be
POSITION = "driftline_consumer_position_offset"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
WITHIN_S, ASK_S = 600, 2.0
WARM = 5  # the first stretch is one of so many
CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}", name: {topic}}}
events: {{predictions: [{topic}], max_skew: 365d}}
topics: {{triggers: {topic}.triggers, dead_letters: {topic}.dead, partials: {topic}.partials, plans: {topic}.plans}}
defaults: {{windows: [1m, 5m, 15m], lateness: 10s, segments: [{segments}], reference: {{file: "{reference}"}}}}
models: {{{models}}}
"""


def spent_s(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / TICKS_PER_S


def _reach(process: Driftline, n: int) -> int:
    """Return when it has read n events, and how many it has read; asked seldom, because each answer costs it time."""
    until, pause = time.monotonic() + WITHIN_S, Event()
    while (position := int(process.metric(POSITION))) < n:
        assert time.monotonic() < until, process.said
        pause.wait(ASK_S)
    return position


def _measure(kafka: RealKafka, case: Case, folder: Path, panes: int) -> None:
    topic = kafka.create_topic(f"deployed-{case.models}", PARTITIONS, {"retention.ms": "-1"})
    n = case.per_pane * panes
    publish(kafka.bootstrap, topic, range(PARTITIONS), Stream(n, case.models, case.per_pane / PANE_S))
    table = folder / "reference.jsonl"
    table.write_bytes(b"\n".join(reference()).replace(b'"model":"m00",', b""))
    names = ", ".join(f"m{i:02d}: {{}}" for i in range(case.models))
    file = CONFIGURATION.format(
        bootstrap=kafka.bootstrap, topic=topic, segments=", ".join(case.segments), reference=table, models=names
    )
    monitor = Driftline(folder / f"monitor-{case.models}", file=file, command="monitor")
    worker = Driftline(folder / f"worker-{case.models}", file=file, command="ingest")
    assert kafka.process is not None
    with monitor.running():
        eventually(monitor.ready, 60)
        with worker.running():
            eventually(lambda: worker.get("/health/live")[0], 60)
            pids = {"worker": worker.process.pid, "monitor": monitor.process.pid, "broker": kafka.process.pid}
            begun = _reach(worker, n // WARM)
            before = {name: spent_s(pid) for name, pid in pids.items()}
            _reach(worker, n)
            _reach(monitor, n)
            took = {name: (spent_s(pid) - before[name]) / (n - begun) * 1e6 for name, pid in pids.items()}
            resident = {
                each: made.metric("driftline_memory_bytes") / 1e6
                for each, made in (("worker", worker), ("monitor", monitor))
            }
            partials, size = (worker.metric(f"driftline_partials_sent{what}_total") for what in ("", "_bytes"))
            assert [0, 0] == [worker.stop(), monitor.stop()]
    print(f"\ndeployed, {case.name}: {n:,} events on {PARTITIONS} partitions; us of processor time per event")
    print("  " + ", ".join(f"{name} {us:.2f}" for name, us in took.items()))
    print(f"  {partials:,.0f} partials of {size / partials:,.0f} bytes, {size / n:.1f} bytes per event")
    print("  MB resident: " + ", ".join(f"{name} {mb:.0f}" for name, mb in resident.items()))


def figures(quick: bool) -> Iterator[Figure]:
    """What each process takes; it has no limit of its own."""
    with own_kafka(PREFIX, HERE) as (kafka, _), tempfile.TemporaryDirectory(dir=HERE, prefix=PREFIX) as folder:
        for case in CASES:
            _measure(kafka, case, Path(folder).absolute(), PANES // 6 if quick else PANES)
    yield from ()
