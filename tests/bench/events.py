"""Generated events: JSON of about 600 bytes, 24 features, two segment fields, and what goes wrong in practice.

What an event says is drawn from a pool of ready texts, so that a million of them take seconds; its id, model and time
are its own.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from confluent_kafka import Producer

NUMERIC = tuple(f"feat_{i:02d}" for i in range(20))
CATEGORICAL = tuple(f"cat_{i}" for i in range(4))
CATEGORIES = tuple(f"cat{i}" for i in range(10))
SITES = ("paris", "lyon", "lille", "nice", "brest")
COUNTRIES = ("FR", "DE", "ES", "IT", "GB", "US", "PT", "NL")
SEGMENTS = ("site", "country")
START_MS = 1_761_955_200_000  # 2025-11-01
LATE_SHARE, BROKEN_SHARE = 0.004, 0.0005
POOL = 20_000  # texts: far more than the caches of a decoder or a processor remember
BLOCK = 20_000  # events made at a time
DAY_MS = 86_400_000
DISORDER_MS, LATE_MS = 2_000, 240_000
FLUSH_S, UNSEEN_MS = 60, 600_000  # at most
BROKEN = b'{"kind":"prediction","model":"m00"'


@dataclass(frozen=True)
class Stream:
    """Events of models at random.

    `new_categories`: how many categories of one feature arrive over the whole stream. `awake`: the share of each day in
    which anything happens.
    """

    n: int
    models: int
    per_second: float  # of event time
    new_categories: int = 0
    awake: float = 1.0
    seed: int = 1
    start_ms: int = START_MS

    @cached_property
    def _pool(self) -> list[str]:
        return bodies(POOL, self.seed)

    def blocks(self) -> Iterator[list[bytes]]:
        """All events in the order in which they are published, BLOCK at a time."""
        generator = np.random.default_rng(self.seed)
        for first in range(0, self.n, BLOCK):
            yield self._block(first, min(BLOCK, self.n - first), generator)

    def _block(self, first: int, n: int, generator: np.random.Generator) -> list[bytes]:
        order = np.arange(first, first + n)
        days, ms = np.divmod((order * (1000 / self.per_second)).astype(np.int64), int(self.awake * DAY_MS))
        ms += self.start_ms + days * DAY_MS - generator.integers(0, DISORDER_MS, n)
        ms[generator.random(n) < LATE_SHARE] -= LATE_MS
        times = np.datetime_as_string(ms.astype("datetime64[ms]"), timezone="UTC").tolist()
        models = generator.integers(0, self.models, n).tolist()
        bodies_at = generator.integers(0, POOL, n).tolist()
        events = [
            f'{{"id":"{i:08x}-1","kind":"prediction","model":"m{model:02d}","version":"3","time":"{time}",{self._pool[at]}'.encode()
            for i, model, time, at in zip(order.tolist(), models, times, bodies_at, strict=True)
        ]
        for i in np.flatnonzero(generator.random(n) < BROKEN_SHARE).tolist():
            events[i] = BROKEN
        for i, new in self._newcomers(first, n):
            events[i] = events[i].replace(b'"cat_0":"cat', b'"cat_0":"new%d-cat' % new)
        return events

    def _newcomers(self, first: int, n: int) -> Iterator[tuple[int, int]]:
        """Places in a block, and the number of the category that arrives there."""
        step = self.n // self.new_categories if self.new_categories else self.n + 1
        return ((i - first, i // step) for i in range(-(-first // step) * step, first + n, step))


def bodies(n: int, seed: int) -> list[str]:
    """What events say, from their features on; some values are missing, null, NaN, of another type, or never seen."""
    generator = np.random.default_rng(seed)
    numbers = np.hstack(
        (
            generator.normal(100, 15, (n, 10)),
            generator.lognormal(0, 1.5, (n, 5)),
            generator.integers(0, 100, (n, 5)),
        )
    ).round(6)
    categories = generator.choice(CATEGORIES, (n, len(CATEGORICAL))).tolist()
    fields = zip(
        numbers.tolist(),
        categories,
        generator.beta(2, 5, n).round(6).tolist(),
        generator.lognormal(2.5, 0.5, n).round(3).tolist(),
        generator.choice(SITES, n).tolist(),
        generator.choice(COUNTRIES, n).tolist(),
        generator.random(n).tolist(),
        strict=True,
    )
    return [_body(*each) for each in fields]


def _body(  # noqa: PLR0917 - a row of columns
    numbers: list[float], categories: list[str], score: float, latency: float, site: str, country: str, dice: float
) -> str:
    features: dict[str, object] = dict(zip((*NUMERIC, *CATEGORICAL), (*numbers, *categories), strict=True))
    if dice < 0.002:
        del features["feat_03"]
    elif dice < 0.004:
        features["feat_04"] = None
    elif dice < 0.0045:
        features["feat_05"] = float("nan")
    elif dice < 0.005:
        features["feat_06"] = "a text"
    elif dice < 0.01:
        features["cat_1"] = "never seen"
    event = {
        "features": features,
        "score": score,
        "prediction": int(score > 0.3),
        "latency_ms": latency,
        "status": "ok" if dice < 0.99 else "error",
        "segments": {"site": site, "country": country},
    }
    return json.dumps(event, separators=(",", ":"))[1:]


def reference(n: int = 50_000) -> list[bytes]:
    """Events of the same distribution that nobody publishes, for a reference."""
    head = f'{{"kind":"prediction","model":"m00","version":"3","time":{START_MS},'
    return [f"{head}{body}".encode() for body in bodies(n, seed=99)]


def publish(bootstrap: str, topic: str, partitions: Sequence[int], stream: Stream) -> None:
    """Write a stream to a topic, to its partitions in turn."""
    _write(Producer(_producing(bootstrap)), topic, partitions, stream)


@contextmanager
def unseen(bootstrap: str, topic: str, partitions: Sequence[int], stream: Stream) -> Iterator[None]:
    """Likewise, in one transaction that ends with the block: then readers see all of it at once, and nothing before."""
    transaction = {"transactional.id": f"publisher-{topic}", "transaction.timeout.ms": UNSEEN_MS}
    producer = Producer(_producing(bootstrap) | transaction)
    producer.init_transactions(FLUSH_S)
    producer.begin_transaction()
    _write(producer, topic, partitions, stream)
    yield
    producer.commit_transaction(FLUSH_S)


def _producing(bootstrap: str) -> dict[str, str | int]:
    return {"bootstrap.servers": bootstrap, "linger.ms": 50, "queue.buffering.max.messages": 200_000}


def _write(producer: Producer, topic: str, partitions: Sequence[int], stream: Stream) -> None:
    for block in stream.blocks():
        for i, event in enumerate(block):
            producer.produce(topic, event, partition=partitions[i % len(partitions)])
        assert producer.flush(FLUSH_S) == 0
