"""What stretches of partitions add: sums per pane and series, and what could not be counted.

Partials add up in any order.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from detectors.parts import Summary
from stream.sample import NOTHING, Sample

NAMES_MAX = 16  # new versions told apart per pane and model; the others are met again in later panes
STRANGERS_MAX = 64  # unknown models told apart per pane
STRANGER_SAMPLE = 1_024  # events per pane of a model that is not admitted yet

Series = tuple[int, str, str | None]  # (pane end, model, version; None: all versions that are not admitted)


def name_hash(name: str) -> bytes:
    """What orders names where only some can be kept: no name is favoured, and no order of arrival matters."""
    return hashlib.blake2b(name.encode(), digest_size=8).digest()


def fewest(names: Iterable[str], limit: int) -> frozenset[str]:
    """The names with the smallest hashes."""
    return frozenset(sorted(names, key=lambda name: (name_hash(name), name))[:limit])


@dataclass(frozen=True)
class DeadLetter:
    """A rejected record: where, when by its partition's clock, why."""

    topic: str
    partition: int
    offset: int
    row: int
    at: int
    reason: str
    detail: str
    payload: bytes


@dataclass(frozen=True)
class Partial:
    """The sums. Keys begin with the end of a pane, except for what belongs to a position: the dead letters.

    `blocks`: events of models with a plan, by series. `versions`: the versions behind a series without one. `learning`
    and `strangers`: events of models that are being learned, or not admitted yet; `samples`: theirs. `rejected`: by
    (end, topic, partition, reason); `late` and `labels`: by (end, model).
    """

    blocks: Mapping[Series, Summary] = field(default_factory=dict)
    versions: Mapping[tuple[int, str], frozenset[str]] = field(default_factory=dict)
    learning: Mapping[tuple[int, str], int] = field(default_factory=dict)
    strangers: Mapping[tuple[int, str], int] = field(default_factory=dict)
    samples: Mapping[tuple[int, str], Sample] = field(default_factory=dict)
    late: Mapping[tuple[int, str], int] = field(default_factory=dict)
    labels: Mapping[tuple[int, str], int] = field(default_factory=dict)
    rejected: Mapping[tuple[int, str, int, str], int] = field(default_factory=dict)
    dead_letters: tuple[DeadLetter, ...] = ()


@dataclass
class Open:
    """The panes that are still open: Partials added up. It grows by `add` and shrinks by the monitor's closes."""

    sample_size: int
    blocks: dict[Series, Summary] = field(default_factory=dict)
    versions: dict[tuple[int, str], frozenset[str]] = field(default_factory=dict)
    learning: Counter[tuple[int, str]] = field(default_factory=Counter)
    strangers: Counter[tuple[int, str]] = field(default_factory=Counter)
    samples: dict[tuple[int, str], Sample] = field(default_factory=dict)
    late: Counter[tuple[int, str]] = field(default_factory=Counter)
    labels: Counter[tuple[int, str]] = field(default_factory=Counter)
    rejected: Counter[tuple[int, str, int, str]] = field(default_factory=Counter)

    def add(self, partial: Partial) -> None:
        """Add a Partial. Only sums happen here; whatever needs an order happens at a close."""
        for series, summary in partial.blocks.items():
            known = self.blocks.get(series)
            self.blocks[series] = summary if known is None else known + summary
        for pane, names in partial.versions.items():
            self.versions[pane] = fewest(self.versions.get(pane, frozenset()) | names, NAMES_MAX)
        for pane, sample in partial.samples.items():
            k = STRANGER_SAMPLE if pane in partial.strangers else self.sample_size
            self.samples[pane] = self.samples.get(pane, NOTHING).merge(sample, k)
        for counter, added in (
            (self.learning, partial.learning),
            (self.late, partial.late),
            (self.labels, partial.labels),
            (self.strangers, partial.strangers),
        ):
            counter.update(added)
        self.rejected.update(partial.rejected)
        keep_fewest(self.strangers, self.samples)


def keep_fewest(strangers: Counter[tuple[int, str]], samples: dict[tuple[int, str], Sample]) -> None:
    """Keep the strangers with the smallest hashes of each pane: names that come and go cannot fill the memory.

    One that goes here would go from the sum of all as well, so it does not matter when this is done.
    """
    names: dict[int, list[str]] = {}
    for end, name in strangers:
        names.setdefault(end, []).append(name)
    for end, found in names.items():
        for name in set(found) - fewest(found, STRANGERS_MAX) if len(found) > STRANGERS_MAX else ():
            del strangers[end, name]
            samples.pop((end, name), None)
