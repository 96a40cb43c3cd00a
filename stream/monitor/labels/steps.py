"""Which steps of which models are due, and which were taken.

Each model goes on where it was, whatever its topics are by now.
"""

from itertools import groupby

from sinks.commit import ROWS_MAX, Steps
from stream.config.settings import Settings
from stream.events import NEVER
from stream.monitor.panes.pending import grace
from stream.monitor.scopes import event_scope, label_scope
from stream.monitor.state import State


class LabelSteps:
    """Steps of one state."""

    def __init__(self, settings: Settings, state: State) -> None:
        self._settings, self._state = settings, state

    def waits(self) -> dict[str, int]:
        """The models that are joined with labels here, and for how long both wait for each other, ns."""
        mine, settings = self._settings.monitors.mine, self._settings
        entries = (entry for entry in self._state.roster.entries if mine(entry.name))
        return {one.name: one.settings.labels.within for one in entries if label_scope(one.settings, settings)}

    def taken(self, name: str) -> int:
        """The newest step that was taken of a model, whenever it was admitted; at first none."""
        return self._state.joined.get(name, NEVER)

    def due(self) -> list[Steps]:
        """The questions of all steps that both watermarks have passed since the last ones."""
        spans = ((within, self.taken(name), self._passed(name), name) for name, within in self.waits().items())
        some = sorted(span for span in spans if span[1] < span[2])
        return [
            self._steps(tuple(name for *_, name in group), within, after, upto)
            for (within, after, upto), group in groupby(some, key=lambda one: one[:3])
        ]

    def take(self, steps: Steps) -> None:
        """Note that these have been taken."""
        self._state.joined.update(dict.fromkeys(steps.models, steps.upto))

    def _steps(self, models: tuple[str, ...], within: int, after: int, upto: int) -> Steps:
        rows_max = ROWS_MAX if upto - after > self._settings.pane else None
        return Steps(models, after, upto, within, grace(within), rows_max)

    def _passed(self, name: str) -> int:
        """The newest step that both watermarks of a model have passed."""
        state, entry = self._state, self._state.roster.get(name)
        assert entry is not None, name
        events, labels = event_scope(entry.settings, self._settings), label_scope(entry.settings, self._settings)
        return min(state.closed.get(events, NEVER), state.labels_closed.get(labels, NEVER))
