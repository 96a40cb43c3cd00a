"""A dispatcher as a child process, and the targets that it starts: some that fail on purpose, all that count.

`python -m tests.integration.dispatching FILE` is the child: FILE is its configuration as JSON, with targets of ours.
"""

import asyncio
import json
import os
import random
import signal
import socket
import struct
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import aiohttp
import msgspec

from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Target, Trigger
from stream.dispatch.given import Given
from stream.dispatch.process import Dispatcher
from tests.integration.kafka import Kafka, free_ports
from tests.integration.program import Program

FAULTS = ("500", "429", "silence", "reset", "reset after", "slow")
TIMEOUT_S = 0.5


class HttpTarget:
    """POSTs the trigger's id to a Stub."""

    def __init__(self, name: str, url: str, *, keyed: bool, follows: bool) -> None:
        self.name, self.keyed, self._url, self._follows = name, keyed, f"{url}/{name}", follows
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))

    async def start(self, trigger: Trigger) -> Started | Again | Refused:
        """As any target."""
        body = {"id": trigger.id, "model": trigger.model, "keyed": self.keyed}
        try:
            async with self._http.post(self._url, json=body) as answer:
                await answer.read()
                if answer.status in {200, 409}:
                    return Started(f"run-{trigger.id}", f"{self._url}/{trigger.id}")
                if answer.status in {429, 500}:
                    after = answer.headers.get("Retry-After")
                    return Again(f"HTTP {answer.status}", float(after) if after else None)
                return Refused(f"HTTP {answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Again(repr(error))

    async def follow(self, external_id: str) -> Running | Ended | Again | None:
        """As any target."""
        if not self._follows:
            return None
        try:
            async with self._http.get(f"{self._url}/{external_id.removeprefix('run-')}") as answer:
                state = (await answer.json())["state"]
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Again(repr(error))
        return Running() if state == "running" else Ended(state == "succeeded", "" if state == "succeeded" else state)

    async def close(self) -> None:
        """As any target."""
        await self._http.close()


class Stub:
    """Targets behind one address. What they have taken is in `taken`: (target, trigger) and how often."""

    def __init__(self, share: float = 0.0, seed: int = 0) -> None:
        self.share = share  # of calls that fail
        self.dead: set[str] = set()  # targets, or models, that are answered nothing but 500
        self.silent: set[str] = set()  # models that get no answer
        self.refuses: set[str] = set()
        self.state = "succeeded"  # of every run
        self.taken: Counter[tuple[str, str]] = Counter()
        self.order: dict[tuple[str, str], list[str]] = {}  # (target, model): triggers as they were first taken
        self.calls: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._dice, self._lock = random.Random(seed), Lock()
        self._over = Event()
        self.url = ""

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Until the end of the block."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: _Handler(self, *given))
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            server.shutdown()
            server.server_close()

    def fault(self, target: str, model: str) -> str:
        """What goes wrong with this call; empty: nothing."""
        with self._lock:
            self.calls[target] += 1
            if target in self.dead or model in self.dead:
                return "500"
            if model in self.silent:
                return "silence"
            found = self._dice.choice(FAULTS) if self._dice.random() < self.share else ""
            self.faults[found] += 1
            return found

    def take(self, target: str, asked: Mapping[str, Any]) -> int:
        """Start a run; the HTTP status."""
        if target in self.refuses:
            return 400
        with self._lock:
            key, model = (target, asked["id"]), modelled(asked)
            if asked.get("keyed", True) and key in self.taken:
                return 409
            if key not in self.taken:
                self.order.setdefault((target, model), []).append(asked["id"])
            self.taken[key] += 1
            return 200

    def wait(self, seconds: float) -> None:
        """Say nothing for so long."""
        self._over.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, stub: Stub, *given: Any) -> None:  # noqa: ANN401 - the server's
        self._stub = stub
        super().__init__(*given)

    def do_POST(self) -> None:
        """Start a run."""
        stub, target = self._stub, self.path.split("/")[1]
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match stub.fault(target, modelled(asked)):
            case "500":
                self._answer(500)
            case "429":
                self._answer(429, {"Retry-After": "0.1"})
            case "silence":
                stub.wait(2 * TIMEOUT_S)
                self.close_connection = True
            case "reset":
                self._reset()
            case "reset after":
                stub.take(target, asked)
                self._reset()
            case "slow":
                status = stub.take(target, asked)
                self.send_response(status)
                self.send_header("Content-Length", "8")
                self.end_headers()
                self.wfile.write(b"slow")
                stub.wait(2 * TIMEOUT_S)
                self.close_connection = True
            case _:
                self._answer(stub.take(target, asked))

    def do_GET(self) -> None:
        """How a run is."""
        self._answer(200, {"Content-Type": "application/json"}, json.dumps({"state": self._stub.state}).encode())

    def _answer(self, status: int, headers: Mapping[str, str] = {}, body: bytes = b"{}") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def handle(self) -> None:
        """What a client has left, or we have cut, is no error."""
        with suppress(OSError):
            super().handle()

    def finish(self) -> None:
        """Likewise."""
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Dispatching(Program):
    """One dispatcher and its folder, started and ended any number of times.

    Targets whose names begin with `plain` do not know a repeated trigger; those of `followed` tell how a run is doing.
    `reached`: more keys of `kafka`; `dispatch`: of `dispatch`.
    """

    def __init__(  # noqa: PLR0917 - each once
        self,
        folder: Path,
        kafka: Kafka,
        topic: str,
        stub: Stub,
        names: Sequence[str],
        reached: Mapping[str, object] | None = None,
        **dispatch: object,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.port = free_ports(1)[0]
        self.ledger = folder / "ledger.duckdb"
        retry = {"first": 50_000_000, "most": 500_000_000, "broken_for": 500_000_000}
        targets = [
            {"name": name, "url": stub.url, "keyed": not name.startswith("plain"), "follows": "followed" in name}
            for name in names
        ]
        given = {
            "kafka": {"bootstrap": kafka.bootstrap, "name": topic, **(reached or {})},
            "topics": {
                "triggers": topic,
                "outcomes": f"{topic}.outcomes",
                "dead_letters": f"{topic}.dead-letters",
            },
            "dispatch": {
                "ledger": str(self.ledger),
                "listen": f"127.0.0.1:{self.port}",
                "retry": retry,
                "targets": targets,
                **dispatch,
            },
        }
        file = folder / "given.json"
        file.write_text(json.dumps(given))
        super().__init__((sys.executable, "-m", "tests.integration.dispatching", str(file)), folder / "said.txt")

    def stop(self) -> tuple[int, float]:
        """End it by SIGTERM: its exit code, and how long it took."""
        return self.terminate(20)

    def ready(self) -> bool:
        """Whether readiness is green."""
        return self.get("/health/ready")[0] == 200

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of an answer; 0 where nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except (URLError, OSError):
            assert self.process.poll() is None, self.said
            return 0, ""

    def shown(self, name: str, target: str) -> float:
        """A number of a target on /metrics; -1 where there is none."""
        sign = f'driftline_dispatch_{name}{{target="{target}"}} '
        lines = self.get("/metrics")[1].splitlines()
        return next((float(line.removeprefix(sign)) for line in lines if line.startswith(sign)), -1.0)

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Started, and surely ended with the block."""
        try:
            yield self.start()
        finally:
            if self.process.poll() is None:
                self.kill()


def modelled(asked: Mapping[str, Any]) -> str:
    """The model of a request: of our own targets, or of one that sends the trigger as it is."""
    return str(asked.get("model") or asked["data"]["model"])


def trigger(number: int, model: str = "fraud", **data: object) -> bytes:
    """A trigger whose id is its number."""
    known = {"model": model, "model_version": "3", "reason": "drift", "severity": "warning", "incident": f"i{number}"}
    event = {
        "specversion": "1.0",
        "id": f"t{number}",
        "source": "/driftline",
        "type": "driftline.retrain.requested",
        "subject": model,
        "time": "2026-11-20T17:00:00Z",
        "data": {**known, **data},
    }
    return json.dumps(event).encode()


def open_target(entry: object) -> Target:
    """A target of ours from its entry."""
    assert isinstance(entry, dict)
    return HttpTarget(entry["name"], entry["url"], keyed=entry["keyed"], follows=entry["follows"])


async def _main(given: Given) -> None:
    targets = [open_target(entry) for entry in given.dispatch.targets]
    dispatcher = Dispatcher(given, targets, dict(os.environ), lambda said: print(said, file=sys.stderr, flush=True))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, dispatcher.stop)
    await dispatcher.run()


if __name__ == "__main__":
    asyncio.run(_main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Given)))
