"""What pairs are counted under: the version that is told apart, the windows of a pane, the plan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from sinks.commit import Columns, Span
from stream.answers.chosen import answers_of
from stream.answers.kind import Answers, Rows
from stream.config.settings import Settings
from stream.counting.windows import decided_from, window_end
from stream.events import Ints
from stream.joining.sampling import share
from stream.monitor.panes.closing import UNTOLD
from stream.monitor.state import State, Version
from stream.plan import Plan
from stream.roster import FUTURE

Key = tuple[str, str, int, int]  # model, version, length, end of a window
Pane = tuple[str, str, int]  # model, version as events have it, end
Panes = Mapping[Pane, int]  # how many predictions each has
Kept = Callable[[Sequence[Span]], Columns]  # rows of `panes` in spans that do not overlap


class Called:
    """Looks names up in the roster; what it says of a pane was decided when that closed."""

    def __init__(self, settings: Settings, state: State) -> None:
        self._settings, self._state = settings, state

    def windows(self, model: str, version: str, end: int) -> list[Key]:
        """The windows of the pane that ends then."""
        named = self.version(model, version, end)
        return [(model, named, length, window_end(end, length)) for length in self.lengths(model)]

    def version(self, model: str, version: str, end: int) -> str:
        """The version of a prediction, as it is told apart: one that had room when the pane closed."""
        entry, settings = self._state.roster.get(model), self._settings
        decided = decided_from(end, settings.pane, settings.lateness, settings.events.max_ahead)
        known = entry is not None and entry.versions.get(version, FUTURE) <= decided
        return version if known else UNTOLD

    def plan_of(self, model: str, end: int) -> Plan | None:
        """The plan by which the pane that ends then is counted."""
        entry = self._state.roster.get(model)
        return None if entry is None else entry.plan_at(end - self._settings.pane)

    def whole(self, key: Key) -> Plan | None:
        """The plan of a window; None over two, of which nobody knows what the answers of both have in common."""
        model, _, length, end = key
        entry = self._state.roster.get(model)
        plan = None if entry is None else entry.plan_at(end - length)
        return plan if plan is self.plan_of(model, end) else None

    def rate(self, model: str, start: int, end: int) -> float:
        """The share of ids that waited for labels: the least of a window's panes."""
        entry = self._state.roster.get(model)
        return 1.0 if entry is None else share(entry.rates.most(start, end - self._settings.pane))

    def apart(self, pairs: Rows) -> dict[Version, Ints]:
        """The places of pairs by model and version, as they are told apart; ascending, (n,) each."""
        settings = self._settings
        named = list(zip(pairs["model"].tolist(), pairs["version"].tolist(), strict=True))
        numbers = {one: i for i, one in enumerate(dict.fromkeys(named))}
        number = np.fromiter(map(numbers.__getitem__, named), np.int64, len(named))
        found: dict[Version, list[Ints]] = {}
        order = np.argsort(number, kind="stable")
        cuts = np.searchsorted(number[order], np.arange(len(numbers) + 1)).tolist()
        for (model, version), (i, j) in zip(numbers, pairwise(cuts), strict=True):
            entry, places = self._state.roster.get(model), order[i:j]
            since = FUTURE if entry is None else entry.versions.get(version, FUTURE)
            ends = pairs["end"][places]
            known = decided_from(ends, settings.pane, settings.lateness, settings.events.max_ahead) >= since
            for name, some in ((version, places[known]), (UNTOLD, places[~known])):
                if len(some):
                    found.setdefault((model, name), []).append(some)
        return {key: np.sort(np.concatenate(some)) for key, some in found.items()}

    def lengths(self, model: str) -> tuple[int, ...]:
        """Of the windows of a model."""
        entry = self._state.roster.get(model)
        return () if entry is None else entry.settings.windows

    def plan(self, model: str, counted: Iterable[str]) -> Plan | None:
        """The newest of the plans with these ids, as far as it is still known."""
        entry = self._state.roster.get(model)
        by_id = {} if entry is None else {plan.id: plan for plan in entry.plans}
        present = (by_id[each] for each in sorted(counted) if each in by_id)
        return max(present, key=lambda plan: plan.since, default=None)

    def answers(self, model: str, plan: Plan | None) -> Answers | None:
        """How the answers of a model are measured by a plan."""
        entry = self._state.roster.get(model)
        return None if plan is None or entry is None else answers_of(entry.settings, plan)
