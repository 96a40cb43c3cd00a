"""Where Partials lie in their topic: the next one, and the one with which the oldest open pane begins."""

from dataclasses import dataclass

from stream.counting.clocks import Mark, Progress

ROOM = 64  # stretches more than are needed, before it is looked which are


@dataclass(frozen=True)
class Place:
    """Offsets of Partials, as a Commit keeps them."""

    next: int = 0
    rewind: int = 0


class Places:
    """One partition's. After a start it is read from the rewind on; up to `committed` nothing is new."""

    def __init__(self, place: Place) -> None:
        self.next, self.committed = place.rewind, place.next
        self._begins: dict[Mark, int] = {}  # where stretches with open panes begin

    @property
    def untouched(self) -> bool:
        """Whether no Partial of the partition has been taken yet, in no life."""
        return self.next == self.committed == 0

    def passed(self, begin: Mark, at: int, progress: Progress) -> None:
        """One more Partial, at an offset, has been taken: it began with a mark, and this is the progress now."""
        self.next = at + 1
        self._begins.setdefault(begin, at)
        self.trim(progress)

    def trim(self, progress: Progress) -> None:
        """Forget where closed panes began, now and then: in a catch-up thousands of stretches have open ones."""
        if len(self._begins) < 2 * len(progress.trail) + ROOM:
            return
        kept = {progress.mark, *(stretch.begin for stretch in progress.trail)}  # at the mark, parts of one too large
        self._begins = {mark: at for mark, at in self._begins.items() if mark in kept}

    def place(self, progress: Progress) -> Place:
        """What a Commit keeps."""
        rewind = self._begins.get(progress.rewind, self.next)
        self.committed = max(self.next, self.committed)
        return Place(self.committed, rewind)
