"""A trigger's way at one target: asked until settled, told step by step, models in order, nothing lost or repeated."""

import asyncio
import itertools
import json

import pytest

from sinks.dispatch import following
from sinks.dispatch.desk import HOLD_S
from sinks.dispatch.fate import Fate
from sinks.dispatch.outcome import outcome_id
from sinks.dispatch.ports import LedgerFailed, Unheard
from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Trigger
from tests.sinks.dispatch.worlds import Killed, Memory, Scripted, World, run, trigger


def test_a_trigger_is_started_and_told() -> None:
    """Accepted, started; and its record may be let go."""
    world = World(Scripted())
    world.settle(trigger(1))
    assert [("t1", "accepted"), ("t1", "started")] == world.memory.outcomes
    told = json.loads(world.memory.told[-1].value)
    assert told["id"] == outcome_id("t1", "airflow", "started")
    assert ("run-t1", "http://there", "3", "i1") == tuple(
        told["data"][name] for name in ("external_id", "link", "model_version", "incident")
    )
    assert (b"fraud", (("content-type", b"application/cloudevents+json"),)) == (
        world.memory.told[-1].key,
        world.memory.told[-1].headers,
    )


def test_each_step_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """What a target does not take is a warning, with its reason, when it is first known and when it is given up."""
    caplog.set_level("INFO", "sinks.dispatch.teller")
    World(Scripted([Again("HTTP 503", 30.0)])).settle(trigger(1))
    World(Scripted([Refused("no such DAG")])).settle(trigger(2))
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "trigger t1 of fraud at airflow: accepted: HTTP 503"),
        ("INFO", "trigger t1 of fraud at airflow: started: run-t1"),
        ("INFO", "trigger t2 of fraud at airflow: accepted"),
        ("WARNING", "trigger t2 of fraud at airflow: failed: no such DAG"),
    ]


def test_a_known_trigger_is_not_asked_again() -> None:
    """However often Kafka brings it, in this life and in the next."""
    target = Scripted()
    world = World(target)
    world.settle(trigger(1), trigger(1))
    World(target, world.memory).settle(trigger(1))
    assert ["t1"] == target.asked
    assert 2 == len(world.memory.outcomes)


def test_a_target_that_says_later_is_asked_later() -> None:
    """Rests as it asked, and its waiting is told at once."""
    world = World(Scripted([Again("HTTP 503", 30.0), Again("reset")]))
    world.settle(trigger(1))
    assert 3 == len(world.target.asked)
    assert 30.0 <= world.clock.slept[0] <= 33.0
    assert 1.0 <= world.clock.slept[1] <= 2.0
    assert "started" == world.states()["t1"]
    assert 3 == world.memory.fates["t1", "airflow"].attempts


def test_a_busy_target_is_waited_for_and_is_not_broken() -> None:
    """It answers, and says when: a training takes hours, and the trigger behind it is not given up meanwhile."""
    world = World(Scripted([Again("busy", 30.0)] * 20), budget_s=100.0)
    world.settle(trigger(1))
    assert "started" == world.states()["t1"]
    assert 600.0 <= world.clock.now - 1_000.0 < 1_000.0
    world = World(Scripted([Again("busy", 30.0)] * 1_000), budget_s=100.0)
    world.settle(trigger(1))
    assert "failed" == world.states()["t1"]
    assert "in 1000 s: busy" in world.memory.fates["t1", "airflow"].why
    assert not world.desk.breaker.open


def test_after_its_time_a_trigger_is_a_dead_letter() -> None:
    """With its reason, its payload, and an outcome; the last attempt is made when the time is over."""
    world = World(Scripted([Again("HTTP 500")] * 1_000), budget_s=100.0)
    world.settle(trigger(1))
    assert world.clock.now >= 1_100.0
    assert [("t1", "accepted"), ("t1", "failed")] == world.memory.outcomes
    (letter,) = world.memory.letters
    assert (b"t1", trigger(1).raw) == (letter.key, letter.value)
    headers = dict(letter.headers)
    assert b"dispatch_failed" == headers["driftline-reason"]
    assert b"in 100 s: HTTP 500" in headers["driftline-detail"]


def test_a_refusal_is_not_tried_again() -> None:
    """And does not count against the target."""
    world = World(Scripted([Refused("HTTP 400: no such DAG")]))
    world.settle(trigger(1))
    assert ["t1"] == world.target.asked
    assert b"HTTP 400: no such DAG" == dict(world.memory.letters[0].headers)["driftline-detail"]
    assert not world.desk.breaker.open


