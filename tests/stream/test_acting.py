"""Incidents that labels have opened are acknowledged and closed where labels are, whoever is ahead of whom."""

import json

from sinks import commit as tables
from stream.config.parse import parse
from stream.config.settings import MINUTE
from stream.ledger import Ledger
from stream.monitor.acting.asked import settled
from stream.monitor.acting.controlled import Controlled, Note
from stream.monitor.panes.closing import Panes
from stream.monitor.plans.onboarding import Sources
from stream.monitor.state import State
from stream.policy import Incident, Policy
from tests.stream.app.travelling import SETTINGS

ASKED = ("driftline.control", 0)
T, STEP = 30 * MINUTE, 20 * MINUTE
OPENED = Policy(incident=Incident("i", 15 * MINUTE, MINUTE, "performance:accuracy", "", "performance", "performance"))


def labelled() -> tuple[State, Ledger, Controlled]:
    """A model with an incident of labels, whose steps are behind its closes."""
    ledger, state = Ledger(), State(scopes=(("p",),))
    state.roster = state.roster.admit("m", parse("").defaults, "")
    state.labelled["m", "1"], state.joined["m"], state.closed["p",] = OPENED, STEP, T
    return state, ledger, Controlled(SETTINGS, state, ledger, Panes(SETTINGS, Sources(SETTINGS.limits), state, ledger))


def note(controlled: Controlled, number: int, kind: str) -> Note:
    """A control as it comes."""
    text = json.dumps({"id": str(number), "kind": kind, "model": "m", "incident": "i", "who": "ada"})
    return Note(number, *ASKED, number, 5, controlled.since(text), text, step=controlled.step(text))


def rows(ledger: Ledger) -> tuple[list[object], list[object]]:
    """What became of the incident and of the controls."""
    found = ledger.take(1).tables
    incidents, controls = found["incidents"], found["controls"]
    told = zip(incidents["state"].tolist(), incidents["at"].astype("datetime64[ns]").astype(int).tolist(), strict=True)
    return list(told), list(zip(controls["outcome"].tolist(), controls["why"].tolist(), strict=True))


WHY = "no incident i of this model is open"
EXPECTED = (
    [("acknowledged", STEP), ("closed", STEP)],
    [
        ("applied", ""),
        ("refused", "it was acknowledged before"),
        ("applied", ""),
        ("refused", WHY),
    ],
)
KINDS = ("acknowledge", "acknowledge", "close", "close")


def test_an_incident_of_labels_is_acknowledged_and_closed_at_their_step() -> None:
    """Once; who knows of it is kept."""
    state, ledger, controlled = labelled()
    notes = []
    for number, kind in enumerate(KINDS[:2]):
        notes.append(note(controlled, number, kind))
        controlled.apply(notes[-1])
    known = state.controls.acknowledged("m", "i")
    assert known is not None
    assert ("ada", T) == (known.who, known.since)
    for number, kind in enumerate(KINDS[2:], 2):
        notes.append(note(controlled, number, kind))
        controlled.apply(notes[-1])
    ends, outcomes = rows(ledger)
    assert EXPECTED[0] == ends
    assert [("applied", ""), ("applied", "")] == [outcomes[0], outcomes[2]]
    assert ["refused", "refused"] == [outcomes[1][0], outcomes[3][0]]  # type: ignore[index]
    assert state.labelled["m", "1"].incident is None


def test_a_journal_lets_labels_act_at_their_step_and_closes_at_theirs() -> None:
    """Whichever of both is there first: then nothing of it depends on how fast labels were read."""
    live, ledger, controlled = labelled()
    notes = []
    for number, kind in enumerate(KINDS):
        notes.append(note(controlled, number, kind))
        controlled.apply(notes[-1])
    expected = rows(ledger)
    for first in ("labels", "closes"):
        state, ledger, controlled = labelled()
        state.joined["m"], state.closed["p",] = 10 * MINUTE, 10 * MINUTE
        controlled.tell(notes)
        assert not ledger
        for what in (first, "labels" if first == "closes" else "closes"):
            if what == "labels":
                settled(state, ledger, "m", STEP - 1, ("m", "1"))
                settled(state, ledger, "m", STEP + 4 * MINUTE, ("m", "2"))
                assert state.labelled["m", "1"].incident is not None
                settled(state, ledger, "m", STEP, ("m", "1"))
            else:
                state.closed["p",] = T
                controlled.passed(("p",), T)
        assert expected == rows(ledger)
        assert (state.labelled, state.controls, ()) == (live.labelled, live.controls, state.later)


def test_what_labels_have_not_opened_is_refused() -> None:
    """By closes, too."""
    state, ledger, controlled = labelled()
    state.labelled["m", "1"] = Policy()
    controlled.apply(note(controlled, 0, "close"))
    assert ["refused"] == ledger.take(1).tables["controls"]["outcome"].tolist()
    assert tables.INCIDENTS.name not in ledger.take(2).tables
