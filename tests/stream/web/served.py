"""The application on a real socket, and the programs that look at it."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

import pytest

from stream.web.app import Served, application
from stream.web.server import listen, serve_on


@contextmanager
def listening(served: Served) -> Iterator[str]:
    """The address of the running application; it is stopped as the service stops it."""
    listener = listen("127.0.0.1:0")
    host, port = listener.getsockname()
    loop = asyncio.new_event_loop()
    task = loop.create_task(serve_on(application(lambda: served), listener))
    thread = Thread(target=lambda: loop.run_until_complete(asyncio.wait([task])))
    thread.start()
    try:
        yield f"{host}:{port}"
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(timeout=5)
        assert not thread.is_alive()
        loop.close()


def program(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped loudly, or fails where `CI=true` promises everything."""
    path = shutil.which(name)
    if path:
        return path
    reason = f"NOT TESTED: {name} is not installed; on Debian: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def eventually(question: Callable[[], object], within_seconds: float = 30) -> object:
    """The first answer that is true; asked again and again, because another program answers when it is ready."""
    deadline, pause = monotonic() + within_seconds, Event()
    while not (answer := question()):
        assert monotonic() < deadline, f"no answer within {within_seconds} s"
        pause.wait(0.1)
    return answer