def test_a_dead_target_is_asked_seldom_and_its_queue_ends() -> None:
    """The budget runs for all from when they came, so a hundred that wait are given up together."""
    world = World(Scripted([Again("HTTP 500")] * 10_000), budget_s=600.0)
    world.settle(*(trigger(i, model=f"m{i}") for i in range(100)))
    assert {"failed"} == {*world.states().values()}
    assert len(world.target.asked) < 30
    assert 600.0 <= world.clock.now - 1_000.0 < 700.0


def test_those_that_wait_for_their_turn_do_not_ask_a_dead_target() -> None:
    """It was found dead while they waited: a call that is answered by a timeout costs half a minute."""

    class Slow(Scripted):
        async def start(self, trigger: Trigger) -> Started | Again | Refused:
            await world.clock.sleep(30.0)
            return await super().start(trigger)

    target = Slow([Again("no answer")] * 10_000)
    world = World(target, budget_s=600.0)
    world.settle(*(trigger(i, model=f"m{i}") for i in range(50)))
    assert {"failed"} == {*world.states().values()}
    assert len(target.asked) < 20


def test_a_model_keeps_its_order_and_others_pass() -> None:
    """Its second trigger waits for its first; another model does not."""
    target = Scripted([Again("HTTP 500")])
    World(target).settle(trigger(1, "a"), trigger(2, "a"), trigger(3, "b"))
    assert "t1" == target.asked[0]
    assert target.asked.index("t3") < target.asked.index("t2")
    assert ["t1", "t1", "t2"] == [each for each in target.asked if each != "t3"]


def test_a_target_that_is_not_meant_is_not_asked() -> None:
    """The others' triggers leave no row either."""
    world = World(Scripted())
    world.settle(trigger(1, targets=["another"]))
    assert ([], {}) == (world.target.asked, world.memory.fates)


def test_a_later_trigger_takes_the_place_of_one_that_waits() -> None:
    """The earlier one is not asked for any more."""
    world = World(Scripted([Again("HTTP 500")] * 3), budget_s=1e6)
    world.settle(trigger(1), trigger(2, supersedes="t1"))
    assert {"t1": "superseded", "t2": "started"} == world.states()
    assert [("t1", "superseded")] == [each for each in world.memory.outcomes if each[1] == "superseded"]


def test_a_later_trigger_takes_the_place_of_one_that_runs() -> None:
    """Its run is followed no further."""
    world = World(Scripted(looks=[Running()] * 1_000))
    world.settle(trigger(1))
    world.settle(trigger(2, supersedes=["t1"]))
    assert {"t1": "superseded", "t2": "started"} == world.states()
    assert ["t2"] == [*world.follower._runs]


def test_a_mistake_of_a_target_is_not_the_end() -> None:
    """What it raises counts as no answer."""
    world = World(Scripted([ValueError("oops"), asyncio.CancelledError()]))
    world.settle(trigger(1))
    assert "started" == world.states()["t1"]


@pytest.mark.parametrize("failure", [LedgerFailed("disk full"), Unheard("no broker"), RuntimeError("a mistake")])
def test_trouble_of_ours_holds_a_trigger_and_says_so(failure: Exception) -> None:
    """At whatever step it comes: nothing is lost, nothing asked twice, and readiness knows."""
    for nth in itertools.count():
        world, seen = World(Scripted()), []

        def strike(_: str, world: World = world, nth: int = nth, seen: list[str] = seen) -> None:
            seen.append(world.numbers.problem)
            if len(seen) == nth + 1:
                raise failure

        world.memory.strike = strike
        world.settle(trigger(1))
        assert "started" == world.states()["t1"]
        assert [("t1", "accepted"), ("t1", "started")] == sorted(set(world.memory.outcomes))
        assert "" == world.numbers.problem
        if len(seen) <= nth:
            break
        assert HOLD_S in world.clock.slept
        assert any("t1 of fraud is held" in each for each in seen)
    assert nth > 4


def test_killed_anywhere_a_trigger_goes_on() -> None:
    """Before each effect once: the next life ends the same, and asks again only if the answer was not kept."""
    asked = []
    for nth in itertools.count():
        memory, target, n = Memory(), Scripted(), itertools.count()

        def strike(_: str, nth: int = nth, n: "itertools.count[int]" = n) -> None:
            if next(n) == nth:
                raise Killed

        memory.strike = strike
        world = World(target, memory)
        try:
            world.settle(trigger(1))
        except (Killed, asyncio.CancelledError):
            pass
        else:
            break
        memory.strike = lambda _: None
        World(target, memory).settle(trigger(1))
        asked.append(len(target.asked))
        assert "started" == memory.fates["t1", "airflow"].told
        assert [("t1", "accepted"), ("t1", "started")] == sorted(set(memory.outcomes))
    assert [1, 1, 2, 1, 1, 1] == asked  # 2: between the answer and the ledger only the target's own key helps


