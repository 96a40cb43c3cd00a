"""Partials and boards as bytes: what comes out is what went in, and what is no such thing is refused."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stream.config.settings import Settings
from stream.counting.clocks import Mark, Start
from stream.events import NEVER
from stream.plan import Plan
from stream.roster import Roster
from stream.tiers import wire
from stream.tiers.board import Board, UnknownBoard, pack
from stream.tiers.boards import Boards
from stream.tiers.chain import ChainBroken, Link, continues
from tests.simulation.driver import Run
from tests.simulation.tiers import Tiers
from tests.simulation.world import settings, world


@pytest.fixture(scope="module")
def told() -> Tiers:
    """Workers and a monitor at the end of a log with all that can happen in one."""
    tiers = Tiers(world(20, minutes=60), seed=2, batch_max=60)
    tiers.finish()
    return tiers


def plan_of(tiers: Tiers) -> wire.PlanOf:
    """Any plan that was ever told."""
    told = (msgspec.msgpack.decode(message) for message in tiers.plans)
    known = {one[1]: Plan.load(one[2]) for one in told if one[0] == "plan"}
    return lambda model, end, plan: known[plan]  # noqa: ARG005 - all of them are open


def test_a_partial_comes_back_as_it_was(told: Tiers) -> None:
    """Of hundreds of Partials with sums, samples, late events and refusals each reads as what was packed."""
    known, pane = plan_of(told), settings(changed=True).pane
    roster = told.follower.state.roster
    n, seen = 0, set()
    for partition, partials in told.partials.items():
        for value in partials:
            link = wire.unpack(value, known)
            assert partition == link.partition
            seen |= {name for name in Link.__dataclass_fields__ if getattr(link, name)}
            seen |= {name for name in link.partial.__dataclass_fields__ if getattr(link.partial, name)}
            if all(roster.get(model) and _plan(roster, model, end - pane) for end, model, _ in link.partial.blocks):
                assert value == wire.pack(link, roster, pane)
                n += 1
    print(n, sorted(seen))
    assert n > 50
    assert seen >= {"blocks", "versions", "learning", "strangers", "samples", "late", "labels", "rejected", "drawn"}
    assert seen >= {"unwatched", "dead_letters", "kind"}


def _plan(roster: Roster, model: str, start: int) -> Plan | None:
    entry = roster.get(model)
    return None if entry is None else entry.plan_at(start)


def test_what_is_too_large_for_a_message_is_several_in_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A monitor may commit between them, and die; workers die too: the rows of one process."""
    monkeypatch.setattr(wire, "MESSAGE_BYTES", 1_500)
    log = world(20, minutes=40)
    expected = Run(log, 3, batch_max=1_000, commit_share=1.0).finish()
    tiers = Tiers(log, seed=4, batch_max=60, kill_share=0.03)
    assert expected == tiers.finish()
    lengths = [len(value) for partials in tiers.partials.values() for value in partials]
    begun = [msgspec.msgpack.decode(value)[3:5] for partials in tiers.partials.values() for value in partials]
    print(f"{len(lengths)} messages, at most {max(lengths)} bytes; {sum(a == b for a, b in begun)} of them parts")
    assert sum(a == b for a, b in begun) > 100
    assert min(tiers.worker_kills, tiers.monitor_kills) > 3


def test_sums_of_closed_panes_are_not_read(told: Tiers) -> None:
    """Where nobody knows the plan any more, its sums are left out; the chain goes on."""
    value = next(value for partials in told.partials.values() for value in partials if _blocks(value, told))
    link = wire.unpack(value, lambda model, end, plan: None)  # noqa: ARG005 - all of them are closed
    assert {} == link.partial.blocks
    assert wire.end_of(value) == (Start(link.end, link.end.position), link.gap)


def _blocks(value: bytes, told: Tiers) -> bool:
    return bool(wire.unpack(value, plan_of(told)).partial.blocks)


