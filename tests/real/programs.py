"""Servers as processes: a free port, a wait until they answer, an end with all their children."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.real import guard, install
from tests.real.install import programs


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def environment(name: str, home: Path, **more: str) -> dict[str, str]:
    """What a program of an environment finds: nothing of the test's own leaks into it."""
    path = f"{programs(name)}:/usr/bin:/bin"
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "NO_PROXY": "127.0.0.1", **more}


class Server:
    """A program of an environment, begun at once; the environment is made first where it is not there."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, address: str, **more: str) -> None:
        self.address = address
        self._log = folder / "server.log"
        settings = [f"{key}={value}" for key, value in environment(name, folder, **more).items()]
        made = [sys.executable, install.__file__, name, "env", "-i", *settings, *command]
        with self._log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, guard.__file__, *made],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def up(self, path: str, within_s: float = 240) -> str:
        """Its address, when it answers 200 there; where it has ended instead, say what it said."""

        def answers() -> bool:
            assert self.process.poll() is None, self.said
            return status(self.address + path) == 200

        until(answers, within_s, lambda: self.said)
        return self.address

    @property
    def said(self) -> str:
        """The end of what it has printed."""
        return self._log.read_text(errors="replace")[-3000:]

    def end(self) -> None:
        """Leave nothing of it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)


@contextmanager
def server(name: str, command: Sequence[str], folder: Path, address: str, **more: str) -> Iterator[Server]:
    """A server until the block ends, or the test, however it does."""
    own = Server(name, command, folder, address, **more)
    try:
        yield own
    finally:
        own.end()


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
