"""What stretches of partitions add: sums per pane and series, and what could not be counted.

Partials add up in any order.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from detectors.parts import Summary
from stream.closed import Closed
from stream.config.settings import Settings
from stream.counting.drawn import Drawn, add, halved
from stream.counting.fewest import Apart, fewest
from stream.counting.sample import NOTHING, Sample
from stream.events import NEVER, RESERVED
from stream.joining.waiting import Waiting

NAMES_MAX = 16  # new versions told apart per pane and model; the others are met again in later panes
STRANGERS_MAX = 64  # unknown models told apart per pane
TOLD_MAX = 1_024  # models whose late events, or labels, are told apart per pane
STRANGER_SAMPLE = 1_024  # events per pane of a model that is not admitted yet

FIELDS_MAX = 32  # fields that nobody watches told apart per pane and model
LOOKED_AT = RESERVED + "events"  # among those fields: how many events were looked at
OTHER_FIELDS = RESERVED + "fields"  # and the fields that are counted together

Key = TypeVar("Key", bound=tuple[int, str] | tuple[int, str, str | None])
Value = TypeVar("Value")
Series = tuple[int, str, str | None]  # (pane end, model, version; None: all versions that are not admitted)
Fields = Mapping[tuple[int, str], Counter[str]]  # (pane end, model) -> how many events carry a field


def series_order(series: Series) -> tuple[int, str, bool, str]:
    """What series are sorted by: that of all versions that are not admitted comes first."""
    end, model, version = series
    return end, model, version is not None, version or ""


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
    """The sums. Keys begin with the end of a pane. To positions belong the dead letters, and what waits for a label.

    `blocks`: events of models with a plan, by series. `versions`: the versions behind a series without one. `learning`
    and `strangers`: events of models that are being learned, or not admitted yet; `samples`: theirs. `rejected`: by
    (end, topic, partition, reason); `late` and `labels`: by (end, model). `unwatched`: fields without
    a place in the plan, of a sample of the events. `keyed`: predictions with an id, of planned panes; `kept`: those of
    them that wait for a label. Where there are too many models, some are counted together, under the reserved name of
    `Settings.others`. `drawn`: of blocks whose models test samples.
    """

    blocks: Mapping[Series, Summary] = field(default_factory=dict)
    versions: Mapping[tuple[int, str], frozenset[str]] = field(default_factory=dict)
    learning: Mapping[tuple[int, str], int] = field(default_factory=dict)
    strangers: Mapping[tuple[int, str], int] = field(default_factory=dict)
    samples: Mapping[tuple[int, str], Sample] = field(default_factory=dict)
    late: Mapping[tuple[int, str], int] = field(default_factory=dict)
    labels: Mapping[tuple[int, str], int] = field(default_factory=dict)
    rejected: Mapping[tuple[int, str, int, str], int] = field(default_factory=dict)
    unwatched: Fields = field(default_factory=dict)
    dead_letters: tuple[DeadLetter, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    keyed: Mapping[tuple[int, str], int] = field(default_factory=dict)
    kept: Mapping[tuple[int, str], int] = field(default_factory=dict)
    drawn: Mapping[Series, Drawn] = field(default_factory=dict)

    def beyond(self, closed: Closed, labels: Closed, topics: Mapping[str, int]) -> "Partial":
        """Without what belongs to closed panes; what belongs to a position stays."""

        def still(counted: Mapping[Key, Value], upto: Closed) -> dict[Key, Value]:
            return {key: value for key, value in counted.items() if key[0] > upto.of(key[1])}

        return Partial(
            still(self.blocks, closed),
            still(self.versions, closed),
            still(self.learning, closed),
            still(self.strangers, closed),
            still(self.samples, closed),
            still(self.late, closed),
            still(self.labels, labels),
            {key: n for key, n in self.rejected.items() if key[0] > topics.get(key[1], NEVER)},
            still(self.unwatched, closed),
            self.dead_letters,
            self.waiting,
            still(self.keyed, closed),
            still(self.kept, closed),
            still(self.drawn, closed),
        )

    def halves(self) -> "tuple[Partial, Partial] | None":
        """Two that add up to it, with about as much in each; None where there is too little to be parted."""
        blocks, samples, n = sorted(self.blocks, key=series_order), sorted(self.samples), len(self.dead_letters) // 2
        most = max(map(len, self.drawn.values()), default=0)
        if max(len(blocks), len(samples), len(self.dead_letters), most, *map(len, self.waiting)) < 2:
            return None
        first, sampled = set(blocks[: len(blocks) // 2]), set(samples[: len(samples) // 2])

        def parted(counted: Mapping[Key, Value], keys: Collection[object]) -> tuple[dict[Key, Value], dict[Key, Value]]:
            mine = {key: value for key, value in counted.items() if key in keys}
            return mine, {key: value for key, value in counted.items() if key not in keys}

        blocks_a, blocks_b = parted(self.blocks, first)
        samples_a, samples_b = parted(self.samples, sampled)
        strangers_a, strangers_b = parted(self.strangers, sampled)  # a sample's size goes by whether it is a stranger's
        drawn_a, drawn_b = halved(self.drawn, first)
        letters = self.dead_letters
        parted_ = [one.halves() for one in self.waiting]
        waiting_a, waiting_b = (tuple(pair[i] for pair in parted_ if len(pair[i])) for i in (0, 1))
        half = Partial(
            blocks_a,
            strangers=strangers_a,
            samples=samples_a,
            dead_letters=letters[:n],
            waiting=waiting_a,
            drawn=drawn_a,
        )
        rest = replace(
            self,
            blocks=blocks_b,
            strangers=strangers_b,
            samples=samples_b,
            dead_letters=letters[n:],
            waiting=waiting_b,
            drawn=drawn_b,
        )
        return half, rest

    def of(self, mine: Callable[[str], bool]) -> "Partial":
        """Without what only the monitors of other models need: samples, what waits for labels, unwatched fields."""

        def those(counted: Mapping[tuple[int, str], Value]) -> dict[tuple[int, str], Value]:
            return {key: value for key, value in counted.items() if mine(key[1])}

        waiting = tuple(one for each in self.waiting if len(one := each.of(mine)))
        drawn = {series: one for series, one in self.drawn.items() if mine(series[1])}
        samples, unwatched = those(self.samples), those(self.unwatched)
        return replace(self, samples=samples, unwatched=unwatched, waiting=waiting, drawn=drawn)


@dataclass
class Open:
    """The panes that are still open: Partials added up. It grows by `add` and shrinks by the monitor's closes."""

    settings: Settings
    blocks: dict[Series, Summary] = field(default_factory=dict)
    versions: dict[tuple[int, str], frozenset[str]] = field(default_factory=dict)
    learning: Counter[tuple[int, str]] = field(default_factory=Counter)
    strangers: Counter[tuple[int, str]] = field(default_factory=Counter)
    samples: dict[tuple[int, str], Sample] = field(default_factory=dict)
    late: Counter[tuple[int, str]] = field(default_factory=Counter)
    labels: Counter[tuple[int, str]] = field(default_factory=Counter)
    rejected: Counter[tuple[int, str, int, str]] = field(default_factory=Counter)
    unwatched: dict[tuple[int, str], Counter[str]] = field(default_factory=dict)
    keyed: Counter[tuple[int, str]] = field(default_factory=Counter)
    kept: Counter[tuple[int, str]] = field(default_factory=Counter)
    drawn: dict[Series, Drawn] = field(default_factory=dict)
    _late: Apart = field(default_factory=lambda: Apart(TOLD_MAX))
    _labels: Apart = field(default_factory=lambda: Apart(TOLD_MAX))
    _strangers: Apart = field(default_factory=lambda: Apart(STRANGERS_MAX))

    def add(self, partial: Partial) -> list[tuple[int, str]]:
        """Add a Partial. Only sums happen here; whatever needs an order happens at a close.

        Where models are counted together now, (pane end, reserved name) of each.
        """
        for series, summary in partial.blocks.items():
            known = self.blocks.get(series)
            self.blocks[series] = summary if known is None else known + summary
        for pane, names in partial.versions.items():
            self.versions[pane] = fewest(self.versions.get(pane, frozenset()) | names, NAMES_MAX)
        for pane, sample in partial.samples.items():
            k = STRANGER_SAMPLE if pane in partial.strangers else self.settings.limits.sample
            self.samples[pane] = self.samples.get(pane, NOTHING).merge(sample, k)
        for series, drawn in partial.drawn.items():
            add(self.drawn, series, drawn)
        for counter, added in (
            (self.learning, partial.learning),
            (self.keyed, partial.keyed),
            (self.kept, partial.kept),
        ):
            if added:
                counter.update(added)
        self.rejected.update(partial.rejected)
        add_fields(self.unwatched, partial.unwatched)
        late = self._late.add(self.late, partial.late, self.settings)
        self._labels.add(self.labels, partial.labels, self.settings)
        strangers = self._strangers.add(self.strangers, partial.strangers, self.settings)
        for stranger in strangers:
            self.samples.pop(stranger, None)
        return [(end, self.settings.others(name)) for end, name in (*late, *strangers)]


def add_fields(known: dict[tuple[int, str], Counter[str]], added: Fields) -> None:
    """Add fields up."""
    for pane, fields in added.items():
        counter = known.setdefault(pane, Counter())
        counter.update(fields)
        tell_fewest_fields(counter)


def tell_fewest_fields(counter: Counter[str]) -> None:
    """Tell the fields with the smallest hashes apart, and count the others together, as with models."""
    names = [name for name in counter if not name.startswith(RESERVED)]
    if len(names) > FIELDS_MAX:
        for name in set(names) - fewest(names, FIELDS_MAX):
            counter[OTHER_FIELDS] += counter.pop(name)


def shown(name: str) -> str:
    """A model's name for people, or what stands for those that are counted together."""
    return f"(others) {name.removeprefix(RESERVED)}" if name.startswith(RESERVED) else name
