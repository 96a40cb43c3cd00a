"""A call of DuckDB fails, any of them, before or after it took effect: the store never holds half of anything."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sinks.commit import TABLES, Commit, StoreFailed
from sinks.duck import DuckStore
from tests.sinks.faults import Device, Moment
from tests.sinks.rows import commit, plain

BOUND = 1_790_000_300_000_000_000  # amid the times of these rows
AGAIN_MAX = 40
STRIDE = 23  # of the calls that fail, to be quick; with 1 each of them does
# Of every table how many rows there are and what they have in them, by one question.
PRINTS = " UNION ALL ".join(
    f"""SELECT '{table.name}', count(*), sum(hash(told)) FROM "{table.name}" AS told""" for table in TABLES
)
State = tuple[int, object]


def state(store: DuckStore) -> State:
    """The last number, and all rows that the store shows."""
    return store.last(), {table.name: plain(store.select(table)) for table in TABLES}


def printed(store: DuckStore) -> State:
    """The same in short."""
    with store.cursor() as cursor:
        return store.last(), sorted(cursor.execute(PRINTS).fetchall())


@cache
def commits() -> list[Commit]:
    """Three of them; each has a text that `words` does not have yet."""
    found = []
    for number in (1, 2, 3):
        tables = commit(number, np.random.default_rng(number), 8).tables
        newcomer = np.full_like(tables["distances"]["model"], f"newcomer {number}")
        found.append(Commit(number, {**tables, "distances": {**tables["distances"], "model": newcomer}}))
    return found


class Story:
    """Write, forget and open again, each until it succeeds; `seen`: every state that was there in between."""

    def __init__(self, path: Path, device: Device) -> None:
        self.path, self.device, self.seen = path, device, list[State]()
        self.store = self._opened()

    def tell(self) -> list[State]:
        """The states in order, repetitions left out."""
        for each in commits()[:2]:
            self._until(lambda each=each: self.store.write(each))
        self._until(
            lambda: self.store.forget(
                {"panes": BOUND, "history": BOUND},
                {"fraud": 0},
            )
        )
        self._close()
        self.store = self._opened()
        self._until(lambda: self.store.write(commits()[2]))
        self._close()
        self.device.watched = False
        self.store = self._opened()
        self._look()
        self._look(state)
        self.store.close()
        return [each for i, each in enumerate(self.seen) if i == 0 or each != self.seen[i - 1]]

    def _look(self, at: Callable[[DuckStore], State] = printed) -> None:
        self.device.watched = False
        self.seen.append(at(self.store))

    def _until(self, action: Callable[[], None]) -> None:
        """Do it again until it succeeds, and look what is there then."""
        for _ in range(AGAIN_MAX):
            try:
                action()
            except StoreFailed:
                continue
            self._look()
            self.device.watched = True
            return
        raise AssertionError(f"it fails for good: {self.device}")

    def _opened(self) -> DuckStore:
        for _ in range(AGAIN_MAX):
            try:
                return DuckStore(self.path, connect=self.device.connect)
            except StoreFailed:
                continue
        raise AssertionError(f"it does not open: {self.device}")

    def _close(self) -> None:
        """As a process that ends."""
        try:
            self.store.close()
        except StoreFailed:
            self.store._opened._root._inner.close()


@pytest.mark.parametrize(("moment", "n", "first"), [("before", 1, 1), ("after", 1, 2), ("before", 4, 3)])
def test_whichever_call_fails_every_commit_is_kept_once_and_whole(
    tmp_path: Path, moment: Moment, n: int, first: int
) -> None:
    """Opening, Commits, retention and its checkpoint, closing: the states are those of a sound device, in order."""
    sound = Device(0, n=0)
    expected = Story(tmp_path / "sound.duckdb", sound).tell()
    assert 5 == len(expected)
    failed = 0
    calls = range(first, sound.calls + 1, STRIDE)
    for call in calls:
        device = Device(call, moment, n)
        assert expected == Story(tmp_path / f"{call}.duckdb", device).tell(), device
        failed += device.failed
    print(f"{sound.calls} calls, {failed} failures")
    assert failed >= n * (len(calls) - n)  # behind the last calls there are fewer
