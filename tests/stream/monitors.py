"""Several monitors and their workers over a log by hand; any monitor may be away for a while."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from msgspec.json import encode
from msgspec.structs import replace

from sinks.commit import RESULTS, Table
from sinks.memory import MemoryStore
from stream.config.parse import parse
from stream.config.settings import Settings
from stream.events import Partition
from stream.joining.meeting import settle
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall
from stream.tiers.board import pack
from stream.tiers.boards import Boards
from stream.tiers.follower import Follower
from stream.tiers.gatherer import Gatherer, beginning
from stream.tiers.handover import hand_over
from tests.stream.rules.story import FIRST, Story, moment, records, seen


class Monitors:
    """The workers of a log, and monitors by name, each with a store of its own."""

    def __init__(self, configuration: str, names: Sequence[str], partitions: Sequence[Partition] = (FIRST,)) -> None:
        self.configuration, self.names = f"{configuration}\nmonitors: {{names: [{', '.join(names)}]}}", names
        self.log: dict[Partition, list[tuple[int, int, bytes | None]]] = {each: [] for each in partitions}
        self.partials: dict[Partition, list[bytes]] = {each: [] for each in partitions}
        self.told: list[bytes] = []
        self.asked: dict[Partition, list[bytes]] = {}
        self.stores = {name: MemoryStore() for name in names}
        self.present: dict[str, Follower] = {}
        self.said: dict[str, set[str]] = {}
        self.workers: dict[Partition, Gatherer] = {}
        self.boards, self.heard = Boards(self._settings("")), 0
        for name in names:
            self.come(name)

    def _settings(self, name: str) -> Settings:
        settings = parse(self.configuration)
        return replace(settings, monitors=replace(settings.monitors, name=name))

    # ---- what happens

    def come(self, name: str) -> None:
        """A monitor starts, and goes on from its store."""
        settings = self._settings(name)
        one = Follower(settings, Sources(settings.limits), recall(self.stores[name], settings))
        self.present[name], self.said[name] = one, set()
        self._find(one)
        self._commit(name)

    def go(self, name: str) -> None:
        """A monitor dies."""
        del self.present[name]

    def add(self, partition: Partition) -> None:
        """A partition is there; whoever is present finds it."""
        self.log[partition], self.partials[partition] = [], []
        for one in self.present.values():
            self._find(one)

    def _find(self, one: Follower) -> None:
        for partition in self.log:
            if partition not in one.progress:
                one.find(partition, 0)

    def publish(self, partition: Partition, *values: bytes) -> None:
        """Append records."""
        log = self.log[partition]
        log += [(len(log) + i, -1, value) for i, value in enumerate(values)]

    def ask(self, topic: str, record: dict[str, Any]) -> None:
        """Append to a topic beside the events; whoever is present heeds it at once."""
        said = self.asked.setdefault((topic, 0), [])
        said.append(encode(record))
        for name, one in self.present.items():
            side = one.sides[topic]
            side.positions.setdefault((topic, 0), 0)
            at = list(range(side.positions[topic, 0], len(said)))
            side.receive((topic, 0), at, [5] * len(at), [said[i] for i in at], len(said))
            self._commit(name)

    def read(self, batch: int = 1_000_000) -> "Monitors":
        """Everybody does what they can, until nothing moves."""
        while self._round(batch):
            pass
        return self

    def end(self, minute: float = 600) -> "Monitors":
        """Everything is idle for long: all windows close."""
        for partition, worker in sorted(self.workers.items()):
            assert not worker.held, partition
            worker.release(moment(minute), moment(minute))
        return self.read()

    def _round(self, batch: int) -> bool:
        moved = False
        for partition in self.log:
            moved |= self._work(partition, batch)
        for name, one in self.present.items():
            before = one.number, one.clocks
            for partition, log in self.partials.items():
                for at in range(one.next_partial(partition), len(log)):
                    one.receive(partition, at, log[at])
            while one.work():
                pass
            if one.clocks != before[1]:
                self._commit(name)
                moved = True
        return moved

    def _work(self, partition: Partition, batch: int) -> bool:
        """Whether a partition's worker, born when it can be, got any further."""
        while self.heard < len(self.told):
            self.boards.receive(self.told[self.heard])
            self.heard += 1
        newest = self.boards.newest
        if newest is None:
            return False
        worker = self.workers.get(partition)
        if worker is None:
            log = self.partials[partition]
            begun = beginning(partition, log[-1] if log else None, newest)
            if begun is None:
                return False
            settings, (start, gap) = self._settings(""), begun
            worker = self.workers[partition] = Gatherer(settings, partition, start, newest, gap=gap, first=not log)
        before = worker.mark, worker.held
        worker.look(newest)
        due = [] if worker.held else [one for one in self.log[partition] if one[0] >= worker.mark.offset][:batch]
        if due:
            worker.receive(records(partition, due))
        worker.cut()
        sent = worker.take()
        self.partials[partition] += sent
        return bool(sent) or before != (worker.mark, worker.held)

    def _commit(self, name: str) -> None:
        one = self.present[name]
        settle(one, self.stores[name])
        for key, message in pack(one.board({}), self.said[name]):
            self.told.append(message)
            self.said[name].add(key)

    def share(self, *names: str) -> "Monitors":
        """All that was read is judged; then these monitors go on with what the former ones hand over."""
        former = [(name, self.stores[name]) for name in self.names]
        for name in self.names:
            self.present[name].relayed(self.present[name].number)
            self._commit(name)
            self.go(name)
        self.configuration = self.configuration.replace(f"[{', '.join(self.names)}]", f"[{', '.join(names)}]")
        self.names, self.stores, self.workers = names, {}, {}
        self.boards, self.heard = Boards(self._settings("")), 0
        for name in names:
            self.stores[name] = MemoryStore()
            for commit in hand_over(former, self._settings(name)):
                self.stores[name].write(commit)
            self.come(name)
        return self

    # ---- what is seen

    def results(self) -> dict[str, list[str]]:
        """The rows of all stores that the guarantee compares, in key order."""
        return {table.name: [repr(row) for row in self.rows(table)] for table in RESULTS}

    def rows(self, table: Table, names: Iterable[str] = ()) -> list[dict[str, Any]]:
        """The rows of a table in these stores, or all."""
        found = [row for name in names or self.names for row in self._rows(table, self.stores[name])]
        return sorted(found, key=lambda row: [row[name] for name in table.key])

    def _rows(self, table: Table, store: MemoryStore) -> list[dict[str, Any]]:
        columns = store.select(table)
        names = [column.name for column in table.columns]
        lists = [seen(columns[name]) for name in names]
        return [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]


def alone(configuration: str, log: Monitors) -> dict[str, list[str]]:
    """What one process makes of the same log."""
    return _alone(configuration, tuple((each, tuple(value for _, _, value in kept)) for each, kept in log.log.items()))


@lru_cache(maxsize=4)  # the same log is read in many ways
def _alone(configuration: str, log: tuple[tuple[Partition, tuple[bytes | None, ...]], ...]) -> dict[str, list[str]]:
    story = Story(configuration, tuple(partition for partition, _ in log))
    for partition, values in log:
        story.publish(partition, *values)
    return story.read().end().results()
