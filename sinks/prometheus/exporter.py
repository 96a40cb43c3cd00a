"""The collector that Prometheus scrapes, and the Commit it was last shown."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from sinks.commit import Commit
from sinks.prometheus import families
from sinks.prometheus.families import Declared, Family
from sinks.prometheus.live import Live
from sinks.prometheus.snapshot import Count, Snapshot
from sinks.prometheus.windows import DETECTORS, Key

LABEL_MAX = 120  # characters: names come from publishers, and Prometheus keeps every one in memory
_UNITS = ((86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"))

Sample = tuple[Declared, tuple[str, ...], float]


class Exporter(Collector):
    """Shows Commits as metrics. `show` swaps one reference, so a scrape in another thread sees a whole snapshot."""

    def __init__(self, live: Callable[[], Live] = Live, *, series_max: int = 50_000, version: str = "") -> None:
        self._live = live
        self._series_max = series_max
        self._version = version
        self._snapshot = Snapshot()

    def show(self, commit: Commit) -> None:
        """Take over what a Commit says. The same Commit twice changes nothing."""
        self._snapshot = self._snapshot.after(commit, self._series_max)

    def collect(self) -> Iterable[Family]:
        """Every declared family with its samples, in the order of the table."""
        filled = {name: family.empty() for name, family in families.FAMILIES.items()}
        snapshot, live = self._snapshot, self._live()
        for samples in (_windows(snapshot), _distances(snapshot), _totals(snapshot), _moment(live)):
            for family, labels, value in samples:
                filled[family.name].add_metric(labels, value)
        filled[families.BUILD.name].add_metric((self._version,), 1)
        return filled.values()

    def text(self) -> bytes:
        """The exposition text, as `/metrics` answers it."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)


def length_name(length_ns: int) -> str:
    """A duration as the configuration writes it: `5m`, `1h`, `1d`; nanoseconds where no unit divides it."""
    return next((f"{length_ns // unit}{name}" for unit, name in _UNITS if length_ns % unit == 0), f"{length_ns}ns")


@lru_cache(maxsize=10_000)
def label(text: str) -> str:
    """A label value of bounded length: a long one is cut and ends in its hash, so that two stay two."""
    if len(text) <= LABEL_MAX:
        return text
    return f"{text[: LABEL_MAX - 9]}~{blake2b(text.encode(errors='replace'), digest_size=4).hexdigest()}"


def _windows(snapshot: Snapshot) -> Iterator[Sample]:
    for key in snapshot.chosen.windows:
        window = snapshot.windows[key]
        model, version, segment, length = _names(key)
        labels = (model, version, segment, length)
        yield families.WINDOW_VERDICT, labels, window.verdict
        yield families.WINDOW_END, labels, window.end_ns / 1e9
        yield families.WINDOW_EVENTS, labels, window.events
        distances = snapshot.distances.get(key)
        if distances:
            judged = [verdict for verdict in distances.verdicts if verdict >= 0]
            share = sum(judged) / len(judged) if judged else 0.0
            yield families.WINDOW_DRIFTED, (model, version, length), share


def _distances(snapshot: Snapshot) -> Iterator[Sample]:
    for key, chosen in snapshot.chosen.features.items():
        distances = snapshot.distances[key]
        model, version, _, length = _names(key)
        values, limits = distances.values.tolist(), distances.limits.tolist()
        defined = (np.isfinite(distances.values).tolist(), np.isfinite(distances.limits).tolist())
        for i in chosen:
            feature = label(distances.features[i])
            for j, detector in enumerate(DETECTORS):
                labels = (model, version, feature, detector, length)
                if defined[0][i][j]:
                    yield families.DRIFT_VALUE, labels, values[i][j]
                if defined[1][i][j]:
                    yield families.DRIFT_LIMIT, labels, limits[i][j]
            yield families.DRIFT_VERDICT, (model, version, feature, length), distances.verdicts[i]


def _totals(snapshot: Snapshot) -> Iterator[Sample]:
    models = {model for model, *_ in snapshot.windows} | set(snapshot.open_incidents.values())
    # A counter that is born as 1 has not increased for Prometheus: the first trigger would alert nobody.
    born: dict[Count, int] = {(families.TRIGGERS.name, (model, "drift")): 0 for model in models}
    for (name, labels), amount in sorted({**born, **snapshot.counts}.items()):
        yield families.FAMILIES[name], tuple(label(text) for text in labels), amount
    open_in = list(snapshot.open_incidents.values())
    for model in sorted(models):
        yield families.INCIDENTS, (label(model),), open_in.count(model)
    yield families.SERIES, (), snapshot.chosen.series
    yield families.DROPPED, (), snapshot.dropped


def _moment(live: Live) -> Iterator[Sample]:
    yield families.READY, (), live.ready
    yield families.REPLAYING, (), live.replaying
    for scope, at_ns in live.watermarks_ns:
        yield families.WATERMARK, (label(scope),), at_ns / 1e9
    for partition in live.partitions:
        labels = (label(partition.topic), str(partition.partition))
        yield families.LAG, labels, partition.lag
        yield families.POSITION, labels, partition.position
        yield families.PAUSED, labels, partition.paused
    for model, share in live.learning:
        yield families.LEARNING, (label(model),), share
    for outbox, rows in live.outbox:
        yield families.OUTBOX, (outbox,), rows
    yield families.COMMIT_NUMBER, (), live.commit_number
    yield families.COMMIT_SECONDS, (), live.commit_seconds
    yield families.STORE_BYTES, (), live.store_bytes
    yield families.MEMORY_BYTES, (), live.memory_bytes


def _names(key: Key) -> tuple[str, str, str, str]:
    model, version, segment, length_ns = key
    return label(model), label(version), label(segment), length_name(length_ns)
