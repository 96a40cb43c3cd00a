"""Whether a model still makes as much of the same features: the order of its attributions beside the reference's.

It is a finding where the agreement is surely below `drift.attribution`: even if each mean attribution of the window is
as far from what was seen as chance may have brought it, the same chance as a verdict's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from detectors.attribution import ndcg, ndcg_at_most, ndcg_cells
from detectors.parts import Summary
from detectors.verdict import SMALLEST
from sinks import commit as tables
from sinks.commit import Texts
from stream.ledger import Ledger, moment
from stream.monitor.acting.findings import Finding
from stream.monitor.verdicts.judging import Case, level_of_all
from stream.plan import ATTRIBUTION, Plan

ORDER: Final = "output:attributions"  # stands for a feature in findings
DETECTOR: Final = "attribution"
NAMED: Final = 3  # features that moved most
FEWEST: Final = 2  # one alone has no order
VERDICTS: Final = ("ok", "drift", "unknown")
_TEENS: Final = range(11, 14)


@dataclass(frozen=True)
class Agreement:
    """How well two orders agree, and how well they may at most; nan where fewer than two features are known."""

    ndcg: float
    at_most: float
    limit: float
    n: int  # values of the feature that has fewest
    n_reference: int
    words: str

    @property
    def known(self) -> bool:
        """Whether there is anything to judge by."""
        return bool(np.isfinite(self.ndcg))

    @property
    def drifted(self) -> bool:
        """Whether it is surely below its limit."""
        return self.known and self.at_most < self.limit


@dataclass(frozen=True)
class _Sizes:
    """Mean attributions without their signs, their standard errors if events are independent, and of how many values.

    (features,) each.
    """

    mean: NDArray[np.float64]
    error: NDArray[np.float64]
    n: NDArray[np.int64]

    @classmethod
    def of(cls, summary: Summary, columns: NDArray[np.int64]) -> "_Sizes":
        everything = summary.take([0])
        read, n = everything.read(), everything.values()[0, columns]
        return cls(read.mean[0, columns], read.deviation[0, columns] / np.sqrt(np.maximum(n, 1)), n)


def asked(plan: Plan) -> bool:
    """Whether there is an order at all."""
    return len(plan.attributed) >= FEWEST


def agreement(case: Case) -> Agreement | None:
    """That of a window's attributions with its reference; None where nobody asks, or there are none."""
    plan, limit = case.plan, case.settings.drift.attribution
    if not asked(plan) or not limit:
        return None
    columns = np.array([i for i, name in enumerate(plan.grid.numeric) if name.startswith(ATTRIBUTION)])
    before, now = (
        _Sizes.of(each, columns)
        for each in (case.plan.reference if case.reference is None else case.reference, case.summary)
    )
    known = (np.minimum(before.n, now.n) >= SMALLEST) & np.isfinite(before.mean) & np.isfinite(now.mean)
    if case.spread is not None and not case.settings.tolerate:
        known &= ~case.spread.slow[columns]
    n, n_reference = int(now.n.min()), int(before.n.min())
    if np.count_nonzero(known) < FEWEST or not before.mean[known].any():
        return Agreement(np.nan, np.nan, limit, n, n_reference, "")
    which = columns[known]
    with np.errstate(over="ignore"):  # beside values near the largest double anything may be
        margin = _margins(case, which) * np.hypot(before.error[known], now.error[known])
    means = before.mean[known], now.mean[known]
    found = float(ndcg(*means))
    names = [plan.grid.numeric[i].removeprefix(ATTRIBUTION) for i in which.tolist()]
    words = _moved(names, *means) if found < limit else ""
    return Agreement(found, ndcg_at_most(*means, margin), limit, n, n_reference, words)


def _margins(case: Case, columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """How many standard errors, if events were independent, all of these may be off together, (features,)."""
    each = level_of_all(case) / (2 * len(columns))
    if case.spread is None:
        return np.full(len(columns), -ndtri(each))
    # Of the mean rank.
    inflation, freedom = (known[columns, 0] for known in (case.spread.inflation, case.spread.freedom))
    normal = np.isinf(freedom)
    away = np.where(normal, -ndtri(each), -stdtrit(np.where(normal, 1.0, freedom), each))
    return np.asarray(away * np.sqrt(inflation))


def _moved(names: Sequence[str], before: NDArray[np.float64], now: NDArray[np.float64]) -> str:
    """The features whose places changed most, by what that did to the agreement."""
    places = [np.argsort(np.argsort(-side, kind="stable"), kind="stable") + 1 for side in (before, now)]
    shares = np.abs(ndcg_cells(before, now))
    most = [i for i in np.argsort(-shares, kind="stable").tolist() if places[0][i] != places[1][i]][:NAMED]
    return ", ".join(f"{names[i]} from {_nth(int(places[0][i]))} to {_nth(int(places[1][i]))}" for i in most)


def _nth(n: int) -> str:
    return f"{n}{'th' if n % 100 in _TEENS else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def finding(case: Case, found: Agreement) -> Finding:
    """What drifted, in words."""
    about = (case.plan.model, case.version, "", ORDER, case.length, case.start, case.end, DETECTOR)
    words = f"the order of attributions agrees by {found.ndcg:.2f} (NDCG), surely below {found.limit:g}: {found.words}"
    return Finding(*about, found.ndcg, found.limit, found.n, (), words)


def rows(ledger: Ledger, judged: Sequence[tuple[Case, Agreement | None]]) -> None:
    """A row per window that has attributions."""
    told = [(case, found) for case, found in judged if found is not None]
    if not told:
        return
    at = np.arange(len(told))
    verdicts = [2 if not found.known else int(found.drifted) for _, found in told]
    ledger.block(
        tables.ATTRIBUTIONS,
        {
            "model": Texts(tuple(case.plan.model for case, _ in told), at),
            "version": Texts(tuple(case.version for case, _ in told), at),
            "length": np.array([case.length for case, _ in told]),
            "start": np.array([moment(case.start) for case, _ in told]),
            "end": np.array([moment(case.end) for case, _ in told]),
            "ndcg": np.array([found.ndcg for _, found in told]),
            "at_most": np.array([found.at_most for _, found in told]),
            "least": np.array([found.limit for _, found in told]),
            "n": np.array([found.n for _, found in told]),
            "n_reference": np.array([found.n_reference for _, found in told]),
            "verdict": Texts(VERDICTS, np.array(verdicts)),
            "words": Texts.of([found.words for _, found in told]),
        },
    )
