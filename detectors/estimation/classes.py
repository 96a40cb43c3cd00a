"""What estimates of several classes rest on: calibrated scores, and by how much labels differed from them.

Events with one decision of which the model is about as sure are a block. Labels of a reference say how often each class
occurs in a block, beyond what calibrated scores expect. So a window needs two things that add up: how many events each
block has, and the sum of calibrated scores of each decision. From these follows the confusion matrix to be expected:
scores say what a shift of the inputs does, blocks take off what scores are wrong by. That is why the error of the
calibrator itself hardly matters: whatever it is wrong by, labels of a block have seen (`tests.honesty.calibrator`).
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct

from detectors.codes import Floats, Integers
from detectors.estimation import ranked_classes, softmax
from detectors.estimation.estimate import Thirds
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
    ranked: Floats  # (3, blocks, names): by how much each of `ranked_classes` exceeds what scores expect, its variance
    # and third moment, which was not kept at first: (2, blocks, names)

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
        none = np.empty(0, np.int64), np.empty((0, 0)), np.empty((0, 0, 0)), np.empty((3, 0, 0))
        basis = cls(names, calibrator, first, np.concatenate(edges), *none)
        place = basis.blocks(probability, decided)
        events = np.bincount(place, minlength=basis.n)
        known = [_known(probability[at], label[at]) for at in (np.flatnonzero(place == i) for i in range(basis.n))]
        anything = _spread(probability) / len(label)
        covariance = [anything if one is None else one[1] for one in known]
        more = [np.zeros(width) if one is None else one[0] for one in known]
        ranked = _ranked(probability, scores, label, place, basis.n)
        return cls(names, calibrator, first, basis.edges, events, np.array(more), np.array(covariance), ranked)

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

    def count(self, scores: Floats, decided: Integers, row: Integers, n_rows: int) -> "Counted":
        """What windows hold of events, usable scores, decisions and rows in [0, n_rows), by row."""
        probability = self.calibrator.apply(scores)
        blocks = self.blocks(probability, decided)
        events = np.bincount(row * self.n + blocks, minlength=n_rows * self.n).reshape(n_rows, self.n)
        sums = _sums(np.rint(probability * UNIT).astype(np.int64), row * self.width + decided, n_rows * self.width)
        there = ranked_classes.rankable(scores)
        expected = ranked_classes.moments(probability[there], scores[there])[0]
        worth = np.column_stack((np.ones(len(expected), np.int64), np.rint(expected * UNIT).astype(np.int64)))
        return Counted(events, sums.reshape(n_rows, self.width, self.width), _sums(worth, row[there], n_rows))


@dataclass(frozen=True, eq=False)
class Counted:
    """Events without labels, by rows, and blocks of a basis; every array has a row for each.

    The law: `count(a ++ b) == count(a) + count(b)`, bit for bit.
    """

    events: Integers  # (rows, blocks)
    sums: Integers  # (rows, classes, classes): of calibrated scores by decision, in quanta
    ranked: Integers  # (rows, 1 + names): events that have ranks, and sums of what they are expected to be worth

    def __add__(self, other: Self) -> "Counted":
        return Counted(self.events + other.events, self.sums + other.sums, self.ranked + other.ranked)

    def __getitem__(self, rows: int | slice) -> "Counted":
        """Some rows; of a number one, without that axis, as what follows takes it."""
        return Counted(self.events[rows], self.sums[rows], self.ranked[rows])


def expected(basis: Basis, window: Counted) -> tuple[Floats, Floats]:
    """The labels to be expected by decision and class, (classes, classes): by scores alone, and corrected."""
    plain = window.sums / UNIT
    corrected = plain.copy()
    np.add.at(corrected, basis.decision, window.events[:, None] * basis.more)
    return plain, np.maximum(corrected, 0.0)


def errors(basis: Basis, window: Counted, slopes: Floats) -> tuple[float, float]:
    """The standard errors, by chance and shared, of what rises by `slopes` with a label of each decision and class."""
    along = slopes[basis.decision]
    each = np.maximum(np.einsum("bi,bij,bj->b", along, basis.covariance, along), 0.0)
    n = window.events.astype(np.float64)
    return float(np.sqrt((n * each).sum())), float(np.sqrt((n**2 * each / np.maximum(basis.events, 1)).sum()))


class Ranked(NamedTuple):
    """Metrics of `ranked_classes`, (names,) each: at the calibrated scores, corrected, and their errors."""

    plain: Floats
    value: Floats
    chance: Floats
    shared: Floats
    thirds: list[Thirds] | None  # None where a basis does not know them


def ranked(basis: Basis, window: Counted) -> Ranked | None:
    """None where a basis has no such labels, or some of the window's events have no ranks."""
    n, events = float(window.events.sum()), window.events.astype(np.float64)
    if not basis.ranked.size or window.ranked[0] < n:
        return None
    more, variance = basis.ranked[:2]
    plain, known = window.ranked[1:] / UNIT / n, np.maximum(basis.events, 1)
    chance = np.sqrt(events @ variance) / n
    shared = np.sqrt((events**2 / known) @ variance) / n
    thirds = None
    if len(basis.ranked) > 2:
        weights = np.stack((events**3 / known**2, events, events**2 / known)) / n**3
        sums = (weights @ basis.ranked[2]).T.tolist()
        thirds = [Thirds(one, other, both, far=False) for one, other, both in sums]
    return Ranked(plain, plain + events @ more / n, chance, shared, thirds)


def _sums(values: Integers, place: Integers, n: int) -> Integers:
    """Values, (events, many), added up by place, (n, many)."""
    sums = np.zeros((n, values.shape[1]), np.int64)
    order = np.argsort(place, kind="stable")
    found, begin = np.unique(place[order], return_index=True)
    if len(order):
        sums[found] = np.add.reduceat(values[order], begin)
    return sums


def _ranked(probability: Floats, scores: Floats, label: Integers, place: Integers, blocks: int) -> Floats:
    """What labels of each block are worth beyond what is expected, and the variance and third moment of one.

    (3, blocks, names).
    """
    there = ranked_classes.rankable(scores)
    (mean, square, cube), place = ranked_classes.moments(probability[there], scores[there]), place[there]
    left = ranked_classes.of_labels(scores[there], label[there]) - mean
    spread, lean = np.maximum(square - mean**2, 0.0), cube - 3 * mean * square + 2 * mean**3
    n = np.bincount(place, minlength=blocks)[:, None]
    one, two, three, own, owned = (_by_block(each, place, blocks) for each in (left, left**2, left**3, spread, lean))
    more = one / (n + PRIOR)
    around = np.maximum(two - 2 * more * one + n * more**2, 0.0)
    cubes = three - 3 * more * two + 3 * more**2 * one - n * more**3
    found = [
        (sums + SMOOTH / np.maximum(n, 1) * ours) / (n - 1 + SMOOTH) for sums, ours in ((around, own), (cubes, owned))
    ]
    anything = [each.sum(axis=0) / max(len(each), 1) for each in (spread, lean)]
    return np.stack((more, *(np.where(n > 0, each, other) for each, other in zip(found, anything, strict=True))))


def _by_block(values: Floats, place: Integers, blocks: int) -> Floats:
    return np.stack([np.bincount(place, column, blocks) for column in values.T], axis=1)


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
