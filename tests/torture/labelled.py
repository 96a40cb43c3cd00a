"""Predictions whose labels come up to 14 days later: shuffled, twice, corrected, taken back, and of nobody.

Event time goes in bursts, as where a model is asked every few hours, so that fourteen days pass in seconds.
"""

import heapq
import json
import random
from collections import Counter
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, NamedTuple

from confluent_kafka import Producer

from stream.events import Partition
from tests.integration.kafka import Kafka
from tests.integration.publishing import CHUNK_S, PARTITIONS
from tests.integration.streams import BROKEN, BROKEN_EVERY, LATE_EVERY, LATE_MS, MODELS

LABEL_PARTITIONS = 2
BURST, STEP_MS = 50, 2_000  # so many predictions of a partition, one each two seconds of event time, then a pause
EVERY_MS = 2_400_000  # from burst to burst: at 300 a second fourteen days are 84 seconds
BEGIN_MS = 1_577_880_000_000 + 77_000  # in 2020: nothing is ahead of its record; aligned to nothing
DAY_MS = 86_400_000
DELAY_MS = 14 * DAY_MS
SHUFFLE_MS = DAY_MS  # by so much a label may be published later than its time, and others before it
AGAIN_MS = 3 * DAY_MS  # within which somebody says it again, corrects it or takes it back
DUPLICATED, CORRECTED, RETRACTED, ORPHANED = 0.05, 0.05, 0.02, 0.03  # of labels
NEVER_LABELLED, EARLY, UNUSABLE = 0.08, 0.02, 0.01
REPEATED, SHADOWED = 0.02, 0.1  # predictions that are published twice, and those that a second version makes too
CHANGED = 1_000  # from this event on `fraud` has another currency, and is wrong more often
CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}"}}
events: {{predictions: [{topic}], labels: [{topic}.labels], idle: 700ms, max_ahead: 6h}}
topics: {{triggers: {topic}.triggers, dead_letters: {topic}.dead-letters, control: {topic}.control}}
store: {{keep: 3650d}}
defaults: {{windows: [4d, 8d], lateness: 20s, reference: {{learn: 1d}}, segments: [site], output: {{kind: binary}},
           labels: {{within: 14d, coverage: 0.8}}}}
