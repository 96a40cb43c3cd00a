"""Millions of events through the real processes and a real broker: resident sizes and the store's file, early and late.

Sixteen days of event time in a store that keeps results for one and panes for two. The file grows and is used again,
so its peaks are compared. Early is from the time on when panes have gone.
"""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from threading import Thread

from stream.config.settings import DAY
from tests.bench.events import Stream, publish
from tests.bench.report import Figure
from tests.integration.kafka import RealKafka, own_kafka
from tests.integration.running import Driftline

EVENTS, QUICK = 10_000_000, 600_000
MODELS, PARTITIONS, DAYS = 4, 4, 16
EARLY, LATE = (0.5, 0.75), (0.75, 1.0)  # shares of the events
GROWTH_MAX = 1.05
LOOK_S = 1.0
POSITION = "driftline_consumer_position_offset"
CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}", name: {topic}}}
events: {{predictions: [{topic}], max_skew: 365d, max_ahead: 1h, idle: 5s}}
topics:
  triggers: {topic}.triggers
  dead_letters: {topic}.dead-letters
  partials: {topic}.partials
  plans: {topic}.plans
store: {{keep: 1d, memory_limit: 256MB}}
defaults: {{windows: [5m, 1h], reference: {{learn: 2h}}}}
"""


def figures(quick: bool) -> Iterator[Figure]:
    """Late beside early, of one process and of two tiers."""
    n = QUICK if quick else EVENTS
    with own_kafka("endless-") as (kafka, folder):
        for workers in (0, 2):
            yield from _figures(kafka, folder / f"{workers}", n, workers)


def _figures(kafka: RealKafka, folder: Path, n: int, workers: int) -> Iterator[Figure]:
    topic = kafka.create_topic(f"endless-{workers}-{random.randrange(10**6)}", PARTITIONS)
    folder.mkdir()
    file = CONFIGURATION.format(bootstrap=kafka.bootstrap, topic=topic)
    watch = Driftline(folder / "watch", file=file, command="monitor" if workers else "run")
    processes = {"monitor" if workers else "run": watch}
    processes |= {f"worker {i}": Driftline(folder / f"{i}", file=file, command="ingest") for i in range(workers)}
    stream = Stream(n, MODELS, n / (DAYS * DAY / 1e9))
    publisher = Thread(target=publish, args=(kafka.bootstrap, topic, range(PARTITIONS), stream), daemon=True)
    begun = time.monotonic()
    with ExitStack() as ended:
        publisher.start()
        for each in processes.values():
            ended.enter_context(each.running())
        seen = list(_looks(processes, watch, n))
        for each in processes.values():
            each.stop()
    publisher.join()
    rate = n / (time.monotonic() - begun)
    print(
        f"{'two tiers' if workers else 'one process'}: {n:,} events, {rate:,.0f} a second, broker and publisher beside"
    )
    for name in seen[0][1]:
        size = max if name == "file" else median
        early, late = (
            size([sizes[name] for at, sizes in seen if low <= at / n <= high]) for low, high in (EARLY, LATE)
        )
        print(f"  {name}: {early / 1e6:.0f} MB early, {late / 1e6:.0f} MB late")
        yield Figure(f"endless, {n:,} events, {name}: late / early", late / early, GROWTH_MAX, "")


def _looks(processes: dict[str, Driftline], watch: Driftline, n: int) -> Iterator[tuple[float, dict[str, int]]]:
    """How many events have been read, and the sizes, now and then until all are."""
    at = 0.0
    while at < n:
        time.sleep(LOOK_S)
        at = watch.metric(POSITION)
        sizes = {name: _resident(each.process.pid) for name, each in processes.items()}
        wal = watch.store.with_name(watch.store.name + ".wal")
        sizes["file"] = sum(path.stat().st_size for path in (watch.store, wal) if path.exists())
        yield at, sizes


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
