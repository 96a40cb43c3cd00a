"""A flipped byte: refused at the start or at the read, or what is left is the store as it was a few Commits earlier."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from sinks.commit import TABLES, StoreUnreadable
from sinks.duck import DuckStore
from tests.sinks.rows import commit, plain

FLIPS = int(os.environ.get("DRIFTLINE_TEST_FLIPS", "15"))
COMMITS, CHECKPOINTED = 6, 3
KILLED = f"""
import os, signal, sys
import numpy as np
from sinks.duck import DuckStore
from tests.sinks.rows import commit
store = DuckStore(sys.argv[1])
for number in range(1, {COMMITS + 1}):
    store.write(commit(number, np.random.default_rng(number)))
    if number == {CHECKPOINTED}:
        store.forget({{"panes": -2**62, "history": -2**62}}, {{}})
os.kill(os.getpid(), signal.SIGKILL)
"""
State = dict[str, list[dict[str, object]]]


def state(store: DuckStore) -> State:
    """All rows that the store shows."""
    return {table.name: plain(store.select(table)) for table in TABLES}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a process that was killed; half of its Commits are in the log."""
    path = tmp_path_factory.mktemp("killed") / "driftline.duckdb"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert -signal.SIGKILL == ended.returncode
    return path


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> list[State]:
    """What a store shows after no Commit, one, two and so on."""
    with closing(DuckStore(tmp_path_factory.mktemp("sound") / "driftline.duckdb")) as store:
        found = [state(store)]
        for number in range(1, COMMITS + 1):
            store.write(commit(number, np.random.default_rng(number)))
            found.append(state(store))
    return found


@pytest.mark.parametrize("part", ["", ".wal"], ids=["file", "log"])
def test_a_flipped_byte_is_refused_or_costs_whole_commits(
    killed: Path, states: list[State], tmp_path: Path, part: str
) -> None:
    """At places drawn from all of the file, or of its log; nothing else than an earlier state is ever shown."""
    dice, outcomes, path = random.Random(7), Counter[str](), tmp_path / killed.name
    for _ in range(FLIPS):
        for end in ("", ".wal"):
            shutil.copyfile(f"{killed}{end}", f"{path}{end}")
        content = bytearray(Path(f"{path}{part}").read_bytes())
        place = dice.randrange(len(content))
        content[place] ^= 1 << dice.randrange(8)
        Path(f"{path}{part}").write_bytes(content)
        outcomes[outcome(path, states, f"byte {place} of {part or 'the file'}")] += 1
    print(part or "file", len(content), "bytes:", dict(outcomes))
    assert outcomes["refused"] > FLIPS // 2


@pytest.mark.parametrize("place", [0, 40, 79])
def test_a_log_whose_header_is_damaged_costs_whole_commits_at_most(
    killed: Path, states: list[State], tmp_path: Path, place: int
) -> None:
    """Its first bytes have no checksum; DuckDB then reads as if nothing stood there."""
    path = tmp_path / killed.name
    for end in ("", ".wal"):
        shutil.copyfile(f"{killed}{end}", f"{path}{end}")
    content = bytearray(Path(f"{path}.wal").read_bytes())
    content[place] ^= 1
    Path(f"{path}.wal").write_bytes(content)
    assert outcome(path, states, f"byte {place}") in {"refused", f"{COMMITS - CHECKPOINTED} Commits fewer"}


def test_without_its_log_a_store_is_as_of_its_last_checkpoint(
    killed: Path, states: list[State], tmp_path: Path
) -> None:
    """So a damaged log may be moved away."""
    shutil.copyfile(killed, tmp_path / killed.name)
    assert f"{COMMITS - CHECKPOINTED} Commits fewer" == outcome(tmp_path / killed.name, states, "no log")


def outcome(path: Path, states: list[State], about: str) -> str:
    """What a start makes of the file."""
    try:
        with closing(DuckStore(path)) as store:
            assert states[store.last()] == state(store), about
            return f"{COMMITS - store.last()} Commits fewer" if store.last() < COMMITS else "nothing lost"
    except StoreUnreadable:
        return "refused"
