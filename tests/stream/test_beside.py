"""Two processes in one: they end together, and what one cannot mend is heard."""

import asyncio

import pytest

from stream.dispatch.beside import Beside
from stream.stopping import Stopping


class Endless:
    """Runs until it is told to stop, or fails at once."""

    def __init__(self, error: Exception | None = None) -> None:
        self.stopping, self.ended, self._error = Stopping(), False, error

    def stop(self) -> None:
        """Come to an end."""
        self.stopping.wish()

    async def run(self) -> None:
        """Until then."""
        if self._error is not None:
            raise self._error
        await self.stopping.sleep(60)
        self.ended = True


def test_a_stop_ends_both() -> None:
    """Each in its own time."""
    one, other = Endless(), Endless()
    both = Beside(one, other)

    async def stopped() -> None:
        running = asyncio.create_task(both.run())
        await asyncio.sleep(0)
        both.stop()
        await asyncio.wait_for(running, 5)

    asyncio.run(stopped())
    assert (True, True) == (one.ended, other.ended)


def test_the_failure_of_one_is_heard() -> None:
    """And the other does not go on alone."""
    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(asyncio.wait_for(Beside(Endless(), Endless(ValueError("taken"))).run(), 5))
    assert "taken" == str(caught.value.exceptions[0])
