"""Servers as processes: a free port, a wait until they answer, an end with all their children."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def environment(**more: str) -> dict[str, str]:
    """A small environment: nothing of the test's own leaks into a system."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "NO_PROXY": "127.0.0.1", **more}


@contextmanager
def running(
    command: Sequence[str], folder: Path, env: Mapping[str, str], ready: str, within_s: float
) -> Iterator[None]:
    """A server, until the block ends. `ready` answers 200 once it is up."""
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=out, start_new_session=True)
        try:
            until(lambda: status(ready) == 200, within_s, lambda: log.read_text(errors="replace")[-3000:])
            yield
        finally:
            _end(process)


def until(holds: Callable[[], bool], within_s: float, why: Callable[[], str] = lambda: "") -> None:
    """Wait for something that another program does."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, f"not within {within_s:g} s {why()}"
        time.sleep(0.3)


def status(url: str) -> int:
    """What a GET answers; 0 where nobody does."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            code: int = reply.status
            return code
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def call(method: str, url: str, document: object = None, token: str = "") -> object:
    """A JSON request of the test's own, and its reply."""
    body = None if document is None else json.dumps(document).encode()
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.loads(reply.read() or b"null")


def _end(process: subprocess.Popen[bytes]) -> None:
    """The server and its descendants: some start sessions of their own, so they are looked up by their parents."""
    family = [process.pid, *_descendants(process.pid)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        family = [pid for pid in family if Path(f"/proc/{pid}").exists()]


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            behind = entry.read_text().rpartition(")")[2].split()
            children.setdefault(int(behind[1]), []).append(int(entry.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        new = children.get(waiting.pop(), [])
        found += new
        waiting += new
    return found
