"""What is captured of a stream, its records and its journal, gives its rows once more, byte for byte."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sinks import commit as tables
from sinks.commit import Store
from sinks.memory import MemoryStore
from stream.config.settings import DAY
from stream.counting.clocks import Mark
from stream.events import Partition, Records
from stream.files import capturing
from stream.files.captures import opened
from stream.files.capturing import Capturing
from stream.journey import Journey
from stream.lives import Entry, Hole, Left, Life, lives, spans
from stream.monitor.checkpoint import closed
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall
from stream.rerun import Rerun
from tests.simulation.asking import CONTROL
from tests.simulation.driver import Rows, Run, rows
from tests.simulation.tiers import Tiers
from tests.simulation.world import BEGIN, World, settings, world

MINUTES = 30


class Whole:
    """All of a world's records, a few at a time."""

    def __init__(self, world: World, batch: int) -> None:
        self._world, self._batch = world, batch

    def records(self, partition: Partition, offset: int) -> Iterator[Records]:
        """From an offset on."""
        every = self._world.records(partition, offset, self._world.end(partition))
        for i in range(0, len(every.values), self._batch):
            yield every.since(i).until(self._batch)

    def stretch(self, partition: Partition, offset: int) -> tuple[int, int] | None:
        """Nothing is missing."""
        return min(offset, self._world.log[partition][0][0]), self._world.end(partition)


def told(store: Store) -> tuple[list[Entry], Left]:
    """The journal of a store, and what its last Commit has left."""
    journal, positions = store.select(tables.JOURNAL), store.select(tables.POSITIONS)
    names = Entry._fields
    entries = [Entry(*row) for row in zip(*(journal[name].tolist() for name in names), strict=True)]
    names = ("topic", "partition", "offset", "row", "clock", "label_clock")
    marks = zip(*(positions[name].tolist() for name in names), strict=True)
    (state,) = store.select(tables.CHECKPOINTS)["body"].tolist()
    return entries, Left({(topic, n): (Mark(*mark), Mark(*mark)) for topic, n, *mark in marks}, closed(state))


def lived(store: Store) -> list[Life]:
    """The lives of a store."""
    return lives(*told(store))


def again(world: World, store: Store, batch: int) -> Rows:
    """The rows of the rerun."""
    kept = MemoryStore()
    rerun = Rerun(lived(store), Whole(world, batch), kept, lambda settings: Sources(settings.limits))
    rerun.run(lambda _: None)
    assert [] == rerun.holes
    return rows(kept)


def test_a_stream_that_was_killed_and_configured_anew_is_told_again(log: World, undisturbed: Rows) -> None:
    """Two lives, releases, refusals, late events; batches of another size."""
    run = Run(log, 1, batch_max=20, kill_share=0.1)
    assert undisturbed == run.finish() == again(log, run.store, 7)
    assert 2 == len(lived(run.store))


@pytest.mark.parametrize("seed", range(4))
def test_at_any_commit_the_rows_are_those_of_the_store(seed: int) -> None:
    """Also where clocks have led their positions, and while open panes are read again."""
    dice, log = random.Random(seed), world(seed, minutes=MINUTES)
    run = Run(log, seed, batch_max=dice.choice([5, 40, 200]), kill_share=dice.choice([0, 0.03]))
    for _ in range(dice.randrange(30, 150)):
        run.step()
    run._commit()
    assert rows(run.store) == again(log, run.store, dice.choice([3, 50]))


def test_the_journal_of_a_monitor_says_the_same(log: World, undisturbed: Rows) -> None:
    """Workers read, a monitor judges, both die now and then."""
    tiers = Tiers(log, 1, batch_max=41, kill_share=0.02)
    assert undisturbed == tiers.finish() == again(log, tiers.store, 40)
    assert np.count_nonzero(tiers.store.select(tables.JOURNAL)["kind"] == "release") >= len(log.silences)


class Unlucky(Run):
    """Partitions are found one after the other, and retention takes what has not been read, or is read again."""

    def __post_init__(self) -> None:
        self.begins: dict[Partition, int] = {}
        self.lost = self.lost_again = 0
        super().__post_init__()

    def step(self) -> None:
        """The same, with retention, and topics that grow."""
        if self.journey.clocks and self.rng.random() < 0.05:
            partition = self.rng.choice(list(self.journey.clocks))
            at = self._committed().get(partition, self.journey.clocks[partition]).offset
            upto = at + self.rng.randrange(-40, 20)
            self.begins[partition] = max(self.begins.get(partition, 0), min(upto, self.world.end(partition) - 9))
        unknown = [partition for partition in self.world.log if partition not in self.journey.clocks]
        if unknown and (self.rng.random() < 0.03 or not any(map(self._can_move, self.world.log))):
            self.journey.find(unknown[0], max(self.begins.get(unknown[0], 0), self.world.log[unknown[0]][0][0]))
            return
        super().step()

    def _born(self) -> Journey:
        self.journey = Journey(
            settings(self.changed), Sources(settings(self.changed).limits), recall(self.store, settings(self.changed))
        )
        self.released = self._journaled()
        return self.journey

    def _can_move(self, partition: Partition) -> bool:
        return partition in self.journey.clocks and (self._overtaken(partition) or super()._can_move(partition))

    def _overtaken(self, partition: Partition) -> bool:
        at = self.journey.clocks[partition].offset
        return partition not in self.journey.held and at < self.begins.get(partition, 0)

    def _move(self, partition: Partition) -> None:
        if not self._overtaken(partition):
            super()._move(partition)
            return
        self.lost += 1
        committed = self._committed().get(partition)
        self.lost_again += committed is not None and self.journey.clocks[partition].offset < committed.offset
        self.journey.lose(partition, self.begins[partition])
        self.journey.work()

    def _at_change(self) -> bool:
        return self.world.log.keys() == self.journey.clocks.keys() and super()._at_change()


