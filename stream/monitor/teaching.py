"""The first panes of a plan teach how much its windows vary: until then events are assumed to be independent draws.

A reference has no panes in the plan's cells: a file has no times, a learned sample is too thin to show that events
follow each other. So the first panes that close under a plan are looked at, of the version with the most events in
each. Cut against themselves they also show what is kept of the promise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from detectors import coupling
from detectors.coupling import Together, together
from detectors.parts import Summary
from detectors.verdict import PANES_MIN, SMALLEST, Spread, judge
from detectors.verdict.spread import PACKED
from stream.monitor.judging import Layout, layout, own_width
from stream.plan import Plan

BEGUN, OVER = "begun", "over"
REACH: Final = 4 * PANES_MIN  # panes: a model that has not taught by then has too little traffic to teach
LEVEL: Final = 0.01  # at which panes are judged by the others: of 60 panes of 50 features 30 alarms are promised


@dataclass(frozen=True)
class Teaching:
    """Of one plan: the counts of panes so far, (columns, cells) each, and at last what they taught.

    `first` is the end of the first pane. `spread` is None while it is not known; `over`: nothing more is looked at.
    `alarms` of `verdicts` of the panes by each other are at most LEVEL.
    """

    plan: Plan
    first: int
    panes: tuple[NDArray[np.int32], ...] = ()
    pairs: tuple[Together, ...] = ()  # of the same panes, where pairs are watched
    spread: Spread | None = None
    over: bool = False
    verdicts: int = 0
    alarms: int = 0

    def step(self, versions: Sequence[tuple[str, Summary]], end: int, pane: int, tolerate: float) -> "Teaching":
        """With one more closed pane: its summaries by version."""
        if self.over:
            return self
        if end - self.first >= REACH * pane:
            return replace(self, panes=(), pairs=(), over=True)
        events, _, summary = max((int(each.events()[0]), version, each) for version, each in versions)
        if events < SMALLEST:
            return self
        at = layout(self.plan, own_width(self.plan))
        panes = (*self.panes, at.rectangle(summary.counts[:1])[0].astype(np.int32))
        cuts = self.plan.cuts
        pairs = (
            self.pairs
            if cuts is None
            else (*self.pairs, together(summary.grid, cuts, summary.counts[0], summary.pairs))
        )
        if len(panes) < PANES_MIN:
            return replace(self, panes=panes, pairs=pairs)
        counts = np.stack(panes).astype(np.int64)
        spread = Spread.learn(counts, at.ordered, at.sizes)
        if cuts is not None:
            spread = structs.replace(
                spread, pairs=_coupled(pairs, counts, features_vary=bool((spread.inflation > 1).any()))
            )
        verdicts, alarms = _by_each_other(counts, at, spread, tolerate)
        return replace(self, panes=(), pairs=(), spread=spread, over=True, verdicts=verdicts, alarms=alarms)

    @property
    def ratio(self) -> float:
        """False alarms of the panes by each other, measured over promised; 0 where there were no verdicts."""
        return self.alarms / (LEVEL * self.verdicts) if self.verdicts else 0.0

    def pack(self) -> bytes:
        """What was taught; empty where nothing was."""
        return b"" if self.spread is None else self.spread.pack()

    @classmethod
    def unpack(cls, plan: Plan, first: int, packed: bytes) -> "Teaching":
        """What `pack` gave of a teaching that is over."""
        return cls(plan, first, spread=Spread.unpack(packed) if packed else None, over=True)


def _coupled(pairs: Sequence[Together], counts: NDArray[np.int64], *, features_vary: bool) -> coupling.Spread:
    """How much the pairs' covariances vary, rounded as it is kept."""
    n = counts[:, 0].sum(axis=1)
    covariances, variances = (
        np.stack(each) for each in zip(*((one.covariance, one.variance) for one in pairs), strict=True)
    )
    learned = coupling.Spread.learn(covariances, variances, n, features_vary=features_vary)
    return coupling.Spread(*(each.astype(PACKED).astype(np.float64) for each in (learned.inflation, learned.freedom)))


def _by_each_other(panes: NDArray[np.int64], at: Layout, spread: Spread, tolerate: float) -> tuple[int, int]:
    """How many verdicts there are of each pane against all others, and how many of them are false alarms at LEVEL."""
    together, verdicts, alarms = panes.sum(axis=0), 0, 0
    for one in panes:
        judged = judge(together - one, one, at.ordered, tolerate, spread, at.sizes)
        verdicts += int((~judged.unknown).sum())
        alarms += int((~judged.unknown & (judged.p <= LEVEL)).sum())
    return verdicts, alarms
