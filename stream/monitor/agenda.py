"""Which panes are open: by scope the next end, and the models with anything in it, however many panes wait.

A catch-up leaves thousands of panes open, and they close one after the other: none is looked at before its turn.
"""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

from stream.monitor.scopes import Scope
from stream.partials import Open
from stream.roster import Roster


class Agenda:
    """What was added to open panes, and has not been closed since."""

    def __init__(self, partly: Open, scope: Callable[[str], Scope]) -> None:
        """`scope`: that of a model, always the same."""
        self._partly, self._scope = partly, scope
        self._names: dict[Scope, dict[int, set[str]]] = {}
        self._ends: dict[Scope, list[int]] = {}  # heaps

    def add(self, panes: Iterable[tuple[int, str]]) -> None:
        """Note panes that have something now, by (end, model)."""
        for end, name in panes:
            scope = self._scope(name)
            known = self._names.setdefault(scope, {})
            if end not in known:
                known[end] = set()
                heappush(self._ends.setdefault(scope, []), end)
            known[end].add(name)

    def next(self, scope: Scope, roster: Roster) -> int | None:
        """The earliest end with anything in it."""
        ends = self._ends.get(scope, [])
        while ends and not any(self._held(ends[0], name, roster) for name in self._names[scope][ends[0]]):
            del self._names[scope][heappop(ends)]
        return ends[0] if ends else None

    def names(self, scope: Scope, end: int, roster: Roster) -> list[str]:
        """The models with anything in a pane, sorted."""
        known = self._names.get(scope, {}).get(end, ())
        return sorted(name for name in known if self._held(end, name, roster))

    def _held(self, end: int, name: str, roster: Roster) -> bool:
        """Whether there still is something: some models come to be counted together with others."""
        partly, pane, entry = self._partly, (end, name), roster.get(name)
        counted = partly.versions, partly.learning, partly.late, partly.strangers, partly.keyed
        if any(pane in each for each in counted):
            return True
        return any((end, name, version) in partly.blocks for version in (None, *(entry.versions if entry else ())))
