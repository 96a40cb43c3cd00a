"""What estimates of several classes rest on: calibrated scores, and by how much labels differed from them.

Events with one decision of which the model is about as sure are a block. Labels of a reference say how often each class
occurs in a block, beyond what calibrated scores expect. So a window needs two things of each block, which add up: how
many events it has, and the sum of their calibrated scores. From these follows the confusion matrix to be expected:
scores say what a shift of the inputs does, blocks take off what scores are wrong by.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from msgspec import Struct

from detectors.codes import Floats, Integers
from detectors.estimation import softmax
from detectors.estimation.softmax import Softmax

BLOCKS_MAX = 8  # of one decision
BLOCK = 50  # labels of each at least, so that their mean says more than its own error
NUMBERS_MAX = 20_000  # of a basis: with many classes blocks are fewer. As text some 210 KB
PRIOR = 1.0  # label that agrees with the scores, in each block
SMOOTH = 10.0  # labels that vary as the scores say: of few, none of which was wrong, the next may be all the same
UNIT = float(2**30)  # quanta of a probability: sums are integers, whatever the order of events


class Basis(Struct, frozen=True):
    """A labelled reference as estimates need it. Blocks are those of decision 0 by their sureness, then of 1, ..."""

    names: tuple[str, ...]  # classes, by which scores and decisions are ordered; what is beyond them is one more
    calibrator: Softmax
    first: Integers  # (classes + 1,): the first block of each decision, and how many there are
    edges: Floats  # (blocks - classes,): where all blocks of a decision but its first begin
    events: Integers  # (blocks,): labelled events
    more: Floats  # (blocks, classes): by how much the share of a class exceeds the mean of its calibrated scores
    covariance: Floats  # (blocks, classes, classes): of what one label differs by

    @classmethod
    def of(cls, names: tuple[str, ...], scores: Floats, decided: Integers, label: Integers) -> Self:
        """The basis of usable scores, (n, classes), with decisions and labels in [0, classes), (n,); n at least 1.

        `classes` here are the names and one more.
        """
        width = scores.shape[1]
        assert width == len(names) + 1, (width, len(names))
        calibrator = softmax.fit(scores, label)
        probability = calibrator.apply(scores)
        sure = _sure(probability, decided)
        most = max(1, min(BLOCKS_MAX, NUMBERS_MAX * 2 // (width * width * width)))
        edges = [_edges(np.sort(sure[decided == one]), most) for one in range(width)]
        first = np.concatenate(([0], np.cumsum([len(one) + 1 for one in edges]))).astype(np.int64)
        none = np.empty(0, np.int64), np.empty((0, 0)), np.empty((0, 0, 0))
        basis = cls(names, calibrator, first, np.concatenate(edges), *none)
        place = basis.blocks(probability, decided)
        events = np.bincount(place, minlength=basis.n)
        known = [_known(probability[at], label[at]) for at in (np.flatnonzero(place == i) for i in range(basis.n))]
        anything = _spread(probability) / len(label)
        covariance = [anything if one is None else one[1] for one in known]
        more = [np.zeros(width) if one is None else one[0] for one in known]
        return cls(names, calibrator, first, basis.edges, events, np.array(more), np.array(covariance))

    @property
    def n(self) -> int:
        """How many blocks there are."""
        return int(self.first[-1])

    @property
    def width(self) -> int:
        """How many classes are told apart, the one beyond the names included."""
        return len(self.names) + 1

    @property
    def decision(self) -> Integers:
        """The decision of each block, (blocks,)."""
        return np.repeat(np.arange(self.width), np.diff(self.first))

    def blocks(self, probability: Floats, decided: Integers) -> Integers:
        """The block of events, (n,), by their calibrated scores, (n, classes), and decisions, (n,)."""
        sure, place = _sure(probability, decided), np.empty(len(decided), np.int64)
        for one in range(self.width):
            mine = np.flatnonzero(decided == one)
            edges = self.edges[self.first[one] - one : self.first[one + 1] - one - 1]
            place[mine] = self.first[one] + np.searchsorted(edges, sure[mine], side="right")
        return place

    def count(self, scores: Floats, decided: Integers, row: Integers, n_rows: int) -> list["Counted"]:
        """What windows hold of events, usable scores, decisions and rows in [0, n_rows); one for each row."""
        probability = self.calibrator.apply(scores)
        place = row * self.n + self.blocks(probability, decided)
        order = np.argsort(place, kind="stable")
        found, begin = np.unique(place[order], return_index=True)
        sums = np.zeros((n_rows * self.n, self.width), np.int64)
        if len(order):
            sums[found] = np.add.reduceat(np.rint(probability[order] * UNIT).astype(np.int64), begin)
        events = np.bincount(place, minlength=n_rows * self.n).reshape(n_rows, self.n)
        return [Counted(*each) for each in zip(events, sums.reshape(n_rows, self.n, self.width), strict=True)]


@dataclass(frozen=True, eq=False)
class Counted:
    """Events without labels, by blocks of a basis. The law: `count(a ++ b) == count(a) + count(b)`, bit for bit."""

    events: Integers  # (blocks,)
    sums: Integers  # (blocks, classes): of calibrated scores, in quanta

    def __add__(self, other: Self) -> "Counted":
        return Counted(self.events + other.events, self.sums + other.sums)


def expected(basis: Basis, window: Counted) -> tuple[Floats, Floats]:
    """The labels to be expected by decision and class, (classes, classes): by scores alone, and corrected."""
    plain, corrected = (np.zeros((basis.width, basis.width)) for _ in range(2))
    by_scores = window.sums / UNIT
    np.add.at(plain, basis.decision, by_scores)
    np.add.at(corrected, basis.decision, by_scores + window.events[:, None] * basis.more)
    return plain, np.maximum(corrected, 0.0)


def errors(basis: Basis, window: Counted, slopes: Floats) -> tuple[float, float]:
    """The standard errors, by chance and shared, of what rises by `slopes` with a label of each decision and class."""
    along = slopes[basis.decision]
    each = np.maximum(np.einsum("bi,bij,bj->b", along, basis.covariance, along), 0.0)
    n = window.events.astype(np.float64)
    return float(np.sqrt((n * each).sum())), float(np.sqrt((n**2 * each / np.maximum(basis.events, 1)).sum()))


def _sure(probability: Floats, decided: Integers) -> Floats:
    """How sure the model is of its decisions, (n,)."""
    return np.asarray(probability[np.arange(len(decided)), decided])


def _edges(sure: Floats, most: int) -> Floats:
    """Where blocks of equally many events begin, all but the first; `sure` rises."""
    n = min(most, max(1, len(sure) // BLOCK))
    edges = np.unique(sure[np.arange(1, n) * len(sure) // n])
    return np.asarray(edges[edges > sure[0]] if len(edges) else edges)


def _spread(probability: Floats) -> Floats:
    """The sum of covariances of labels that are as probable as this."""
    return np.asarray(np.diag(probability.sum(axis=0)) - probability.T @ probability)


def _known(probability: Floats, label: Integers) -> tuple[Floats, Floats] | None:
    """What labels of a block differ by on average, and the covariance of one; None without any."""
    n = len(label)
    if not n:
        return None
    left = (label[:, None] == np.arange(probability.shape[1])) - probability
    more = left.sum(axis=0) / (n + PRIOR)
    left = left - more
    return more, (left.T @ left + SMOOTH / n * _spread(probability)) / (n - 1 + SMOOTH)  # their mean is taken off
