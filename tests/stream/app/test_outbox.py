"""The Outbox: in order, again and again until it is out, and across restarts."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from sinks.commit import DEAD_LETTERS, RELAYED, TRIGGERS, Columns, Commit, columns
from sinks.memory import MemoryStore
from sinks.topics import Fenced, Message, RelayFailed
from stream.app import outbox as outboxes
from stream.app.outbox import Outbox
from stream.app.trouble import Trouble
from stream.config.settings import Topics

TURNS = 200
TIME = np.datetime64("2026-11-20T17:00", "us")


@dataclass
class Relay:
    """Keeps what it is given, all or nothing; fails at the calls that `failing` names, which count from 1."""

    failing: Callable[[int], Exception | None] = lambda _: None
    sent: list[list[Message]] = field(default_factory=list)
    calls: int = 0

    async def start(self) -> None:
        """Nothing to connect."""

    async def send(self, messages: Sequence[Message]) -> None:
        """Keep them."""
        self.calls += 1
        if (failure := self.failing(self.calls)) is not None:
            raise failure
        self.sent.append(list(messages))

    async def stop(self) -> None:
        """Nothing to disconnect."""

    @property
    def keys(self) -> list[bytes | None]:
        """The keys of all that was sent, in order."""
        return [message.key for messages in self.sent for message in messages]


def trigger(model: str) -> Columns:
    """A row of the table of triggers."""
    row = {"id": [model], "model": [model], "version": ["3"], "reason": ["drift"], "at": [TIME], "incident": ["i"]}
    return columns(TRIGGERS, {**row, "body": [b"{}"]})


def letters(first: int, n: int) -> Columns:
    """Rows of the table of dead letters."""
    row = {"topic": ["p"] * n, "partition": [0] * n, "offset": list(range(first, first + n)), "row": [0] * n}
    about = {"at": [TIME] * n, "reason": ["empty"] * n, "detail": [""] * n, "payload": [b""] * n}
    return columns(DEAD_LETTERS, {**row, **about})


def outbox(relay: Relay, said: list[str] | None = None) -> Outbox:
    """An Outbox with the default topics."""
    return Outbox(relay, Topics(), Trouble((said if said is not None else []).append))


def sent(box: Outbox) -> None:
    """Let it run for as many turns of the loop as any of these stories needs."""

    async def story() -> None:
        running = asyncio.create_task(box.run())
        for _ in range(TURNS):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(story())


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between attempts."""
    monkeypatch.setattr(outboxes, "BACK_OFF_S", 0.0)


def test_commits_are_sent_in_their_order() -> None:
    """Triggers before dead letters, one Commit after the other; `upto` is the last one."""
    relay = Relay()
    box = outbox(relay)
    box.add(Commit(1, {"dead_letters": letters(0, 2)}))
    box.add(Commit(2, {}))
    box.add(Commit(3, {"triggers": trigger("fraud"), "dead_letters": letters(2, 1)}))
    assert (1, 3) == box.pending
    sent(box)
    assert [b"p/0/0/0", b"p/0/1/0", b"fraud", b"p/0/2/0"] == relay.keys
    assert (3, (0, 0)) == (box.upto, box.pending)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("n", range(5))
def test_what_fails_is_sent_again(n: int) -> None:
    """After n failures it is out, once and in order; the trouble is over."""
    said: list[str] = []
    relay = Relay(lambda call: RelayFailed("no broker") if call <= n else None)
    box = outbox(relay, said)
    for number in (1, 2):
        box.add(Commit(number, {"triggers": trigger(f"m{number}")}))
    sent(box)
    assert [b"m1", b"m2"] == relay.keys
    expected = ["the output topics: no broker; trying again", "the output topics: well again"]
    assert (expected if n else []) == said


def test_a_large_commit_is_sent_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction has a bound; the Commit counts as sent when its last part is."""
    monkeypatch.setattr(outboxes, "MESSAGES_MAX", 3)
    monkeypatch.setattr(outboxes, "BACK_OFF_S", 0.0)
    relay = Relay(lambda call: RelayFailed("no broker") if call == 2 else None)
    box = outbox(relay)
    box.add(Commit(1, {"dead_letters": letters(0, 5)}))
    sent(box)
    assert [3, 3, 2] == [len(messages) for messages in relay.sent]  # from the beginning, under the same keys
    assert 5 == len(set(relay.keys))


def test_a_fenced_outbox_ends() -> None:
    """Somebody else speaks now: the failure ends whoever runs it."""
    box = outbox(Relay(lambda _: Fenced("another process")))
    box.add(Commit(1, {"triggers": trigger("fraud")}))
    with pytest.raises(Fenced):
        asyncio.run(asyncio.wait_for(box.run(), 10))


def test_it_is_full_by_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading waits while so many messages do, however few Commits they are of."""
    monkeypatch.setattr(outboxes, "WAITING_MAX", 10)
    box = outbox(Relay())
    box.add(Commit(1, {"dead_letters": letters(0, 9)}))
    assert not box.full
    box.add(Commit(2, {"dead_letters": letters(9, 1)}))
    assert box.full
    sent(box)
    assert not box.full


@pytest.mark.parametrize("page", [1, 2, 3, 1_000])
@pytest.mark.parametrize("upto", [None, 0, 2, 3, 4])
def test_a_restart_takes_up_what_was_not_sent(monkeypatch: pytest.MonkeyPatch, upto: int | None, page: int) -> None:
    """Exactly the Commits after the last one that is known to be out, in the same order, whatever the pages."""
    monkeypatch.setattr(outboxes, "PAGE", page)
    store, relay, expected = MemoryStore(), Relay(), list[bytes]()
    for number in range(1, 5):
        rows = {"dead_letters": letters(3 * number, 3)}
        store.write(Commit(number, rows if number != 2 else {"triggers": trigger("fraud")}))
        if number > (upto or 0):
            expected += [b"fraud"] if number == 2 else [f"p/0/{3 * number + i}/0".encode() for i in range(3)]
    if upto is not None:
        store.write(Commit(5, {"relayed": columns(RELAYED, {"outbox": ["triggers"], "upto": [upto]})}))
    box = outbox(relay)
    box.recall(store)
    sent(box)
    assert expected == relay.keys


def test_draining_ends_when_all_is_out_or_cannot_be() -> None:
    """A stop waits for what can be sent, and not for what cannot."""

    async def story(relay: Relay) -> int:
        box = outbox(relay)
        box.add(Commit(1, {"triggers": trigger("fraud")}))
        running = asyncio.create_task(box.run())
        await asyncio.sleep(0)
        await asyncio.wait_for(box.drain(), 10)
        running.cancel()
        await asyncio.wait([running])
        return len(relay.sent)

    assert 1 == asyncio.run(story(Relay()))
    assert 0 == asyncio.run(story(Relay(lambda _: RelayFailed("no broker"))))
