"""Sequential detectors of one version of a model: a step per closed pane, of all events, for each column."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.sequential import cusum
from detectors.sequential.evidence import SCORES, Evidence, Sums
from detectors.sequential.fold import Rows, pack
from detectors.verdict.words import MOVED
from stream.monitor.judging import Case, layout, own_width
from stream.monitor.levels import MONTH, WINDOWS_SHARE
from stream.monitor.stepping import packed, stepped, unpacked
from stream.plan import Plan

ALARMS_MAX = 50  # of a pane: where hundreds of columns drift together, nobody reads them all


@dataclass(frozen=True)
class Alarm:
    """A detector's moment of change."""

    feature: str
    value: float
    limit: float
    n: int
    words: str
    detector: str = "cusum"


@dataclass(frozen=True)
class Steps:
    """The detectors' state. It begins anew with each plan."""

    plan: str
    evidence: Evidence
    sums: Sums
    chosen: Mapping[str, Rows] = field(default_factory=dict)

    @classmethod
    def start(cls, case: Case) -> "Steps":
        """No step yet. The limits are such that all columns together keep their share of the false triggers."""
        grid = case.plan.grid
        budget = case.settings.false_triggers_per_month * (1 - WINDOWS_SHARE)
        every = MONTH / (case.end - case.start) / budget
        width = own_width(case.plan)
        evidence = Evidence.of(every, len(grid.numeric), int(layout(case.plan, width).sizes.sum()))
        return cls(case.plan.id, evidence, evidence.start(len(grid.columns), width))

    def step(self, case: Case) -> tuple["Steps", list[Alarm]]:
        """After one more pane; the alarms in the order of the columns."""
        plan, tolerate = case.plan, case.settings.tolerate
        numbers = len(plan.grid.numeric)
        at = layout(plan, own_width(plan))
        expected, observed = at.reference[0], at.rectangle(case.summary.counts[:1])[0]
        sums, told = self.evidence.step(
            self.sums, self.evidence.steps(expected, observed, at.ordered, tolerate, case.spread)
        )
        names, n = plan.grid.columns, observed.sum(axis=1)
        found = [
            Alarm(
                names[i],
                float(told.sums[i]),
                float(told.limits[i]),
                int(n[i]),
                f"{names[i]}: {_words(plan, names[i], int(told.contrast[i]), up=bool(told.up[i]))}",
            )
            for i in np.flatnonzero(told.alarms).tolist()
        ]
        ordered = at.ordered[:numbers]
        z = cusum.location(expected[:numbers], observed[:numbers], ordered, tolerate)
        # Within what no sum or variance breaks at.
        chosen, rang = stepped(
            case.settings.sequential.features, self.chosen, np.clip(z, -cusum.STEP_MAX, cusum.STEP_MAX)[:, None]
        )
        n = (observed[:numbers] * ordered).sum(axis=1)
        found += [
            Alarm(names[i], float(z[i]), 0.0, int(n[i]), f"{names[i]}: {_moving(up=bool(z[i] > 0))}", name)
            for name, alarmed in rang.items()
            for i in np.flatnonzero(alarmed).tolist()
        ]
        return Steps(self.plan, self.evidence, sums, chosen), found[:ALARMS_MAX]

    def pack(self) -> Any:  # noqa: ANN401 - plain data for msgpack
        """The state as plain data."""
        limits = self.evidence.scores, self.evidence.cells
        return self.plan, limits, pack(self.sums), packed(self.chosen)

    @classmethod
    def unpack(cls, found: Any) -> "Steps":  # noqa: ANN401 - what `pack` gave
        """The state that `pack` gave."""
        plan, limits, sums, chosen = found
        return cls(plan, Evidence(*limits), Sums.unpack(sums), unpacked(chosen))


def _words(plan: Plan, column: str, contrast: int, *, up: bool) -> str:
    """What has changed, by the contrast that alarmed."""
    if contrast < len(SCORES):
        return f"{MOVED[SCORES[contrast]][0 if up else 1]}, pane by pane"
    cell = plan.grid.cell_names(column)[contrast - len(SCORES)]
    return f"{cell} has been {'more' if up else 'less'} frequent than in the reference, pane by pane"


def _moving(*, up: bool) -> str:
    return f"values have been moving {'up' if up else 'down'} for some time"
