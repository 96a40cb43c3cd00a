"""A file that cannot be opened is refused with a sentence: locked, no database, of another version."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from sinks.commit import StoreError, StoreLocked, StoreUnreadable
from sinks.duck import DuckStore
from sinks.duck.schema import VERSION

HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def test_a_file_that_another_process_holds_is_locked(tmp_path: Path) -> None:
    """The sentence names the process."""
    path = tmp_path / "driftline.duckdb"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreLocked, match=f"is in use by process {holder.pid};"):
            DuckStore(path)
        holder.stdin.close()
    DuckStore(path).close()


@pytest.mark.parametrize("content", [b"", b"hello", b"no database " * 10_000], ids=["empty", "short", "long"])
def test_a_file_that_is_no_database_is_unreadable(tmp_path: Path, content: bytes) -> None:
    """It is named, and left as it was."""
    path = tmp_path / "driftline.duckdb"
    path.write_bytes(content)
    with pytest.raises(StoreUnreadable, match=r"driftline\.duckdb cannot be read as a store"):
        DuckStore(path)
    assert content == path.read_bytes()


@pytest.mark.parametrize("n", [100, 20_000, 200_000])
def test_a_file_that_was_cut_off_is_unreadable(tmp_path: Path, n: int) -> None:
    """Starting again cannot help, so it is no failure of the world's."""
    path = tmp_path / "driftline.duckdb"
    DuckStore(path).close()
    path.write_bytes(path.read_bytes()[:n])
    with pytest.raises(StoreUnreadable, match=r"driftline\.duckdb cannot be read as a store: .*driftline restore"):
        DuckStore(path)


def test_another_schema_version_is_refused_naming_both(tmp_path: Path) -> None:
    """An older or newer file is neither misread nor changed."""
    path = tmp_path / "driftline.duckdb"
    DuckStore(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE schema SET version = 77")
    with pytest.raises(StoreUnreadable, match=f"schema version 77, .* version {VERSION}"):
        DuckStore(path)


def test_a_table_of_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    """A file of another build is told from a good one at the start, not at the first write."""
    path = tmp_path / "driftline.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE TABLE relayed ("commit" BIGINT, outbox VARCHAR, far BIGINT)')
    with pytest.raises(StoreUnreadable, match="table relayed differs in far, upto"):
        DuckStore(path)


def test_a_missing_folder_is_a_failure_with_its_path(tmp_path: Path) -> None:
    """All of these share one base, which callers catch without knowing the engine."""
    with pytest.raises(StoreError, match="nowhere"):
        DuckStore(tmp_path / "nowhere" / "driftline.duckdb")
