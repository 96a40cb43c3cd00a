"""What people ask of a monitor: a record is a control or a reason, and what is in force follows from their order."""

import json
import re
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.controls.asked import DAY, EVERY, KINDS, TEXT_MAX, BadControl, Control, parsed, text_of
from stream.controls.control import KNOWN_MAX, SEEN_MAX, SPANS_MAX, Controls
from stream.events import NEVER

MS = 1_000_000
T = 1_795_000_000_000 * MS


def control(kind: str, model: str = "fraud", identity: str = "1", **said: object) -> Control:
    """A control as its record says it."""
    return parsed(json.dumps({"id": identity, "kind": kind, "model": model, **said}))


def after(*controls: Control, since: int = T, opened: tuple[str, ...] = ()) -> Controls:
    """What is in force after some controls, of which none is refused."""
    held = Controls()
    for each in controls:
        held, why = held.after(each, since, opened)
        assert not why
    return held


def refused(held: Controls, asked: Control, since: int = T, opened: tuple[str, ...] = ()) -> str:
    """Why a control is refused, which changes nothing."""
    same, why = held.after(asked, since, opened)
    assert same is held
    return why


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ("", "Input data was truncated"),
        ("[1]", "Expected `object`, got `array`"),
        ('{"kind": "pause", "model": "fraud"}', "Object missing required field `id`"),
        (
            '{"id": "1", "model": "fraud"}',
            f"kind: expected {', '.join(KINDS[:-1])} or {KINDS[-1]}, found none",
        ),
        ('{"id": "1", "kind": "paws", "model": "fraud"}', "found paws"),
        ('{"id": "1", "kind": "pause", "model": "*"}', "pause needs the name of one model, not *"),
        ('{"id": "1", "kind": "pause", "model": "fraud", "until": 1}', "unknown field `until`"),
        ('{"id": "1", "kind": "close", "model": "fraud"}', "missing required field `incident`"),
        ('{"id": "1", "kind": "maintenance", "model": "*", "to": "noon"}', "to: expected a time such as"),
        ('{"id": "1", "kind": "maintenance", "model": "*", "from": 5, "to": 5}', "to: expected a time after `from`"),
        ('{"id": "1", "kind": "deployment", "model": "*", "from": 5, "to": 9000000000}', "at most 31 days after"),
        ('"' + "x" * TEXT_MAX + '"', "longer than 16,384 characters"),
    ],
)
def test_what_is_no_control_says_what_was_expected(record: str, sentence: str) -> None:
    """Nothing of it is done."""
    with pytest.raises(BadControl, match=re.escape(sentence)):
        parsed(record)


@given(st.binary(max_size=60) | st.none())
def test_any_bytes_are_a_control_or_none(value: bytes | None) -> None:
    """Never anything else."""
    with suppress(BadControl):
        assert parsed(text_of(value)).kind in KINDS


def test_a_model_is_paused_until_it_is_resumed() -> None:
    """From T on, which is not before it."""
    held = after(control("pause"))
    assert (False, True, False) == (held.paused("fraud", T), held.paused("fraud", T + 1), held.paused("churn", T + 1))
    assert "it is paused already" == refused(held, control("pause", identity="2"))
    assert not after(control("pause"), control("resume")).paused("fraud", T + 1)
    resumed, _ = held.after(control("resume", identity="2"), T + 5, ())
    assert ["", "pause", "pause", ""] == [resumed.quiet("fraud", T + n) for n in (0, 1, 5, 6)]
    assert ("", "pause") == (held.quiet("fraud", T), held.quiet("fraud", T + 6))
    assert "it is not paused" in refused(Controls(), control("resume"))


