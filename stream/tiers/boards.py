"""Reads the plans topic: what monitors have said, in order, becomes the Board that a worker goes by."""

from collections.abc import Iterable

from stream.config.settings import Settings
from stream.counting.clocks import Mark, Release, Start
from stream.joining.sampling import Schedule
from stream.monitor.scopes import Marks
from stream.plan import Plan
from stream.roster import Entry, Roster
from stream.tiers.board import Board, PackedBoard, PackedEntry, PackedPlan, unpack
from stream.tiers.sharing import Shared


class Boards:
    """`newest` is what the last boards of all monitors say; None until each of them has said something."""

    def __init__(self, settings: Settings) -> None:
        self.newest: Board | None = None
        self._settings, self._shared = settings, Shared(settings)
        self._plans: dict[str, Plan] = {}
        self._entries: dict[str, list[PackedEntry]] = {}
        self._told: dict[str, Board] = {}

    def receive(self, value: bytes) -> None:
        """Take the next message. UnknownBoard where it says nothing that can be understood."""
        found = unpack(value)
        if isinstance(found, PackedPlan):
            self._plans[found.id] = Plan.load(found.body)
        elif found.monitor in (self._settings.monitors.names or ("",)) and self._understood(found):
            self._told[found.monitor] = self._board(found)
            self.newest = self._shared.join(self._told)

    def _understood(self, found: PackedBoard) -> bool:
        """Compaction may leave a board before the newer copies of its plans; then a newer board stands behind them."""
        return all(name in self._plans for one in found.entries for name in one.plans)

    def _board(self, found: PackedBoard) -> Board:
        marks = Marks(dict(found.events), dict(found.labels), found.topics)
        starts = {
            one.partition: Start(Mark(*one.mark), one.written, tuple(Release(*each) for each in one.releases))
            for one in found.starts
        }
        gaps = frozenset(one.partition for one in found.starts if one.gap)
        roster, asked = self._roster(found), dict(found.asked)
        return Board(found.monitor, found.digest, found.pane, roster, marks, found.bounds, starts, gaps, asked)

    def _roster(self, found: PackedBoard) -> Roster:
        """The roster of a board; the same one stays the same object: what is made of it is kept."""
        before = self._entries.get(found.monitor, [])
        if found.monitor in self._told and before == found.entries:
            return self._told[found.monitor].roster
        self._entries[found.monitor] = found.entries
        for name in _named(before) - _named(one for entries in self._entries.values() for one in entries):
            del self._plans[name]
        read = []
        for one in found.entries:
            model = self._settings.model(one.name)
            if model is not None:
                plans = tuple(self._plans[name] for name in one.plans)
                read.append(Entry(one.name, model, one.since, one.basis, one.versions, plans, Schedule(one.rates)))
        return Roster(tuple(read))


def _named(entries: Iterable[PackedEntry]) -> set[str]:
    return {name for one in entries for name in one.plans}
