"""Commits go to the store one after the other, each in a thread, and the loop waits: beside busy Python an insert takes
ten times as long, for it hands the interpreter's lock back and forth (measured).
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from sinks.commit import Commit, Store, StoreFailed

BACK_OFF_S = (0.5, 1.0, 2.0, 5.0)


@dataclass
class Writer:
    """While the store fails, the same Commit is tried again, and nothing more is read."""

    store: Store
    written: Callable[[Commit], None]  # called on the loop when a Commit has been kept
    problem: str = ""
    seconds: float = 0.0  # of the last Commit

    async def write(self, commit: Commit) -> None:
        """Return when the Commit is kept. Raises what is not worth a retry."""
        attempt = 0
        while True:
            begun = time.perf_counter()
            try:
                await asyncio.to_thread(self.store.write, commit)
            except StoreFailed as error:
                self.problem = str(error)
                await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
                attempt += 1
                continue
            self.problem, self.seconds = "", time.perf_counter() - begun
            self.written(commit)
            return
