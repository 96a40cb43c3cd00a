"""Sequential detectors of one version of a model: a step per closed pane, of all events, for its numeric columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.sequential import cusum
from detectors.sequential.fold import Rows
from stream.monitor.judging import Case, layout, own_width
from stream.monitor.levels import MONTH, WINDOWS_SHARE
from stream.monitor.stepping import packed, stepped, unpacked

ALARMS_MAX = 50  # of a pane: where hundreds of columns drift together, nobody reads them all
ALLOWANCE = 0.5  # half of the smallest shift worth finding, in standard errors of a pane: the textbook's one


@dataclass(frozen=True)
class Alarm:
    """A detector's moment of change."""

    feature: str
    value: float
    limit: float
    n: int
    up: bool
    detector: str = "cusum"


@dataclass(frozen=True)
class Steps:
    """The detectors' state. It begins anew with each plan."""

    plan: str
    threshold: float
    state: cusum.State
    chosen: Mapping[str, Rows] = field(default_factory=dict)

    @classmethod
    def start(cls, case: Case) -> "Steps":
        """No step yet. The threshold is such that all columns together keep their share of the false triggers."""
        columns = len(case.plan.grid.numeric)
        budget = case.settings.false_triggers_per_month * (1 - WINDOWS_SHARE)
        run_length = MONTH / (case.end - case.start) * max(1, columns) / budget
        threshold = cusum.threshold_for(run_length, ALLOWANCE)
        return cls(case.plan.id, threshold, cusum.Cusum(ALLOWANCE, threshold).start(columns))

    def step(self, case: Case) -> tuple["Steps", list[Alarm]]:
        """After one more pane; the alarms in the order of the columns."""
        columns = len(case.plan.grid.numeric)
        if not columns:
            return self, []
        at = layout(case.plan, own_width(case.plan))
        ordered = at.ordered[:columns]
        expected = at.reference[0, :columns]
        observed = at.rectangle(case.summary.counts[:1])[0, :columns]
        z = cusum.location(expected, observed, ordered, case.settings.tolerate)
        detector = cusum.Cusum(ALLOWANCE, self.threshold)
        state, alarms, statistic = detector.step(self.state, z[None, :])
        names, n = case.plan.grid.columns, (observed * ordered).sum(axis=1)
        found = [
            Alarm(names[i], float(statistic[0, i]), self.threshold, int(n[i]), bool(z[i] > 0))
            for i in np.flatnonzero(alarms[0]).tolist()
        ]
        # The same step, within what no sum or variance breaks at.
        chosen, rang = stepped(
            case.settings.sequential.features, self.chosen, np.clip(z, -cusum.STEP_MAX, cusum.STEP_MAX)[:, None]
        )
        found += [
            Alarm(names[i], float(z[i]), 0.0, int(n[i]), bool(z[i] > 0), name)
            for name, alarmed in rang.items()
            for i in np.flatnonzero(alarmed).tolist()
        ]
        return Steps(self.plan, self.threshold, state, chosen), found[:ALARMS_MAX]

    def pack(self) -> Any:  # noqa: ANN401 - plain data for msgpack
        """The state as plain data."""
        return self.plan, self.threshold, self.state.pack(), packed(self.chosen)

    @classmethod
    def unpack(cls, found: Any) -> "Steps":  # noqa: ANN401 - what `pack` gave
        """The state that `pack` gave."""
        plan, threshold, state, *chosen = found
        return cls(plan, threshold, cusum.State.unpack(state), unpacked(*chosen) if chosen else {})
