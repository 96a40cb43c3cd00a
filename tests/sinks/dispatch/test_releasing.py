"""A trigger whose data is broken is held, and released when it is mended: once, unless a later one took its place."""

import json
from contextlib import suppress

import pytest

from sinks.dispatch.letters import Letter, released, worth_another_try
from sinks.dispatch.target import Again
from sinks.dispatch.targets.holding import Holding
from tests.sinks.dispatch.test_letters import again, of
from tests.sinks.dispatch.worlds import Killed, Memory, Scripted, World, trigger

BROKEN = trigger(1, hold_training=True)


def world(target: Scripted, memory: Memory | None = None) -> World:
    """A process whose target starts nothing that is to be held."""
    made = World(target, memory)
    made.desk.target = Holding(target)
    return made


def held() -> tuple[World, Letter]:
    """A trigger that is held, and its letter."""
    made = world(Scripted())
    made.settle(BROKEN)
    return made, of(made)


def test_what_is_held_is_started_once_it_is_released() -> None:
    """Under the same id; what the target reads says that nothing is to be held any more."""
    made, one = held()
    assert one.held
    assert [] == made.target.asked
    free = again(released(one))
    assert (BROKEN.id, {**BROKEN.data, "hold_training": False}) == (free.id, free.data)
    assert json.loads(free.raw)["data"] == free.data
    made.settle(free, free)
    world(made.target, made.memory).settle(free, BROKEN)
    assert ["t1"] == made.target.asked
    assert ["accepted", "failed", "accepted", "started"] == [state for _, state in made.memory.outcomes]


def test_what_is_not_released_stays_held() -> None:
    """Another try alone mends nothing."""
    made, one = held()
    made.settle(again(one))
    assert [] == made.target.asked
    assert of(made).held


def test_what_fails_after_its_release_is_held_no_more() -> None:
    """Its letter is one like any other."""
    made, one = held()
    made.target.answers.extend([Again("HTTP 500")] * 1_000)
    made.settle(again(released(one)))
    assert not of(made).held
    assert [of(made)] == worth_another_try([one, of(made)])


def test_what_a_later_trigger_has_replaced_is_not_released() -> None:
    """The later one is what is wanted, whatever has become of it; it is told that the other waits for nothing."""
    made, one = held()
    made.settle(trigger(2, supersedes="t1"))
    assert {"t1": "superseded", "t2": "started"} == made.states()
    assert [("t1", "failed"), ("t1", "superseded")] == [told for told in made.memory.outcomes if told[0] == "t1"][1:]
    made.settle(again(released(one)))
    world(made.target, made.memory).settle(again(released(one)))
    assert ["t2"] == made.target.asked


def test_of_several_that_are_held_the_newest_is_released() -> None:
    """The others are superseded, whether the ledger or the letters say so."""
    made, one = held()
    made.settle(trigger(2, supersedes="t1", hold_training=True))
    (newest,) = worth_another_try([one, of(made)])
    made.settle(*(again(released(each)) for each in (one, newest)))
    assert ["t2"] == made.target.asked


def test_a_release_waits_for_the_triggers_of_its_model_before_it() -> None:
    """Whatever stands in the topic first is asked first."""
    made, one = held()
    made.target.answers.append(Again("HTTP 500"))
    made.settle(trigger(2), again(released(one)), trigger(3, "pricing"))
    assert ["t2", "t2", "t1"] == [each for each in made.target.asked if each != "t3"]


@pytest.mark.parametrize("effects", range(1, 12))
def test_a_kill_while_a_held_trigger_is_replaced_loses_no_word(effects: int) -> None:
    """Both records come again; the one is told to be superseded, the other is started."""
    made, one = held()
    target, memory, left = made.target, made.memory, [effects]

    def strike(_: str) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    memory.strike = strike
    with suppress(Killed):
        world(target, memory).settle(trigger(2, supersedes="t1"))
    memory.strike = lambda _: None
    world(target, memory).settle(BROKEN, trigger(2, supersedes="t1"), again(released(one)))
    assert {"t1": "superseded", "t2": "started"} == world(target, memory).states()
    assert {"t2"} == set(target.asked)
    assert {"accepted", "failed", "superseded"} == {state for name, state in memory.outcomes if name == "t1"}
    assert ("t2", "started") in memory.outcomes
