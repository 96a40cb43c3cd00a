"""What the store holds for Kafka is sent behind the Commits, in their order, again and again until a broker has it."""

import asyncio
import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from sinks import commit as tables
from sinks.commit import Columns, Commit, Rows, Store, Table, plain
from sinks.topics import Message, RelayFailed, dead_letters, triggers
from stream.app.trouble import Trouble
from stream.config.mistakes import ConfigurationError
from stream.config.settings import Topics

PLACE = "the output topics"
MESSAGES_MAX = 2_000  # per transaction
WAITING_MAX = 50_000  # messages; beyond that nothing more is read, so that memory stays bounded: 1 KiB each at most
PAGE = 5_000  # rows of an earlier run that are looked at together
BACK_OFF_S, BACK_OFF_MAX_S = 0.5, 15.0


class Relay(Protocol):
    """Sends all of the messages or none. RelayFailed: send them again. Fenced: somebody else speaks for us now."""

    async def start(self) -> None:
        """Connect, and silence whoever spoke under our name before."""

    async def send(self, messages: Sequence[Message]) -> None:
        """Return when the brokers have them all."""

    async def stop(self) -> None:
        """Disconnect."""


@dataclass(frozen=True)
class Letters:
    """What one Commit has to say."""

    number: int
    triggers: list[Message]
    dead_letters: list[Message]

    def __len__(self) -> int:
        return len(self.triggers) + len(self.dead_letters)


@dataclass
class Outbox:
    """Sends the triggers and dead letters of each Commit. `upto`: the last Commit whose messages are surely out."""

    relay: Relay
    topics: Topics
    trouble: Trouble
    upto: int = 0
    pending: tuple[int, int] = (0, 0)  # triggers and dead letters that wait
    _waiting: deque[Letters] = field(default_factory=deque)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    def recall(self, store: Store) -> None:
        """Take up what an earlier run has kept and perhaps not sent."""
        relayed = store.select(tables.RELAYED)
        self.upto = int(relayed["upto"][0]) if len(relayed["upto"]) else 0
        found = {table.name: _unsent(store, table, self.upto) for table in tables.OUTBOXES}
        numbers = np.unique(np.concatenate([rows["commit"] for rows in found.values()]))
        for number in numbers.tolist():
            self.add(Commit(number, {name: _of_commit(rows, number) for name, rows in found.items()}))

    def add(self, commit: Commit) -> None:
        """Send the messages of a Commit that has been kept."""
        letters = self._letters(commit.number, commit.tables)
        if letters:
            self._waiting.append(letters)
            self._count(letters, 1)
            self._news.set()

    @property
    def full(self) -> bool:
        """Whether reading must wait until something has been sent."""
        return sum(self.pending) >= WAITING_MAX

    async def run(self) -> None:
        """Send for ever; Fenced ends it, for another process has taken over."""
        back_off = BACK_OFF_S
        while True:
            try:
                await self.relay.start()
                if self._waiting:
                    await self.send()
                else:
                    await self._wait()
                back_off = BACK_OFF_S
            except (RelayFailed, ConfigurationError) as error:  # a secret may be away while it is being rotated
                self.trouble.note(PLACE, str(error))
                self._settled.set()
                await asyncio.sleep(back_off * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
                back_off = min(2 * back_off, BACK_OFF_MAX_S)

    async def drain(self) -> None:
        """Return when nothing waits, or when it cannot be sent now: the next run sends it, under the same ids."""
        while self._waiting and PLACE not in self.trouble:
            self._settled.clear()
            await self._settled.wait()

    async def _wait(self) -> None:
        """Wait for news."""
        self.trouble.note(PLACE, "")
        self._settled.set()
        self._news.clear()
        await self._news.wait()

    async def send(self) -> None:
        """Send what waits of the oldest Commit."""
        letters = self._waiting[0]
        messages = letters.triggers + letters.dead_letters
        for i in range(0, len(messages), MESSAGES_MAX):
            await self.relay.send(messages[i : i + MESSAGES_MAX])
        self.trouble.note(PLACE, "")
        self.upto = letters.number
        self._waiting.popleft()
        self._count(letters, -1)

    def _count(self, letters: Letters, sign: int) -> None:
        n_triggers, n_dead_letters = self.pending
        self.pending = (n_triggers + sign * len(letters.triggers), n_dead_letters + sign * len(letters.dead_letters))

    def _letters(self, number: int, rows: Mapping[str, Rows]) -> Letters:
        asked, refused = rows.get(tables.TRIGGERS.name), rows.get(tables.DEAD_LETTERS.name)
        return Letters(
            number,
            triggers(plain(asked), self.topics.triggers) if asked is not None else [],
            dead_letters(plain(refused), self.topics.dead_letters) if refused is not None else [],
        )


def _unsent(store: Store, table: Table, upto: int) -> Columns:
    """The rows of Commits after `upto`, newest first; a page at a time, because the table may hold months."""
    pages = list(_pages(store, table, upto))
    return {name: np.concatenate([page[name] for page in pages]) for name in pages[0]}


def _pages(store: Store, table: Table, upto: int) -> Iterator[Columns]:
    offset = 0
    while True:
        page = store.select(table, order=("commit",), descending=True, limit=PAGE, offset=offset)
        fresh = page["commit"].astype(np.int64) > upto
        yield {name: column[fresh] for name, column in page.items()}
        if len(fresh) < PAGE or not fresh.all():
            return
        offset += PAGE


def _of_commit(rows: Columns, number: int) -> Columns:
    """One Commit's rows in the order of their keys, as they were read: newest first."""
    mine = np.flatnonzero(rows["commit"] == number)[::-1]
    return {name: column[mine] for name, column in rows.items() if name != "commit"}
