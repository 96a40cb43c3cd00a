"""What only a file can get wrong while it is written: failures, crashes, readers beside the writer, growth."""

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

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
from tests.sinks.rows import commit, plain, rows, torn

NEWEST = {table.name for table in TABLES if table.keep == "newest"}
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


def state(store: Store) -> dict[str, list[dict[str, object]]]:
    """All rows that the store shows."""
    return {table.name: plain(store.select(table)) for table in TABLES}


@contextmanager
def room(n_bytes: int) -> Iterator[None]:
    """No file of this process grows beyond a size, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_fails_and_the_commit_can_be_retried(duck: DuckStore) -> None:
    """Nothing of it is kept, and the same store takes it once there is room."""
    duck.write(commit(1, np.random.default_rng(1)))
    before = state(duck)
    blobs = [np.random.default_rng(i).bytes(3_000_000) for i in range(3)]
    width = len(blobs)
    few = {name: array[:1].repeat(width) for name, array in rows(PANES, np.random.default_rng(2), 1).items()}
    large = Commit(2, {"panes": columns(PANES, {**few, "summary": blobs})})
    with room(5_000_000), pytest.raises(StoreFailed, match="File too large"):
        duck.write(large)
    assert (1, before) == (duck.last(), state(duck))
    duck.write(large)
    assert duck.last() == 2


def test_a_checkpoint_on_a_full_disk_costs_no_restart(duck: DuckStore) -> None:
    """DuckDB gives the file up for good then; the store opens it anew, as soon as there is room and nobody reads."""
    duck.write(commit(1, np.random.default_rng(1), 1_000))
    before, second = state(duck), commit(2, np.random.default_rng(2), 1_000)
    size = Path(duck._path).stat().st_size
    with room(size + 4_096):
        for _ in range(2):
            with pytest.raises(StoreFailed, match="File too large"):
                duck.forget({"panes": 0, "history": 0}, {})
        with pytest.raises(StoreFailed):
            duck.select(PANES)
    with duck._gate.passed(), pytest.raises(StoreFailed, match="opened anew"):
        duck.write(second)
    duck.write(second)
    duck.forget({"panes": 0, "history": 0}, {})
    whole = {name for name, rows in before.items() if {row["commit"] for row in rows} == {1}}
    after = state(duck)
    assert {"panes", "windows", "triggers"} <= whole
    assert all(before[name] == [row for row in after[name] if row["commit"] == 1] for name in whole - NEWEST)
    assert 2 == duck.last()
    assert [] == [row for name in NEWEST for row in after[name] if row["commit"] != 2]


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
        assert [] == torn(store)


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
                duck.forget({"panes": 0, "history": 0}, {})
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
        duck.forget(
            {"panes": bound - 180_000_000_000, "history": 0},
            {},
        )
        sizes.append(path.stat().st_size)
    assert max(sizes[8:]) <= 2 * max(sizes[:8])
