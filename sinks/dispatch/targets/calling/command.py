"""Runs a program: bounded in time and output, ended with everything it started."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Trigger
from sinks.dispatch.targets.plans.keys import Entry
from sinks.dispatch.targets.plans.row import run_id
from sinks.dispatch.targets.systems.commanding import arguments

OUTPUT_MAX = 4_096  # bytes of the end of what it said, in a message
KEPT_MAX = 1_000  # ended runs that are remembered
BUSY_S = 30.0  # until it is asked again whether the program has ended
GRACE_S = 5.0  # between the wish and the order to end
USUAL = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")


class CommandTarget:
    """One program, one run at a time. Runs end with the dispatcher; what it knew of them goes with it."""

    keyed = False

    def __init__(self, entry: Entry, environment: Mapping[str, str]) -> None:
        self.name = entry.name
        self._entry = entry
        self._environment = {
            name: environment[name] for name in (*USUAL, *entry.names("environment")) if name in environment
        }
        self._directory = Path(entry.text("directory"))
        if not self._directory.is_dir():
            raise ValueError(f"{entry.name}: {self._directory} is no directory")
        program = entry.names("command")[0]
        found = shutil.which(program, path=self._environment.get("PATH"))
        if found is None:
            raise ValueError(f"{entry.name}: there is no program {program}")
        self._program = str(Path(found).absolute())
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ended: OrderedDict[str, Ended] = OrderedDict()

    async def start(self, trigger: Trigger) -> Started | Again | Refused:
        """Start the program, unless it has been started for this trigger by this process."""
        run = run_id(trigger)
        if run in self._running or run in self._ended:
            return Started(run)
        if self._running:
            return Again("the program still runs for another trigger", BUSY_S)
        filled = arguments(self._entry, trigger)
        if isinstance(filled, Refused):
            return filled
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                *filled[1:],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                cwd=self._directory,
                env=self._environment,
                start_new_session=True,  # so that whatever it starts can be ended with it
            )
        except OSError as error:
            return Again(f"the program did not start: {error.strerror}")
        self._running[run] = asyncio.create_task(self._wait(run, process, trigger.raw))
        await asyncio.sleep(0)  # a task that is cancelled before it begins would end nothing
        return Started(run)

    async def follow(self, external_id: str) -> Running | Ended | Again | None:
        """Whether it runs, or how it ended."""
        if external_id in self._running:
            return Running()
        return self._ended.get(
            external_id, Ended(succeeded=False, why="the dispatcher stopped before its end was known")
        )

    async def close(self) -> None:
        """End what runs."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, run: str, process: asyncio.subprocess.Process, message: bytes) -> None:
        ended = Ended(succeeded=False, why="ended with the dispatcher")
        said = bytearray()
        try:
            async with asyncio.timeout(self._entry.number("timeout")):
                await asyncio.gather(_tell(process, message), _listen(process, said))
                code = await process.wait()
            ended = self._judged(code, said)
        except TimeoutError:
            ended = Ended(succeeded=False, why=f"ended after {self._entry.number('timeout'):g} s{_last(said)}")
        finally:
            await _end(process)
            self._running.pop(run, None)
            self._ended[run] = ended
            while len(self._ended) > KEPT_MAX:
                self._ended.popitem(last=False)

    def _judged(self, code: int, said: bytearray) -> Ended:
        """How a program that ended has ended; that it had been run for this trigger is no failure."""
        if code == 0:
            return Ended(succeeded=True)
        repeated = self._entry.text("repeated")
        if repeated and repeated.encode() in said:
            return Ended(succeeded=True, why="it had run for this trigger")
        return Ended(succeeded=False, why=f"exit code {code}{_last(said)}")


async def _tell(process: asyncio.subprocess.Process, message: bytes) -> None:
    """The trigger by the standard input; a program need not read it."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(message)
        await process.stdin.drain()
    process.stdin.close()


async def _listen(process: asyncio.subprocess.Process, said: bytearray) -> None:
    """Reads everything, so that nobody waits for a full pipe, and keeps the end of it."""
    assert process.stdout is not None
    while piece := await process.stdout.read(65_536):
        said += piece
        del said[:-OUTPUT_MAX]


async def _end(process: asyncio.subprocess.Process) -> None:
    """The program and what it started: asked to end, then made to."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await process.wait()
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _last(said: bytearray) -> str:
    """The end of what it said, printable."""
    text = bytes(said).decode("utf-8", "replace")
    shown = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return f": {shown[-500:]}" if shown else ""
