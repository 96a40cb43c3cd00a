"""Copies: of one moment though the service writes, read whole before they count, and put back only where it is safe."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from sinks.commit import StoreFailed, StoreLocked, StoreUnreadable
from sinks.duck import DuckStore, StoreNewer, backup, copies, looked_at, restore
from tests.sinks.rows import commit, torn

MEMORY = "200MB"
COPIES = 6
WRITE = """
import sys
from itertools import count
import numpy as np
from sinks.duck import DuckStore
from tests.sinks.rows import commit
store = DuckStore(sys.argv[1])
for number in count(1):
    store.write(commit(number, np.random.default_rng(number)))
    if number % 10 == 0:
        store.forget({"panes": -2**62, "history": -2**62}, {})
    print(number, flush=True)
"""


def written(path: Path, n: int) -> Path:
    """A store of n Commits."""
    with closing(DuckStore(path)) as store:
        for number in range(1, n + 1):
            store.write(commit(number, np.random.default_rng(number)))
    return path


@contextmanager
def writer(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that writes Commits and checkpoints; what it prints is the number of each."""
    with subprocess.Popen([sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def acknowledged(process: "subprocess.Popen[str]") -> int:
    """The next number that it prints."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def names(folder: Path) -> list[str]:
    """What lies there."""
    return sorted(each.name for each in folder.iterdir())


def test_a_copy_of_a_store_that_is_written_to_holds_whole_commits(tmp_path: Path) -> None:
    """Commits and checkpoints go on meanwhile; each copy has all that was acknowledged before, and nothing torn."""
    path, numbers = tmp_path / "driftline.duckdb", []
    with writer(path) as process:
        while acknowledged(process) < 5:
            pass
        for i in range(COPIES):
            before = acknowledged(process)
            made = backup(path, tmp_path / str(i), keep=1, memory_limit=MEMORY)
            numbers.append((before, made.commit))
            assert [made.path.name] == names(made.path.parent)
            with closing(DuckStore(made.path)) as store:
                assert ([], made.commit) == (torn(store), store.last())
        assert process.poll() is None
    assert all(before <= copied for before, copied in numbers), numbers
    assert numbers[0][1] + 10 < numbers[-1][1]  # checkpoints lay between


def test_a_copy_that_no_pause_between_checkpoints_allows_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and nothing is left of the attempts."""
    path = written(tmp_path / "driftline.duckdb", 1)
    changing = iter(range(1_000))
    monkeypatch.setattr(copies, "_headers", lambda _: next(changing).to_bytes(8, "big"))
    with pytest.raises(StoreFailed, match="never copied before its next checkpoint"):
        backup(path, tmp_path / "copies", keep=1, memory_limit=MEMORY)
    assert [] == names(tmp_path / "copies")


def test_a_store_is_looked_at_while_its_owner_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of one moment; the owner goes on, and nothing is left of the copy."""
    path, room = tmp_path / "driftline.duckdb", tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    with writer(path) as process:
        while acknowledged(process) < 5:
            pass
        with looked_at(path, MEMORY) as store:
            assert ([], True) == (torn(store), store.last() >= 5)
            there = store.last()
            while acknowledged(process) <= there:
                pass
            assert there == store.last()
        assert process.poll() is None
    assert [] == names(room)


def test_what_cannot_be_looked_at_is_told_by_its_own_name(tmp_path: Path) -> None:
    """Not by that of the copy."""
    path = tmp_path / "driftline.duckdb"
    path.write_text("no store")
    with pytest.raises(StoreUnreadable, match=f"^{path} "), looked_at(path, MEMORY):
        pass
    with pytest.raises(StoreUnreadable, match="there is no such file"), looked_at(tmp_path / "nowhere", MEMORY):
        pass


def test_the_newest_copies_are_kept(tmp_path: Path) -> None:
    """Older ones go, and what is no copy of this store is left alone."""
    path, folder = written(tmp_path / "driftline.duckdb", 1), tmp_path / "copies"
    folder.mkdir()
    others = ["driftline-old.duckdb", "notes.txt", "other-20200101T000000Z.duckdb"]
    for name in (*others, *(f"driftline-2020010{day}T000000Z.duckdb" for day in range(1, 6))):
        (folder / name).touch()
    made = backup(path, folder, keep=2, memory_limit=MEMORY)
    assert sorted([*others, "driftline-20200105T000000Z.duckdb", made.path.name]) == names(folder)


def test_a_damaged_store_makes_no_copy_and_costs_none(tmp_path: Path) -> None:
    """Every block is read before a copy counts; the sentence names the store."""
    path, folder = written(tmp_path / "driftline.duckdb", 3), tmp_path / "copies"
    made = backup(path, folder, keep=1, memory_limit=MEMORY)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreUnreadable, match=f"{path} cannot be read as a store"):
        backup(path, folder, keep=1, memory_limit=MEMORY)
    assert [made.path.name] == names(folder)


def test_a_copy_is_put_back_and_what_was_there_stays_beside_it(tmp_path: Path) -> None:
    """With its log, whether the store was older or damaged; the copy itself is not touched."""
    path = tmp_path / "driftline.duckdb"
    made = backup(written(path, 3), tmp_path / "copies", keep=1, memory_limit=MEMORY)
    content = made.path.read_bytes()
    path.unlink()
    with writer(path) as process:
        acknowledged(process)
    with pytest.raises(StoreUnreadable, match="no such file"):
        restore(tmp_path / "nowhere.duckdb", path, force=True, memory_limit=MEMORY)
    path.write_bytes(b"damaged")
    restored = restore(made.path, path, force=False, memory_limit=MEMORY)
    assert (path, 3) == (restored.path, restored.commit)
    assert ["copies", *(f"driftline.duckdb{end}" for end in ("", ".replaced", ".replaced.wal"))] == names(tmp_path)
    assert (b"damaged", content) == (path.with_name("driftline.duckdb.replaced").read_bytes(), made.path.read_bytes())
    with closing(DuckStore(path)) as store:
        assert ([], 3) == (torn(store), store.last())
        store.write(commit(4, np.random.default_rng(4)))
    restore(made.path, path, force=True, memory_limit=MEMORY)
    with closing(DuckStore(path.with_name("driftline.duckdb.replaced"))) as store:
        assert 4 == store.last()


def test_a_store_that_is_in_use_is_not_replaced(tmp_path: Path) -> None:
    """Not even by force."""
    path = tmp_path / "driftline.duckdb"
    made = backup(written(tmp_path / "other.duckdb", 1), tmp_path / "copies", keep=1, memory_limit=MEMORY)
    with writer(path) as process:
        acknowledged(process)
        with pytest.raises(StoreLocked, match=f"in use by process {process.pid}"):
            restore(made.path, path, force=True, memory_limit=MEMORY)
        before = acknowledged(process)
        assert before < acknowledged(process)
    assert ["copies", "driftline.duckdb", "driftline.duckdb.wal", "other.duckdb"] == names(tmp_path)


def test_a_newer_store_is_replaced_only_by_force(tmp_path: Path) -> None:
    """The sentence has both numbers. Into an empty place a copy goes unasked."""
    path = written(tmp_path / "driftline.duckdb", 2)
    made = backup(path, tmp_path / "copies", keep=1, memory_limit=MEMORY)
    with closing(DuckStore(path)) as store:
        store.write(commit(3, np.random.default_rng(3)))
    with pytest.raises(StoreNewer, match=r"has commit 3, .* only 2"):
        restore(made.path, path, force=False, memory_limit=MEMORY)
    with closing(DuckStore(path)) as store:
        assert 3 == store.last()
    assert 2 == restore(made.path, path, force=True, memory_limit=MEMORY).commit
    path.unlink()
    assert 2 == restore(made.path, path, force=False, memory_limit=MEMORY).commit
