"""A folder that becomes read-only under a running store, as a device does that has had enough."""

import subprocess
import sys

STORY = """
import os, sys, tempfile
from pathlib import Path
import numpy as np
from sinks.commit import PANES, StoreError
from sinks.duck import DuckStore
from tests.sinks.rows import commit, torn

if os.geteuid() == 0:  # whom no mode stops
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)

def told(action):
    try:
        action()
    except StoreError as error:
        print(type(error).__name__, error.args[0].partition(": ")[2])
    else:
        print("done")

def forget():
    store.forget({"panes": -2**62, "history": -2**62}, {})

with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
    folder = Path(name)
    path = folder / "driftline.duckdb"
    store = DuckStore(path)
    first, second = (commit(number, np.random.default_rng(number)) for number in (1, 2))
    store.write(first)
    forget()  # the log is gone, and must be made anew
    folder.chmod(0o555)
    told(lambda: store.write(second))
    told(lambda: store.select(PANES))
    folder.chmod(0o755)
    told(lambda: store.write(second))
    print(torn(store), store.last())
    store.close()
    path.chmod(0o444)
    told(lambda: DuckStore(path))
"""


def test_a_store_that_cannot_write_says_so_reads_on_and_recovers() -> None:
    """The same Commit is kept once the folder lets it; a store that is read-only at the start is refused."""
    told = subprocess.run([sys.executable, "-c", STORY], capture_output=True, text=True, check=False, timeout=60)
    assert (0, "") == (told.returncode, told.stderr)
    failed, read, kept, last, refused = told.stdout.splitlines()
    assert ("done", "done", "[] 2") == (read, kept, last)
    assert failed.startswith("StoreFailed")
    assert "driftline.duckdb.wal" in failed
    assert "Permission denied" in failed
    assert refused.startswith("StoreFailed")
    assert "Permission denied" in refused
