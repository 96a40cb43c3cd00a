"""Stopping and trouble: waiting that heeds a wish, and what is said about the world."""

import asyncio

import pytest

from stream.app.trouble import Trouble
from stream.stopping import Stopping


def test_work_that_is_done_in_time_gives_its_result() -> None:
    """Without a wish nothing is different."""

    async def work() -> str:
        return "done"

    async def story() -> str:
        return await Stopping().unless(work(), "stopped")

    assert "done" == asyncio.run(story())


def test_a_wish_cancels_what_is_waited_for() -> None:
    """The work has been cancelled, and has ended, when the other answer comes."""
    ended: list[str] = []

    async def work() -> str:
        try:
            return await asyncio.Future()
        finally:
            ended.append("cancelled")

    async def story() -> tuple[str, bool]:
        stopping = Stopping()
        asyncio.get_running_loop().call_soon(stopping.wish)
        return await stopping.unless(work(), "stopped"), bool(stopping)

    assert (("stopped", True), ["cancelled"]) == (asyncio.run(story()), ended)


def test_what_the_work_raises_is_raised() -> None:
    """A failure is no answer."""

    async def work() -> str:
        raise ValueError("broken")

    async def story() -> str:
        return await Stopping().unless(work(), "stopped")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(story())


def test_cancelling_the_waiter_cancels_the_work() -> None:
    """Nothing goes on behind the back of a task group that is ending."""

    async def story() -> bool:
        work = asyncio.get_running_loop().create_future()

        async def waiting() -> None:
            await work

        task = asyncio.create_task(Stopping().unless(waiting(), None))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return work.cancelled()

    assert asyncio.run(story())


def test_trouble_is_said_when_it_begins_and_when_it_is_over() -> None:
    """Not each time that it is noted, and not for each wording."""
    said: list[str] = []
    trouble = Trouble(said.append)
    for sentence in ("", "no answer for 6 s", "no answer for 7 s", "", ""):
        trouble.note("Kafka", sentence)
    assert ["Kafka: no answer for 6 s; trying again", "Kafka: well again"] == said


def test_several_troubles_are_one_sentence() -> None:
    """Readiness names them all, in the order of their places."""
    trouble = Trouble(lambda _: None)
    trouble.note("the store", "disk full")
    trouble.note("Kafka", "gone")
    assert "gone; disk full" == str(trouble)
    assert "the store" in trouble
