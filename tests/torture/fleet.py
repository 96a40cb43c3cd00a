"""Processes that are killed, frozen and stopped while they work, and what must be true of their rows in the end."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
from confluent_kafka import Message

from sinks import commit as tables
from sinks.commit import Columns, Store
from stream.config.parse import parse
from stream.journey import Journey
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall
from stream.retention import Retention
from tests.integration.kafka import PASSWORD, Kafka, RealKafka
from tests.integration.publishing import CONFIGURATION, PARTITIONS, Publisher, publishing
from tests.integration.running import COMMIT, Driftline, taken
from tests.integration.streams import late_among
from tests.integration.undisturbed import undisturbed, whole
from tests.simulation.driver import Rows, rows, together
from tests.stream.web.served import eventually
from tests.torture.joined import join
from tests.torture.labelled import Labelled
from tests.torture.measured import Told, judge, records, releases
from tests.torture.pulse import Pulse

FROZEN_S = 8.0  # beyond a session of 6 s
POSITION = "driftline_consumer_position_offset"
SILENT = range(11_000, 1_000_000_000)  # the last partition stops there, and is released again and again
CATCH_UP_S = 60.0  # without any progress
WORKING_SHARE = 0.7  # of the kills of a monitor; the others come whenever, and many of them while it starts
IDLE_S = 6.0
QUIET_S = 2.0  # a Commit a second, where there is anything to commit
UNTOLD = PARTITIONS * 17  # late events of the last pane, which nothing closes: of 80 s, each 4.9 s one


def between(configuration: str, topic: str) -> str:
    """The configuration with a name, and topics between the tiers, of its own."""
    named = configuration.replace("kafka: {", f"kafka: {{name: {topic}, ")
    return named.replace("topics: {", f"topics: {{partials: {topic}.partials, plans: {topic}.plans, ")


class Fleet:
    """`driftline run`, or monitors with workers, over one topic that is published to meanwhile."""

    def __init__(
        self,
        kafka: Kafka,
        topic: str,
        folder: Path,
        *,
        workers: int,
        dice: random.Random,
        monitors: int = 1,
        secure: bool = False,
        labelled: Labelled | None = None,
        publisher: Publisher | None = None,
        configured: str = CONFIGURATION,
    ) -> None:
        self.kafka, self.topic, self.dice = kafka, topic, dice
        self.faults: Counter[str] = Counter()
        self.reread: list[int] = []  # Partials, or events, that a start of a monitor reads again
        self.recovered: list[float] = []  # s, from a broker that answers again to events that are judged
        self._moved: list[float] = []  # when a worker left, or came
        self.silences: list[float] = []  # s, after each of these
        self._pause = Event()
        text = configured if labelled is None else labelled.configuration
        configuration = text.format(bootstrap=kafka.bootstrap, topic=topic)
        self.configuration = between(configuration, topic) if workers else configuration
        folder.mkdir(exist_ok=True)
        command, file, environment = "monitor" if workers else "run", self.configuration, {}
        if secure:
            assert isinstance(kafka, RealKafka), "somebody else's broker has listeners of its own"
            file, environment = kafka.secured(file, "env:SECRET"), {"SECRET": PASSWORD}
        names = list("abcdef"[:monitors]) if monitors > 1 else []  # of two, each has one of the models
        if names:
            file += f"monitors: {{names: [{', '.join(names)}]}}\n"
        self.monitors = [
            Driftline(
                folder / (name or command),
                *(("--name", name) if name else ()),
                file=file,
                command=command,
                environment=environment,
            )
            for name in names or [""]
        ]
        self.workers = [
            Driftline(folder / f"worker-{i}", file=file, command="ingest", environment=environment)
            for i in range(workers)
        ]
        self._read = f"{topic}.partials.{topic}" if workers else topic
        usual = publisher or Publisher(kafka, topic, SILENT)
        self.publisher = usual if labelled is None else labelled.publisher(kafka, topic)
        self._labelled = labelled
        self._pulse = Pulse(kafka, self._read, PARTITIONS)

    @contextmanager
    def running(self) -> Iterator[None]:
        """All processes and the publisher; ready when the block begins, ended with it."""
        with ExitStack() as ended:
            ended.enter_context(publishing(self.publisher))
            for each in (*self.monitors, *self.workers):
                ended.enter_context(each.running())
            eventually(lambda: all(each.ready() for each in self.monitors), 60)
            self._pulse.start()
            yield

    # ---- faults

    def strike(self, fault: str) -> None:
        """One fault, by its name."""
        self.faults[fault] += 1
        FAULTS[fault](self)

    def wait(self, least_s: float, most_s: float) -> None:
        """A moment of peace."""
        self._pause.wait(self.dice.uniform(least_s, most_s))

    def kill_worker(self) -> None:
        """As `kill -9`; it comes back."""
        victim = self.dice.choice(self.workers)
        victim.kill()
        self.wait(0, 1)
        victim.start()

    def freeze_worker(self) -> None:
        """Past its session, and then it goes on as if its partitions were still its own."""
        victim = self.dice.choice(self.workers)
        victim.process.send_signal(signal.SIGSTOP)
        self.wait(FROZEN_S, FROZEN_S + 2)
        victim.process.send_signal(signal.SIGCONT)

    def leave(self) -> None:
        """A worker ends in good order, and joins again."""
        victim = self.dice.choice(self.workers)
        code = victim.stop()
        assert code in (0, -signal.SIGTERM), f"{code}: {victim.said}"  # the latter while it had only just been started
        self._moved.append(time.monotonic())
        self.wait(0, 1)
        victim.start()
        self._moved.append(time.monotonic())

    def kill_monitor(self) -> None:
        """A process with a store."""
        victim = self.dice.choice(self.monitors)
        if self.dice.random() < WORKING_SHARE:
            eventually(victim.ready, 60)
            self.wait(0, 3)
        victim.kill()
        with victim.kept() as store:
            kept = store.select(tables.POSITIONS)
            mine = kept["topic"] == self._read
            self.reread.append(int((kept["offset"] - kept["rewind_offset"])[mine].sum()))
        self.wait(0, 1)
        victim.start()

    def kill_broker(self) -> None:
        """With whatever is in flight."""
        assert isinstance(self.kafka, RealKafka), "somebody else's broker is not killed"
        read = [each.metric(POSITION) for each in self.monitors]
        self.kafka.kill()
        self.wait(0, 2)
        self.kafka.start()
        begun = time.monotonic()
        eventually(lambda: all(each.metric(POSITION) > n for each, n in zip(self.monitors, read, strict=True)), 120)
        self.recovered.append(time.monotonic() - begun)

    # ---- the end

    def settle(self) -> None:
        """Publish no more, let everything be read and closed, and stop all."""
        self.publisher.finish()
        events = [(self.topic, partition) for partition in range(PARTITIONS)]
        labels = self._labelled.partitions(self.topic) if self._labelled else []
        self.log = whole(self.kafka, [*events, *labels])
        n = sum(stretches[-1].position for stretches in self.log.values())
        self._catch_up(n)
        self._rest()
        self._pulse.stop()
        self.silences = [self._pulse.silence(since) for since in self._moved]
        for each in (*self.workers, *self.monitors):
            code = each.stop()
            assert 0 == code, each.said
        for each in self.monitors:
            while self._owes(each):  # a stop does not wait for it
                each.start()
                eventually(each.ready, 60)
                self._rest()
                each.stop()

    def _catch_up(self, n: int) -> None:
        """Wait until monitors have read so many events; AssertionError where they do not get any further."""
        at, since = -1.0, time.monotonic()
        while self.alive() and at < n:
            self._pause.wait(0.5)
            read = min(each.metric(POSITION) for each in self.monitors)
            if read > at:
                at, since = read, time.monotonic()
            elif time.monotonic() - since > CATCH_UP_S:
                for each in (*self.monitors, *self.workers):
                    print(f"at {each.metric(POSITION):,.0f} of {n:,}:", *each.said.splitlines()[-5:], sep="\n  ")
                raise AssertionError(f"nobody reads on for {CATCH_UP_S} s")

    def _rest(self) -> None:
        """Wait until the last panes close, because all is idle; where there was a last word, until all is quiet."""
        begun = since = time.monotonic()
        at = -1.0
        while self.alive() and time.monotonic() - begun < IDLE_S:
            self._pause.wait(0.2)
            if (number := sum(each.metric(COMMIT) for each in self.monitors)) != at:
                at, since = number, time.monotonic()
            if self._labelled and time.monotonic() - since > QUIET_S:
                return

    def _owes(self, monitor: Driftline) -> bool:
        """Whether its last Commit says that labels and predictions have still to meet."""
        settings = parse(self.configuration)
        with monitor.kept() as store:
            memory = replace(recall(store, settings), starts={})
            return bool(Journey(settings, Sources(settings.limits), memory).monitor.meetings.due())

    def alive(self) -> bool:
        """Whether every worker lives; one that has given up is started again, as a supervisor would."""
        for each in self.workers:
            if each.process.poll() is not None:
                self.faults["a worker gave up"] += 1
                print("a worker gave up:", *each.said.splitlines()[-3:], sep="\n  ", flush=True)
                each.start()
        return True

    def judge(self) -> dict[str, int]:
        """AssertionError where rows are not those of one undisturbed process, or a message is missing or another."""
        told = Told()
        for monitor in self.monitors:
            with monitor.kept() as store:
                told.add(store)
                told_of = zip(
                    *(store.select(tables.POSITIONS)[name] for name in ("topic", "partition", "offset")), strict=True
                )
                read = {(topic, int(partition)): int(offset) for topic, partition, offset in told_of}
                journal = store.select(tables.JOURNAL)
                assert {each: log[-1].position for each, log in self.log.items()} == {
                    each: read[each] for each in self.log
                }
        calm, retention = undisturbed(parse(self.configuration), self.log, journal)
        refused = len(calm.select(tables.DEAD_LETTERS)["offset"])
        expected = _remaining(calm, retention)
        shares = []
        for monitor in self.monitors:
            with monitor.kept() as store:
                shares.append(_remaining(store, retention))
        kept = together(shares)
        counts = {table: len(found) for table, found in kept.items()}
        assert expected == kept, _difference(expected, kept)
        asked = taken(self.kafka, f"{self.topic}.triggers", counts["triggers"], told_apart=_said)
        bodies = set(map(_said, asked))
        joined = self._joined(told, journal, retention, _late(kept)) if self._labelled else {}
        planted = sum(late_among(each[-1].position) for each in self.log.values())
        assert joined or planted - UNTOLD <= _late(kept) <= planted, "a live event became late"
        assert {(row[1].encode(), row[-1]) for row in kept["triggers"]} == bodies
        letters = taken(self.kafka, f"{self.topic}.dead-letters", refused, told_apart=_said)
        assert refused == len(set(map(_said, letters)))
        released = int(np.count_nonzero(journal["kind"] == "release"))
        n = sum(each[-1].position for each in self.log.values())
        return {"events": n, "releases": released, **counts, "dead_letters": refused, **joined}

    def _joined(self, told: Told, journal: Columns, retention: Retention, late: int) -> dict[str, int]:
        """AssertionError where labels did not meet predictions as they do in the finished files."""
        files = {each: records(read) for each, read in self.log.items()}
        made = join(files, releases(journal), told.planned, labels=f"{self.topic}.labels")
        assert made.late == late, "a live event became late"
        return judge(made, told, retention.waiting)


def _remaining(store: Store, retention: Retention) -> Rows:
    """The rows that no store may have forgotten by now: one process does so sooner than another."""
    store.forget(retention._asdict(), {})
    return rows(store)


def _difference(expected: Rows, kept: Rows) -> str:
    """What is missing and what is too much, a few rows of each table."""
    said = []
    for table in kept:
        missing, more = Counter(expected[table]), Counter(kept[table])
        if missing != more:
            said.append(f"{table}: missing {list(missing - more)[:3]}, too much {list(more - missing)[:3]}")
    return "\n".join(said)


def _late(kept: Rows) -> int:
    late = [column.name for column in tables.TRAFFIC.columns].index("late")
    return sum(int(row[late]) for row in kept["traffic"])


def _said(message: Message) -> tuple[bytes | None, bytes | None]:
    """What a message says, however often it is delivered: dead letters have their position as key."""
    return message.key(), message.value()


FAULTS: dict[str, Callable[[Fleet], None]] = {
    "kill worker": Fleet.kill_worker,
    "freeze worker": Fleet.freeze_worker,
    "leave": Fleet.leave,
    "kill monitor": Fleet.kill_monitor,
    "kill broker": Fleet.kill_broker,
}
