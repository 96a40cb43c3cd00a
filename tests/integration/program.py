"""A process of ours in tests: started and ended any number of times, with all that it has said."""

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self


class Program:
    """One command; what it prints is added to `log`."""

    def __init__(
        self, command: Sequence[str], log: Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command, self._log, self._cwd, self._environment = command, log, cwd, environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, and give it back."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._cwd, env=self._environment, stdout=log, stderr=log
            )
        return self

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """Its present or last life."""
        assert self._process is not None, "never started"
        return self._process

    @property
    def said(self) -> str:
        """All that it has ever printed."""
        return self._log.read_text()

    def kill(self) -> None:
        """End it like `kill -9`."""
        self.process.kill()
        self.process.wait(10)

    def terminate(self, within: float) -> tuple[int, float]:
        """End it by SIGTERM: its exit code, and how long it took, s."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within), time.monotonic() - begun
