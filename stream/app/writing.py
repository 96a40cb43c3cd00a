"""Commits go to the store one after the other, each in a thread, and the loop waits.

Beside busy Python an insert takes ten times as long: it hands the interpreter's lock back and forth (measured).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sinks.commit import Commit, Store, StoreFailed, Unsampled
from stream.app.trouble import Trouble
from stream.joining.meeting import meet
from stream.retention import Retention
from stream.stopping import Stopping
from stream.watch import Watch

PLACE = "the store"
RETENTION = "the store's retention"
MEETING = "labels in the store"
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0)


@dataclass
class Writer:
    """While the store fails, the same Commit is tried again, and nothing more is read."""

    store: Store
    show: Callable[[Commit], None]  # called in the same thread, once a Commit has been kept
    trouble: Trouble
    stopping: Stopping
    thread: Callable[..., Awaitable[Any]] = asyncio.to_thread
    seconds: float = 0.0  # of the last Commit
    kept_s: float | None = None  # when, wall time; None: not since the start
    refused: bool = False  # the last Commit was given up: its number must not be used again

    async def write(self, commit: Commit) -> bool:
        """Return when the Commit is kept; False where a stop came first. Raises what is not worth a retry."""
        attempt = 0
        while (sentence := await self.thread(self._keep, commit)) and not self.stopping:
            self.trouble.note(PLACE, sentence)
            await self.stopping.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            attempt += 1
        self.trouble.note(PLACE, sentence)
        self.refused = bool(sentence)
        return not self.refused

    async def meet(self, watch: Watch) -> None:
        """Let steps ask about what was just kept. A store that cannot answer now is asked after the next Commit."""
        try:
            await self.thread(meet, watch, self.store)
        except StoreFailed as error:
            self.trouble.note(MEETING, str(error))
        else:
            self.trouble.note(MEETING, "")

    async def forget(self, before: Retention, samples: Mapping[str, int], unsampled: Sequence[Unsampled] = ()) -> None:
        """Let retention go by. A store that cannot forget now is asked again in a minute."""
        try:
            await self.thread(self.store.forget, before._asdict(), samples, unsampled)
        except StoreFailed as error:
            self.trouble.note(RETENTION, str(error))
        else:
            self.trouble.note(RETENTION, "")

    def _keep(self, commit: Commit) -> str:
        """Why the store would not have it; empty: it has."""
        begun = time.perf_counter()
        try:
            self.store.write(commit)
        except StoreFailed as error:
            return str(error)
        self.seconds, self.kept_s = time.perf_counter() - begun, time.time()
        self.show(commit)
        return ""
