"""A worker that can be looked at: its health and its numbers over HTTP while it works."""

import asyncio
from collections.abc import Callable
from importlib.metadata import version

from sinks.prometheus import Exposition, of_vitals
from stream.web.health import health_application
from stream.web.operations import Health
from stream.web.server import listen, serve_on, shown_address
from stream.worker.worker import Worker


class Attended:
    """The worker beside its listener."""

    def __init__(self, worker: Worker, address: str, say: Callable[[str], None]) -> None:
        self._worker, self._address, self._say = worker, address, say

    def stop(self) -> None:
        """Let the worker come to its end."""
        self._worker.stop()

    async def run(self) -> None:
        """Answer until the worker has ended. ListenFailed where the address is taken."""
        worker, listener = self._worker, listen(self._address, "--listen")
        self._say(f"health and metrics are at {shown_address(listener)}")
        exposition = Exposition(lambda: of_vitals(worker.vitals()), version("driftline"))
        answers = health_application(Health(worker.unready, exposition.text))
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(serve_on(answers, listener))
            try:
                await worker.run()
            finally:
                serving.cancel()
