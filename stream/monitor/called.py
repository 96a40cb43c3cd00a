"""What pairs are counted under: the version that is told apart, the windows of a pane, the plan."""

from stream.config.settings import Settings
from stream.monitor.outputs import Rows
from stream.monitor.panes import UNTOLD
from stream.monitor.state import State
from stream.plan import Plan
from stream.roster import FUTURE
from stream.windows import decided_from, window_end

Key = tuple[str, str, int, int]  # model, version, length, end of a window


class Called:
    """Looks names up in the roster; what it says of a pane was decided when that closed."""

    def __init__(self, settings: Settings, state: State) -> None:
        self._settings, self._state = settings, state

    def windows(self, model: str, version: str, end: int) -> list[Key]:
        """The windows of the pane that ends then."""
        entry = self._state.roster.get(model)
        named = self.version(model, version, end)
        lengths = () if entry is None else entry.settings.windows
        return [(model, named, length, window_end(end, length)) for length in lengths]

    def version(self, model: str, version: str, end: int) -> str:
        """The version of a prediction, as it is told apart: one that had room when the pane closed."""
        entry, settings = self._state.roster.get(model), self._settings
        decided = decided_from(end, settings.pane, settings.lateness, settings.events.max_ahead)
        known = entry is not None and entry.versions.get(version, FUTURE) <= decided
        return version if known else UNTOLD

    def plan(self, model: str, pairs: Rows) -> Plan | None:
        """The newest of the plans by which pairs were counted, as far as it is still known."""
        entry = self._state.roster.get(model)
        by_id = {} if entry is None else {plan.id: plan for plan in entry.plans}
        present = (by_id[each] for each in sorted(set(pairs["plan"])) if each in by_id)
        return max(present, key=lambda plan: plan.since, default=None)
