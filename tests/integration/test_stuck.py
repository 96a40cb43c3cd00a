"""Clients that are stuck, and brokers that are down: the former are ended, the latter are waited for."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest

from stream.app.watchdog import STRIKES
from tests.integration.kafka import RealKafka
from tests.integration.proxy import Proxy
from tests.integration.publishing import CONFIGURATION, STEP_MS
from tests.integration.running import Driftline
from tests.integration.streams import events
from tests.stream.web.served import eventually
from tests.torture.fleet import POSITION, between

N = 300
LOOK_S = 5.0  # half of the product's own; the client's own second try, after 15 s, still comes before the last look
SOONER = f"from stream.cli import main; from stream.app import watchdog; watchdog.LOOK_S = {LOOK_S}; main()"
PROGRAM = (sys.executable, "-c", SOONER)
ENDED_S = (STRIKES + 2) * LOOK_S + 10
DOWN_S = 65  # a client that gives up by itself does so after its request's 40 s


class Tiers:
    """`driftline run` on one topic, a monitor with a worker on another; those that are named come by the proxy."""

    def __init__(self, kafka: RealKafka, new_topic: Callable[..., str], folder: Path, *proxied: str) -> None:
        folder.mkdir()
        self.kafka, self.one, self.two = kafka, new_topic(), new_topic()
        for topic in (self.one, self.two):
            kafka.publish(topic, events(0, N, STEP_MS))
        self.made = {
            command: Driftline(
                folder / command, file=self._file(command, command in proxied), command=command, program=PROGRAM
            )
            for command in ("run", "monitor", "ingest")
        }

    def _file(self, command: str, proxied: bool) -> str:
        port = f"127.0.0.1:{self.kafka.proxy}" if proxied else self.kafka.bootstrap
        topic = self.one if command == "run" else self.two
        return between(CONFIGURATION.format(bootstrap=port, topic=topic), topic)

    def publish(self, n: int) -> None:
        """The next n events on each topic."""
        for topic in (self.one, self.two):
            self.kafka.publish(topic, events(0, N + n, STEP_MS, first=N))

    def read(self, *commands: str) -> bool:
        """Whether all of them are ready, and have read all that was published at first."""
        return all(self.made[each].ready() and self.made[each].metric(POSITION) >= N for each in commands)


@pytest.mark.timeout(280)
def test_a_stuck_client_turns_readiness_red_and_ends_its_process(
    own_kafka: RealKafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """Only fetches are withheld. Whoever reads otherwise goes on; a new process does, once fetches get through."""
    proxy = Proxy(own_kafka.proxy, own_kafka.behind)
    first = Tiers(own_kafka, new_topic, tmp_path / "first", "run", "ingest")
    second = Tiers(own_kafka, new_topic, tmp_path / "second", "monitor")
    stuck = [first.made["run"], first.made["ingest"], second.made["monitor"]]
    spared = [first.made["monitor"], second.made["ingest"]]
    with ExitStack() as stack:
        stack.enter_context(proxy.standing())
        for each in (*stuck, *spared):
            stack.enter_context(each.running())
        eventually(lambda: first.read("run", "monitor", "ingest") and second.read("monitor", "ingest"), 90)
        proxy.withholding.set()
        begun = time.monotonic()
        first.publish(100)
        second.publish(100)
        for each in stuck:
            assert "no answer for" in str(eventually(each.unready, 20))
        red_s = time.monotonic() - begun
        for each in stuck:
            assert 1 == each.process.wait(ENDED_S), each.said
            assert "the Kafka client is stuck, and a new process goes on where this one was" in each.said
        print(f"red after {red_s:.0f} s, all ended after {time.monotonic() - begun:.0f} s; {proxy.withheld} withheld")
        assert all(each.process.poll() is None for each in spared)
        proxy.withholding.clear()
        for each in stuck:
            each.start()
        eventually(lambda: first.read("run", "monitor", "ingest") and second.read("monitor", "ingest"), 90)
        eventually(lambda: first.made["run"].metric(POSITION) == N + 100, 60)
        eventually(lambda: second.made["monitor"].metric(POSITION) == N + 100, 60)
        assert [0] * 5 == [each.stop() for each in (*stuck, *spared)]


@pytest.mark.timeout(280)
def test_a_broker_that_is_down_ends_nobody(own_kafka: RealKafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """However long: all are red, and go on when it is back."""
    tiers = Tiers(own_kafka, new_topic, tmp_path / "tiers")
    with ExitStack() as stack:
        for each in tiers.made.values():
            stack.enter_context(each.running())
        eventually(lambda: tiers.read("run", "monitor", "ingest"), 90)
        own_kafka.kill()
        begun = time.monotonic()
        try:
            for each in tiers.made.values():
                eventually(each.unready, 20)
            Event().wait(DOWN_S - (time.monotonic() - begun))
            assert [None] * 3 == [each.process.poll() for each in tiers.made.values()]
        finally:
            own_kafka.start()
        tiers.publish(100)
        for command in ("run", "monitor"):
            eventually(lambda one=tiers.made[command]: one.ready() and one.metric(POSITION) == N + 100, 60)
        eventually(tiers.made["ingest"].ready)
        assert [0] * 3 == [each.stop() for each in tiers.made.values()]
