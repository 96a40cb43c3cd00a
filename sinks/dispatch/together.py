"""Many small wishes done as few large deeds: a transaction, or a request, for all that have come meanwhile."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 500  # at once


class Together(Generic[T]):
    """Does what is wished, in order, while `run` runs. What a deed raises, each of its wishers hears."""

    def __init__(self, deed: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._deed = deed
        self._wishes: deque[tuple[T, asyncio.Future[None]]] = deque()
        self._news = asyncio.Event()

    async def done(self, wish: T) -> None:
        """Return when it is done. The number of those who wait is bounded by who may ask, not here."""
        future = asyncio.get_running_loop().create_future()
        self._wishes.append((wish, future))
        self._news.set()
        await future

    async def run(self) -> None:
        """Do it, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._wishes:
                await self._next([self._wishes.popleft() for _ in range(min(MOST, len(self._wishes)))])

    async def _next(self, some: list[tuple[T, "asyncio.Future[None]"]]) -> None:
        try:
            await self._deed([wish for wish, _ in some])
        except BaseException as error:
            for _, future in some:
                with suppress(asyncio.InvalidStateError):  # nobody waits any more
                    future.cancel() if isinstance(error, asyncio.CancelledError) else future.set_exception(error)
                if future.done() and not future.cancelled():
                    future.exception()  # looked at: its wisher may be gone
            if not isinstance(error, Exception):
                raise
        else:
            for _, future in some:
                with suppress(asyncio.InvalidStateError):
                    future.set_result(None)
