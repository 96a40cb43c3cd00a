"""What has come on a side topic: numbered, noted in the journal, and heeded; and how far it has been read.

Side topics are read beside the events, by the same client: what people ask for, and what became of triggers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from sinks import commit as tables
from stream.events import NEVER, Partition
from stream.ledger import Ledger
from stream.monitor.acting.controlled import Note

KIND: Final = "control"  # of its rows in the journal
OUTCOME: Final = "outcome"  # likewise
Journal = Callable[[str, Partition, int, int, Mapping[str, object]], None]


class Heeder(Protocol):
    """Who does what the records of a side topic say."""

    def read(self, value: bytes | None) -> str:
        """A record as text, of a length that a journal can keep."""

    def mine(self, text: str) -> bool:
        """Whether a record is for this monitor."""

    def since(self, text: str) -> int:
        """T of one that comes now."""

    def step(self, text: str) -> int:
        """The newest step of labels, where the record is about what those have left; else NEVER."""

    def apply(self, note: Note) -> None:
        """Do what a record says, now."""

    def tell(self, notes: Iterable[Note]) -> None:
        """Do what a journal says, each when it is due."""


class _Detail(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the journal says of a record beside its place and T."""

    number: int
    stamp: int
    text: str
    upto: int = -1
    step: int = NEVER


class Heeding:
    """One side topic, each record once: the position is committed with what it did."""

    def __init__(self, kind: str, heeder: Heeder, positions: Mapping[Partition, int], journal: Journal) -> None:
        self.positions = dict(positions)
        self._kind, self._heeder, self._journal = kind, heeder, journal

    def find(self, partition: Partition, offset: int) -> None:
        """Read one more partition of the topic, from an offset on."""
        self.positions[partition] = offset

    def receive(
        self,
        partition: Partition,
        offsets: Sequence[int],
        stamps: Sequence[int],
        values: Sequence[bytes | None],
        position: int,
    ) -> None:
        """Do what the next records of a partition say."""
        for offset, stamp, value in zip(offsets, stamps, values, strict=True):
            self.positions[partition] = offset
            self._note(partition, offset, _Detail(self._number(), stamp, self._heeder.read(value)))
        self.positions[partition] = position

    def lose(self, partition: Partition, upto: int) -> None:
        """Go on behind records that retention has taken."""
        offset = self.positions[partition]
        self._note(partition, offset, _Detail(self._number(), 0, "", upto))
        self.positions[partition] = upto

    def tell(self, rows: Sequence[tuple[Partition, int, int, str]]) -> None:
        """What a journal says: partition, offset, T and detail of each."""
        self._heeder.tell([told(*row) for row in rows])

    def _number(self) -> int:
        """It rises with every record, and goes on after a restart: as many as were ever read."""
        return sum(self.positions.values())

    def _note(self, partition: Partition, offset: int, detail: _Detail) -> None:
        if self._heeder.mine(detail.text):
            since, detail = self._heeder.since(detail.text), replace(detail, step=self._heeder.step(detail.text))
            self._journal(self._kind, partition, offset, since, msgspec.to_builtins(detail))
            self._heeder.apply(_noted(partition, offset, since, detail))

    def rows(self, ledger: Ledger) -> None:
        """The positions as rows of the Commit; there are no clocks here."""
        for (topic, partition), offset in sorted(self.positions.items()):
            ledger.row(tables.POSITIONS, topic, partition, offset, 0, NEVER, NEVER, offset, 0, NEVER, NEVER)


def told(partition: Partition, offset: int, since: int, detail: str) -> Note:
    """A row of the journal as it was noted."""
    return _noted(partition, offset, since, msgspec.json.decode(detail, type=_Detail))


def text(detail: str) -> str:
    """The record itself, of a row of the journal."""
    return msgspec.json.decode(detail, type=_Detail).text


def _noted(partition: Partition, offset: int, since: int, detail: _Detail) -> Note:
    return Note(detail.number, *partition, offset, detail.stamp, since, detail.text, detail.upto, detail.step)
