"""What dispatchers tell is kept once, with the time up to which panes were closed, and again where it is told again."""

import json
from collections.abc import Sequence

import pytest

from sinks import commit as tables
from sinks.commit import Store, Table
from sinks.dispatch.fate import STARTED, Fate
from sinks.dispatch.outcome import outcome
from sinks.memory import MemoryStore
from stream.controls.heeding import OUTCOME, Heeding
from stream.events import NEVER
from stream.journey import Journey
from stream.monitor.acting.running import SEEN_MAX
from stream.outcomes import TEXT_MAX, WORDS_MAX, BadOutcome, parsed, text_of
from tests.stream.app.travelling import journey, receive

EVENTS, TOLD, ASKED = ("p", 0), ("driftline.outcomes", 0), ("driftline.control", 0)


def said(identity: str = "1", **more: object) -> dict[str, object]:
    """An outcome."""
    data = {"trigger": "t", "target": "hook", "model": "m", "state": "started", "at": "2026-11-20T17:00:04Z"}
    return {"id": identity, "data": data | more}


def tell(side: Heeding, place: tuple[str, int], *records: dict[str, object] | bytes | None) -> None:
    """Records of a side topic, from where it has been read."""
    first = side.positions.setdefault(place, 0)
    offsets = list(range(first, first + len(records)))
    values = [json.dumps(each).encode() if isinstance(each, dict) else each for each in records]
    side.receive(place, offsets, [5] * len(offsets), values, first + len(records))


def column(store: Store, table: Table, *names: str) -> list[Sequence[object]]:
    """Columns of a table, row by row."""
    found = store.select(table)
    return list(zip(*(found[name].tolist() for name in names), strict=True))


def travelled() -> Journey:
    """One whose model has been learned, and windows of it judged."""
    made = journey(EVENTS)
    receive(made, EVENTS, [second for second in range(0, 700, 3) for _ in range(2)])
    receive(made, EVENTS, list(range(700, 2_500, 10)))
    return made


def test_what_the_dispatcher_writes_is_read() -> None:
    """Word by word."""
    about = {"state": STARTED, "external_id": "run-17", "link": "https://x/17", "started_at": 2.5}
    fate = Fate("t", "hook", "m", "3", "i", 1.5, **about)  # type: ignore[arg-type]
    one = parsed(outcome(fate, STARTED).decode())
    told = one.trigger, one.target, one.model, one.version, one.incident, one.state, one.external_id, one.link
    assert ("t", "hook", "m", "3", "i", "started", "run-17", "https://x/17") == told
    assert 2_500_000_000 == one.at


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (b"", "Input data was truncated"),
        (b"[1]", "Expected `object`, got `array`"),
        (said(state="done"), "Invalid enum value 'done' - at `$.data.state`"),
        (said(at="yesterday"), "at: expected a time such as 2026-11-20T17:00:00Z, or epoch milliseconds"),
        (said(target=""), "Expected `str` of length >= 1 - at `$.data.target`"),
        (b"x" * 20_000, f"longer than {TEXT_MAX:,} characters"),
    ],
)
def test_what_tells_nothing_is_refused_with_a_sentence(record: dict[str, object] | bytes, sentence: str) -> None:
    """Whatever it is."""
    value = record if isinstance(record, bytes) else json.dumps(record).encode()
    with pytest.raises(BadOutcome) as refused:
        parsed(text_of(value))
    assert sentence == str(refused.value)


def test_what_is_too_long_to_keep_is_cut() -> None:
    """A part of an address would lead nowhere."""
    one = parsed(json.dumps(said(why="x" * 5_000, link="https://x/" + "y" * 5_000)).encode().decode())
    assert (WORDS_MAX, "") == (len(one.why), one.link)


def test_each_outcome_is_kept_once_and_the_rest_are_dead_letters() -> None:
    """Told again it leaves no row; what retention has taken leaves one."""
    made, store = journey(EVENTS), MemoryStore()
    receive(made, EVENTS, [10, 70, 130, 190])
    tell(made.outcomes, TOLD, said(), said(), said("2", state="succeeded"), b"{", None)
    made.outcomes.lose(TOLD, 9)
    store.write(made.take())
    closed = made.state.closed["p",]
    assert [("1", "started", closed), ("2", "succeeded", closed), ("", "lost", closed)] == column(
        store, tables.OUTCOMES, "id", "state", "since"
    )
    assert [(3, "no_outcome", b"{"), (4, "no_outcome", b"")] == column(
        store, tables.DEAD_LETTERS, "offset", "reason", "payload"
    )
    assert 6 == store.select(tables.JOURNAL)["kind"].tolist().count(OUTCOME)


def test_a_restart_knows_what_was_told() -> None:
    """And reads on behind it."""
    made, store = journey(EVENTS), MemoryStore()
    tell(made.outcomes, TOLD, said())
    store.write(made.take())
    after = journey(store=store)
    assert {TOLD: 1} == after.outcomes.positions
    tell(after.outcomes, TOLD, said(), said("2"))
    store.write(after.take())
    assert [("1", NEVER), ("2", NEVER)] == column(store, tables.OUTCOMES, "id", "since")


def test_as_many_are_remembered_of_a_model_as_a_dispatcher_tells_within_minutes() -> None:
    """Readers know the others by their ids."""
    made = journey(EVENTS)
    tell(made.outcomes, TOLD, *(said(str(n)) for n in range(SEEN_MAX + 5)))
    assert (str(5), str(SEEN_MAX + 4)) == (made.state.told["m"][0], made.state.told["m"][-1])


def test_somebody_asks_for_a_retraining_and_gets_one_each_time() -> None:
    """By the id of the control, whatever the cooldown says; what is paused asks for nothing."""
    made, store = travelled(), MemoryStore()
    ask = {"id": "a", "kind": "trigger", "model": "m"}
    tell(
        made.heeding, ASKED, ask, ask, ask | {"id": "b"}, {"id": "p", "kind": "pause", "model": "m"}, ask | {"id": "c"}
    )
    store.write(made.take())
    told = column(store, tables.CONTROLS, "id", "outcome", "why")
    paused = "it is paused, and nothing triggers meanwhile: resume it first"
    assert [("a", "applied", ""), ("a", "repeated", ""), ("b", "applied", ""), ("p", "applied", "")] == told[:4]
    assert ("c", "refused", paused) == told[4]
    bodies = [json.loads(body)["data"] for (body,) in column(store, tables.TRIGGERS, "body")]
    first, second = sorted(bodies, key=lambda data: data["supersedes"] is not None)
    assert ["manual", "manual"] == [first["reason"], second["reason"]]
    ids = {each for (each,) in column(store, tables.TRIGGERS, "id")}
    assert first["supersedes"] is None
    assert second["supersedes"] in ids


def test_a_model_without_a_reference_asks_for_nothing() -> None:
    """Nobody knows what to train again."""
    made, store = journey(EVENTS), MemoryStore()
    receive(made, EVENTS, [10, 70, 130, 190])
    tell(made.heeding, ASKED, {"id": "a", "kind": "trigger", "model": "m"})
    store.write(made.take())
    assert [("refused", "it has no reference yet, so nobody knows what to train again")] == column(
        store, tables.CONTROLS, "outcome", "why"
    )
