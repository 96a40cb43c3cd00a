"""What has come on the control topic: numbered, noted in the journal, and applied; and how far it has been read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from sinks import commit as tables
from stream.asked import text_of
from stream.events import NEVER, Partition
from stream.ledger import Ledger
from stream.monitor.controlled import Controlled, Note

KIND: Final = "control"  # of its rows in the journal
Journal = Callable[[str, Partition, int, int, Mapping[str, object]], None]


class _Detail(msgspec.Struct, frozen=True):
    """What the journal says of a record beside its place and T."""

    number: int
    stamp: int
    text: str
    upto: int = -1


class Heeding:
    """Each record once: the position is committed with what it did."""

    def __init__(self, controlled: Controlled, positions: Mapping[Partition, int], journal: Journal) -> None:
        self.positions = dict(positions)
        self._controlled, self._journal = controlled, journal

    def find(self, partition: Partition, offset: int) -> None:
        """Read one more partition of the control topic, from an offset on."""
        self.positions[partition] = offset

    def receive(
        self,
        partition: Partition,
        offsets: Sequence[int],
        stamps: Sequence[int],
        values: Sequence[bytes | None],
        position: int,
    ) -> None:
        """Do what the next records of a partition ask for."""
        for offset, stamp, value in zip(offsets, stamps, values, strict=True):
            self.positions[partition] = offset
            self._note(partition, offset, _Detail(self._number(), stamp, text_of(value)))
        self.positions[partition] = position

    def lose(self, partition: Partition, upto: int) -> None:
        """Go on behind records that retention has taken."""
        offset = self.positions[partition]
        self._note(partition, offset, _Detail(self._number(), 0, "", upto))
        self.positions[partition] = upto

    def tell(self, rows: Sequence[tuple[Partition, int, int, str]]) -> None:
        """What a journal says: partition, offset, T and detail of each."""
        self._controlled.tell([told(*row) for row in rows])

    def _number(self) -> int:
        """It rises with every record, and goes on after a restart: as many as were ever read."""
        return sum(self.positions.values())

    def _note(self, partition: Partition, offset: int, detail: _Detail) -> None:
        if self._controlled.mine(detail.text):
            since = self._controlled.since(detail.text)
            self._journal(KIND, partition, offset, since, msgspec.structs.asdict(detail))
            self._controlled.apply(_noted(partition, offset, since, detail))

    def rows(self, ledger: Ledger) -> None:
        """The positions as rows of the Commit; there are no clocks here."""
        for (topic, partition), offset in sorted(self.positions.items()):
            ledger.row(tables.POSITIONS, topic, partition, offset, 0, NEVER, NEVER, offset, 0, NEVER, NEVER)


def told(partition: Partition, offset: int, since: int, detail: str) -> Note:
    """A row of the journal as it was noted."""
    return _noted(partition, offset, since, msgspec.json.decode(detail, type=_Detail))


def _noted(partition: Partition, offset: int, since: int, detail: _Detail) -> Note:
    return Note(detail.number, *partition, offset, detail.stamp, since, detail.text, detail.upto)
