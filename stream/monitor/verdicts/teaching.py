"""The first panes of a plan teach how much its windows vary: until then events are assumed to be independent draws.

A reference has no panes in the plan's cells: a file has no times, a learned sample is too thin to show that events
follow each other. So the first panes that close under a plan are looked at, of the version with the most events in
each. Cut against themselves they also show what is kept of the promise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from detectors import coupling
from detectors.coupling import Together, together
from detectors.parts import Summary
from detectors.verdict import PANES_MIN, SMALLEST, Spread, judge
from detectors.verdict.spread import PACKED
from stream.config.settings import Model
from stream.monitor.verdicts.layout import layout, own_width
from stream.plan import Plan

BEGUN, OVER = "begun", "over"
REACH: Final = 4 * PANES_MIN  # panes: a model that has not taught by then has too little traffic; then all is over
LEVEL: Final = 0.01  # at which panes are judged by the others: of 60 panes of 50 features 30 alarms are promised


class Checked(NamedTuple):
    """How many panes were judged by the others, in how many verdicts, of which `alarms` are at most LEVEL."""

    panes: int = 0
    verdicts: int = 0
    alarms: int = 0


UNCHECKED: Final = Checked()


@dataclass(frozen=True)
class Teaching:
    """Of one plan: the counts of panes so far, (columns, cells) each, and at last what they taught.

    `first` is the end of the first pane. `spread` is None while it is not known; `over`: nothing more is looked at.
    What is taught is known at once; the panes are then judged by each other one at each close, for models that begin
    together have taught together.
    """

    plan: Plan
    first: int
    panes: tuple[NDArray[np.int32], ...] = ()
    pairs: tuple[Together, ...] = ()  # of the same panes, where pairs are watched
    spread: Spread | None = None
    over: bool = False
    checked: Checked = UNCHECKED

    def judging(self, end: int, pane: int) -> bool:
        """Whether one of its panes is judged by the others at the close of the pane with this end."""
        return not self.over and self.spread is not None and end - self.first < REACH * pane

    def judged(self, checked: Checked) -> "Teaching":
        """With one more of its panes judged."""
        over = checked.panes == len(self.panes)
        return replace(self, panes=() if over else self.panes, checked=checked, over=over)

    def take(self, versions: Sequence[tuple[str, Summary]], end: int, pane: int) -> "Teaching":
        """With one more closed pane: its summaries by version. None of them is judged."""
        if not self.over and end - self.first >= REACH * pane:
            return replace(self, panes=(), pairs=(), over=True)
        if self.over or self.spread is not None:
            return self
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
        return replace(self, panes=panes, pairs=(), spread=spread)

    @property
    def ratio(self) -> float:
        """False alarms of the panes by each other, measured over promised; 0 where there were no verdicts."""
        _, verdicts, alarms = self.checked
        return alarms / (LEVEL * verdicts) if verdicts else 0.0

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


class Lesson(NamedTuple):
    """A closed pane of a model: what its plan's panes have taught before, its summaries by version, its end."""

    known: Teaching
    versions: list[tuple[str, Summary]]
    end: int
    settings: Model


def stepped(lessons: Sequence[Lesson], pane: int) -> list[Teaching]:
    """After panes that close together. Nothing of one depends on those beside it."""
    judging = [one for one in lessons if one.known.judging(one.end, pane)]
    checked = iter(_checked(judging) if judging else ())
    return [
        one.known.judged(next(checked))
        if one.known.judging(one.end, pane)
        else one.known.take(one.versions, one.end, pane)
        for one in lessons
    ]


def _checked(lessons: Sequence[Lesson]) -> Iterator[Checked]:
    """With one more pane of each judged by all others of its own, all at once."""
    width = max(own_width(one.known.plan) for one in lessons)
    laid = [layout(one.known.plan, width) for one in lessons]
    many = [len(at.sizes) for at in laid]
    expected, observed = np.zeros((2, sum(many), width), np.int64)
    lasts = np.cumsum(many).tolist()
    for (known, *_), first, last in zip(lessons, [0, *lasts[:-1]], lasts, strict=True):
        now = known.panes[known.checked.panes]
        observed[first:last, : now.shape[1]] = now
        expected[first:last, : now.shape[1]] = np.sum(known.panes, axis=0, dtype=np.int64) - now
    found = judge(
        expected,
        observed,
        np.concatenate([at.ordered for at in laid]),
        np.repeat([one.settings.tolerate for one in lessons], many),
        Spread.joined([(one.known.spread, n) for one, n in zip(lessons, many, strict=True)]),
        np.concatenate([at.sizes for at in laid]),
    )
    sure, alarming = ~found.unknown, ~found.unknown & (found.p <= LEVEL)
    for (known, *_), first, last in zip(lessons, [0, *lasts[:-1]], lasts, strict=True):
        panes, verdicts, alarms = known.checked
        own = slice(first, last)
        yield Checked(panes + 1, verdicts + int(sure[own].sum()), alarms + int(alarming[own].sum()))
