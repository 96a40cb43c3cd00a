"""Where plans come from: a reference file, or the sample of a model's first stretch, by the present configuration."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from stream import reference
from stream.config.checking.drawing import rows_drawn
from stream.config.settings import Limits, Model, Settings
from stream.counting.sample import Sample
from stream.monitor.plans.learning import Learner
from stream.monitor.state import State
from stream.plan import Plan
from stream.reference import Table


@dataclass(frozen=True)
class File:
    """A reference file as it was read: its rows, and a digest of what it held."""

    table: Table
    digest: str


@dataclass(frozen=True)
class Sources:
    """Makes plans by the configuration. `files`: reference files by their path in it."""

    limits: Limits
    files: Mapping[str, File] = field(default_factory=dict)
    # By basis: many models have the same reference, half a second of work and several MB each. One per distinct basis.
    _shared: dict[str, Plan] = field(default_factory=dict, init=False, repr=False, compare=False)

    def basis(self, model: Model) -> str:
        """A hash of what a model's plans are made by."""
        file = self.files.get(model.reference.file)
        about = (model.features, model.segments, model.output, self.limits.vocabulary, self.limits.segments)
        drawn = [n] if (n := rows_drawn(model)) else []
        drift = model.drift
        watched = [{"pairs": drift.pairs, "attribution": drift.attribution > 0}]
        more = [*drawn, *(watched if drift.pairs or not drift.attribution else [])]
        digest = file.digest if file is not None else ""
        told = msgspec.json.encode((about, model.reference.file, digest, *more), order="sorted")
        return hashlib.blake2b(told, digest_size=8).hexdigest()

    def plan(self, name: str, model: Model, learner: Learner | None, since: int) -> Plan | None:
        """The plan of a model that holds from `since` on; None while it is still to be learned.

        ReferenceProblem as it says.
        """
        file = self.files.get(model.reference.file)
        if file is not None:
            return self._from_file(name, model, file.table, since)
        if learner is None or learner.share(model.reference.learn) < 1:
            return None
        return learner.plan(name, model, self.limits, since)

    def _from_file(self, name: str, model: Model, table: Table, since: int) -> Plan:
        """The plan that a reference file makes; where its rows are of all models alike, it is made once for all."""
        basis = self.basis(model)
        known = self._shared.get(basis)
        if known is not None:
            return replace(known, model=name, since=since)
        source = f"file {model.reference.file}"
        made = reference.plan(name, table, model, self.limits, since=since, source=source)
        if table.models is None:
            self._shared[basis] = made
        return made


def declared(settings: Settings) -> list[tuple[str, Model]]:
    """The models that the configuration names outright: they are there from the first event on."""
    return [(name, model) for name, model in settings.patterns if not set(name) & set("*?[")]


def changes(
    settings: Settings, sources: Sources, state: State, since: int, samples: Callable[[str], Sample]
) -> list[tuple[Plan, str]]:
    """Admit the declared models that are new, and make the plans that a changed configuration asks for, from T on.

    At the very first start nothing has been read, and `since` is NEVER: they hold for all events.
    """
    for name, model in declared(settings):
        if name not in state.roster.index:
            state.roster = state.roster.admit(name, model, "", since)
    plans = []
    for entry in state.roster.entries:
        if not settings.monitors.mine(entry.name):
            continue
        basis = sources.basis(entry.settings)
        learning = not entry.plans and not entry.settings.reference.file
        if entry.basis == basis or learning:  # what is being learned gets its plan at a close, not at a start
            continue
        learner = state.learners.get(entry.name)
        if learner is not None and learner.bound is not None:
            learner = replace(learner, sample=samples(entry.name))
        plan = sources.plan(entry.name, entry.settings, learner, since)
        if plan is not None:
            plans.append((plan, basis))
    return plans
