"""What the pairs of a window add up to; more pairs are added to it, so that a long window is read once.

Law: `gather(plan, answers, a + b) == gather(plan, answers, a).more(b)`, where both are counted by the same plans.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Integers
from detectors.performance import cells, latency
from detectors.performance.cells import Cells
from stream.monitor.outputs import Answers, Rows
from stream.plan import Plan

SECOND: Final = 1e9  # ns: delays are counted in seconds, in buckets of 2 %, from 10 ms to 70 days


@dataclass(frozen=True, eq=False)
class Gathered:
    """Pairs of one window: cells (rows of `names`), how many there are of each, how long their labels took.

    `plan` is the newest one by which they are counted, None where nobody knows it any more; `counted` are the ids of
    all. Where there are several, segments are not told apart: those of another plan are other rows.
    """

    plan: Plan | None
    answers: Answers | None
    counted: frozenset[str]
    names: tuple[str, ...]
    cells: Cells | None
    n: Integers  # (rows,)
    delays: Integers  # (latency.BUCKETS,)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.n.nbytes + self.delays.nbytes + (0 if self.cells is None else self.cells.nbytes)

    def more(self, pairs: Rows) -> "Gathered":
        """With more pairs, which are counted by the same plans."""
        added = _of(self, pairs)
        made = None if self.cells is None or added.cells is None else self.cells + added.cells
        return replace(self, cells=made, n=self.n + added.n, delays=self.delays + added.delays)


def gather(plan: Plan | None, answers: Answers | None, pairs: Rows) -> Gathered:
    """The sums of pairs, which are measured by a plan."""
    counted = frozenset(pairs["plan"])
    names = ("",) if plan is None or counted != {plan.id} else plan.rows
    none = np.zeros(0, np.int64)
    return _of(Gathered(plan, answers, counted, names, None, none, none), pairs)


def _of(like: Gathered, pairs: Rows) -> Gathered:
    """Pairs as sums, with the rows of others; a pair that was taken back is taken away again."""
    change, rows, segments = pairs["change"], len(like.names), _segments(pairs, like)
    n = np.zeros(rows, np.int64)
    n[0] = change.sum()
    for column in segments.T:
        n += np.bincount(column, change, rows).astype(np.int64)
    delay = np.maximum(pairs["delay"] / SECOND, 0.0)  # a label may be older than its prediction
    delays = np.bincount(np.searchsorted(latency.EDGES, delay, side="left"), change, latency.BUCKETS)
    made = None if like.answers is None else _cells(like.answers, pairs, segments, rows)
    return replace(like, cells=made, n=n, delays=delays.astype(np.int64))


def _cells(answers: Answers, pairs: Rows, segments: Integers, rows: int) -> Cells:
    counted, values = answers.pairs(pairs)

    def of(change: int) -> Cells:
        part: NDArray[np.bool_] = pairs["change"] == change
        return cells.of(answers.layout, counted[part], values[part], segments[part], rows)

    return of(1) - of(-1) if (pairs["change"] < 0).any() else of(1)


def _segments(pairs: Rows, like: Gathered) -> Integers:
    """Rows of segment fields, (n, fields)."""
    packed = pairs["segments"].tolist()
    fields = 0 if like.plan is None or len(like.names) == 1 else len(like.plan.segments)
    if not fields:  # perhaps of several plans, and of several lengths
        return np.empty((len(packed), 0), np.int64)
    return np.frombuffer(b"".join(packed), "<u2").reshape(len(packed), fields).astype(np.int64)
