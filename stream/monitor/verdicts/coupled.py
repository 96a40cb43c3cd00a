"""Whether features still go together: the pair whose votes moved most, at the level of one more feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri

from detectors.coupling import Together, known, moved, together
from detectors.parts import Summary
from detectors.two_sample.outcome import Outcome
from detectors.verdict import SMALLEST
from stream.ledger import Ledger
from stream.monitor.acting.findings import Finding
from stream.monitor.verdicts import tested
from stream.monitor.verdicts.judging import P_LEAST, Case, level_of_all
from stream.plan import Plan

DETECTOR: Final = "pairs"
BETWEEN: Final = " & "  # the names of a pair


@dataclass(frozen=True)
class Moved:
    """The pair that moved most surely; without a `pair`, too little is known of any."""

    pair: tuple[str, str] | None
    before: float  # the correlation of two normal numbers whose votes agree as often
    now: float
    p: float
    level: float
    n: int
    n_reference: int

    @property
    def known(self) -> bool:
        """Whether there is anything to judge by."""
        return self.pair is not None

    @property
    def drifted(self) -> bool:
        """Whether the features surely go together more, or less, than they did."""
        return self.known and self.p <= self.level

    @property
    def feature(self) -> str:
        """What stands for a feature in findings."""
        return f"pair:{BETWEEN.join(self.pair or ())}"

    @property
    def words(self) -> str:
        """What moved."""
        if self.pair is None:
            return ""
        return f"{' and '.join(self.pair)}: correlation from {self.before:.2f} to {self.now:.2f}"


def asked(plan: Plan) -> bool:
    """Whether any pair is watched."""
    return plan.cuts is not None


def most(case: Case) -> Moved | None:
    """That of a window; None where nobody asks."""
    plan = case.plan
    if plan.cuts is None or not case.settings.drift.pairs:
        return None
    reference = plan.reference if case.reference is None else case.reference
    n, n_reference = (int(each.events()[0]) for each in (case.summary, reference))
    sides = [_together(plan, each) for each in (reference, case.summary)]
    if min(n, n_reference) < SMALLEST or any(each is None for each in sides):
        return Moved(None, np.nan, np.nan, np.nan, np.nan, n, n_reference)
    before, now = (each for each in sides if each is not None)
    spread = None if case.spread is None else case.spread.pairs
    chances = moved(before, now, n_reference, n, case.settings.tolerate, spread)
    i = int(np.lexsort((-np.abs(now.covariance - before.covariance), chances))[0])
    first, second = (cuts.tolist() for cuts in plan.cuts.pairs)
    names = [plan.grid.numeric[column] for column in plan.cuts.columns.tolist()]
    return Moved(
        (names[first[i]], names[second[i]]) if known(before, now).any() else None,
        float(before.correlation[i]),
        float(now.correlation[i]),
        float(chances[i]),
        level_of_all(case),
        n,
        n_reference,
    )


def _together(plan: Plan, summary: Summary) -> Together | None:
    """None of windows that were counted before pairs were watched."""
    if plan.cuts is None or len(summary.pairs) != len(plan.cuts.pairs[0]):
        return None
    return together(plan.grid, plan.cuts, summary.counts[0], summary.pairs)


def finding(case: Case, found: Moved) -> Finding:
    """What drifted, in words; value and limit as those of a verdict."""
    about = (case.plan.model, case.version, "", found.feature, case.length, case.start, case.end, DETECTOR)
    evidence, limit = (float(-ndtri(max(p, P_LEAST) / 2)) for p in (found.p, found.level))
    return Finding(*about, evidence, limit, found.n, (), found.words)


def rows(ledger: Ledger, judged: Sequence[tuple[Case, Moved | None]]) -> None:
    """A row among the tests per window whose pairs are watched."""
    for case, found in judged:
        if found is not None and found.known:
            evidence = float(-ndtri(max(found.p, P_LEAST) / 2))
            outcome = Outcome(evidence, found.p, found.now - found.before)
            words = found.words if found.drifted else ""
            tested.rows(ledger, case, [tested.Tested(DETECTOR, "", outcome, found.n, found.n_reference, words)])
