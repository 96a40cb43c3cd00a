"""Samples as the text that Prometheus scrapes, in the order of the table of families."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from sinks.prometheus import families
from sinks.prometheus.families import Declared, Family
from sinks.prometheus.phases import Durations

LABEL_MAX = 120  # characters: names come from publishers, and Prometheus keeps every one in memory

Sample = tuple[Declared, tuple[str, ...], float | Durations]


class Exposition(Collector):
    """Asks for the samples at each scrape."""

    def __init__(
        self,
        samples: Callable[[], Iterable[Sample]],
        version: str = "",
        declared: Mapping[str, Declared] = families.FAMILIES,
    ) -> None:
        self._samples = samples
        self._declared = declared
        self._version = version

    def collect(self) -> Iterable[Family]:
        """Every declared family with its samples."""
        filled = {name: family.empty() for name, family in self._declared.items()}
        for family, labels, value in self._samples():
            _add(filled[family.name], labels, value)
        _add(filled[families.BUILD.name], (self._version,), 1)
        return filled.values()

    def text(self) -> bytes:
        """The exposition text, as `/metrics` answers it."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)


def _add(family: Family, labels: tuple[str, ...], value: float | Durations) -> None:
    if isinstance(family, HistogramMetricFamily):
        assert isinstance(value, Durations), family.name
        family.add_metric(labels, value.buckets, value.total)
    else:
        assert not isinstance(value, Durations), family.name
        family.add_metric(labels, value)


@lru_cache(maxsize=10_000)
def label(text: str) -> str:
    """A label value of bounded length: a long one is cut and ends in its hash, so that two stay two."""
    if len(text) <= LABEL_MAX:
        return text
    return f"{text[: LABEL_MAX - 9]}~{blake2b(text.encode(errors='replace'), digest_size=4).hexdigest()}"
