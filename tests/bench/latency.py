"""From the event that closes a window to the trigger at its consumer, by wall clock, under load on a real broker.

Fifty models drift in every other minute of event time, and each time ask for retraining. The load is what this machine
bears beside its broker and publisher; the lag says whether it did.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import msgspec
import numpy as np
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from tests.bench.events import START_MS, Stream, reference
from tests.bench.report import Figure
from tests.integration.kafka import RealKafka, own_kafka
from tests.integration.running import Driftline

MODELS, PARTITIONS, CHUNK = 50, 4, 500
PER_SECOND = 15_000
SPEED = 20  # seconds of event time per second
SECONDS, QUICK_S = 120, 40
LATENESS_MS, WINDOW_MS = 20_000, 60_000
P99_S_MAX = 1.0
LAG = "driftline_consumer_lag_records"
CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}", name: {topic}}}
events: {{predictions: [{topic}], max_skew: 365d}}
topics: {{triggers: {topic}.triggers, dead_letters: {topic}.dead-letters}}
defaults:
  windows: [1m]
  lateness: 20s
  reference: {{file: reference.jsonl}}
  trigger: {{windows: 1, of: 1, cooldown: 0s}}
models: {{{models}}}
"""
NAMES = ", ".join(f"m{i:02d}: {{}}" for i in range(MODELS))  # by name: they are there from the first event on


class Published(Thread):
    """A stream at a steady pace; `sent` tells when what was published."""

    def __init__(self, bootstrap: str, topic: str, seconds: int) -> None:
        super().__init__(daemon=True)
        self._topic, self._seconds = topic, seconds
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
        self.sent: list[tuple[float, float]] = []  # event time of a chunk's end, ms, and when it went out
        self.over = Event()

    def run(self) -> None:
        """Chunk by chunk; nobody waits for a chunk that is late."""
        stream = Stream(PER_SECOND * self._seconds, MODELS, PER_SECOND / SPEED)
        begun, n = time.time(), 0
        for block in stream.blocks():
            for first in range(0, len(block), CHUNK):
                at = START_MS + n * 1000 * SPEED / PER_SECOND
                drifting = int(at // WINDOW_MS) % 2 == 1
                for i, event in enumerate(block[first : first + CHUNK]):
                    value = event.replace(b'"cat_0":"cat', b'"cat_0":"new') if drifting else event
                    self._producer.produce(self._topic, value, partition=i % PARTITIONS)
                n += CHUNK
                self._producer.poll(0)
                self.sent.append((START_MS + n * 1000 * SPEED / PER_SECOND, time.time()))
                self.over.wait(max(0.0, begun + n / PER_SECOND - time.time()))
        self._producer.flush(30)
        self.over.set()


def figures(quick: bool) -> Iterator[Figure]:
    """The 99th percentile, with the load under which it was seen."""
    with own_kafka("latency-") as (kafka, folder):
        yield _figure(kafka, folder / "watch", QUICK_S if quick else SECONDS)


def _figure(kafka: RealKafka, folder: Path, seconds: int) -> Figure:
    topic = kafka.create_topic("latency", PARTITIONS)
    watch = Driftline(folder, file=CONFIGURATION.format(bootstrap=kafka.bootstrap, topic=topic, models=NAMES))
    (folder / "reference.jsonl").write_bytes(b"\n".join(reference(20_000)).replace(b'"model":"m00",', b""))
    published = Published(kafka.bootstrap, topic, seconds)
    with watch.running():
        watch.hears("reading")
        published.start()
        arrived, lags = _arrivals(kafka, topic, watch, published)
        watch.stop()
    ends, sent = zip(*published.sent, strict=True)
    delays = []
    for end_ms, at in arrived:
        i = bisect_left(ends, end_ms + LATENESS_MS + CHUNK * 1000 * SPEED / PER_SECOND)
        if i < len(sent):  # the last windows close because all is idle
            delays.append(at - sent[i])
    p50, p99 = np.quantile(delays, (0.5, 0.99))
    print(
        f"{len(delays):,} triggers at {PER_SECOND:,} events a second of {MODELS} models: p50 {p50:.2f} s, "
        f"p99 {p99:.2f} s, greatest {max(delays):.2f} s; lag {np.median(lags):,.0f} events, greatest {max(lags):,.0f}"
    )
    what = f"latency, p99 from the event that closes a window to its trigger on the topic, {PER_SECOND:,}/s"
    return Figure(what, p99, P99_S_MAX, " s")


def _arrivals(
    kafka: RealKafka, topic: str, watch: Driftline, published: Published
) -> tuple[list[tuple[float, float]], list[float]]:
    """Of each trigger the end of its window, ms, and when it arrived; and the lag now and then."""
    settings = {"bootstrap.servers": kafka.bootstrap, "group.id": "latency", "isolation.level": "read_committed"}
    arrived, lags, looked = [], [], 0.0
    with closing(Consumer(settings)) as consumer:
        written = f"{topic}.triggers"
        there = consumer.list_topics(written, timeout=10).topics[written].partitions
        consumer.assign([TopicPartition(written, each, OFFSET_BEGINNING) for each in there])
        while not published.over.is_set():
            for message in consumer.consume(1_000, 0.05):
                if not message.error():
                    told = msgspec.json.decode(message.value() or b"")
                    at = np.datetime64(told["time"].rstrip("Z"), "ms")
                    arrived.append((float(at.astype(np.int64)), time.time()))
            if time.time() - looked > 1:
                lags.append(watch.metric(LAG))
                looked = time.time()
    return arrived, lags
