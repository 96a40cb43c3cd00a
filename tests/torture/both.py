"""`python -m tests.torture.both [--kills N]`: service and dispatcher killed in turn or together, under load.

`driftline run` finds drift and keeps schedules in two dozen models; each trigger goes to three targets that fail one
call in five. What must be true in the end: the rows are those of one undisturbed process; every trigger that they hold
is on the topic, and was started once by every target with a key, models in their order, or superseded by a later one
that was; every step was told.
"""

import argparse
import json
import random
import secrets
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from tests.integration.dispatching import Dispatching, Stub
from tests.integration.kafka import Kafka, own_kafka
from tests.integration.publishing import PARTITIONS, Publisher
from tests.integration.running import taken
from tests.stream.web.served import eventually
from tests.torture.fleet import SILENT, WORKING_SHARE, Fleet
from tests.torture.steps import Step, told

MODELS = tuple(f"{'fraud' if i % 2 else 'churn'}-{i:02d}" for i in range(24))
PER_S = 300  # events of a partition: 30 s of event time per second
TARGETS = ("keyed", "followed", "plain")
KINDS = ("service", "dispatcher", "both")
STUCK_S = 90.0  # without any progress
# Three reasons to ask: drift without a rest, an instant of all models at once, and so many events of each.
CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}"}}
events: {{predictions: [{topic}], idle: 700ms}}
topics: {{triggers: {topic}.triggers, dead_letters: {topic}.dead-letters, control: {topic}.control}}
defaults:
  windows: [1m, 5m]
  lateness: 20s
  reference: {{learn: 3m}}
  trigger: {{cooldown: 0s}}
  policy: {{schedules: [{{name: often, events: 300}}, {{name: clock, cron: "*/10 * * * *"}}]}}
