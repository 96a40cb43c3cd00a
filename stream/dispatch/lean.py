"""The dispatcher in a process that has loaded nothing else: `driftline dispatch` becomes this one.

Reading a configuration loads what checks it, which is more memory than a dispatcher needs for months.
"""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping

import msgspec

from sinks.dispatch.host.ledger import LedgerRefused
from stream.broker import BrokerFailed, quieten
from stream.config.mistakes import ConfigurationError
from stream.dispatch.given import Given
from stream.dispatch.opening import TargetProblem, targets
from stream.dispatch.process import Dispatcher
from stream.web.server import ListenFailed

USER, WORLD = 2, 1
CODES: tuple[tuple[tuple[type[Exception], ...], int], ...] = (
    ((ConfigurationError, LedgerRefused, TargetProblem), USER),
    ((BrokerFailed, ListenFailed), WORLD),
)


def become(given: Given) -> None:
    """Replace this process, which has read the configuration, by one that only dispatches."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the next program reads it
    file.write(msgspec.json.encode(given))
    file.seek(0)
    os.set_inheritable(file.fileno(), True)
    command = (sys.executable, "-P", "-m", "stream.dispatch.lean", str(file.fileno()))
    os.execv(sys.executable, command)  # noqa: S606 - this very program


def main(arguments: list[str]) -> int:
    """Dispatch by what the descriptor holds, until SIGTERM or SIGINT; the exit code."""
    with os.fdopen(int(arguments[0]), "rb") as file:
        given = msgspec.json.decode(file.read(), type=Given)
    try:
        asyncio.run(dispatch(given, dict(os.environ), _say))
    except Exception as error:  # told by table, raised again where it is in none
        found = _first(error)
        code = next((code for kinds, code in CODES if isinstance(found, kinds)), None)
        if code is None:
            raise
        _say(str(found))
        return code
    return 0


async def dispatch(given: Given, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Open the targets, and dispatch until told to stop."""
    quieten()
    dispatcher = Dispatcher(given, targets(given.dispatch, environment), environment, say)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, dispatcher.stop)
    await dispatcher.run()


def _first(error: BaseException) -> BaseException:
    """The error, or the first of a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _say(sentence: str) -> None:
    sys.stderr.write(f"driftline: {sentence}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
