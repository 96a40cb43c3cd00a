"""Who is watched: models and their versions in the order of their admission, and which plan holds from which pane on.

Frozen: an admission or a new plan makes a new roster. What is decided at a close holds from T, a pane that nobody has
read yet, so every look-up by pane gives the same answer however events are batched.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from stream.config.settings import Model
from stream.events import NEVER
from stream.joining.sampling import EVERY_ID, Schedule
from stream.plan import Plan

FUTURE = 2**63 - 1


@dataclass(frozen=True)
class Entry:
    """One model. `versions`: version -> the first pane start at which it has rows of its own."""

    name: str
    settings: Model
    since: int  # ns: earlier events are those of a stranger
    basis: str  # a hash of what its plans were made by: where that changed, a new plan holds from T on
    versions: Mapping[str, int]
    plans: tuple[Plan, ...]  # ascending by `since`
    rates: Schedule = EVERY_ID  # which of its predictions wait for labels

    def plan_at(self, start: int) -> Plan | None:
        """The plan of the pane that begins then; None while the model is being learned."""
        i = bisect_right([plan.since for plan in self.plans], start)
        return self.plans[i - 1] if i else None

    @property
    def planned_from(self) -> int:
        """The first pane start with a plan."""
        return self.plans[0].since if self.plans else FUTURE

    def slot_at(self, version: str, start: int) -> str | None:
        """The version, where it is admitted by then; None stands for all that are not."""
        return version if self.versions.get(version, FUTURE) <= start else None


@dataclass(frozen=True)
class Roster:
    """All models, by the index that their events carry."""

    entries: tuple[Entry, ...] = ()

    @cached_property
    def index(self) -> dict[str, int]:
        """Model name to index."""
        return {entry.name: i for i, entry in enumerate(self.entries)}

    def __getitem__(self, name: str) -> Entry:
        """The entry of a model that is watched."""
        return self.entries[self.index[name]]

    def get(self, name: str) -> Entry | None:
        """The entry of a model; None where it is not watched."""
        i = self.index.get(name)
        return None if i is None else self.entries[i]

    def admit(self, name: str, settings: Model, basis: str, since: int = NEVER) -> "Roster":
        """With one more model, last."""
        assert name not in self.index, name
        return Roster((*self.entries, Entry(name, settings, since, basis, {}, ())))

    def _with(self, entry: Entry) -> "Roster":
        i = self.index[entry.name]
        return Roster((*self.entries[:i], entry, *self.entries[i + 1 :]))

    def admit_version(self, name: str, version: str, since: int) -> "Roster":
        """With one more version of a model."""
        entry = self[name]
        return self._with(replace(entry, versions={**entry.versions, version: since}))

    def plan(self, plan: Plan, basis: str) -> "Roster":
        """With a newer plan of its model; one that was to hold later than this one, or just then, never will."""
        entry = self[plan.model]
        return self._with(replace(entry, plans=in_force((*entry.plans, plan)), basis=basis))

    def rated(self, name: str, rates: Schedule) -> "Roster":
        """With other rates of a model."""
        return self._with(replace(self[name], rates=rates))

    def without_rates_before(self, time: int) -> "Roster":
        """Without rates that no question from a time on can be about."""
        entries = tuple(
            entry if (rates := entry.rates.since(time)) is entry.rates else replace(entry, rates=rates)
            for entry in self.entries
        )
        return Roster(entries) if any(a is not b for a, b in zip(entries, self.entries, strict=True)) else self

    def without_plans_before(self, start: Callable[[Entry], int]) -> "Roster":
        """Without the plans that no pane of their model from its `start` on can ask for."""
        entries = []
        for entry in self.entries:
            i = max(0, bisect_right([plan.since for plan in entry.plans], start(entry)) - 1) if entry.plans[1:] else 0
            entries.append(replace(entry, plans=entry.plans[i:]) if i else entry)
        return Roster(tuple(entries)) if any(a is not b for a, b in zip(entries, self.entries, strict=True)) else self


def in_force(adopted: Iterable[Plan]) -> tuple[Plan, ...]:
    """Of plans of a model in the order of their adoption, those that hold, or once held, ascending by `since`."""
    plans: tuple[Plan, ...] = ()
    for plan in adopted:
        plans = (*(one for one in plans if one.since < plan.since), plan)
    return plans
