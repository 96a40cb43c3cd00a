"""`python -m tests.torture.dispatch [--kills N]`: a dispatcher that is killed while its targets fail one call in five.

What must be true in the end: every trigger was taken by every target, once where the target knows a repeated one; the
triggers of a model in their order; every step told; nothing left in the ledger. A target without a key may take a
trigger again where an answer was lost: by a fault of its own, or by a kill between its answer and the ledger.
"""

import argparse
import os
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

import duckdb
from confluent_kafka import Producer

from tests.integration.dispatching import Dispatching, Stub, trigger
from tests.integration.kafka import Kafka, own_kafka
from tests.stream.web.served import eventually
from tests.torture.steps import Step, told

PARTITIONS, MODELS = 4, 24
TARGETS = ("keyed", "followed", "plain")
STEPS = {"keyed": ("accepted", "started"), "plain": ("accepted", "started")}
STEPS["followed"] = ("accepted", "started", "succeeded")
BATCH = 10
PADDING = ["x" * 100] * 40  # 4 KB: twenty pieces of evidence
BURST_S, READ_S = 540.0, 120.0


class Burst(NamedTuple):
    """How a dispatcher took many triggers at once."""

    n: int
    starts_per_s: float
    before_mb: float
    most_mb: float

    def __str__(self) -> str:
        memory = f"{self.before_mb:.0f} MB before, {self.most_mb:.0f} MB at most"
        return f"a burst of {self.n:,}: {self.starts_per_s:.0f} starts/s, {memory}"