@pytest.mark.parametrize("seed", range(4))
def test_losses_and_partitions_found_later_are_told_again(seed: int) -> None:
    """Also what could not be read again after a start, though it had been counted in panes that were closed."""
    log = world(seed, minutes=MINUTES)
    run = Unlucky(log, seed, batch_max=12, kill_share=0.04)
    assert run.finish() == again(log, run.store, [3, 60][seed % 2])
    print(f"seed {seed}: {run.kills} kills, {run.lost} losses, {run.lost_again} of what had been read")
    assert min(run.kills, run.lost, run.lost_again) > 0
    journal = run.store.select(tables.JOURNAL)
    assert len(log.log) == np.count_nonzero(journal["kind"] == "found")
    assert len(lived(run.store)) > 2


class Spoken(Run):
    """People ask of the monitor whatever they like, while it is killed and configured anew."""

    def __post_init__(self) -> None:
        self.said: list[bytes] = []
        super().__post_init__()

    def step(self) -> None:
        """The same, with controls; those that were not committed are read again."""
        if self.rng.random() < 0.1:
            kind, model = self.rng.choice(("pause", "resume", "maintenance")), self.rng.choice(("shop", "quiet", "*"))
            latest = max(mark.clock for mark in self.journey.clocks.values()) // 1_000_000
            record = {"id": str(len(self.said) // 2), "kind": kind, "model": model}
            until = {"to": max(latest, BEGIN) + self.rng.randrange(600_000)} if kind == "maintenance" else {}
            self.said.append(json.dumps(record | until).encode())
        at = self.journey.heeding.positions.setdefault(CONTROL, 0)
        come = self.said[at:]
        self.journey.heeding.receive(CONTROL, range(at, len(self.said)), [7] * len(come), come, len(self.said))
        super().step()


@pytest.mark.parametrize("seed", range(3))
def test_what_was_asked_of_the_monitor_is_told_again(seed: int) -> None:
    """Where it was asked, with what became of it."""
    log = world(seed, minutes=MINUTES)
    run = Spoken(log, seed, batch_max=20, kill_share=0.04)
    assert run.finish() == again(log, run.store, [3, 60][seed % 2])
    outcomes = run.store.select(tables.CONTROLS)["outcome"].tolist()
    assert {"applied", "refused"} <= set(outcomes)
    assert len(run.said) == len(outcomes)
    assert "paused" in run.store.select(tables.WINDOWS)["why"].tolist()


class Holed(Whole):
    """The same without a stretch in the middle of a partition."""

    partition, begin, upto = ("predictions", 0), 200, 260

    def stretch(self, partition: Partition, offset: int) -> tuple[int, int] | None:
        """One before the hole, one behind it."""
        begin, end = super().stretch(partition, offset) or (0, 0)
        if partition != self.partition:
            return begin, end
        return (begin, self.begin) if offset < self.begin else (self.upto, end)


def test_a_hole_is_a_loss(undisturbed: Rows, log: World) -> None:
    """It is told, and the windows that it touches are incomplete; the others are those of the stream."""
    run, kept = Run(log, 1, batch_max=300), MemoryStore()
    run.finish()
    rerun = Rerun(lived(run.store), Holed(log, 50), kept, lambda settings: Sources(settings.limits))
    rerun.run(lambda _: None)
    assert [Hole(Holed.partition, Holed.begin, Holed.upto)] == rerun.holes
    windows = rows(kept)["windows"]
    assert 0 < len([row for row in windows if not row[9]]) < len(windows)
    assert all(row[9] for row in undisturbed["windows"])


def test_by_way_of_files_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Captured twice, in small files: once before it has changed, once in the end."""
    monkeypatch.setattr(capturing, "PART_RECORDS", 150)
    log, kept = world(3, minutes=MINUTES), MemoryStore()
    run = Unlucky(log, 3, batch_max=12, kill_share=0.04)
    for _ in range(60):
        run.step()
    run._commit()
    into(tmp_path, log, run.store)
    expected = run.finish()
    into(tmp_path, log, run.store)
    with opened(tmp_path) as capture:
        assert len(capture.contents.parts) > 4
        stream = lives(capture.journal(), capture.left)
        Rerun(stream, capture, kept, lambda settings: Sources(settings.limits)).run(lambda _: None)
    assert expected == rows(kept)


def into(folder: Path, log: World, store: Store) -> None:
    """Capture what a store has read of a world, a few records at a time."""
    capture, (journal, left) = Capturing(folder), told(store)
    for partition, (first, end) in spans(lives(journal, left)).items():
        for begin in range(capture.ends.get(partition, first), end, 70):
            records = log.records(partition, begin, min(end, begin + 70))
            capture.add(records, [None] * len(records.values), begin)
    capture.finish(store.last(), journal, left, DAY)
