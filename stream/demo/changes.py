"""What is planted in the demo's world: where, when, and how large. Everything else in it stays well."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from stream.demo.cast import Floats, Texts, Values

STORY_H = 72  # hours that the story lasts; then it begins anew
NEW_CATEGORY = "overseas"


class Change(Struct, frozen=True):
    """One planted change, from one hour of the story to another.

    `share` of the events carry it. `size` is what a unit mistake multiplies by and by how much a shift has moved the
    values when, `ramp_h` after its beginning, it has fully grown.
    """

    model: str
    feature: str
    kind: Literal["unit", "shift", "category", "missing"]
    begin_h: float
    end_h: float
    words: str
    share: float = 1.0
    size: float = 0.0
    ramp_h: float = 0.0

    def apply(self, values: Values, story_h: Floats, random: np.random.Generator) -> Values:
        """The feature's values with the change in them, for events at these hours of the story, (n,)."""
        touched = (story_h >= self.begin_h) & (story_h < self.end_h) & (random.random(len(values)) < self.share)
        return np.where(touched, _KINDS[self.kind](self, values, story_h), values)


def _unit(change: Change, values: Values, _story_h: Floats) -> NDArray[np.generic]:
    return np.asarray(values, np.float64) * change.size


def _shift(change: Change, values: Values, story_h: Floats) -> NDArray[np.generic]:
    grown = np.clip((story_h - change.begin_h) / change.ramp_h, 0.0, 1.0)
    return np.asarray(values, np.float64) + change.size * grown


def _category(_change: Change, _values: Values, _story_h: Floats) -> NDArray[np.generic]:
    return np.array(NEW_CATEGORY)


def _missing(_change: Change, _values: Values, _story_h: Floats) -> NDArray[np.generic]:
    return np.array(np.nan)


class Concept(Struct, frozen=True):
    """A planted change of what is true, while all that the model sees and says stays the same.

    Where `feature` is `value`, truths become the next of the classes: who looks at that feature can learn it.
    """

    model: str
    begin_h: float
    end_h: float
    words: str
    feature: str
    value: str

    def apply(self, truths: Texts, classes: Sequence[str], story_h: Floats, features: Mapping[str, Values]) -> Texts:
        """What is true with the change in it, for events at these hours of the story, (n,)."""
        touched = (story_h >= self.begin_h) & (story_h < self.end_h) & (features[self.feature] == self.value)
        following = dict(zip(classes, (*classes[1:], classes[0]), strict=True))
        return np.where(touched, [following[truth] for truth in truths.tolist()], truths)


class Fault(Struct, frozen=True):
    """A planted fault of a service: its answers take `size` times as long. What they say stays well."""

    model: str
    begin_h: float
    end_h: float
    words: str
    size: float
    feature: str = "latency_ms"
    kind: Literal["slow"] = "slow"

    def apply(self, latencies: Floats, story_h: Floats) -> Floats:
        """Latencies with the fault in them, for events at these hours of the story, (n,)."""
        return np.where((story_h >= self.begin_h) & (story_h < self.end_h), self.size * latencies, latencies)


class Gap(Struct, frozen=True):
    """Planted unfairness: the model's opinion of one group of a field is higher by `size` than it was."""

    model: str
    feature: str
    group: str
    begin_h: float
    end_h: float
    words: str
    size: float
    kind: Literal["gap"] = "gap"

    def apply(self, opinion: Floats, groups: Texts, story_h: Floats) -> Floats:
        """Opinions with the gap in them, of events of these groups at these hours of the story, (n,)."""
        touched = (story_h >= self.begin_h) & (story_h < self.end_h) & (groups == self.group)
        return np.where(touched, opinion + self.size, opinion)


_KINDS: Mapping[str, Callable[[Change, Values, Floats], NDArray[np.generic]]] = {
    "unit": _unit,
    "shift": _shift,
    "category": _category,
    "missing": _missing,
}

CHANGES = (
    Change("fraud", "amount", "unit", 32, 40, "30 % of the amounts come in cents, not euros", share=0.3, size=100.0),
    Change("pricing", "region", "category", 34, 72, f"12 % come from {NEW_CATEGORY}, never seen before", share=0.12),
    Change("pricing", "demand", "shift", 44, 72, "one deviation (15) more, in 10 hours", size=15.0, ramp_h=10.0),
    Change("fraud", "merchant_risk", "missing", 62, 66, "40 % are missing", share=0.4),
)
CONCEPTS = (Concept("support", 50, 72, "what paying customers (30 %) write is about something else", "tier", "pro"),)
FAULTS = (Fault("pricing", 56, 59, "answers take two and a half times as long", size=2.5),)
GAPS = (Gap("fraud", "sex", "f", 46, 56, "a new rule says yes to women three times as often", size=2.0),)
PLANTED: Sequence[Change | Fault | Gap] = (*CHANGES, *FAULTS, *GAPS)  # what one finding shows
