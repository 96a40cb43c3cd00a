"""A model is learned from the uniform sample of its first stretch; then its plan holds from T on."""

from dataclasses import dataclass, replace

from stream import reference
from stream.config.settings import HOUR, Limits, Model
from stream.counting.sample import NOTHING, Sample
from stream.partials import NAMES_MAX
from stream.plan import Plan

ROWS_MIN = 200  # fewer rows say nothing about the cells of a grid: learning goes on until there are as many


@dataclass(frozen=True)
class Learner:
    """What is known of a model so far. `started` is the start of its first closed pane.

    `bound`: the greatest hash of the sample of a model that has been learned; its events are in the store alone.
    """

    started: int
    upto: int
    events: int
    bound: int | None = None
    sample: Sample = NOTHING

    def add(self, end: int, events: int, sample: Sample, k: int) -> tuple["Learner", Sample]:
        """With one more pane, and the events that entered the sample with it; what has been learned stays as it is."""
        if self.bound is not None:
            return self, NOTHING
        merged = self.sample.merge(sample, k)
        entered = sample.below(merged.bound(k) + 1)
        return replace(self, upto=end, events=self.events + events, sample=merged), entered

    def settled(self, k: int) -> "Learner":
        """Once there is a plan: the sample is not needed any more, unless the configuration changes."""
        return replace(self, bound=self.sample.bound(k), sample=NOTHING)

    def share(self, learn: int) -> float:
        """How much of the time and of the least number of rows there is: 0 to 1."""
        return min(1.0, (self.upto - self.started) / learn, len(self.sample.hashes) / ROWS_MIN)

    def plan(self, model: str, settings: Model, limits: Limits, since: int) -> Plan:
        """The plan that the sample makes."""
        hours = (self.upto - self.started) / HOUR
        source = f"learned from {self.events:,} events of {hours:.3g} h"
        table = reference.from_events(self.sample.payloads)
        plan = reference.plan(model, table, settings, limits, since=since, source=source)
        versions = sorted(set(self.sample.versions))
        return replace(plan, versions=tuple(versions) if len(versions) <= NAMES_MAX else ())
