"""Controls take effect on a journey, are told of, and are told again."""

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

import msgspec

from sinks import commit as tables
from sinks.commit import Store
from sinks.memory import MemoryStore
from stream.config.parse import parse
from stream.config.settings import MINUTE
from stream.controls.asked import KINDS
from stream.controls.heeding import KIND
from stream.counting.windows import decided_from
from stream.events import NEVER
from stream.journey import Journey
from stream.ledger import Ledger
from stream.monitor.acting.controlled import Controlled, Note
from stream.monitor.panes.closing import Panes
from stream.monitor.plans.onboarding import Sources
from stream.monitor.state import State
from stream.policy import Incident, Policy
from stream.policy.leaves import Memory
from stream.reference.saved import FORMAT, save
from tests.stream.app.travelling import SETTINGS, journey, receive

EVENTS, ASKED = ("p", 0), ("driftline.control", 0)


def ask(to: Journey, *records: dict[str, object] | bytes | None) -> None:
    """Records of the control topic, from where it has been read."""
    first = to.heeding.positions.setdefault(ASKED, 0)
    offsets = range(first, first + len(records))
    values = [json.dumps(each).encode() if isinstance(each, dict) else each for each in records]
    to.heeding.receive(ASKED, list(offsets), [1_000 + n for n in offsets], values, first + len(records))


def pause(identity: str = "1", model: str = "m") -> dict[str, object]:
    """A pause."""
    return {"id": identity, "kind": "pause", "model": model, "who": "ada"}


def column(store: Store, *names: str) -> list[Sequence[object]]:
    """Columns of `controls`, row by row."""
    found = store.select(tables.CONTROLS)
    return list(zip(*(found[name].tolist() for name in names), strict=True))


def test_each_record_becomes_a_row_with_its_outcome() -> None:
    """Whatever it is."""
    made, store = journey(EVENTS), MemoryStore()
    receive(made, EVENTS, [10, 70, 130, 190])
    ask(made, pause(), pause(), pause("2"), None, b'{"kind": "paws", "id": "x\\u0000"}', pause("3", "nobody"))
    store.write(made.take())
    assert [
        ("1", "pause", "m", "applied", ""),
        ("1", "pause", "m", "repeated", ""),
        ("2", "pause", "m", "refused", "it is paused already"),
        ("", "", "", "refused", "Input data was truncated"),
        (
            "x\ufffd",
            "paws",
            "",
            "refused",
            f"kind: expected {', '.join(KINDS[:-1])} or {KINDS[-1]}, found paws",
        ),
        (
            "3",
            "pause",
            "nobody",
            "refused",
            "no event of a model of this name has come, and the configuration does not name it",
        ),
    ] == column(store, "id", "kind", "model", "outcome", "why")
    closed = made.state.closed["p",]
    assert [closed] * 6 == [since for (since,) in column(store, "since")]


def test_a_restart_goes_on_behind_what_was_heeded() -> None:
    """What was in force still is; what was not committed is read again."""
    made, store = journey(EVENTS), MemoryStore()
    receive(made, EVENTS, [10, 70, 130, 190])
    ask(made, pause())
    store.write(made.take())
    ask(made, {"id": "2", "kind": "resume", "model": "m"})
    after = journey(store=store)
    assert {ASKED: 1} == after.heeding.positions
    assert after.state.controls.paused("m", after.state.closed["p",] + 1)
    assert [KIND] == [kind for kind in store.select(tables.JOURNAL)["kind"].tolist() if kind == KIND]


def test_before_anything_is_closed_it_holds_from_the_first_pane() -> None:
    """A model that the configuration does not name is unknown by then."""
    made, store = journey(EVENTS), MemoryStore()
    ask(made, pause(), {"id": "2", "kind": "maintenance", "model": "*", "to": 9_000_000_000_000})
    store.write(made.take())
    assert [(NEVER, "refused"), (NEVER, "applied")] == column(store, "since", "outcome")


def test_another_reference_holds_from_a_pane_that_nobody_has_read() -> None:
    """One at a time; what is no saved reference changes nothing, whatever it is."""
    made, store = journey(EVENTS), MemoryStore()
    receive(made, EVENTS, [second for second in range(0, 700, 3) for _ in range(2)])
    receive(made, EVENTS, list(range(700, 1_500, 10)))
    (entry,) = made.state.roster.entries
    plan = entry.plans[-1]
    twice = save(replace(plan, reference=plan.reference + plan.reference))
    broken = msgspec.json.encode({"format": FORMAT, "id": blake2b(b"{}", digest_size=8).hexdigest(), "plan": {}})
    for n, saved in enumerate((broken, b"{}", twice, twice)):
        ask(made, {"id": str(n), "kind": "reference", "model": "m", "saved": json.loads(saved), "source": "march"})
    store.write(made.take())
    closed = made.state.closed["p",]
    before, after = made.state.roster.entries[0].plans
    assert (plan, "march", 2 * plan.n_reference) == (before, after.source, after.n_reference)
    assert decided_from(closed + MINUTE, MINUTE, SETTINGS.lateness, SETTINGS.events.max_ahead) == after.since
    assert made.marks.events["p",] + SETTINGS.events.max_ahead < after.since
    told = column(store, "outcome", "why", "detail")
    assert ["refused", "refused", "applied", "refused"] == [outcome for outcome, _, _ in told]
    assert "march is no saved reference: KeyError" in str(told[0][1])
    assert "another reference is to hold from 20" in str(told[3][1])
    assert '{"source":"march"}' == told[2][2]
    again = journey(store=store).state.roster.entries[0]
    assert [plan.id, after.id] == [each.id for each in again.plans]


def test_what_retention_has_taken_is_a_row() -> None:
    """Nobody knows what was asked."""
    made, store = journey(EVENTS), MemoryStore()
    made.heeding.find(ASKED, 3)
    made.heeding.lose(ASKED, 7)
    store.write(made.take())
    assert [("lost", "the topic had forgotten records 3 to 7", 3)] == column(store, "outcome", "why", "offset")
    assert {ASKED: 7} == made.heeding.positions


def test_a_closed_incident_opens_again_by_later_windows_alone() -> None:
    """Acknowledged first; both are rows of the incident."""
    ledger, state = Ledger(), State(scopes=(("p",),))
    state.roster = state.roster.admit("m", parse("").defaults, "")
    remembered = {"drift": Memory(((60, 0, ((("", "amount", "verdict"), 1),)),))}
    state.policies["m", "1"] = Policy(remembered, incident=Incident("i", 5, 60, "amount", "", "verdict"))
    controlled = Controlled(SETTINGS, state, ledger, Panes(SETTINGS, Sources(SETTINGS.limits), state, ledger))
    for number, kind in enumerate(("acknowledge", "close", "close")):
        text = json.dumps({"id": str(number), "kind": kind, "model": "m", "incident": "i"})
        controlled.apply(Note(number, *ASKED, number, 0, 60_000, text))
    rows = ledger.take(1).tables
    assert ["acknowledged", "closed"] == rows["incidents"]["state"].tolist()
    assert ["applied", "applied", "refused"] == rows["controls"]["outcome"].tolist()
    assert Policy({"drift": Memory()}) == state.policies["m", "1"]
