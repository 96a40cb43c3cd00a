"""The charts of all versions: which pairs move which chart, and what an alarm becomes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stream.answers.kind import Rows
from stream.config.settings import Settings
from stream.events import Ints
from stream.monitor.acting.findings import Finding
from stream.monitor.acting.noticed import noticed_alone
from stream.monitor.labels.called import Called
from stream.monitor.labels.charts import DETECTOR, FEATURE, Alarm, Chart
from stream.monitor.state import State, Version
from stream.monitor.verdicts.stepping import Watched


class Charts:
    """Moves charts, which are part of the state; alarms are findings."""

    def __init__(self, settings: Settings, state: State) -> None:
        self._settings, self._state = settings, state
        self._called = Called(settings, state)

    def step(self, at: int, new: Rows, places: Ints) -> None:
        """Let the first labels of predictions move the charts of their versions."""
        firsts = places[new["first"][places]]
        mine = self._called.apart({name: new[name][firsts] for name in ("model", "version", "end")})
        for key in sorted(mine):
            pairs = {name: column[firsts[mine[key]]] for name, column in new.items()}
            entry = self._state.roster.get(key[0])
            answers = self._called.answers(key[0], self._called.plan(key[0], set(pairs["plan"])))
            wrong = None if answers is None else answers.wrong(pairs)
            if wrong is None or entry is None:
                continue
            shortest = min(entry.settings.windows)
            self._watch(key, at, wrong, entry.settings.sequential.errors, shortest)
            chart = self._state.charts.get(key, Chart())
            self._state.charts[key], alarms = chart.step(wrong, at, self._settings.pane, entry.settings)
            if alarms:
                self._found(key, at, alarms[-1], shortest)

    def _watch(self, key: Version, at: int, wrong: NDArray[np.bool_], names: Sequence[str], shortest: int) -> None:
        """Let the detectors that were chosen see the same pairs."""
        known = self._state.watched.pop(key, Watched())
        if not names:
            return
        self._state.watched[key], ringing = known.step(names, wrong)
        pane = self._settings.pane
        for one in ringing:
            about = (*key, "", FEATURE, pane, at - pane, at, one.detector)
            words = f"errors: {one.rate:.1%} of {one.n:,} labels, {one.before:.1%} of those before"
            found = Finding(*about, one.rate, one.before, one.n, (), words)
            self._state.noticed.append(noticed_alone(key, at, [found], shortest))

    def _found(self, key: Version, at: int, alarm: Alarm, shortest: int) -> None:
        pane = self._settings.pane
        about = (*key, "", FEATURE, pane, at - pane, at, DETECTOR)
        words = f"errors went from {alarm.reference:.1%} to {alarm.rate:.1%} of the last {alarm.n:,} labels"
        found = Finding(*about, alarm.rate, alarm.reference, alarm.n, (), words)
        self._state.noticed.append(noticed_alone(key, at, [found], shortest))
