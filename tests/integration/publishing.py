"""Events published as time goes by, whoever reads."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from confluent_kafka import Producer

from tests.integration.kafka import Kafka
from tests.integration.streams import MODELS, events

PARTITIONS = 3
STEP_MS = 100  # 100 s of event time per second: every fault falls into open panes
PER_S = 1_000
CHUNK_S = 0.1
CHANGED = 9_000  # learning takes the first 3,000 or so, and its plan holds from 6,500 on
SILENT = range(11_000, 14_000)  # events of the last partition that never come: it falls idle meanwhile
CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}"}}
events: {{predictions: [{topic}], idle: 700ms}}
topics: {{triggers: {topic}.triggers, dead_letters: {topic}.dead-letters, control: {topic}.control}}
defaults: {{windows: [1m, 5m], lateness: 20s, reference: {{learn: 5m}}}}
models: {{"*": {{}}}}
"""


class Publisher(Thread):
    """Publishes as time goes by, from `start` to `finish`, whoever reads."""

    def __init__(
        self, kafka: Kafka, topic: str, silent: range = SILENT, models: Sequence[str] = MODELS, per_s: int = PER_S
    ) -> None:
        super().__init__()
        self._silent, self._models, self._per_s = silent, models, per_s
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
        self._topic, self._finished = topic, Event()
        self.n = 0  # events per partition so far, those of the silence included

    def run(self) -> None:
        """Publish a chunk to each partition, and again."""
        chunk = int(self._per_s * CHUNK_S)
        while not self._finished.wait(CHUNK_S):
            for partition in range(PARTITIONS):
                if not (partition == PARTITIONS - 1 and self.n in self._silent):
                    upto, known = self.n + chunk, {"first": self.n, "models": self._models}
                    for event in events(partition, upto, STEP_MS, changed_from=CHANGED, **known):
                        self._producer.produce(self._topic, event, partition=partition)
            self._producer.flush(10)
            self.n += chunk

    def finish(self) -> None:
        """Publish no more; raise what ended it early."""
        assert self.is_alive(), "the publisher has died"
        self._finished.set()
        self.join(30)


@contextmanager
def publishing(publisher: Publisher) -> Iterator[None]:
    """Started, and surely ended with the block."""
    publisher.start()
    try:
        yield
    finally:
        if publisher.is_alive():
            publisher.finish()
