"""Closing panes: their summaries become rows, windows and detector steps; models are learned, newcomers admitted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from detectors.parts import Summary
from sinks import commit as tables
from stream.config.settings import Settings
from stream.counting.drawn import Drawn, add
from stream.counting.fewest import name_hash
from stream.counting.sample import NOTHING, Sample
from stream.counting.windows import decided_from
from stream.events import RESERVED
from stream.ledger import Ledger, moment
from stream.monitor import rows
from stream.monitor.acting.findings import SEQUENTIAL
from stream.monitor.panes import accumulator, courses
from stream.monitor.panes.sampler import Sampler
from stream.monitor.panes.window import Pane
from stream.monitor.plans.learning import Learner
from stream.monitor.plans.onboarding import Sources
from stream.monitor.plans.promoting import gather, pinned
from stream.monitor.scopes import event_scope
from stream.monitor.state import State, Version
from stream.monitor.verdicts import sequential, teaching, tested
from stream.monitor.verdicts.judging import Case
from stream.monitor.verdicts.sequential import Alarm, Steps
from stream.monitor.verdicts.teaching import Lesson, Teaching
from stream.partials import Open, shown
from stream.plan import Plan
from stream.reference import ReferenceProblem
from stream.roster import Entry

UNTOLD = "(new)"  # the version of a pane's events where several new versions shared it


class Panes:
    """Closes panes one by one. What it decides holds from T on, which no event read so far has reached."""

    def __init__(self, settings: Settings, sources: Sources, state: State, ledger: Ledger) -> None:
        self._settings, self._sources, self._state, self._ledger = settings, sources, state, ledger
        self._sampler = Sampler(settings, state, ledger)

    def decided_from(self, end: int) -> int:
        """T of what is decided when the pane with this end closes."""
        settings = self._settings
        return decided_from(end, settings.pane, settings.lateness, settings.events.max_ahead)

    def close(self, partly: Open, name: str, end: int) -> list[Case]:
        """Close one model's pane: its cases by version.

        Of a model that another monitor watches only the new versions matter here: all admit the same ones.
        """
        self._sampler.close(partly, name, end)
        if not self._settings.monitors.mine(shown(name)):
            self._pass(partly, name, end)
            return []
        start = end - self._settings.pane
        entry = self._state.roster.get(name)
        closed = self._close_known(partly, entry, start, end) if entry is not None else []
        learned = partly.learning.pop((end, name), 0)
        if learned and entry is not None:
            rows.learning_pane_row(self._ledger, name, start, end, learned)
            unplanned = Pane(end, None, None, learned)
            accumulator.grown(self._state.windows, name, "", entry.settings.spans, unplanned)
            self._learn(entry, end, learned, partly.samples.pop((end, name), NOTHING))
        events = learned + sum(int(case.summary.events()[0]) for case in closed)
        fields = partly.unwatched.pop((end, name), None)
        if fields:
            rows.unwatched_row(self._ledger, name, start, end, fields)
        late, waiting = partly.late.pop((end, name), 0), partly.strangers.get((end, name), 0)
        self._ledger.row(tables.TRAFFIC, shown(name), moment(start), moment(end), events, late, waiting)
        return closed

    def _close_known(self, partly: Open, entry: Entry, start: int, end: int) -> list[Case]:
        plan = entry.plan_at(start)
        closed = []
        for version, summary, drawn in self._summaries(partly, entry, end):
            assert plan is not None, f"{entry.name}: pane {end} was counted without a plan"
            case = Case(
                version, self._settings.pane, start, end, plan, summary, entry.settings, self._state.spread_of(plan)
            )
            rows.pane_row(self._ledger, case)
            rows.folded_rows(self._ledger, case)
            pane = Pane(end, plan, summary, int(summary.events()[0]), drawn)
            accumulator.grown(self._state.windows, entry.name, version, entry.settings.spans, pane)
            for length in entry.settings.windows:
                key = (entry.name, version, length)
                courses.followed(self._state.courses, key, plan.id, (start, end), summary.counts[0])
            tested.drawn_row(self._ledger, case, drawn, self._state.windows)
            closed.append(case)
            learned = gather(self._state, entry, case)
            if learned is not None:
                self.adopt(replace(learned, since=self.decided_from(end)), entry.basis)
        return closed

    def _teach(self, closed: Iterable[Case]) -> None:
        """Let the first panes of plans say how much they vary."""
        lessons: dict[str, Lesson] = {}
        for case in closed:
            if case.plan.model not in lessons:
                known = self._state.teachings.get(case.plan.model)
                known = known if known is not None and known.plan is case.plan else Teaching(case.plan, case.end)
                lessons[case.plan.model] = Lesson(known, [], case.end, case.settings)
            lessons[case.plan.model].versions.append((case.version, case.summary))
        taught = teaching.stepped([*lessons.values()], self._settings.pane)
        for (known, _, end, settings), after in zip(lessons.values(), taught, strict=True):
            model, about = known.plan.model, (known.plan.model, known.plan.id)
            former = self._state.teachings.get(model)
            if former is None or former.plan is not known.plan:
                self._ledger.row(tables.SPREADS, *about, teaching.BEGUN, moment(end), b"", 0.0, 0.0, 0, 0)
            self._state.teachings[model] = after
            if after.over and not known.over:
                promised = settings.false_triggers_per_month
                numbers = promised, promised * after.ratio, after.checked.verdicts, after.checked.alarms
                self._ledger.row(tables.SPREADS, *about, teaching.OVER, moment(end), after.pack(), *numbers)

    def _pass(self, partly: Open, name: str, end: int) -> None:
        """Admit a model's new versions; the rest is for the monitor that watches it."""
        for counted in (partly.learning, partly.late):
            counted.pop((end, name), None)
        new = partly.versions.pop((end, name), frozenset())
        if name in self._state.roster.index:
            self._admit_versions(name, new, end)

    def admit(self, partly: Open, names: list[str], end: int) -> None:
        """Admit the unknown models of one scope's pane in the order of their hashes, as long as there is room in it."""
        n = Counter(event_scope(entry.settings, self._settings) for entry in self._state.roster.entries)
        for name in sorted(names, key=name_hash):
            waiting = partly.strangers.pop((end, name))
            sample = partly.samples.pop((end, name), NOTHING)
            if name.startswith(RESERVED):
                continue
            model = self._settings.model(name)
            assert model is not None, f"{name}: counted without a pattern that matches it"
            if name not in self._state.roster.index:
                scope = event_scope(model, self._settings)
                if n[scope] >= self._settings.limits.models:
                    continue
                n[scope] += 1
                self._state.roster = self._state.roster.admit(name, model, "", self.decided_from(end))
            if self._settings.monitors.mine(name):
                self._learn(self._entry(name), end, waiting, sample)

    def adopt(self, plan: Plan, basis: str) -> None:
        """Take a plan into force, from its `since` on."""
        self._state.roster = self._state.roster.plan(plan, basis)
        pinned(self._state, plan)
        rows.plan_rows(self._ledger, plan)
        tested.reference_row(self._ledger, plan)

    def _entry(self, name: str) -> Entry:
        return self._state.roster.entries[self._state.roster.index[name]]

    def _summaries(self, partly: Open, entry: Entry, end: int) -> list[tuple[str, Summary, Drawn | None]]:
        """The pane's summaries and samples by version.

        Events of new versions carry the name of the only one, if only one there is.
        """
        versions = (*entry.versions, None)
        found = {v: partly.blocks.pop((end, entry.name, v)) for v in versions if (end, entry.name, v) in partly.blocks}
        drawn = {v: partly.drawn.pop((end, entry.name, v)) for v in versions if (end, entry.name, v) in partly.drawn}
        new = partly.versions.pop((end, entry.name), frozenset())
        unadmitted, others = found.pop(None, None), drawn.pop(None, None)
        if unadmitted is not None:
            version = next(iter(new)) if len(new) == 1 else UNTOLD
            found[version] = found[version] + unadmitted if version in found else unadmitted
            if others is not None:
                add(drawn, version, others)
        self._admit_versions(entry.name, new, end)
        return [(version or "", found[version], drawn.get(version)) for version in sorted(found, key=lambda v: v or "")]

    def _admit_versions(self, name: str, new: Iterable[str], end: int) -> None:
        for version in sorted(new, key=name_hash):
            known = self._entry(name).versions
            if version not in known and len(known) < self._settings.limits.versions:
                self._state.roster = self._state.roster.admit_version(name, version, self.decided_from(end))

    def step(self, closed: Sequence[Case]) -> dict[Version, tuple[Case, list[Alarm]]]:
        """Let closed panes teach, and move their sequential detectors by one each; those that alarm, by version."""
        self._teach(closed)
        pairs = {}
        for case in closed:
            if not self._still(case):
                key, known = (case.plan.model, case.version), self._state.steps.get((case.plan.model, case.version))
                pairs[key] = known if known is not None and known.plan == case.plan.id else Steps.start(case), case
        found = {}
        for (key, (_, case)), (steps, rang) in zip(pairs.items(), sequential.step([*pairs.values()]), strict=True):
            self._state.steps[key] = steps
            moves = case.settings.reference.moves  # SEQUENTIAL adds up how far panes are from what windows do not meet
            alarms = [alarm for alarm in rang if not (moves and alarm.detector == SEQUENTIAL)]
            if alarms:
                found[key] = case, alarms
        return found

    def _still(self, case: Case) -> bool:
        """Whether nothing is watched in this pane."""
        controls, model = self._state.controls, case.plan.model
        return controls.paused(model, case.end) or controls.learning(model, case.version, case.end)

    def _learn(self, entry: Entry, end: int, events: int, sample: Sample) -> None:
        """Let a model's sample grow; where it is enough, make the plan that holds from T."""
        limits = self._settings.limits
        start = end - self._settings.pane
        learner = self._state.learners.get(entry.name, Learner(start, start, 0))
        learner, entered = learner.add(end, events, sample, limits.sample)
        self._state.learners[entry.name] = learner
        rows.sample_rows(self._ledger, entry.name, end, entered)
        if entry.plans:
            return
        try:
            plan = self._sources.plan(entry.name, entry.settings, learner, self.decided_from(end))
        except ReferenceProblem as problem:  # nothing to watch in it yet: learning goes on, and the page says why
            self._state.problems[entry.name] = str(problem)
            return
        if plan is not None:
            self._state.problems.pop(entry.name, None)
            self._state.learners[entry.name] = learner.settled(limits.sample)
            self.adopt(plan, self._sources.basis(entry.settings))
