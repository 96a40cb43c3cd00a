"""The two halves with bytes between them, beside one process: the pure code of both, over the same events in turns.

Workers cut once per 12,500 events of a partition, as they do each second at full load, or per 500, as those of many
small partitions do; or sooner where they must wait for the monitor. Clients and transactions are not in it.
"""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sinks import commit as tables
from sinks.commit import Commit, plain
from sinks.memory import MemoryStore
from stream.config.settings import Settings
from stream.events import Partition, Records
from stream.journey import Journey
from stream.recovery import recall
from stream.tiers.board import Board, pack
from stream.tiers.boards import Boards
from stream.tiers.follower import Follower
from stream.tiers.gatherer import Gatherer
from tests.bench.events import Stream
from tests.bench.measured import PARTITIONS, settings, sources
from tests.bench.report import Figure
from tests.bench.speed import CASES, PANE_S, Case

TOPIC = "t"
PANES = 10
BATCH, CUTS = 850, (12_500, 500)  # events of a partition: as at full load, and as of many small partitions
PARTITIONS_READ: tuple[Partition, ...] = tuple((TOPIC, n) for n in range(PARTITIONS))
STAMP_MS = 1_761_955_200_000


class Halves:
    """Workers, a monitor, and what both have spent."""

    def __init__(self, chosen: Settings) -> None:
        self.follower = Follower(chosen, sources(chosen), recall(MemoryStore(), chosen))
        for partition in PARTITIONS_READ:
            self.follower.find(partition, 0)
        self.spent: Counter[str] = Counter()  # s of processor time
        self.bytes = self.partials = 0
        self.closed: Counter[str] = Counter()
        self._boards, self._said = Boards(chosen), set[str]()
        self.follower.take()
        board = self._board()
        self._workers = {p: Gatherer(chosen, p, board.starts[p], board) for p in PARTITIONS_READ}

    def _board(self) -> Board:
        for key, message in pack(self.follower.board({}), self._said):
            self._boards.receive(message)
            self._said.add(key)
        assert self._boards.newest is not None
        return self._boards.newest

    def read(self, events: dict[Partition, list[bytes]], first: int) -> None:
        """A stretch of each partition, cut once, and one Commit; again where a worker had to wait for that."""
        done = dict.fromkeys(events, 0)
        while any(done[p] < len(events[p]) or self._workers[p].held for p in events):
            for partition, worker in self._workers.items():
                begun = time.thread_time()
                while done[partition] < len(events[partition]) and not worker.held:
                    part = events[partition][done[partition] : done[partition] + BATCH]
                    worker.receive(_records(partition, part, first + done[partition]))
                    done[partition] += len(part)
                worker.cut()
                values = worker.take()
                self.spent["worker"] += time.thread_time() - begun
                begun = time.thread_time()
                for value in values:
                    self.follower.receive(partition, self.follower.next_partial(partition), value)
                self.spent["adding"] += time.thread_time() - begun
                self.partials += len(values)
                self.bytes += sum(map(len, values))
            begun = time.thread_time()
            self.follower.work()
            commit = self.follower.take()
            board = self._board()
            self.spent["closing"] += time.thread_time() - begun
            self._count(commit)
            begun = time.thread_time()
            for worker in self._workers.values():
                worker.look(board)
            self.spent["worker"] += time.thread_time() - begun

    def _count(self, commit: Commit) -> None:
        """What was closed: panes of a model with their size, and windows of a series."""
        if tables.PANES.name in commit.tables:
            bodies = plain(commit.tables[tables.PANES.name])["summary"].tolist()
            self.closed.update(panes=len(bodies), pane_bytes=sum(map(len, bodies)))
        if tables.WINDOWS.name in commit.tables:
            self.closed["windows"] += len(plain(commit.tables[tables.WINDOWS.name])["model"])


def _records(partition: Partition, values: list[bytes], first: int) -> Records:
    n = len(values)
    return Records(*partition, np.arange(first, first + n), np.full(n, STAMP_MS), list(values), first + n)


def _measure(case: Case, panes: int, cut: int) -> None:
    chosen = settings(case.models, case.segments, "none:1", TOPIC, Path("none.duckdb"))
    n = case.per_pane * panes
    stream = Stream(n, case.models, case.per_pane / PANE_S)
    events = [event for block in stream.blocks() for event in block]
    one, two, spent = Journey(chosen, sources(chosen), recall(MemoryStore(), chosen)), Halves(chosen), 0.0
    for partition in PARTITIONS_READ:
        one.find(partition, 0)
    for first in range(0, n // PARTITIONS, cut):
        parts = {p: events[i::PARTITIONS][first : first + cut] for i, p in enumerate(PARTITIONS_READ)}
        begun = time.thread_time()
        for i in range(0, cut, BATCH):
            for partition, values in parts.items():
                if part := values[i : i + BATCH]:
                    one.receive(_records(partition, part, first + i))
            one.work()
        one.take()
        spent += time.thread_time() - begun
        two.read(parts, first)
    worker, adding, closing = (two.spent[name] / n * 1e6 for name in ("worker", "adding", "closing"))
    monitor = adding + closing
    print(f"\ntiers, {case.name}: {n:,} events, {two.partials} partials; us per event, without clients")
    print(f"  one process {spent / n * 1e6:.2f}; workers {worker:.2f}, monitor {monitor:.2f}")
    print(f"  {two.bytes / n:.1f} bytes of partials per event; one monitor's ceiling {1e6 / monitor:,.0f} events/s")
    _show(two)


def _show(two: Halves) -> None:
    """What a monitor does per Partial, per pane of a model and per window of a series."""
    adding, closing = (two.spent[name] * 1e3 for name in ("adding", "closing"))
    panes, windows = two.closed["panes"], two.closed["windows"]
    print(f"  a partial: {two.bytes / two.partials:,.0f} bytes, {adding / two.partials:.2f} ms to add")
    print(f"  a pane of a model: {two.closed['pane_bytes'] / panes:,.0f} bytes")
    print(f"  {panes} of them, {windows} windows of a series: {closing / windows * 1e3:.0f} us to close a window")


def figures(quick: bool) -> Iterator[Figure]:
    """What goes between the tiers, and what each costs; it has no limit of its own."""
    for case in CASES:
        for cut in CUTS:
            _measure(case, PANES // 2 if quick else PANES, cut)
    yield from ()