def test_nothing_is_asked_for_while_something_is_announced() -> None:
    """Of one model, or of all; what it says is told."""
    announced = {"from": T // MS + 1, "to": T // MS + 3, "who": "ada", "words": "new disks"}
    one, every = after(control("maintenance", **announced)), after(control("deployment", EVERY, **announced))
    expected = ["", "", "maintenance by ada: new disks", "maintenance by ada: new disks", ""]
    assert expected == [one.quiet("fraud", T + n * MS) for n in range(5)]
    assert ("", "deployment by ada: new disks") == (one.quiet("churn", T + 2 * MS), every.quiet("churn", T + 2 * MS))
    assert [("fraud", T + 3 * MS)] == [(name, span.end) for name, span in one.announced(T)]
    assert [] == one.announced(T + 3 * MS)


def test_without_a_beginning_it_begins_now_and_resume_ends_it() -> None:
    """What is still to come stays announced."""
    now, later = (
        control("maintenance", to=T // MS + 9),
        control("maintenance", **{"from": T // MS + 5, "to": T // MS + 9}),
    )
    assert ("", "maintenance") == tuple(after(now).quiet("fraud", T + n) for n in (0, 1))
    resumed, why = after(now, later).after(control("resume"), T + MS, ())
    assert ("", "", "maintenance") == (why, resumed.quiet("fraud", T + 2 * MS), resumed.quiet("fraud", T + 7 * MS))
    assert "it is over already" == refused(Controls(), control("maintenance", to=T // MS))
    assert "31 days from now" in refused(Controls(), control("maintenance", to=(T + 32 * DAY) // MS))


def test_incidents_are_acknowledged_and_closed_while_they_are_open() -> None:
    """Once; where many are known, those that are over are forgotten."""
    known = control("acknowledge", incident="i", who="ada")
    held = after(known, opened=("i", "j"))
    found = held.acknowledged("fraud", "i")
    assert found is not None
    assert (T, "ada") == (found.since, found.who)
    assert "acknowledged before" in refused(held, known, opened=("i",))
    assert "no incident i of this model is open" == refused(held, control("close", incident="i"))
    closed = held.after(control("close", incident="i"), T, ("i", "j"))[0]
    assert closed.acknowledged("fraud", "i") is None
    assert "acknowledged before" in refused(held, known)
    for n in range(2 * KNOWN_MAX):
        held = held.after(control("acknowledge", incident=f"{n}"), T, ("i", f"{n}"))[0]
    remembered = held.models["fraud"].acknowledged
    assert ("i" in remembered, len(remembered) <= KNOWN_MAX) == (True, True)


def test_ids_are_remembered_of_what_was_applied() -> None:
    """By model, the newest."""
    pause, resume = control("pause"), control("resume", identity="2")
    held = after(pause)
    assert (True, False) == (held.repeated(pause), held.repeated(resume))
    assert not held.repeated(control("pause", "churn"))
    many = [control("pause" if n % 2 else "resume", identity=str(n)) for n in range(1, SEEN_MAX + 2)]
    held = after(*many)
    assert [False, True] == [held.repeated(many[0]), held.repeated(many[1])]


def test_what_is_announced_has_a_bound() -> None:
    """What was over a month ago makes room."""
    held = after(*(control("maintenance", identity=str(n), to=(T + DAY) // MS) for n in range(SPANS_MAX)))
    more = control("maintenance", identity="more", **{"from": (T + 34 * DAY) // MS, "to": (T + 35 * DAY) // MS})
    assert f"{SPANS_MAX} are announced already" == refused(held, more)
    after_a_while, why = held.after(more, T + 33 * DAY, ())
    assert ("", 1) == (why, len(after_a_while.models["fraud"].spans))


def test_pauses_that_are_over_have_the_same_bound() -> None:
    """However often somebody pauses."""
    held = Controls()
    for n in range(2 * SPANS_MAX):
        for i, kind in enumerate(("pause", "resume")):
            held, why = held.after(control(kind, identity=f"{n} {i}"), T + (2 * n + i) * MS, ())
            assert not why
    assert SPANS_MAX == len(held.models["fraud"].spans)


def test_what_is_in_force_survives_its_bytes() -> None:
    """As in a checkpoint; and it can be shared out and joined."""
    held = after(
        control("pause"), control("maintenance", "churn", to=T // MS + 9), control("deployment", EVERY, to=T // MS + 9)
    )
    assert held == msgspec.msgpack.decode(msgspec.msgpack.encode(held), type=Controls)
    assert {"fraud", EVERY} == set(held.of({"fraud"}).models)
    assert held == held.of({"fraud"}).joined(held.of({"churn"}))
    assert after(control("pause"), since=NEVER).paused("fraud", 0)