models: {{"*": {{}}}}
"""


@dataclass(frozen=True)
class Labelled:
    """A story with labels: its chance, and how far event time goes from burst to burst."""

    seed: int
    silent: range  # predictions of the last partition that never come
    every_ms: int = EVERY_MS
    per_s: int = 300  # predictions per partition
    configuration: str = CONFIGURATION

    def publisher(self, kafka: Kafka, topic: str) -> "Publisher":
        """Who publishes it, on topics that exist then."""
        kafka.create_topic(f"{topic}.labels", LABEL_PARTITIONS)
        return Publisher(kafka, topic, World(self.seed, self.every_ms), self)

    def partitions(self, topic: str) -> list[Partition]:
        """Those of labels."""
        return [(f"{topic}.labels", partition) for partition in range(LABEL_PARTITIONS)]


class Said(NamedTuple):
    """A label event, and when (event time, ms) it is published."""

    at: int
    place: int  # tells two of one moment apart
    value: bytes


class World:
    """What is published, in the order of event time; every partition's clock moves alike."""

    def __init__(self, seed: int, every_ms: int) -> None:
        self._dice, self._every_ms = random.Random(seed), every_ms
        self._coming: list[Said] = []
        self.about: Counter[str] = Counter()

    def time(self, i: int) -> int:
        """The event time, ms, of the i-th prediction of each partition."""
        return BEGIN_MS + i // BURST * self._every_ms + i % BURST * STEP_MS

    def predictions(self, partition: int, first: int, n: int) -> list[bytes]:
        """The next n of a partition; their labels are to come."""
        found = []
        for i in range(first, first + n):
            if i % BROKEN_EVERY == BROKEN_EVERY - 1:
                found.append(BROKEN)
                continue
            late = LATE_MS if i % LATE_EVERY == LATE_EVERY - 1 else self._dice.randrange(2_000)
            event = self._prediction(f"{partition}-{i}", MODELS[i % 2], self.time(i) - late, changed=i >= CHANGED)
            found += [json.dumps(event).encode()] * (1 + self._happens(REPEATED, "predictions repeated"))
            if self._happens(SHADOWED, "predictions of a second version"):
                found.append(json.dumps(event | {"version": "4", "score": self._score()}).encode())
        return found

    @property
    def coming(self) -> int:
        """How many labels are still to be published."""
        return len(self._coming)

    def labels(self, upto: int) -> list[bytes]:
        """Those that are published by this event time; the rest stays to come."""
        found = []
        while self._coming and self._coming[0].at <= upto:
            found.append(heapq.heappop(self._coming).value)
        return found

    def last(self, i: int) -> tuple[bytes, bytes]:
        """A prediction and a label after which none of the others waits any more: `i` events were before."""
        time = self.time(i) + DELAY_MS + DAY_MS
        event = self._prediction("last", MODELS[0], time, changed=True)
        return json.dumps(event).encode(), json.dumps(self._label("last", MODELS[0], time, 1)).encode()

    def _prediction(self, name: str, model: str, time: int, *, changed: bool) -> dict[str, Any]:
        dice, score = self._dice, self._score()
        other = changed and model == "fraud"
        event: dict[str, Any] = {
            "id": name,
            "kind": "prediction",
            "model": model,
            "version": "3",
            "time": time,
            "features": {
                "amount": dice.gauss(100, 15) * (100 if other else 1),
                "country": dice.choice(("FR", "FR", "DE", "ES")),
            },
            "score": score,
            "segments": {"site": dice.choice(("paris", "lyon"))},
        }
        if model == "fraud":  # the other one leaves it to its score
            event["prediction"] = int(score > 0.4)
        if name != "last" and not self._happens(NEVER_LABELLED, "predictions without a label"):
            truth = int(dice.random() < (0.5 if other else score))
            self._say(name, model, time, truth)
        return event

    def _say(self, name: str, model: str, time: int, truth: int) -> None:
        """All that is ever said of a prediction."""
        dice = self._dice
        early = self._happens(EARLY, "labels with a time before their prediction's")
        known = time - dice.randrange(3_600_000) if early else time + int(dice.random() ** 2 * DELAY_MS)
        label = self._label(name, model, known, None if self._happens(UNUSABLE, "labels that say nothing") else truth)
        self._publish(label)
        if self._happens(DUPLICATED, "labels duplicated"):
            self._publish(label, dice.randrange(AGAIN_MS))
        if self._happens(CORRECTED, "labels corrected"):
            other = self._label(name, model, known + dice.randrange(AGAIN_MS), 1 - truth)
            self._publish(other | {"event": "correct"})
        if self._happens(RETRACTED, "labels retracted"):
            gone = self._label(name, model, known + dice.randrange(AGAIN_MS), truth)
            self._publish(gone | {"event": "retract"})
        if self._happens(ORPHANED, "labels orphaned"):
            self._publish(self._label(f"nobody-{name}", model, known, truth))

    def _label(self, name: str, model: str, time: int, label: int | None) -> dict[str, Any]:
        return {"id": name, "kind": "label", "model": model, "time": time, "label": label}

    def _publish(self, label: dict[str, Any], later: int = 0) -> None:
        self.about["labels"] += 1
        at = int(label["time"]) + later + self._dice.randrange(SHUFFLE_MS)
        heapq.heappush(self._coming, Said(at, self.about["labels"], json.dumps(label).encode()))

    def _score(self) -> float:
        """One of nineteen, so that no two of them share a bin."""
        return self._dice.randrange(1, 20) / 20

    def _happens(self, share: float, what: str) -> bool:
        happens = self._dice.random() < share
        self.about[what] += happens
        return happens


class Publisher(Thread):
    """Publishes both as time goes by, from `start` to `finish`, whoever reads."""

    def __init__(self, kafka: Kafka, topic: str, world: World, story: Labelled) -> None:
        super().__init__()
        self.world, self._topic, self._story, self._finished = world, topic, story, Event()
        self._dice = random.Random(1)
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
        self.n = 0  # predictions per partition so far

    def run(self) -> None:
        """Publish a chunk to each partition, and again; then what is still to come, and a last word of each."""
        chunk = int(self._story.per_s * CHUNK_S)
        while not self._finished.wait(CHUNK_S):
            for partition in range(PARTITIONS):
                if partition < PARTITIONS - 1 or self.n not in self._story.silent:
                    self._send(self._topic, partition, self.world.predictions(partition, self.n, chunk))
            self.n += chunk
            self._shuffled(self.world.labels(self.world.time(self.n)))
            self._producer.flush(10)
        at = self.world.time(self.n)
        while self.world.coming:
            at += DAY_MS // 4
            self._shuffled(self.world.labels(at))
        event, label = self.world.last(self.n)
        for partition in range(PARTITIONS):
            self._send(self._topic, partition, [event])
        for partition in range(LABEL_PARTITIONS):
            self._send(f"{self._topic}.labels", partition, [label])
        self._producer.flush(30)

    def finish(self) -> None:
        """Publish no more; raise what ended it early."""
        assert self.is_alive(), "the publisher has died"
        self._finished.set()
        self.join(60)

    def _shuffled(self, labels: list[bytes]) -> None:
        """Labels in any order, on any partition; now and then one of these is silent."""
        self._dice.shuffle(labels)
        quiet = self.n // 1_000 % 4 == 3
        for label in labels:
            self._send(f"{self._topic}.labels", 0 if quiet else self._dice.randrange(LABEL_PARTITIONS), [label])

    def _send(self, topic: str, partition: int, values: list[bytes]) -> None:
        for value in values:
            self._producer.produce(topic, value, partition=partition)
            self._producer.poll(0)
