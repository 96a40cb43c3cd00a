"""What only a file can get wrong while it is written: failures, crashes, readers beside the writer, growth."""

import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sinks.commit import (
    PANES,
    TABLES,
    TRAFFIC,
    Commit,
    Store,
    StoreFailed,
    columns,
)
from sinks.duck import DuckStore
from tests.sinks.rows import commit, plain, rows

WRITE = """
import sys
from itertools import count
import numpy as np
from sinks.duck import DuckStore
from tests.sinks.rows import commit
store = DuckStore(sys.argv[1])
for number in count(1):
    store.write(commit(number, np.random.default_rng(number)))
    print(number, flush=True)
"""


class Failing:
    """A connection whose n-th statement fails, as a device would make it."""

    def __init__(self, inner: duckdb.DuckDBPyConnection, n: int) -> None:
        self.inner, self.left = inner, n

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name in ("begin", "execute", "commit"):
            self.left -= 1
            if self.left == 0:
                return self.fail
        return getattr(self.inner, name)  # type: ignore[no-any-return]  # the connection's own method

    def fail(self, *_: object) -> None:
        """Raise what DuckDB raises."""
        raise duckdb.IOException("injected")


def state(store: Store) -> dict[str, list[dict[str, object]]]:
    """All rows that the store shows."""
    return {table.name: plain(store.select(table)) for table in TABLES}


def attempts(store: DuckStore, connection: str, action: Callable[[], None]) -> int:
    """How often the action failed, with its first statement failing, its second, and so on until it runs through."""
    whole = getattr(store, connection)
    for n in count(1):
        setattr(store, connection, Failing(whole, n))
        try:
            action()
        except StoreFailed:
            continue
        finally:
            setattr(store, connection, whole)
        return n - 1
    raise AssertionError


def test_a_failure_at_any_statement_leaves_nothing_of_a_commit(tmp_path: Path) -> None:
    """Whichever statement fails, rows and number are those from before; the same Commit can be retried, and lasts."""
    with closing(DuckStore(tmp_path / "driftline.duckdb")) as duck:
        duck.write(commit(1, np.random.default_rng(1)))
        before = state(duck)
        tables = commit(2, np.random.default_rng(2)).tables
        newcomer = np.full_like(tables["distances"]["model"], "newcomer")  # a text that `words` does not have yet
        second = Commit(2, {**tables, "distances": {**tables["distances"], "model": newcomer}})

        def write() -> None:
            assert (1, before) == (duck.last(), state(duck))
            duck.write(second)

        failed = attempts(duck, "_writer", write)
        assert len(TABLES) + 4 == failed  # begin, a statement per table, new words, the commit's own row, the end
        after = state(duck)
    assert before != after
    with closing(DuckStore(tmp_path / "driftline.duckdb")) as duck:
        assert (2, after) == (duck.last(), state(duck))
        assert {"newcomer"} == {row["model"] for row in after["distances"] if row["commit"] == 2}


def test_a_failure_at_any_statement_of_forget_deletes_all_or_nothing(duck: DuckStore) -> None:
    """Retention is one transaction too; only the checkpoint comes after it."""
    for number in (1, 2):
        duck.write(commit(number, np.random.default_rng(number)))
    before = state(duck)
    seen = []

    def forget() -> None:
        seen.append(state(duck))
        duck.forget(panes_before=2**62, history_before=2**62, samples={"fraud": 0})

    assert attempts(duck, "_keeper", forget) > len(TABLES) // 2
    after = state(duck)
    assert before != after
    assert [before] * (len(seen) - 1) + [after] == seen


def test_a_full_disk_fails_and_the_commit_can_be_retried(duck: DuckStore) -> None:
    """Nothing of it is kept, and the same store takes it once there is room."""
    duck.write(commit(1, np.random.default_rng(1)))
    before = state(duck)
    blobs = [np.random.default_rng(i).bytes(3_000_000) for i in range(3)]
    width = len(blobs)
    few = {name: array[:1].repeat(width) for name, array in rows(PANES, np.random.default_rng(2), 1).items()}
    large = Commit(2, {"panes": columns(PANES, {**few, "summary": blobs})})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, hard))
    try:
        with pytest.raises(StoreFailed, match="File too large"):
            duck.write(large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (1, before) == (duck.last(), state(duck))
    duck.write(large)
    assert duck.last() == 2


def test_reopening_shows_the_same_rows(tmp_path: Path) -> None:
    """What was written is there again, and numbering goes on."""
    path = tmp_path / "driftline.duckdb"
    with closing(DuckStore(path)) as store:
        for number in (1, 2):
            store.write(commit(number, np.random.default_rng(number)))
        before = state(store)
    with closing(DuckStore(path)) as store:
        assert (2, before) == (store.last(), state(store))
        store.write(Commit(3, {}))
        assert store.last() == 3


def test_a_killed_writer_leaves_whole_commits(tmp_path: Path) -> None:
    """After kill -9 while writing, every acknowledged Commit is there, and none is there in part."""
    path = tmp_path / "driftline.duckdb"
    with subprocess.Popen([sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(12)][-1]
        writer.send_signal(signal.SIGKILL)
    with closing(DuckStore(path)) as store:
        assert acknowledged <= store.last()
        expected = [commit(number, np.random.default_rng(number)) for number in range(1, store.last() + 1)]
        for table in (table for table in TABLES if table.keep != "newest"):
            numbers, counts = np.unique(store.select(table)["commit"], return_counts=True)
            assert [each.number for each in expected] == numbers.tolist()
            assert [len(each.tables[table.name][table.key[0]]) for each in expected] == counts.tolist()


def test_readers_see_whole_commits_while_the_writer_writes(duck: DuckStore) -> None:
    """Four threads read during sixty Commits: never half of one, never an error."""
    columns_of = rows(TRAFFIC, np.random.default_rng(1), 40)
    n = len(columns_of["events"])

    def read(_: int) -> list[int]:
        seen = []
        while duck.last() < 60:
            seen.append(len(duck.select(TRAFFIC)["commit"]))
        return seen

    with ThreadPoolExecutor(4) as pool:
        reading = pool.map(read, range(4))
        for number in range(1, 61):
            duck.write(Commit(number, {"traffic": columns_of}))
            if number % 20 == 0:
                duck.forget(panes_before=0, history_before=0, samples={})
        seen = list(reading)
    assert {0} == {size % n for each in seen for size in each}
    assert [sorted(each) for each in seen] == seen


def test_deleted_rows_leave_their_space_to_new_ones(duck: DuckStore) -> None:
    """Thirty rounds of writing and forgetting stay within twice the size of the first eight."""
    path = Path(duck._path)
    sizes = []
    for number in range(1, 31):
        bound = 1_790_000_000_000_000_000 + number * 60_000_000_000
        panes = rows(PANES, np.random.default_rng(number), 1_000)
        panes = {**panes, "end": np.full_like(panes["end"], np.datetime64(bound // 1000, "us"))}
        duck.write(Commit(number, {"panes": panes}))
        duck.forget(panes_before=bound - 180_000_000_000, history_before=0, samples={})
        sizes.append(path.stat().st_size)
    assert max(sizes[8:]) <= 2 * max(sizes[:8])