@example(b"\x91\xa1\x80")  # a tag that is no text
@given(st.binary(max_size=40))
def test_no_bytes_raise_anything_else(noise: bytes) -> None:
    """Whatever lies on the topic is a Partial, or refused with a sentence."""
    for read in (lambda: wire.unpack(noise, lambda *_: None), lambda: wire.end_of(noise)):
        with pytest.raises(wire.UnknownPartial):
            read()
    with pytest.raises(UnknownBoard):
        Boards(Settings()).receive(noise)


def test_another_version_is_named(told: Tiers) -> None:
    """An older side is told to be updated; it does not guess."""
    value = told.partials["mixed", 0][0]
    fields = msgspec.msgpack.decode(value)
    with pytest.raises(wire.UnknownPartial, match="a partial of version 5, where 4 is known"):
        wire.end_of(msgspec.msgpack.encode([5, *fields[1:]]))
    board = next(message for message in told.plans if msgspec.msgpack.decode(message)[0] == "board")
    fields = msgspec.msgpack.decode(board)
    with pytest.raises(UnknownBoard, match="a board of version 9, where 4 is known"):
        Boards(settings(changed=False)).receive(msgspec.msgpack.encode([fields[0], 9, *fields[2:]]))


@pytest.mark.parametrize("waits", [["nothing", []], ["triggers", [b""]], ["answers", [b""]], ["answers", [None] * 11]])
def test_rows_that_wait_and_cannot_be_read_are_no_partial(told: Tiers, waits: list[object]) -> None:
    """Another table, too few columns, columns that are none."""
    fields = msgspec.msgpack.decode(told.partials["mixed", 0][0])
    with pytest.raises(wire.UnknownPartial, match="what waits for labels"):
        wire.unpack(msgspec.msgpack.encode([*fields[:-1], [waits]]), lambda *_: None)


def test_a_board_comes_back_as_it_was(told: Tiers) -> None:
    """Its plans are said once, and a roster that has not changed stays the same object."""
    asked = {("mixed", 0): (7, 8)}
    board = told.follower.board(asked)
    read, said = Boards(settings(changed=True)), set[str]()
    for _ in range(2):
        before = read.newest
        for key, message in pack(board, said):
            read.receive(message)
            said.add(key)
        found = read.newest
        assert found is not None
        assert (board.pane, board.marks, board.bounds, board.starts, asked) == (
            found.pane,
            found.marks,
            found.bounds,
            found.starts,
            found.asked,
        )
        assert [(e.name, e.since, e.versions) for e in board.roster.entries] == [
            (e.name, e.since, e.versions) for e in found.roster.entries
        ]
        assert [[p.id for p in e.plans] for e in board.roster.entries] == [
            [p.id for p in e.plans] for e in found.roster.entries
        ]
        assert before is None or before.roster is found.roster
    assert 1 == len(list(pack(board, said)))


def test_a_board_without_its_plans_waits_for_the_next(told: Tiers) -> None:
    """Compaction leaves an old board in front of the newer copies of its plans."""
    *plans, (_, board) = pack(told.follower.board({}), ())
    read = Boards(settings(changed=True))
    read.receive(board)
    assert read.newest is None
    for _, message in plans:
        read.receive(message)
    read.receive(board)
    assert isinstance(read.newest, Board)


def test_the_chain_goes_on_repeats_or_breaks() -> None:
    """A mark is offset, row and both clocks: another clock at the same offset is another place."""
    here = Mark(5, clock=100)
    assert continues(Link(("a", 0), here, Mark(9, clock=120)), here)
    assert not continues(Link(("a", 0), Mark(0), here), here)
    for begin in (Mark(4, clock=100), Mark(6, clock=100), Mark(5, clock=90), Mark(5, clock=NEVER)):
        with pytest.raises(ChainBroken, match=r"^a/0: after .* what lies between is missing$"):
            continues(Link(("a", 0), begin, Mark(9, clock=120)), here)
