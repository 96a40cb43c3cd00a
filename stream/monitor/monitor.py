"""The monitor: it adds Partials up and closes what the watermarks have passed; what follows is rows of a Commit."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from itertools import chain
from typing import TypeVar

from sinks import commit as tables
from stream.closed import Closed
from stream.config.settings import Model, Settings
from stream.counting.clocks import Limits
from stream.counting.windows import due
from stream.events import NEVER
from stream.ledger import Ledger, moment
from stream.monitor import rows, scopes
from stream.monitor.acting.controlled import Controlled
from stream.monitor.acting.running import Running
from stream.monitor.agenda import Agenda
from stream.monitor.labels.meetings import Meetings
from stream.monitor.panes.closing import Panes
from stream.monitor.plans.onboarding import Sources
from stream.monitor.scopes import Marks, Scope
from stream.monitor.state import State
from stream.monitor.verdicts.closing import Windows
from stream.monitor.verdicts.earlier import Asked, Earlier, nothing
from stream.partials import Open, Partial, Series, shown
from stream.plan import Plan
from stream.roster import FUTURE

Key = TypeVar("Key", bound=Hashable)


class Monitor:
    """One service's second half. `ledger` holds the rows of what it has decided since the last Commit."""

    def __init__(self, settings: Settings, sources: Sources, state: State, asked: Asked = nothing) -> None:
        self.settings, self.state, self.ledger = settings, state, Ledger()
        self._open = Open(settings)
        self._agenda = Agenda(self._open, self._scope)
        self._panes = Panes(settings, sources, state, self.ledger)
        self.earlier = Earlier(state.policies, state.disturbed, self.ledger, asked)
        self._windows = Windows(settings, state, self.ledger, self.earlier)
        self.meetings = Meetings(settings, state, self.ledger)
        self.controlled = Controlled(settings, state, self.ledger, self._panes)
        self.running = Running(settings, state, self.ledger)

    # ---- what ingest must know

    def limits(self, topic: str, at: Marks) -> Limits:
        """How far a topic may be read at these watermarks."""
        return scopes.limits(topic, at, self.settings.events.max_ahead)

    def closed(self) -> Closed:
        """The newest closed end of each model."""
        return self._by_model(self._closed)

    def labels_closed(self) -> Closed:
        """The newest end up to which each model's labels are counted."""
        return self._by_model(self._labels_closed)

    def _by_model(self, closed: Callable[[Model], int]) -> Closed:
        return Closed(
            {entry.name: closed(entry.settings) for entry in self.state.roster.entries},
            tuple((pattern, closed(model)) for pattern, model in self.settings.patterns),
            FUTURE,
        )

    def closed_on(self, topic: str) -> tuple[int | None, int | None]:
        """The end up to which every pane is closed that a topic's events, or labels, may be in; None: it has none."""
        models = [model for _, model in self.settings.patterns]

        def least(scoped: Iterable[Scope], closed: Mapping[Scope, int]) -> int:
            ends = [closed.get(scope, NEVER) for scope in scoped if topic in scope]
            return min((*ends, self.state.topics_closed.get(topic, NEVER)))

        declared, events, labels = self.settings.events, None, None
        if topic in declared.predictions:
            events = least((scopes.event_scope(model, self.settings) for model in models), self.state.closed)
        if topic in declared.labels:
            labels = least((scopes.label_scope(model, self.settings) for model in models), self.state.labels_closed)
        return events, labels

    def bounds(self) -> dict[str, int]:
        """The hash from which on an event cannot enter a model's sample."""
        k = self.settings.limits.sample
        return {name: 0 if one.bound is not None else one.sample.bound(k) for name, one in self.state.learners.items()}

    def sampled(self) -> dict[str, int]:
        """The greatest hash of each model's sample: what the store has beyond it was superseded."""
        k = self.settings.limits.sample
        known = self.state.learners.items()
        return {name: one.sample.bound(k) if one.bound is None else one.bound for name, one in known}

    def _closed(self, model: Model) -> int:
        return self.state.closed.get(scopes.event_scope(model, self.settings), NEVER)

    def _labels_closed(self, model: Model) -> int:
        return self.state.labels_closed.get(scopes.label_scope(model, self.settings), NEVER)

    # ---- what it is given

    def receive(self, partial: Partial) -> None:
        """Add up; nothing is decided."""
        together = self._open.add(partial)
        self._agenda.add({key[:2]: None for held in _held(partial) for key in held})
        self._agenda.add(together)
        mine = (letter for letter in partial.dead_letters if self.settings.monitors.mine(letter.topic))
        rows.dead_letter_rows(self.ledger, mine)
        for one in partial.waiting:
            if len(kept := one.of(self.settings.monitors.mine)):
                self.ledger.block(kept.table, kept.columns)

    def adopt(self, plan: Plan, basis: str) -> None:
        """Take a plan into force, from its `since` on."""
        self._panes.adopt(plan, basis)

    def end(self, topics: Collection[str]) -> None:
        """Nothing more comes on these topics: what closes from now on is not full."""
        self._windows.end(topics)

    def ready(self, at: Marks) -> bool:
        """Whether these watermarks close anything; if so, ingest must cut before `advance`."""
        pane, lateness, state = self.settings.pane, self.settings.lateness, self.state
        return (
            any(due(state.closed.get(scope, NEVER) + pane, lateness, mark) for scope, mark in at.events.items())
            or any(due(state.labels_closed.get(scope, NEVER) + pane, 0, mark) for scope, mark in at.labels.items())
            or any(due(state.topics_closed.get(topic, NEVER) + pane, lateness, m) for topic, m in at.topics.items())
        )

    def advance(self, at: Marks) -> None:
        """Close what these watermarks have passed, in order of its end; panes that close together close as if alone."""
        for scope, mark in sorted(at.events.items()):
            while (end := self._next(scope, mark)) is not None:
                self.controlled.passed(scope, end - self.settings.pane)
                self._close(scope, end)
            self._passed(self.state.closed, scope, mark - self.settings.lateness if mark != NEVER else NEVER)
            self.controlled.passed(scope, self.state.closed.get(scope, NEVER))
        for scope, mark in sorted(at.labels.items()):
            self._close_labels(scope, mark)
            self._passed(self.state.labels_closed, scope, mark)
        for topic, mark in sorted(at.topics.items()):
            self._close_refusals(topic, mark)
            self._passed(self.state.topics_closed, topic, mark - self.settings.lateness if mark != NEVER else NEVER)

    def _passed(self, closed: dict[Key, int], key: Key, time: int) -> None:
        """Note the newest closed end; a run of empty panes is one step."""
        if time != NEVER:
            closed[key] = max(time // self.settings.pane * self.settings.pane, closed.get(key, NEVER))

    def _next(self, scope: Scope, mark: int) -> int | None:
        """The next end with anything to close. Between two of them lie only empty panes, however many."""
        earliest: dict[str, int] = {}  # by model, so that each is asked for its scope once
        open_windows = ((key[0], window.end) for key, window in self.state.windows.items())
        awaited = ((key[0], end) for key, end in self._awaited().items())
        for name, end in chain(open_windows, awaited):
            if end < earliest.get(name, FUTURE):
                earliest[name] = end
        first = min((end for name, end in earliest.items() if self._scope(name) == scope), default=FUTURE)
        pane = self._agenda.next(scope, self.state.roster)
        first = first if pane is None else min(first, pane)
        return first if first != FUTURE and due(first, self.settings.lateness, mark) else None

    def _awaited(self) -> dict[tuple[str, int], int]:
        """By model and length: the end of the window that would be the first in which nothing comes."""
        return {key: one.seen + key[1] for key, one in self.state.traffic.items() if one.awaited}

    def _scope(self, name: str) -> Scope:
        entry = self.state.roster.get(name)
        model = entry.settings if entry is not None else self.settings.model(name)
        assert model is not None, f"{name}: counted without a pattern that matches it"
        return scopes.event_scope(model, self.settings)

    # ---- closes

    def _close(self, scope: Scope, end: int) -> None:
        """Close the panes with this end, admit newcomers, then close the windows with this end."""
        names = self._agenda.names(scope, end, self.state.roster)
        alarms = self._panes.step([case for name in names for case in self._panes.close(self._open, name, end)])
        self._panes.admit(self._open, [name for name in names if (end, name) in self._open.strangers], end)
        ending = [
            key for key, window in self.state.windows.items() if window.end == end and self._scope(key[0]) == scope
        ]
        closing = {(name, length) for name, _, length in ending}
        awaited = [key for key, at in self._awaited().items() if at == end and key not in closing]
        silent = [key for key in awaited if self._scope(key[0]) == scope]
        self._windows.close(scope, ending, silent, end, alarms)

    def _close_labels(self, scope: Scope, mark: int) -> None:
        """Count the labels of panes that the label watermark has passed."""
        counted = self._open.labels
        for end, name in sorted(key for key in counted if due(key[0], 0, mark) and self._label_scope(key[1]) == scope):
            n, start = counted.pop((end, name)), moment(end - self.settings.pane)
            if self.settings.monitors.mine(shown(name)):
                self.ledger.row(tables.LABELS, shown(name), start, moment(end), n)

    def _label_scope(self, name: str) -> Scope:
        model = self.settings.model(name)
        assert model is not None, f"{name}: counted without a pattern that matches it"
        return scopes.label_scope(model, self.settings)

    def _close_refusals(self, topic: str, mark: int) -> None:
        """Count the refused records of panes that a topic's own watermark has passed."""
        refused = self._open.rejected
        closing: Iterable[tuple[int, str, int, str]] = sorted(
            key for key in refused if key[1] == topic and due(key[0], self.settings.lateness, mark)
        )
        for key in closing:
            end, _, partition, reason = key
            n = refused.pop(key)
            if self.settings.monitors.mine(topic):
                self.ledger.row(tables.REJECTED, topic, partition, moment(end), reason, n)


def _held(partly: Partial) -> tuple[Collection[tuple[int, str] | Series], ...]:
    """Keys of what a close has to do with."""
    return partly.blocks, partly.versions, partly.learning, partly.late, partly.strangers, partly.keyed
