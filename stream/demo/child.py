"""The ordinary service as a process of its own, asked over HTTP as anybody else would ask it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

START_S = 30.0
ANSWER_S = 20.0
GOODBYE_S = 10.0
PAGE = 1_000  # rows per answer, the most there are
# The command line, also where its script is not on the path.
COMMAND = (sys.executable, "-c", "from stream.cli import main; main()", "run")
# What the embedded broker needs, where labels are and for how long they may come, and which groups are to be treated
# alike; the rest are the defaults of any service. Tickets are looked at by the hour: labels of five minutes are too few
# to say much.
SETTINGS = """\
kafka: {{bootstrap: "{bootstrap}", transactional: false, check_crcs: false}}
store: {{path: "{store}"}}
http: {{listen: "127.0.0.1:{port}"}}
events: {{labels: [labels]}}
defaults: {{labels: {{within: 2h}}}}
models: {{support: {{windows: [1h, 1d]}}, fraud: {{segments: [sex], fairness: [sex]}}, "*": {{}}}}
"""


class ServiceFailed(Exception):
    """The service ended, or does not answer; says where its log is."""


def free_port(wanted: int) -> int:
    """The wanted port of the loopback where nobody listens on it, else one that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServiceFailed("no port of 127.0.0.1 is free")


class Child:
    """`driftline run`, from `with` to the end of the block. What it leaves behind is in `folder`."""

    def __init__(self, folder: Path, bootstrap: str, port: int) -> None:
        self.port, self.store = port, folder / "driftline.duckdb"
        self.settings, self._log = folder / "driftline.yaml", folder / "driftline.log"
        self.settings.write_text(SETTINGS.format(bootstrap=bootstrap, store=self.store, port=port), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        # The demo is its own world: variables that are meant for another service stay out of it.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTLINE_")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                (*COMMAND, str(self.settings)), stdout=log, stderr=log, env=environment, start_new_session=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_until_ready(self) -> None:
        """Return when it reads events."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                if self._get("/health/ready")[0] == http.HTTPStatus.OK:
                    return
            except ServiceFailed:
                self._check()
            time.sleep(0.1)
        raise ServiceFailed(f"the service is not ready after {START_S:.0f} s; {self._last_words()}")

    def wait(self) -> None:
        """Return when it ends by itself."""
        assert self._process is not None
        self._process.wait()

    def watermark_ms(self) -> int:
        """Up to where in event time everything has been read; 0 while nothing has."""
        _, text = self._get("/metrics")
        prefix = "driftline_watermark_timestamp_seconds{"
        marks = [float(line.rsplit(" ", 1)[1]) for line in text.decode().splitlines() if line.startswith(prefix)]
        return int(1_000 * min(marks, default=0.0))

    def rows(self, path: str, **filters: str) -> list[dict[str, Any]]:
        """All rows that a list of the API has."""
        rows: list[dict[str, Any]] = []
        following: int | None = 0
        while following is not None:
            page = self.page(path, **filters, limit=str(PAGE), offset=str(following))
            rows += page["items"]
            following = page["next"]
        return rows

    def page(self, path: str, **filters: str) -> dict[str, Any]:
        """One page of a list of the API."""
        status, body = self._get(f"{path}?{urlencode(filters)}")
        if status != http.HTTPStatus.OK:
            raise ServiceFailed(f"{path} answers {status}: {body.decode()[:200]}")
        page: dict[str, Any] = json.loads(body)
        return page

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError as error:
            self._check()
            raise ServiceFailed(f"the service does not answer ({error}); {self._last_words()}") from error
        finally:
            connection.close()

    def _check(self) -> None:
        """ServiceFailed where the process has ended."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise ServiceFailed(f"the service ended with code {self._process.returncode}; {self._last_words()}")

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"its log is {self._log}" + (f" and ends: {lines[-1]}" if lines else "")
