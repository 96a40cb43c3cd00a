"""Two tiers that look like a Journey: what is read becomes Partials, and only those are added up."""

from collections.abc import Collection

from stream.config.settings import Settings
from stream.counting.clocks import Mark
from stream.events import NEVER, Partition, Records
from stream.monitor.plans.onboarding import Sources
from stream.tiers.board import Board, pack
from stream.tiers.boards import Boards
from stream.tiers.follower import Follower
from stream.tiers.gatherer import Gatherer, beginning
from stream.watch import Memory

Log = dict[Partition, list[bytes]]


class Tiered(Follower):
    """A monitor with its workers, one per partition; `log` are the Partials, which outlive it."""

    def __init__(self, settings: Settings, sources: Sources, memory: Memory, log: Log) -> None:
        super().__init__(settings, sources, memory)
        self._log, self._workers = log, dict[Partition, Gatherer]()
        self._boards, self._said = Boards(settings), set[str]()
        for partition in self.progress:
            self._begin(partition)
        self.work()

    def _begin(self, partition: Partition) -> None:
        log, board = self._log.setdefault(partition, []), self._board()
        begun = beginning(partition, log[-1] if log else None, board)
        assert begun is not None, partition
        start, gap = begun
        self._workers[partition] = Gatherer(self.settings, partition, start, board, gap=gap, first=not log)

    def _board(self) -> Board:
        """The present board, by way of its bytes."""
        for key, message in pack(self.board({}), self._said):
            self._boards.receive(message)
            self._said.add(key)
        assert self._boards.newest is not None
        return self._boards.newest

    # ---- as a Journey

    @property
    def clocks(self) -> dict[Partition, Mark]:
        """How far each partition has been read; at first only by the monitor."""
        workers = getattr(self, "_workers", {})
        return super().clocks | {partition: worker.mark for partition, worker in workers.items()}

    @property
    def held(self) -> Collection[Partition]:
        """Partitions whose last records wait."""
        return [partition for partition, worker in self._workers.items() if worker.held]

    def find(self, partition: Partition, offset: int) -> None:
        """Read one more partition."""
        super().find(partition, offset)
        self._begin(partition)

    def read_upto(self, partition: Partition) -> int:
        """The next offset to fetch."""
        return self._workers[partition].read_upto()

    def read(self, records: Records) -> None:
        """Take the next records of a partition."""
        self._workers[records.topic, records.partition].receive(records)

    def release(self, partition: Partition, clock: int, label_clock: int = NEVER) -> bool:
        """Raise the clocks of an idle partition."""
        self._workers[partition].release(clock, label_clock)
        return self.work()

    def lose(self, partition: Partition, upto: int) -> None:
        """Go on behind a gap."""
        self._workers[partition].lose(upto)
        self.work()

    def work(self) -> bool:
        """Until nothing moves."""
        closed = False
        while True:
            moved = False
            for partition, worker in sorted(self._workers.items()):
                worker.cut()
                self._log[partition] += worker.take()
                for at in range(self.next_partial(partition), len(self._log[partition])):
                    self.receive(partition, at, self._log[partition][at])
                    moved = True
            closing = super().work()
            closed |= closing
            if not closing and not moved:
                return closed
            now = self._board()
            for worker in self._workers.values():
                worker.look(now)
