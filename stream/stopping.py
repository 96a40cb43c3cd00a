"""The wish to end: waiting that heeds it, so that a stop never waits for a broker, a topic or a disk."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


class Stopping:
    """False until somebody wishes to end."""

    def __init__(self) -> None:
        self._wished = asyncio.Event()

    def __bool__(self) -> bool:
        return self._wished.is_set()

    def wish(self) -> None:
        """End as soon as what is being done is in a state to be left."""
        self._wished.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep, at most until the wish."""
        await self.unless(asyncio.sleep(seconds), None)

    async def unless(self, work: Coroutine[object, object, T], otherwise: T) -> T:
        """Do something that may take long; `otherwise` where the wish came first, and then it is cancelled."""
        doing, wishing = asyncio.create_task(work), asyncio.create_task(self._wished.wait())
        try:
            await asyncio.wait((doing, wishing), return_when=asyncio.FIRST_COMPLETED)
            return doing.result() if doing.done() else otherwise
        finally:
            doing.cancel()
            wishing.cancel()
            await asyncio.gather(doing, wishing, return_exceptions=True)
