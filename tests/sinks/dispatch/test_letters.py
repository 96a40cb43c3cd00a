"""What was given up is tried again: by its dead letter, once for each letter, at the target that gave it up."""

import json

import pytest

from sinks.dispatch.letters import Letter, letter, worth_another_try
from sinks.dispatch.message import GAVE_UP, NO_TRIGGER, REDRIVEN, TARGET, read
from sinks.dispatch.outcome import outcome_id
from sinks.dispatch.target import Again, Refused, Trigger
from tests.sinks.dispatch.worlds import Killed, Memory, Scripted, World, trigger


def of(world: World, i: int = -1, at: int = 0) -> Letter:
    """A dead letter of a world, as a command reads it."""
    record = world.memory.letters[i]
    found = letter(record.value, dict(record.headers), f"0/{len(world.memory.letters)}/0", at)
    assert found is not None
    return found


def again(one: Letter) -> Trigger:
    """What the topic of triggers then holds."""
    found = read(one.trigger.raw, dict(one.headers))
    assert isinstance(found, Trigger), found
    return found


def test_a_redriven_trigger_is_started_and_told_under_ids_of_its_own() -> None:
    """The target gets the same id as before; the steps are others."""
    target = Scripted([Refused("HTTP 400")])
    world = World(target)
    world.settle(trigger(1))
    found = again(of(world))
    world.settle(found)
    assert ["t1", "t1"] == target.asked
    assert ["accepted", "failed", "accepted", "started"] == [state for _, state in world.memory.outcomes]
    ids = [json.loads(words.value)["id"] for words in world.memory.told if words.topic == "outcomes"]
    assert 4 == len(set(ids))
    assert outcome_id("t1", "airflow", "started", found.redriven) == ids[-1]


def test_a_dead_letter_counts_once() -> None:
    """However often it is put onto the topic; what fails again has a letter of its own, which counts too."""
    target = Scripted([Refused("one"), Refused("two"), Refused("three")])
    world = World(target)
    world.settle(trigger(1))
    first = again(of(world))
    world.settle(first)
    world.settle(first)
    World(target, world.memory).settle(first, trigger(1))
    assert 2 == len(target.asked)
    world.settle(again(of(world)))
    assert 3 == len(target.asked)


def test_what_was_started_since_is_not_started_again() -> None:
    """A letter that is older than the run."""
    world = World(Scripted([Refused("one")]))
    world.settle(trigger(1))
    one = of(world)
    world.settle(again(one))
    later = again(Letter(one.trigger, one.target, "another", 0, ""))
    world.settle(later)
    assert 2 == len(world.target.asked)


def test_another_target_does_not_hear_of_it() -> None:
    """A try is for the one that gave up; without the place of a letter the other header says nothing."""
    world = World(Scripted())
    world.settle(trigger(1, headers={REDRIVEN: b"0/1/0", TARGET: b"jenkins"}))
    assert [] == world.target.asked
    world.settle(trigger(1, headers={TARGET: b"jenkins"}))
    assert ["t1"] == world.target.asked


def test_another_try_may_come_while_the_end_of_the_first_is_still_told() -> None:
    """The letter is there before the ledger knows that it was told."""
    target = Scripted([Refused("one")])
    world = World(target)
    world.settle(trigger(1), trigger(1, headers={REDRIVEN: b"0/0/0", TARGET: b"airflow"}))
    assert ["t1", "t1"] == target.asked
    assert "started" == world.states()["t1"]


@pytest.mark.parametrize("effects", range(1, 10))
def test_a_kill_at_any_effect_of_another_try_loses_nothing(effects: int) -> None:
    """The record comes again, and the run is started once where the target knows it."""
    target, memory = Scripted([Refused("one")]), Memory()
    World(target, memory).settle(trigger(1))
    found, left = again(of(World(target, memory))), [effects]

    def strike(_: str) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    memory.strike = strike
    try:
        World(target, memory).settle(found)
    except Killed:
        memory.strike = lambda _: None
        World(target, memory).settle(found)
    assert "started" == memory.fates["t1", "airflow"].told
    assert {"accepted", "failed", "started"} == {state for _, state in memory.outcomes}


def test_only_what_the_dispatcher_gave_up_is_a_letter() -> None:
    """The topic also has events that were refused, and records that are no triggers."""
    raw = trigger(1).raw
    assert letter(raw, {"driftline-reason": b"malformed"}, "0/0/0", 0) is None
    assert letter(raw, {"driftline-reason": NO_TRIGGER.encode()}, "0/0/0", 0) is None
    assert letter(b"{", {"driftline-reason": GAVE_UP.encode()}, "0/0/0", 0) is None
    assert letter(None, {"driftline-reason": GAVE_UP.encode()}, "0/0/0", 0) is None


def test_the_newest_letters_that_nothing_supersedes_are_worth_another_try() -> None:
    """Of these models and targets, and written since."""
    letters = [
        Letter(trigger(1), "a", "0/0/0", 10, ""),
        Letter(trigger(1), "b", "0/1/0", 11, ""),
        Letter(trigger(2, supersedes="t1"), "a", "0/2/0", 12, ""),
        Letter(trigger(3, "pricing"), "a", "0/3/0", 13, ""),
        Letter(trigger(3, "pricing"), "a", "0/4/0", 20, ""),
    ]

    def chosen(*models: str, targets: tuple[str, ...] = (), since: int = 0) -> list[str]:
        return [one.place for one in worth_another_try(letters, models, targets, since)]

    assert ["0/1/0", "0/2/0", "0/4/0"] == chosen()
    assert ["0/4/0"] == chosen("pricing") == chosen(since=13)
    assert ["0/1/0"] == chosen(targets=("b",))
    assert ["0/2/0"] == chosen("fraud", targets=("a",))


def test_a_target_that_is_dead_gives_up_again() -> None:
    """After the same time, counted from the new try."""
    world = World(Scripted([Again("HTTP 500")] * 1_000), budget_s=100.0)
    world.settle(trigger(1))
    begun = world.clock.now
    world.settle(again(of(world)))
    assert world.clock.now >= begun + 100.0
    assert 2 == len(world.memory.letters)
