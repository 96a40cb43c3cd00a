"""The dispatcher inside another process: `dispatch.inside: true`."""

import asyncio
from typing import Protocol


class Process(Protocol):
    """What runs until it is told to stop."""

    def stop(self) -> None:
        """Come to an end soon."""

    async def run(self) -> None:
        """Return after `stop`."""


class Beside:
    """Both, until either ends: a service that has ended must not leave a dispatcher behind."""

    def __init__(self, process: Process, dispatcher: Process) -> None:
        self._both = (process, dispatcher)

    def stop(self) -> None:
        """Let both come to their end."""
        for each in self._both:
            each.stop()

    async def run(self) -> None:
        """Return when both have ended; raise what either could not mend."""
        async with asyncio.TaskGroup() as tasks:
            for each in self._both:
                tasks.create_task(self._one(each))

    async def _one(self, process: Process) -> None:
        try:
            await process.run()
        finally:
            self.stop()
