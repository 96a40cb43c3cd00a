"""What the store holds for Kafka is sent behind the Commits, in their order, again and again until a broker has it."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from sinks import commit as tables
from sinks.commit import Columns, Commit, Store
from sinks.topics import Message, Relay, RelayFailed, dead_letters, triggers
from stream.config.settings import Settings

MESSAGES_MAX = 2_000  # per transaction
WAITING_MAX = 200  # commits that may wait; beyond that nothing more is read, so that memory stays bounded
BACK_OFF_S, BACK_OFF_MAX_S = 0.5, 15.0


@dataclass
class Outbox:
    """Sends the triggers and dead letters of each Commit. `upto` is the last Commit whose messages are surely out."""

    relay: Relay
    settings: Settings
    upto: int = 0
    problem: str = ""
    _waiting: deque[tuple[int, list[Message]]] = field(default_factory=deque)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def recall(self, store: Store) -> None:
        """Take up what an earlier run has kept and perhaps not sent."""
        relayed = store.select(tables.RELAYED)
        self.upto = int(relayed["upto"][0]) if len(relayed["upto"]) else 0
        found = {t.name: store.select(t) for t in (tables.TRIGGERS, tables.DEAD_LETTERS)}
        numbers = np.unique(np.concatenate([rows["commit"] for rows in found.values()]))
        for number in numbers[numbers > self.upto].tolist():
            self._add(number, {name: _of_commit(rows, number) for name, rows in found.items()})

    def add(self, commit: Commit) -> None:
        """Send the messages of a Commit that has been kept."""
        self._add(commit.number, {name: commit.tables.get(name) for name in ("triggers", "dead_letters")})

    def _add(self, number: int, rows: dict[str, Columns | None]) -> None:
        messages = triggers(rows["triggers"], self.settings.topics.triggers) if rows["triggers"] is not None else []
        if rows["dead_letters"] is not None:
            messages += dead_letters(rows["dead_letters"], self.settings.topics.dead_letters)
        if messages:
            self._waiting.append((number, messages))
            self._news.set()
        elif not self._waiting:
            self.upto = number

    @property
    def full(self) -> bool:
        """Whether reading must wait until something has been sent."""
        return len(self._waiting) >= WAITING_MAX

    @property
    def pending(self) -> tuple[int, int]:
        """How many triggers and dead letters wait."""
        waiting = [message.topic for _, messages in self._waiting for message in messages]
        n = waiting.count(self.settings.topics.triggers)
        return n, len(waiting) - n

    async def run(self) -> None:
        """Send for ever; Fenced ends it, for another process has taken over."""
        back_off = BACK_OFF_S
        while True:
            if not self._waiting:
                self._news.clear()
                await self._news.wait()
            number, messages = self._waiting[0]
            try:
                for i in range(0, len(messages), MESSAGES_MAX):
                    await self.relay.send(messages[i : i + MESSAGES_MAX])
            except RelayFailed as error:
                self.problem = str(error)
                await asyncio.sleep(back_off * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
                back_off = min(2 * back_off, BACK_OFF_MAX_S)
                continue
            self.problem, back_off, self.upto = "", BACK_OFF_S, number
            self._waiting.popleft()

    async def drain(self, seconds: float) -> None:
        """Wait a moment for what is pending; the rest is sent by the next run, under the same ids."""
        async with asyncio.timeout(seconds):
            while self._waiting and not self.problem:
                await asyncio.sleep(0.02)


def _of_commit(rows: Columns, number: int) -> Columns | None:
    mine = rows["commit"] == number
    return {name: column[mine] for name, column in rows.items() if name != "commit"} if mine.any() else None
