"""What the pairs of windows add up to; more pairs are added to it, so that a long window is read once.

Law: `gather([shape], [a + b])` is `gather([shape], [a])` with `gather([shape], [b])` added to it. Many windows are
summed at once, as rows of the same cells: one alone costs as much as thirty together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Integers
from detectors.performance import cells
from detectors.performance.cells import Cells
from detectors.performance.classes.ranked import Ranked
from detectors.service import BUCKETS, EDGES
from stream.answers.apart import apart_of
from stream.answers.kind import Answers, Rows
from stream.answers.ranked import ranked_of
from stream.plan import Plan

SECOND: Final = 1e9  # ns: delays are counted in seconds, in buckets of 2 %, from 10 ms to 70 days
SUMMED: Final = ("plan", "change", "delay", "score", "value", "answer", "label", "segments", "several")  # of pairs
ROWS_MAX: Final = 4_096  # of cells that are made at once: 20 MB


@dataclass(frozen=True)
class Shape:
    """How the pairs of a window are summed.

    `plan` is the newest one by which they are counted, None where nobody knows it any more; `counted` are the ids of
    all. `names` are the rows of segments. Where there are several plans, segments are not told apart: those of another
    plan are other rows.
    """

    plan: Plan | None
    answers: Answers | None
    counted: frozenset[str]
    names: tuple[str, ...]

    @classmethod
    def of(cls, plan: Plan | None, answers: Answers | None, counted: frozenset[str]) -> "Shape":
        """The shape of pairs that are measured by a plan."""
        return cls(plan, answers, counted, ("",) if plan is None or counted != {plan.id} else plan.rows)

    @property
    def fields(self) -> int:
        """How many segment fields are told apart."""
        return 0 if self.plan is None or len(self.names) == 1 else len(self.plan.segments)


@dataclass(frozen=True, eq=False)
class Gathered:
    """Pairs of one window: cells, a row per name of the shape, how many there are of each, how long labels took.

    `apart`: the cells of the scores of each class; `ranked`: scores themselves, where there are few.
    """

    shape: Shape
    cells: Cells | None
    n: Integers  # (rows,)
    delays: Integers  # (BUCKETS,)
    apart: Cells | None = None
    ranked: Ranked | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        known = (each for each in (self.cells, self.apart, self.ranked) if each is not None)
        return self.n.nbytes + self.delays.nbytes + sum(each.nbytes for each in known)

    def alone(self) -> "Gathered":
        """The same, which holds nothing of the windows that were summed with it."""
        return replace(self, cells=None if self.cells is None else self.cells.copied())

    def __add__(self, other: "Gathered") -> "Gathered":
        made = None if self.cells is None or other.cells is None else self.cells + other.cells
        apart = None if self.apart is None or other.apart is None else self.apart + other.apart
        ranked = None if self.ranked is None or other.ranked is None else self.ranked + other.ranked
        n, delays = self.n + other.n, self.delays + other.delays
        return replace(self, cells=made, n=n, delays=delays, apart=apart, ranked=ranked)


def gather(shapes: Sequence[Shape], pairs: Sequence[Rows], *, scores: bool = True) -> list[Gathered]:
    """The sums of the pairs of windows. A pair that was taken back is taken away again.

    Without `scores` those of each class are left out, and what ranks them.
    """
    found: dict[int, Gathered] = {}
    for members in _alike(shapes):
        made = _together([shapes[i] for i in members], [pairs[i] for i in members], scores=scores)
        found |= dict(zip(members, made, strict=True))
    return [found[i] for i in range(len(shapes))]


def _alike(shapes: Sequence[Shape]) -> Iterator[list[int]]:
    """Places of windows that can be summed together."""
    alike: dict[tuple[Answers | None, int], list[int]] = {}
    for i, shape in enumerate(shapes):
        alike.setdefault((shape.answers, shape.fields), []).append(i)
    for members in alike.values():
        some, n = list[int](), 0
        for i in members:
            more = len(shapes[i].names)
            if some and n + more > ROWS_MAX:
                yield some
                some, n = [], 0
            some.append(i)
            n += more
        yield some


def _together(shapes: Sequence[Shape], pairs: Sequence[Rows], *, scores: bool) -> list[Gathered]:
    """Windows of the same answers and as many fields."""
    sizes = np.array([len(shape.names) for shape in shapes])
    firsts, n_rows = np.cumsum(sizes) - sizes, int(sizes.sum())
    window = np.repeat(np.arange(len(shapes)), [len(each["change"]) for each in pairs])
    every = {name: np.concatenate([each[name] for each in pairs]) for name in pairs[0]}
    own = _segments(every, shapes[0].fields)
    change, rows = every["change"], firsts[window][:, None] + own
    n = np.zeros(n_rows, np.int64)
    for column in rows.T:
        n += np.bincount(column, change, n_rows).astype(np.int64)
    delay = np.maximum(every["delay"] / SECOND, 0.0)  # a label may be older than its prediction
    bucket = window * BUCKETS + np.searchsorted(EDGES, delay, side="right")
    delays = np.bincount(bucket, change, len(shapes) * BUCKETS).astype(np.int64).reshape(len(shapes), -1)
    answers = shapes[0].answers
    made = None if answers is None else _cells(answers, every, rows, n_rows)
    parts = [slice(first, first + size) for first, size in zip(firsts.tolist(), sizes.tolist(), strict=True)]
    places = np.split(own, np.cumsum([len(each["change"]) for each in pairs])[:-1])
    return [
        Gathered(
            shape,
            None if made is None else made.between(part.start + 1, part.stop + 1),
            n[part].copy(),
            delay,
            apart_of(answers, each) if scores else None,
            ranked_of(answers, each, place) if scores else None,
        )
        for shape, part, delay, each, place in zip(shapes, parts, delays.copy(), pairs, places, strict=True)
    ]


def _cells(answers: Answers, pairs: Rows, rows: Integers, n_rows: int) -> Cells:
    """The cells of all rows, behind a first one that is nobody's."""
    counted, values = answers.pairs(pairs)

    def of(change: int) -> Cells:
        part: NDArray[np.bool_] = pairs["change"] == change
        return cells.of(answers.layout, counted[part], values[part], rows[part] + 1, n_rows + 1)

    return of(1) - of(-1) if (pairs["change"] < 0).any() else of(1)


def _segments(pairs: Rows, fields: int) -> Integers:
    """The rows of each pair in its own window: 0, which is everything, and one for each field; (n, 1 + fields)."""
    packed = pairs["segments"].tolist()
    rows = np.zeros((len(packed), 1 + fields), np.int64)
    if fields:  # else perhaps of several plans, and of several lengths
        rows[:, 1:] = np.frombuffer(b"".join(packed), "<u2").reshape(len(packed), fields)
    return rows
