"""Sequential detectors of one version of a model: a step per closed pane, of all events, for each column."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.sequential import cusum
from detectors.sequential.evidence import SCORES, Evidence, Sums, Told
from detectors.sequential.fold import Rows, pack
from detectors.verdict import Spread
from detectors.verdict.words import MOVED
from stream.monitor.verdicts.judging import Case
from stream.monitor.verdicts.layout import layout, own_width
from stream.monitor.verdicts.levels import MONTH, WINDOWS_SHARE
from stream.monitor.verdicts.stepping import packed, stepped, unpacked
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

    def told(self, case: Case, observed: NDArray[np.int64], sums: Sums, told: Told) -> tuple["Steps", list[Alarm]]:
        """With these sums after one more pane; the alarms in the order of the columns."""
        names, n = case.plan.grid.columns, observed.sum(axis=1)
        found = [
            Alarm(
                names[i],
                float(told.sums[i]),
                float(told.limits[i]),
                int(n[i]),
                f"{names[i]}: {_words(case.plan, names[i], int(told.contrast[i]), up=bool(told.up[i]))}",
            )
            for i in np.flatnonzero(told.alarms).tolist()
        ]
        chosen, more = self._chosen(case, observed) if case.settings.sequential.features else ({}, [])
        return Steps(self.plan, self.evidence, sums, chosen), [*found, *more][:ALARMS_MAX]

    def _chosen(self, case: Case, observed: NDArray[np.int64]) -> tuple[Mapping[str, Rows], list[Alarm]]:
        """The detectors that a user chose, after one more pane."""
        plan, numbers = case.plan, len(case.plan.grid.numeric)
        at = layout(plan, own_width(plan))
        ordered, names = at.ordered[:numbers], plan.grid.columns
        z = cusum.location(at.reference[0, :numbers], observed[:numbers], ordered, case.settings.tolerate)
        # Within what no sum or variance breaks at.
        chosen, rang = stepped(
            case.settings.sequential.features, self.chosen, np.clip(z, -cusum.STEP_MAX, cusum.STEP_MAX)[:, None]
        )
        n = (observed[:numbers] * ordered).sum(axis=1)
        return chosen, [
            Alarm(names[i], float(z[i]), 0.0, int(n[i]), f"{names[i]}: {_moving(up=bool(z[i] > 0))}", name)
            for name, alarmed in rang.items()
            for i in np.flatnonzero(alarmed).tolist()
        ]

    def pack(self) -> Any:  # noqa: ANN401 - plain data for msgpack
        """The state as plain data."""
        limits = self.evidence.scores, self.evidence.cells
        return self.plan, limits, pack(self.sums), packed(self.chosen)

    @classmethod
    def unpack(cls, found: Any) -> "Steps":  # noqa: ANN401 - what `pack` gave
        """The state that `pack` gave."""
        plan, limits, sums, chosen = found
        return cls(plan, Evidence(*limits), Sums.unpack(sums), unpacked(chosen))


def step(pairs: Sequence[tuple[Steps, Case]]) -> list[tuple[Steps, list[Alarm]]]:
    """Move detectors by one pane each. Nothing of one depends on those that it is moved beside."""
    found: dict[int, tuple[Steps, list[Alarm]]] = {}
    widths = np.array([own_width(case.plan) for _, case in pairs])
    for width in np.unique(widths).tolist():  # of one width: sums over cells depend on how many there are
        which = np.flatnonzero(widths == width).tolist()
        found |= dict(zip(which, _step([pairs[i] for i in which], width), strict=True))
    return [found[i] for i in range(len(pairs))]


def _step(pairs: Sequence[tuple[Steps, Case]], width: int) -> Iterator[tuple[Steps, list[Alarm]]]:
    cases = [case for _, case in pairs]
    placed = [layout(case.plan, width) for case in cases]
    many = [len(at.ordered) for at in placed]
    observed = [at.rectangle(case.summary.counts[:1])[0] for at, case in zip(placed, cases, strict=True)]
    evidence = Evidence.joined([(before.evidence, n) for (before, _), n in zip(pairs, many, strict=True)])
    steps = evidence.steps(
        np.concatenate([at.reference[0] for at in placed]),
        np.concatenate(observed),
        np.concatenate([at.ordered for at in placed]),
        np.repeat([case.settings.tolerate for case in cases], many),
        Spread.joined([(case.spread, n) for case, n in zip(cases, many, strict=True)]),
        np.concatenate([at.scored for at in placed]),
    )
    sums, told = evidence.step(_joined([one.sums for one, _ in pairs]), steps)
    lasts = np.cumsum(many).tolist()
    for (before, case), seen, first, last in zip(pairs, observed, [0, *lasts[:-1]], lasts, strict=True):
        own = slice(first, last)
        yield before.told(case, seen, Sums(sums.high[own].copy(), sums.low[own].copy()), told.of(own))


def _joined(sums: Sequence[Sums]) -> Sums:
    return Sums(np.concatenate([one.high for one in sums]), np.concatenate([one.low for one in sums]))


def _words(plan: Plan, column: str, contrast: int, *, up: bool) -> str:
    """What has changed, by the contrast that alarmed."""
    if contrast < len(SCORES):
        return f"{MOVED[SCORES[contrast]][0 if up else 1]}, pane by pane"
    cell = plan.grid.cell_names(column)[contrast - len(SCORES)]
    return f"{cell} has been {'more' if up else 'less'} frequent than in the reference, pane by pane"


def _moving(*, up: bool) -> str:
    return f"values have been moving {'up' if up else 'down'} for some time"
