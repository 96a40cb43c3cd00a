"""What became of triggers is written down: it changes nothing of what is found. Outcomes act through controls alone."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from sinks import commit as tables
from stream.config.settings import Settings
from stream.events import NEVER
from stream.ledger import Ledger, moment
from stream.monitor.acting.controlled import Note
from stream.monitor.scopes import event_scope
from stream.monitor.state import State
from stream.outcomes import BadOutcome, model_of, parsed, text_of

LOST: Final = "lost"
NO_OUTCOME: Final = "no_outcome"  # the reason of its dead letters
PAYLOAD_MAX: Final = 1_024  # bytes of a dead letter
SEEN_MAX: Final = 100  # ids of a model that are remembered: a dispatcher tells again what it told before it died
MODELS_MAX: Final = 1_000  # of which ids are remembered: whoever may write to the topic may invent names


class Running:
    """Keeps each outcome once, with T: by then its model's panes were closed."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._settings, self._state, self._ledger = settings, state, ledger

    def read(self, value: bytes | None) -> str:
        """A record as text."""
        return text_of(value)

    def since(self, text: str) -> int:
        """T of what comes now."""
        closed, name = self._state.closed, model_of(text)
        model = self._settings.model(name) if name else None
        if model is None:
            return max(closed.values(), default=NEVER)
        return closed.get(event_scope(model, self._settings), NEVER)

    def step(self, text: str) -> int:
        """It waits for no step of labels."""
        assert text is not None
        return NEVER

    def mine(self, text: str) -> bool:
        """Whether a record is of one of this monitor's models, or of none, which one of them tells."""
        return self._settings.monitors.mine(model_of(text))

    def tell(self, notes: Iterable[Note]) -> None:
        """Write down what a journal says."""
        for note in sorted(notes, key=lambda note: (note.number, note.partition, note.offset)):
            self.apply(note)

    def apply(self, note: Note) -> None:
        """Write a record down, unless that was done before."""
        if note.upto >= 0:
            why = f"the topic had forgotten records {note.offset} to {note.upto}"
            self._row(note, np.datetime64(0, "us"), "", "", "", "", "", "", LOST, "", "", why)
            return
        try:
            one = parsed(note.text)
        except BadOutcome as bad:
            self._bury(note, str(bad))
            return
        if not self._heard(one.model, one.id):
            about = one.id, one.trigger, one.target, one.model, one.version, one.incident
            self._row(note, moment(one.at), *about, one.state, one.external_id, one.link, one.why)

    def _heard(self, model: str, identity: str) -> bool:
        """Whether it was told before; it is remembered."""
        known = self._state.told.pop(model, ())
        self._state.told[model] = known if identity in known else (*known, identity)[-SEEN_MAX:]
        while len(self._state.told) > MODELS_MAX:  # several former monitors may have remembered as many each
            del self._state.told[next(iter(self._state.told))]
        return identity in known

    def _row(self, note: Note, at: np.datetime64, *told: str) -> None:
        self._ledger.row(tables.OUTCOMES, note.topic, note.partition, note.offset, at, note.since, *told)

    def _bury(self, note: Note, why: str) -> None:
        """Put what nobody understands where a person finds it."""
        place, at = (note.topic, note.partition, note.offset, 0), moment(max(note.since, 0))
        payload = note.text.encode()[:PAYLOAD_MAX]
        self._ledger.row(tables.DEAD_LETTERS, *place, at, NO_OUTCOME, why, payload)
