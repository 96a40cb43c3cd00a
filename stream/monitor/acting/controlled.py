"""Controls take effect: a control holds from T, the first pane of its model that is not closed yet.

Nothing that readers do depends on it, so it need not wait for panes that nobody has read. What it meets there, such as
an open incident, is what all closes before T have left, and no later one.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec import UNSET

from sinks import commit as tables
from stream.config.settings import Settings
from stream.controls.asked import (
    EVERY,
    Acknowledge,
    BadControl,
    Close,
    Control,
    Promote,
    Reference,
    Trigger,
    loosely,
    model_of,
    parsed,
    text_of,
)
from stream.events import NEVER
from stream.ledger import Ledger
from stream.monitor.acting.asked import act, opened, settled
from stream.monitor.acting.deciding import Deciding
from stream.monitor.panes.closing import Panes
from stream.monitor.plans.promoting import begin, close_incidents
from stream.monitor.plans.referring import referred
from stream.monitor.scopes import Scope, event_scope
from stream.monitor.state import State
from stream.reference import ReferenceProblem

APPLIED, REPEATED, REFUSED, LOST = "applied", "repeated", "refused", "lost"


class Note(NamedTuple):
    """A record of the control topic, and T. `upto`: no record, but a gap that ends there; -1: it is one."""

    number: int  # of this store: in which order they came
    topic: str
    partition: int
    offset: int
    stamp: int  # ms, of the record
    since: int  # T, ns
    text: str
    upto: int = -1
    step: int = NEVER  # of labels, after which it takes effect, where it is about what those have left


class Controlled:
    """Applies controls to a state, and writes down what became of them."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger, panes: Panes) -> None:
        self._settings, self._state, self._ledger, self._panes = settings, state, ledger, panes
        self._told: list[Note] = []  # by a journal, and not due yet

    def read(self, value: bytes | None) -> str:
        """A record as text."""
        return text_of(value)

    def since(self, text: str) -> int:
        """T of a control that comes now."""
        closed, scope = self._state.closed, self._scope(model_of(text))
        return max(closed.values(), default=NEVER) if scope is None else closed.get(scope, NEVER)

    def mine(self, text: str) -> bool:
        """Whether a record is this monitor's: of one of its models, of all, or of none, which one of them tells."""
        model = model_of(text)
        return model == EVERY or self._settings.monitors.mine(model)

    def step(self, text: str) -> int:
        """The newest step of labels, where a control does something about an incident that those have opened.

        Steps of labels are behind closes, by how much depends on the reading. So a journal says when it took effect.
        """
        try:
            control = parsed(text)
        except BadControl:
            return NEVER
        if not isinstance(control, Acknowledge | Close) or self._state.controls.repeated(control):
            return NEVER
        known = isinstance(control, Acknowledge) and self._state.controls.acknowledged(control.model, control.incident)
        if known or control.incident not in opened(self._state.labelled, control.model):
            return NEVER
        return self._state.joined.get(control.model, NEVER)

    def tell(self, notes: Iterable[Note]) -> None:
        """Apply what a journal says when it is due."""
        notes = list(notes)
        late = [(note.step, note.number, parsed(note.text)) for note in notes if note.step != NEVER]
        self._state.later = (*self._state.later, *sorted(late, key=lambda each: each[:2]))  # type: ignore[arg-type]
        for model, joined in self._state.joined.items():
            settled(self._state, self._ledger, model, joined)
        self._told = sorted((*self._told, *notes), key=lambda note: (note.since, note.number))
        for scope in {None, *self._state.scopes}:
            self.passed(scope, NEVER if scope is None else self._state.closed.get(scope, NEVER))

    def passed(self, scope: Scope | None, closed: int) -> None:
        """Apply what holds from there on: all panes of the scope up to this end are closed, and no later one."""
        if self._told:
            due = [note for note in self._told if self._due(note, scope, closed)]
            self._told = [note for note in self._told if note not in due]
            for note in due:
                self._do(note)

    def _due(self, note: Note, scope: Scope | None, closed: int) -> bool:
        own = self._scope(model_of(note.text))
        return own is None or (own == scope and note.since <= closed)

    def _scope(self, model: str) -> Scope | None:
        settings = self._settings.model(model) if model not in {"", EVERY} else None
        return None if settings is None else event_scope(settings, self._settings)

    # ---- one control

    def apply(self, note: Note) -> None:
        """Do what a record asks for that comes now: closes are where T is, and labels where its step is."""
        self._do(note)
        if note.step != NEVER:
            control = parsed(note.text)
            assert isinstance(control, Acknowledge | Close)
            act(control, self._state.labelled, note.step, self._ledger)

    def _do(self, note: Note) -> None:
        """Do what the record asks for, and say what became of it."""
        if note.upto >= 0:
            self._row(note, loosely(""), {}, LOST, f"the topic had forgotten records {note.offset} to {note.upto}")
            return
        try:
            control = parsed(note.text)
        except BadControl as bad:
            self._row(note, loosely(note.text), {}, REFUSED, str(bad))
            return
        outcome, why = self._applied(control, note)
        said = {name: getattr(control, name) for name in ("id", "kind", "model", "who", "words")}
        self._row(note, said, control.detail, outcome, why)

    def _applied(self, control: Control, note: Note) -> tuple[str, str]:
        state, since = self._state, note.since
        if control.model != EVERY and control.model not in state.roster.index:
            return REFUSED, "no event of a model of this name has come, and the configuration does not name it"
        if state.controls.repeated(control):
            return REPEATED, ""
        mine = opened(state.policies, control.model)
        labelled = {control.incident} if isinstance(control, Acknowledge | Close) and note.step != NEVER else set()
        if isinstance(control, Reference) and (why := self._refer(control, since)):
            return REFUSED, why
        if isinstance(control, Promote):
            why = self._promote(control, since)
            return (REFUSED, why) if why else (APPLIED, "")
        controls, why = state.controls.after(control, since, {*mine, *labelled})
        if not why and isinstance(control, Trigger):
            why = self._deciding.manual(control.model, control.id, since)
        if why:
            return REFUSED, why
        state.controls = controls
        if isinstance(control, Acknowledge | Close) and not labelled:
            act(control, state.policies, since, self._ledger)
        return APPLIED, ""

    @cached_property
    def _deciding(self) -> Deciding:
        return Deciding(self._settings, self._state, self._ledger)

    def _promote(self, control: Promote, since: int) -> str:
        """Make another version the one that is served, with the reference that it brings or learns; else why not."""
        state, entry = self._state, self._state.roster[control.model]
        before = state.controls
        state.controls, why = before.after(control, since, (), entry.versions)
        if not why and control.saved is not UNSET:
            why = self._refer(control, since)
        if why:
            state.controls = before
            return why
        if control.saved is UNSET:
            begin(state, entry, control)
        close_incidents(state, self._ledger, control, since)
        return ""

    def _refer(self, control: Reference | Promote, since: int) -> str:
        """Adopt a reference; else why not."""
        entry = self._state.roster[control.model]
        try:
            plan = referred(control, entry, self._settings, since)
        except ReferenceProblem as problem:
            return str(problem)
        self._panes.adopt(plan, entry.basis)
        return ""

    def _row(self, note: Note, said: Mapping[str, str], detail: Mapping[str, object], outcome: str, why: str) -> None:
        """What a person reads later. Of what concerns everybody, one monitor keeps the row."""
        told = {name: said.get(name, "").replace("\0", "\ufffd") for name in ("id", "kind", "model", "who", "words")}
        if self._settings.monitors.mine(told["model"]):
            at = np.datetime64(max(note.stamp, 0) * 1_000, "us")
            place, more = (note.topic, note.partition, note.offset), msgspec.json.encode(detail).decode()
            self._ledger.row(tables.CONTROLS, *place, at, note.since, *told.values(), more, outcome, why)