def test_a_run_is_followed_to_its_end() -> None:
    """Seldomer and seldomer, and its end is told."""
    world = World(Scripted(looks=[Running(), Again("HTTP 502"), Running(), Ended(False, "task train failed")]))
    world.settle(trigger(1))
    world.look()
    assert 4 == len(world.target.looked)
    assert [("t1", "accepted"), ("t1", "started"), ("t1", "failed")] == world.memory.outcomes
    assert "task train failed" == world.memory.fates["t1", "airflow"].why
    assert [] == world.memory.letters


def test_a_run_without_an_id_hinders_no_other() -> None:
    """It cannot be asked for; those before and after it, and of the next life, are followed to their ends."""
    world = World(Scripted([Started("r1"), Started(""), Started("r3")]))
    for number in (1, 2, 3):
        world.settle(trigger(number))
    world.look()
    assert {"t1": "succeeded", "t2": "started", "t3": "succeeded"} == world.states()
    again = World(Scripted([Started("r4")]), world.memory)
    again.settle(trigger(4))
    again.look()
    assert {"t2": "started", "t4": "succeeded"}.items() <= again.states().items()
    assert ["r4"] == again.target.looked


def test_a_run_that_does_not_end_is_let_go() -> None:
    """After the longest time that was configured."""
    world = World(Scripted(looks=[Running()] * 10_000))
    world.settle(trigger(1))
    world.look()
    assert "failed" == world.states()["t1"]
    assert "not seen to end within 1000 s" in world.memory.fates["t1", "airflow"].why


def test_runs_of_an_earlier_life_are_followed() -> None:
    """From the ledger alone; and an end that was kept and not told is told."""
    world = World(Scripted())
    world.settle(trigger(1), trigger(2, "b"))
    key = ("t2", "airflow")
    kept = world.memory.fates[key]
    world.memory.fates[key] = Fate(
        *(kept.trigger, kept.target, kept.model, kept.version, kept.incident, kept.accepted_at, "succeeded", "started"),
        started_at=kept.started_at,
    )
    again = World(Scripted(), world.memory)
    again.look()
    assert [("t2", "succeeded"), ("t1", "succeeded")] == world.memory.outcomes[-2:]
    assert {"t1": "succeeded", "t2": "succeeded"} == again.states()


def test_runs_beyond_the_room_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those too that were let go after the ledger had been read past where they started."""
    monkeypatch.setattr(following, "FOLLOWED_MAX", 4)
    world = World(Scripted())
    world.settle(*(trigger(i, f"m{i}") for i in range(4)))
    world.follower._after = (1e9, "past them all")
    world.settle(*(trigger(i, f"m{i}") for i in range(4, 12)))
    world.look()
    assert {"succeeded"} == {*world.states().values()}


def test_a_target_that_cannot_tell_is_not_asked_about_the_others() -> None:
    """What it has started stays started."""
    world = World(Scripted(looks=[None] * 2))
    world.settle(trigger(1), trigger(2, "b"))
    world.look()
    assert len(world.target.looked) <= 2
    assert {"started"} == {*world.states().values()}


def test_a_stop_keeps_the_answer_that_is_under_way() -> None:
    """And asks nothing more: what waits for its turn, or rests, is left to the next start."""

    class Slow(Scripted):
        async def start(self, trigger: Trigger) -> Started | Again | Refused:
            if trigger.id == "t2":
                self.asked.append(trigger.id)
                return Again("later", 1_000.0)
            await asyncio.sleep(0.05)
            return await super().start(trigger)

    world = World(Slow())

    async def stopped() -> None:
        asking = [asyncio.create_task(world.desk.settle(each)) for each in (trigger(1), trigger(3), trigger(2, "b"))]
        await asyncio.sleep(0.02)
        await world.desk.close()
        await asyncio.gather(*asking, return_exceptions=True)

    world.clock.sleep = lambda _: asyncio.sleep(60)  # type: ignore[method-assign]
    world.desk._sleep = world.clock.sleep
    run(stopped())
    assert {"t1": "started", "t2": "accepted"} == world.states()
    assert "started" == world.memory.fates["t1", "airflow"].told