class Torture:
    """A dispatcher under load. `judge` after all is quiet."""

    def __init__(self, kafka: Kafka, topic: str, folder: Path, dice: random.Random, share: float = 0.2) -> None:
        self.kafka, self.topic, self._dice = kafka, kafka.create_topic(topic, PARTITIONS), dice
        self.stub = Stub(share, dice.randrange(1_000))
        self._folder, self._over = folder, Event()
        self.n, self.kills, self.early = 0, 0, 0
        self.rate = 40.0  # triggers per second

    @contextmanager
    def running(self) -> Iterator[None]:
        """Load, targets and dispatcher, until the end of the block."""
        publishing = Thread(target=self._publish, daemon=True)
        with self.stub.serving():
            self.dispatching = Dispatching(self._folder, self.kafka, self.topic, self.stub, TARGETS)
            with self.dispatching.running():
                publishing.start()
                try:
                    yield
                finally:
                    self._over.set()
                    publishing.join(30)

    def burst(self, n: int) -> Burst:
        """Publish n triggers at once, and watch the dispatcher's memory until all are settled."""
        self.rate = 1e-3
        eventually(self.dispatching.ready, 60)
        before, begun = self._memory_mb(), time.monotonic()
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap, "queue.buffering.max.messages": n + 1})
        for number in range(n):
            model = f"m{number * 7 % MODELS}"
            producer.produce(self.topic, trigger(number, model, evidence=PADDING), partition=partition_of(model))
        assert producer.flush(60) == 0
        self.n, most, took = n, before, 0.0
        while len(self.stub.taken) < n * len(TARGETS) and time.monotonic() - begun < BURST_S:
            most = max(most, self._memory_mb())
            time.sleep(0.2)
            took = time.monotonic() - begun
        return Burst(n, n * len(TARGETS) / took, before, most)

    def idle(self, seconds: float) -> tuple[float, float]:
        """What the dispatcher takes when there is nothing to do: its share of a core, %, and its memory, MB."""
        begun, spent = time.monotonic(), self._spent_s()
        time.sleep(seconds)
        return 100 * (self._spent_s() - spent) / (time.monotonic() - begun), self._memory_mb()

    def _spent_s(self) -> float:
        """The processor's time so far, of all threads."""
        fields = Path(f"/proc/{self.dispatching.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _memory_mb(self) -> float:
        pages = Path(f"/proc/{self.dispatching.process.pid}/statm").read_text().split()[1]
        return int(pages) * 4096 / 1e6

    def strike(self) -> None:
        """Kill it while it works, or now and then while it starts, and start it anew."""
        if self._dice.random() < 0.8:
            eventually(self.dispatching.ready, 60)
            time.sleep(self._dice.uniform(0.0, 1.5))
        else:
            time.sleep(self._dice.uniform(0.0, 2.0))
            self.early += 1
        self.dispatching.kill()
        self.kills += 1
        self.dispatching.start()

    def settle(self) -> None:
        """No more triggers; wait until every target has everything and everything is told."""
        self._over.set()
        seen, since = (0, 0.0), time.monotonic()
        while len(self.stub.taken) < self.n * len(TARGETS) or self._waiting():
            now = (len(self.stub.taken), self._waiting())
            seen, since = (seen, since) if now == seen else (now, time.monotonic())
            assert time.monotonic() - since < 60, f"no progress: {now}, {self.n} triggers; {self.dispatching.said}"
            time.sleep(0.2)
        time.sleep(1.0)

    def stop(self) -> None:
        """End the dispatcher in good order."""
        assert self.dispatching.stop()[0] == 0, self.dispatching.said

    def judge(self) -> str:
        """What was found, in words; AssertionError where a trigger was lost, repeated or out of order."""
        wanted = {(target, f"t{i}") for target in TARGETS for i in range(self.n)}
        assert (set(), set()) == (wanted - self.stub.taken.keys(), self.stub.taken.keys() - wanted)
        twice = Counter(target for (target, _), n in self.stub.taken.items() if n > 1)
        assert twice.keys() <= {"plain"}, twice
        for (target, model), ids in self.stub.order.items():
            numbers = [int(each[1:]) for each in ids]
            assert numbers == sorted(numbers), (target, model, numbers)
        steps = {(f"t{i}", target, state) for i in range(self.n) for target in TARGETS for state in STEPS[target]}
        seen = self._told(len(steps))
        assert steps == set(seen), (steps - set(seen), set(seen) - steps)
        with duckdb.connect(str(self._folder / "ledger.duckdb"), read_only=True) as file:
            rows = file.execute(
                "SELECT state, count(*), sum(attempts) FROM fates WHERE told = state GROUP BY 1"
            ).fetchall()
        assert self.n * len(TARGETS) == sum(n for _, n, _ in rows), rows
        lost_answers = self.stub.faults["reset after"] + self.stub.faults["slow"]
        return (
            f"{self.n} triggers to {len(TARGETS)} targets, {self.kills} kills ({self.early} during a start), "
            f"{sum(self.stub.calls.values())} calls, {sum(n for name, n in self.stub.faults.items() if name)} failed "
            f"({lost_answers} after the target had taken it): none lost, none out of order; with a key none twice, "
            f"without one {twice['plain']} triggers again; {len(seen)} outcomes told, "
            f"{len(seen) - len(steps)} of them again"
        )

    def _told(self, n: int) -> list[Step]:
        """The steps on the outcomes topic: at least n, and what comes within a second after them."""
        until = time.monotonic() + READ_S
        with closing(told(self.kafka, self.topic)) as looks:
            return next(
                found for found, more in looks if (not more and len(set(found)) >= n) or time.monotonic() >= until
            )

    def _waiting(self) -> float:
        """Triggers that are open, and runs that are followed, and what is still to be read."""
        text = self.dispatching.get("/metrics")[1]
        names = ("driftline_dispatch_waiting", "driftline_dispatch_following")
        found = [float(line.split()[-1]) for line in text.splitlines() if line.startswith(names)]
        return sum(found) if found else 1.0

    def _publish(self) -> None:
        """Triggers of many models in transactions, as the monitor sends them."""
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap, "transactional.id": f"from-{self.topic}"})
        producer.init_transactions(30)
        while not self._over.wait(BATCH / self.rate):
            producer.begin_transaction()
            for number in range(self.n, self.n + BATCH):
                model = f"m{number * 7 % MODELS}"
                producer.produce(self.topic, trigger(number, model), partition=partition_of(model))
            producer.commit_transaction(30)
            self.n += BATCH


def partition_of(model: str) -> int:
    """The same in every process."""
    return sum(model.encode()) % PARTITIONS


def main() -> int:
    """0 where nothing was lost or repeated."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.dispatch", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--rate", type=float, default=10.0, help="triggers per second")
    parser.add_argument("--burst", type=int, default=0, help="instead of kills: so many triggers at once")
    parser.add_argument("--share", type=float, default=0.2, help="of calls that fail")
    asked = parser.parse_args()
    begun = time.monotonic()
    print(f"seed {asked.seed}", flush=True)
    with own_kafka("torture-") as (kafka, folder):
        torture = Torture(kafka, f"torture-{asked.seed}", folder / "d", random.Random(asked.seed), asked.share)
        torture.rate = 1e-3 if asked.burst else asked.rate
        with torture.running():
            if asked.burst:
                print(torture.burst(asked.burst), flush=True)
            for i in range(0 if asked.burst else asked.kills):
                torture.strike()
                if i % 10 == 9:
                    print(f"{time.monotonic() - begun:6.1f} s  {i + 1} kills, {torture.n} triggers", flush=True)
            torture.settle()
            torture.stop()
        print(torture.judge())
    print(f"{time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
