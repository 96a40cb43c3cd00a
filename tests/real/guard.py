"""Runs a program until its own standard input ends, as it does however the test ends that holds the other side.

`python guard.py COMMAND...`. Then nothing of the program is left, not what starts a session of its own, either: whoever
loses a parent below here becomes a child of this process, so that all are found. If the test has been killed, what it
had started beside this goes with it. All are killed, for they have nothing to keep.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
LOOK_S = 1.0  # how often it is looked what the test has started


class Process(NamedTuple):
    """With the time of its beginning, for numbers are used again."""

    pid: int
    session: int
    begun: str


def main(command: list[str]) -> int:
    """The program's exit code, or that of one that was killed."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    test = os.getppid()
    session = os.getsid(test)
    beside = descendants(test)
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        ended = os.pidfd_open(program.pid)
        while not select.select([sys.stdin, ended], [], [], LOOK_S)[0]:
            beside = descendants(test)
    finally:
        code = program.poll()
        while family := descendants(os.getpid()):
            _kill(family)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.02)
        if os.getppid() != test:
            # Other guards have sessions of their own, and see to the end of theirs.
            _kill(each for each in beside & descendants(1) if each.session == session)
    return -signal.SIGKILL if code is None else code


def descendants(ancestor: int) -> set[Process]:
    """Children, their children, and so on."""
    children: dict[int, list[Process]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            behind = entry.read_text().rpartition(")")[2].split()
            own = Process(int(entry.parent.name), int(behind[3]), behind[19])
            children.setdefault(int(behind[1]), []).append(own)
    found: set[Process] = set()
    waiting = [ancestor]
    while waiting:
        new = children.get(waiting.pop(), [])
        found.update(new)
        waiting += [each.pid for each in new]
    return found


def _kill(processes: Iterable[Process]) -> None:
    for each in processes:
        with suppress(ProcessLookupError):
            os.kill(each.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
