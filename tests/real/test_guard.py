"""What a server has started does not outlive the test, though that is killed and the server's children have left it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.real import guard
from tests.real.programs import until

# A program whose child starts a session of its own, and then leaves it behind.
SERVER = """
import pathlib, subprocess, sys, time
own = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
pathlib.Path("pid").write_text(str(own.pid))
time.sleep(600 * int(sys.argv[1]))
"""
TEST = """
import pathlib, subprocess, sys, time
beside = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path("beside").write_text(str(beside.pid))
own = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, start_new_session=True)
time.sleep(600)
"""


def test_nothing_of_a_test_that_is_killed_is_left(tmp_path: Path) -> None:
    """Neither of its server nor of what it has started beside it."""
    server = [sys.executable, guard.__file__, sys.executable, "-c", SERVER, "1"]
    with subprocess.Popen([sys.executable, "-c", TEST, *server], cwd=tmp_path) as test:
        child, beside = (_process(tmp_path / name) for name in ("pid", "beside"))
        assert child.exists()
        assert beside.exists()
        os.kill(test.pid, signal.SIGKILL)
    until(lambda: not child.exists() and not beside.exists(), 20)


def test_nothing_of_a_server_that_ends_is_left(tmp_path: Path) -> None:
    """Though it has left a child behind."""
    server = [sys.executable, guard.__file__, sys.executable, "-c", SERVER, "0"]
    with subprocess.Popen(server, cwd=tmp_path, stdin=subprocess.PIPE) as own:
        child = _process(tmp_path / "pid")
        assert 0 == own.wait(20)
    assert not child.exists()


def _process(note: Path) -> Path:
    """The folder of a process that has noted its number."""
    until(lambda: note.exists() and note.read_text() != "", 20)
    return Path("/proc") / note.read_text()
