"""The Writer: the same Commit until it is kept, and a stop that does not wait for a disk."""

import asyncio

import pytest

from sinks.commit import RELAYED, Commit, StoreFailed, columns
from sinks.memory import MemoryStore
from stream.app import writing
from stream.app.trouble import Trouble
from stream.app.writing import Writer
from stream.retention import Retention
from stream.stopping import Stopping


class Failing(MemoryStore):
    """A store that fails n times before it keeps a Commit, and calls `failed` each time."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n, self.failed = n, lambda: None

    def write(self, commit: Commit) -> None:
        """Fail, or keep it."""
        if self.n:
            self.n -= 1
            self.failed()
            raise StoreFailed("disk full")
        super().write(commit)

    def forget(self, *_: object) -> None:
        """Fail, or forget nothing."""
        if self.n:
            self.n -= 1
            raise StoreFailed("disk full")


def commit(number: int) -> Commit:
    """A Commit of one row."""
    return Commit(number, {"relayed": columns(RELAYED, {"outbox": ["triggers"], "upto": [number]})})


@pytest.mark.parametrize("n", range(5))
def test_a_commit_is_kept_once_however_often_the_store_fails(monkeypatch: pytest.MonkeyPatch, n: int) -> None:
    """It is shown once, when it is kept; trouble is over then."""
    monkeypatch.setattr(writing, "BACK_OFF_S", (0.0,))
    store, shown, said = Failing(n), list[int](), list[str]()
    writer = Writer(store, lambda kept: shown.append(kept.number), Trouble(said.append), Stopping())
    assert asyncio.run(writer.write(commit(1)))
    assert (1, [1]) == (store.last(), shown)
    assert (["the store: disk full; trying again", "the store: well again"] if n else []) == said
    assert not writer.refused


def test_a_stop_gives_a_commit_up_that_the_store_would_not_have() -> None:
    """The wish comes while it fails: nothing is kept or shown, and its number is not used again."""

    async def story() -> tuple[bool, Writer]:
        stopping, loop, store = Stopping(), asyncio.get_running_loop(), Failing(1_000)
        writer = Writer(store, lambda _: None, Trouble(lambda _: None), stopping)
        store.failed = lambda: loop.call_soon_threadsafe(stopping.wish)
        return await asyncio.wait_for(writer.write(commit(1)), 5), writer

    kept, writer = asyncio.run(story())
    assert (False, True, 0) == (kept, writer.refused, writer.store.last())


def test_the_last_commit_of_a_stop_is_tried_once() -> None:
    """A healthy store keeps it although the wish was there before."""
    store, stopping = MemoryStore(), Stopping()
    stopping.wish()
    assert asyncio.run(Writer(store, lambda _: None, Trouble(lambda _: None), stopping).write(commit(1)))
    assert 1 == store.last()


def test_our_own_mistakes_are_not_tried_again() -> None:
    """A number that is not the next one is a bug: it is raised at once."""
    writer = Writer(MemoryStore(), lambda _: None, Trouble(lambda _: None), Stopping())
    with pytest.raises(AssertionError, match="commit 7"):
        asyncio.run(writer.write(commit(7)))


def test_a_store_that_cannot_forget_now_is_asked_again_later() -> None:
    """It is said, and said again when it is over; Commits do not wait for it."""
    said = list[str]()
    writer = Writer(Failing(1), lambda _: None, Trouble(said.append), Stopping())
    asyncio.run(writer.forget(Retention(0, 0, 0, 0, 0), {}))
    assert asyncio.run(writer.write(commit(1)))
    assert ["the store's retention: disk full; trying again"] == said
    asyncio.run(writer.forget(Retention(0, 0, 0, 0, 0), {}))
    assert "the store's retention: well again" == said[-1]
