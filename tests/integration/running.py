"""`driftline run` as a child process, in a folder of its own, told and asked as a user would."""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Self
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from sinks.duck import DuckStore
from tests.integration.kafka import Kafka, free_ports
from tests.integration.program import Program
from tests.stream.web.served import eventually

COMMAND = (sys.executable, "-c", "from stream.cli import main; main()")
STOP_S = 5.0  # what a stop may take
CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}", create_topics: {create}}}
events: {{predictions: [{topic}], idle: 500ms}}
topics: {{triggers: {topic}.triggers, dead_letters: {topic}.dead-letters, control: {topic}.control}}
defaults: {{windows: [1m, 5m], lateness: 20s, reference: {{learn: 5m}}}}
models: {{"*": {{}}}}
"""
QUIET_S = 1.0
COMMIT = "driftline_commit_number"
END_S = 40.0  # what a process that ends by itself may take


class Driftline(Program):
    """One service and its folder, started and ended any number of times; `file` is its configuration."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        file: str = "",
        environment: Mapping[str, str] | None = None,
        command: str = "run",
        program: Sequence[str] = COMMAND,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.port = folder, free_ports(1)[0]
        self.store = folder / "driftline.duckdb"
        if file:
            (folder / "driftline.yaml").write_text(file)
        listen = ("--listen", f"127.0.0.1:{self.port}") if command == "ingest" else ()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTLINE_")}
        self.environment |= {"DRIFTLINE_HTTP_LISTEN": f"127.0.0.1:{self.port}", **(environment or {})}
        super().__init__((*program, command, *listen, *arguments), folder / "said.txt", folder, self.environment)

    def stop(self) -> int:
        """End it by SIGTERM within STOP_S; its exit code."""
        code, took = self.terminate(END_S)
        assert took < STOP_S, f"{took:.1f} s to stop: {self.said}"
        assert "leaked" not in self.said  # a library's complaint about the interpreter's end
        return code

    def end(self) -> int:
        """Wait until it ends by itself; its exit code."""
        return self.process.wait(END_S)

    def get(self, path: str) -> tuple[int, Any]:
        """Status and document of an answer; 0 and nothing where nobody answers yet."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, _document(answer.read())
        except HTTPError as error:
            with error:
                return error.code, _document(error.read())
        except (URLError, OSError):
            return (0, None) if self.process.poll() is None else self._dead()

    def _dead(self) -> NoReturn:
        raise AssertionError(f"it has ended with code {self.process.returncode}: {self.said}")

    def items(self, path: str) -> list[dict[str, Any]]:
        """The first page of a list."""
        status, found = self.get(path)
        return found["items"] if status == 200 else []

    def ready(self) -> bool:
        """Whether readiness is green."""
        return self.get("/health/ready")[0] == 200

    def unready(self) -> str:
        """Why readiness is red; empty while it is green, or while nobody answers."""
        status, found = self.get("/health/ready")
        return str(found["error"]) if status == 503 else ""

    def metric(self, name: str) -> float:
        """The sum of a metric's series; 0 while it has none."""
        _, text = self.get("/metrics")
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text or "", re.MULTILINE)
        return sum(map(float, found))

    def commits(self, n: int) -> None:
        """Return when it has made n more Commits."""
        number = self.metric(COMMIT) + n
        eventually(lambda: self.metric(COMMIT) >= number)

    def hears(self, words: str, within_s: float = 30) -> None:
        """Return when it has said so."""
        eventually(lambda: words in self.said or (self.process.poll() is not None and self._dead()), within_s)

    def finishes(self, within_s: float = 40) -> None:
        """Return when there has been nothing to read for QUIET_S: what is known of an end is half a second old."""
        since = time.monotonic()

        def done() -> bool:
            nonlocal since
            if not (self.ready() and self.metric("driftline_consumer_lag_records") == 0):
                since = time.monotonic()
            return time.monotonic() - since > QUIET_S

        eventually(done, within_s)

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Started, and surely ended with the block."""
        try:
            yield self.start()
        finally:
            if self.process.poll() is None:
                self.kill()

    @contextmanager
    def kept(self) -> Iterator[DuckStore]:
        """Its store, while no process has it."""
        store = DuckStore(self.store)
        try:
            yield store
        finally:
            store.close()


def configuration(kafka: Kafka, topic: str, *, create: bool = False) -> str:
    """A service of one topic, whose output topics are its own."""
    return CONFIGURATION.format(bootstrap=kafka.bootstrap, topic=topic, create=str(create).lower())


def taken(
    kafka: Kafka,
    topic: str,
    n: int,
    wanted: Callable[[Message], bool] = lambda _: True,
    told_apart: Callable[[Message], object] = lambda one: (one.partition(), one.offset()),
) -> list[Message]:
    """The first n records on a topic that are wanted, or more, as a consumer of its users sees them.

    `told_apart`: by what they are; one that is delivered again counts once then.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap,
            "group.id": f"test-{time.monotonic_ns()}",
            "isolation.level": "read_committed",
        }
    )
    found: list[Message] = []

    def enough() -> bool:
        if not consumer.assignment():
            there = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            consumer.assign([TopicPartition(topic, each, OFFSET_BEGINNING) for each in there])
        found.extend(each for each in consumer.consume(10_000, 0.2) if not each.error() and wanted(each))
        return len(set(map(told_apart, found))) >= n

    eventually(enough)
    consumer.close()
    return found


def _document(body: bytes) -> Any:  # noqa: ANN401 - JSON, or text
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()