models: {{"*": {{}}}}
"""


class Both:
    """Service, dispatcher, targets and load. `judge` after all is quiet."""

    def __init__(self, kafka: Kafka, topic: str, folder: Path, dice: random.Random, share: float = 0.2) -> None:
        folder.mkdir(exist_ok=True)
        self.kafka, self.dice, self.kills = kafka, dice, Counter[str]()
        self.triggers = kafka.create_topic(f"{topic}.triggers", PARTITIONS)
        publisher = Publisher(kafka, topic, SILENT, MODELS, PER_S)
        parts = {"dice": dice, "publisher": publisher, "configured": CONFIGURATION}
        self.fleet = Fleet(kafka, topic, folder / "fleet", workers=0, **parts)
        self.stub, self._folder = Stub(share, dice.randrange(1_000)), folder / "dispatch"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Everything, until the end of the block; when it begins, the first triggers are there."""
        with self.stub.serving():
            self.dispatching = Dispatching(self._folder, self.kafka, self.triggers, self.stub, TARGETS)
            with self.dispatching.running(), self.fleet.running():
                (service,) = self.fleet.monitors
                eventually(lambda: self.dispatching.ready() and service.metric("driftline_triggers_total") > 0, 120)
                yield

    def strike(self) -> None:
        """Kill one or both while they work, or now and then while they start, and start what was killed."""
        kind = self.dice.choice(KINDS)
        self.kills[kind] += 1
        (service,) = self.fleet.monitors
        if self.dice.random() < WORKING_SHARE:
            eventually(lambda: service.ready() and self.dispatching.ready(), 120)
        time.sleep(self.dice.uniform(0.0, 1.5))  # at whatever it is then
        struck = {"service": (service,), "dispatcher": (self.dispatching,), "both": (service, self.dispatching)}[kind]
        for each in struck:
            assert each.process.poll() is None, each.said
            each.kill()
        for each in self.dice.sample(struck, len(struck)):
            each.start()

    def settle(self) -> None:
        """No more events: wait until all is judged, asked for and told, and stop."""
        self.fleet.settle()
        self.found = self.fleet.judge()
        self.asked = self._asked(self.found["triggers"])
        wanted = {(trigger, target) for trigger in self.asked for target in TARGETS}
        self.told = self._told(lambda steps: wanted <= _decided(steps) and not self._waiting())
        code, _ = self.dispatching.stop()
        assert 0 == code, self.dispatching.said

    def judge(self) -> str:
        """What was found, in words; AssertionError where a trigger was lost, repeated, untold or out of order."""
        models: dict[str, list[str]] = defaultdict(list)
        for trigger, model in self.asked.items():
            models[model].append(trigger)
        states: dict[tuple[str, str], set[str]] = defaultdict(set)
        for trigger, target, state in self.told:
            states[trigger, target].add(state)
        assert states.keys() == {(trigger, target) for trigger in self.asked for target in TARGETS}
        replaced = Counter[str]()
        for (trigger, target), seen in states.items():
            here = (trigger, target, seen)
            assert {"accepted"} <= seen <= {"accepted", "started", "succeeded", "superseded"}, here
            n, last = self.stub.taken[target, trigger], models[self.asked[trigger]][-1] == trigger
            assert n == 1 or (n == 0 and "started" not in seen) or (n > 1 and target == "plain"), (here, n)
            assert "started" in seen or ("superseded" in seen and not last), here
            assert target != "followed" or seen & {"succeeded", "superseded"}, here
            replaced[target] += "started" not in seen
        assert {trigger for _, trigger in self.stub.taken} <= self.asked.keys()
        for (target, model), ids in self.stub.order.items():
            places = [models[model].index(each) for each in ids]
            assert places == sorted(places), (target, model)
        with duckdb.connect(str(self.dispatching.ledger), read_only=True) as file:
            ((n,),) = file.execute("SELECT count(*) FROM fates WHERE told = state").fetchall()
        assert len(states) == n, "the ledger knows more, or has something to tell"
        twice = sum(n > 1 for n in self.stub.taken.values())
        failed = sum(n for name, n in self.stub.faults.items() if name)
        return (
            f"{self.found['events']:,} events, {len(self.asked)} triggers of {len(models)} models to {len(TARGETS)} "
            f"targets; kills: {dict(self.kills)}; {sum(self.stub.calls.values())} calls, {failed} failed; rows equal to"
            f" one undisturbed process, no trigger lost, none out of order, with a key none twice; without one "
            f"{twice} again; superseded before they were started: {dict(replaced)}; {len(self.told)} outcomes, "
            f"{len(self.told) - len(set(self.told))} of them again"
        )

    def _asked(self, n: int) -> dict[str, str]:
        """The model of each trigger on the topic, in the order in which they came first."""
        found = taken(self.kafka, self.triggers, n, told_apart=lambda one: one.value())
        known: dict[str, str] = {}
        for each in sorted(found, key=lambda one: (one.partition(), one.offset())):
            event = json.loads(each.value() or b"")
            known.setdefault(event["id"], event["subject"])
        assert n == len(known), "as many ids as messages"
        return known

    def _told(self, enough: Callable[[set[Step]], bool]) -> list[Step]:
        """The steps on the outcomes topic until they are enough, and what comes within a second after them."""
        since = time.monotonic()
        with closing(told(self.kafka, self.triggers)) as looks:
            for found, more in looks:
                if not more and enough(set(found)):
                    return found
                since = time.monotonic() if more else since
                if time.monotonic() - since >= STUCK_S:
                    break
        raise AssertionError(
            f"nothing is told for {STUCK_S:.0f} s: {self._waiting()} wait; {self.dispatching.said[-2_000:]}"
        )

    def _waiting(self) -> float:
        """Triggers that are open, and runs that are followed."""
        named = [(name, target) for name in ("waiting", "following") for target in TARGETS]
        return sum(max(0.0, self.dispatching.shown(*each)) for each in named)


def _decided(steps: set[Step]) -> set[tuple[str, str]]:
    return {(trigger, target) for trigger, target, state in steps if state in {"started", "superseded"}}


def main() -> int:
    """0 where nothing was lost or repeated."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.both", description=__doc__)
    parser.add_argument("--kills", type=int, default=30, help="strikes; one in three kills both")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--share", type=float, default=0.2, help="of calls that fail")
    asked = parser.parse_args()
    begun = time.monotonic()
    print(f"seed {asked.seed}", flush=True)
    with own_kafka("torture-") as (kafka, folder):
        topic = kafka.create_topic(f"torture-{asked.seed}", PARTITIONS)
        both = Both(kafka, topic, folder / "both", random.Random(asked.seed), asked.share)
        with both.running():
            for i in range(asked.kills):
                both.strike()
                if i % 10 == 9:
                    print(f"{time.monotonic() - begun:6.1f} s  {i + 1} strikes", flush=True)
            both.settle()
        print(both.judge())
    print(f"{time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
