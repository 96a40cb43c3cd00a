"""What workers cost on a real broker: two beside one, and transactions beside none, in processor time per event.

Workers know their models from the first event on, and first read some events, as they do for as long as they live: what
each learns at its start is not the cost of an event. Then all events come at once, so that all workers are at full
load: fed bit by bit, two would each read half as much at a time. A figure is the median of the ratios of neighbours:
processors that are shared with monitor and broker are now slower and now faster, for minutes.

`python -m tests.bench.workers FILE` is one worker of a configuration, for the bench; it may do without transactions.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

from confluent_kafka import Consumer, KafkaException, TopicPartition

from stream.broker import quieten
from stream.config.parse import parse
from stream.worker import Worker
from tests.bench.events import START_MS, Stream, publish, reference, unseen
from tests.bench.report import Figure
from tests.integration.kafka import RealKafka, own_kafka
from tests.integration.running import Driftline
from tests.stream.web.served import eventually

EVENTS, QUICK, ROUNDS, FIRST = 1_000_000, 60_000, 5, 0.2
MODELS, PARTITIONS, HOURS, HOUR_MS = 10, 4, 1, 3_600_000
TWO_MAX, EXACT_MAX = 1.1, 1.15
POSITION = "driftline_consumer_position_offset"
READ_S, CLAIMED_S = 300, 60  # at most: a worker that has died reads nothing
VARIANTS = {"one worker": (1, True), "two workers": (2, True), "at least once": (1, False)}
CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}", name: {topic}, transactional: {transactional}}}
events: {{predictions: [{topic}], max_skew: 365d, max_ahead: 2h}}
topics:
  triggers: {topic}.triggers
  dead_letters: {topic}.dead-letters
  partials: {topic}.partials
  plans: {topic}.plans
defaults: {{windows: [5m], reference: {{file: "{reference}"}}, segments: [site]}}
models: {{{models}}}
"""


def figures(quick: bool) -> Iterator[Figure]:
    """The variants in turn, so that a slow machine is slow for all."""
    n, spent = QUICK if quick else EVENTS, {name: list[float]() for name in VARIANTS}
    wall = {name: list[float]() for name in VARIANTS}
    with own_kafka("workers-") as (kafka, folder):
        for i in range(1 if quick else ROUNDS):
            for j, (name, variant) in enumerate(VARIANTS.items()):
                cpu, seconds = _cost(kafka, folder / f"{i}-{j}", n, *variant)
                spent[name].append(cpu / n * 1e6)
                wall[name].append(n / seconds)
    for name in VARIANTS:
        seen = ", ".join(f"{each:.2f}" for each in spent[name])
        print(f"  {name}: {seen} us of processor time per event; {median(wall[name]):,.0f} events a second")
    one, two, loose = spent.values()
    print(f"  wall, two workers / one: {median(wall['two workers']) / median(wall['one worker']):.2f}")
    yield Figure("workers, processor time per event, two / one", _ratio(two, one), TWO_MAX, "")
    yield Figure("workers, processor time per event, exactly / at least once", _ratio(one, loose), EXACT_MAX, "")


def _ratio(these: list[float], those: list[float]) -> float:
    """The median of the ratios of what was measured one after the other."""
    return median(a / b for a, b in zip(these, those, strict=True))


def _cost(kafka: RealKafka, folder: Path, n: int, workers: int, transactional: bool) -> tuple[float, float]:
    """Processor seconds of all workers, and seconds of the wall clock, from the first event to the last Partial."""
    topic = kafka.create_topic(f"workers-{folder.name}", PARTITIONS)
    folder.mkdir()
    table = folder / "reference.jsonl"
    table.write_bytes(b"\n".join(reference()).replace(b'"model":"m00",', b""))
    names = ", ".join(f"m{i:02d}: {{}}" for i in range(MODELS))
    file = CONFIGURATION.format(
        bootstrap=kafka.bootstrap, topic=topic, transactional="true", reference=table, models=names
    )
    monitor = Driftline(folder, file=file, command="monitor")
    (folder / "worker.yaml").write_text(file.replace("transactional: true", f"transactional: {transactional}".lower()))
    with monitor.running(), ExitStack() as ended:
        monitor.hears("reading")
        processes = [ended.enter_context(_working(folder)) for _ in range(workers)]
        _all_claimed(kafka, f"{topic}.partials.{topic}")
        n_first = int(n * FIRST)
        first = Stream(n_first, MODELS, n / (HOURS * 3600))
        publish(kafka.bootstrap, topic, range(PARTITIONS), first)
        eventually(lambda: monitor.metric(POSITION) >= n_first, READ_S)
        rest = replace(first, n=n, start_ms=START_MS + int(FIRST * HOURS * HOUR_MS))
        with unseen(kafka.bootstrap, topic, range(PARTITIONS), rest):
            before, begun = sum(map(_spent, processes)), time.monotonic()
        eventually(lambda: monitor.metric(POSITION) >= n_first + n, READ_S)
        return sum(map(_spent, processes)) - before, time.monotonic() - begun


def _all_claimed(kafka: RealKafka, partials: str) -> None:
    """Wait until each partition has a Partial: a worker attests its end each second."""
    with closing(Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "workers"})) as consumer:
        of = [TopicPartition(partials, i) for i in range(PARTITIONS)]
        eventually(lambda: all(_end(consumer, each) for each in of), CLAIMED_S)


def _end(consumer: Consumer, of: TopicPartition) -> int:
    try:
        return int(consumer.get_watermark_offsets(of)[1])
    except KafkaException:  # a topic this young may have no leader yet
        return 0


@contextmanager
def _working(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = (sys.executable, "-m", "tests.bench.workers", str(folder / "worker.yaml"))
    with (folder / "workers.txt").open("ab") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def _spent(process: subprocess.Popen[bytes]) -> float:
    """Processor seconds of a process so far."""
    user, system = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    quieten()
    asyncio.run(Worker(parse(Path(sys.argv[1]).read_text()), os.environ, print).run())
