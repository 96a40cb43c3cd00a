"""The committed positions: how far each partition has been read, as rows of the Commit."""

from collections.abc import Mapping

from sinks import commit as tables
from stream.counting.clocks import Mark, Progress
from stream.events import NEVER, Partition
from stream.ledger import Ledger
from stream.roster import FUTURE


class Positions:
    """What the last Commit said. A committed position never goes back, though a stretch behind it is read again."""

    def __init__(self, committed: Mapping[Partition, Mark]) -> None:
        self._committed = dict(committed)

    def rows(self, ledger: Ledger, progress: Mapping[Partition, Progress]) -> None:
        """A row per partition: its position with the clocks there, and where its oldest open pane begins."""
        for (topic, partition), one in sorted(progress.items()):
            mark, back = self._furthest((topic, partition), one.mark), one.rewind
            ledger.row(tables.POSITIONS, topic, partition, *mark.place, *back.place)

    def _furthest(self, partition: Partition, mark: Mark) -> Mark:
        before = self._committed.get(partition, mark)
        self._committed[partition] = max(mark, before, key=lambda at: at.place)
        return self._committed[partition]

    def latest(self) -> int:
        """The greatest clock of all; FUTURE before the first: what a first start notes stays for ever, it is little."""
        known = (clock for mark in self._committed.values() for clock in (mark.clock, mark.label_clock))
        return max((clock for clock in known if clock != NEVER), default=FUTURE)
