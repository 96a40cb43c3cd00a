"""Answers of a model with several classes that met their labels: confusions, ranks of the true class, log loss.

Names beyond the vocabulary are one class of their own, so two of them agree: what is measured is the model on the names
as they are counted.
"""

from typing import NamedTuple

import numpy as np
from msgspec import Struct

from detectors.codes import Floats, Integers
from detectors.performance import losses
from detectors.performance.cells import Cells, Layout
from detectors.performance.losses import Averages

OTHER = "(other)"
CLASSES_MAX = 100  # a row of cells has more than the square of it: 80 kB
TOP_MAX = 5  # ranks of the true class that are told apart
LOSS = -34  # log losses are at most 36.1: a quantum of 2^-34, clamped at 64
LOSS_SCALE = 1  # log2 of a log loss that is not small
LEAST = float(np.finfo(np.float64).eps)  # scores are this far from 0 and 1 in a log loss, as in scikit-learn


class Multiclass(Struct, frozen=True, repr_omit_defaults=True):
    """Which classes are told apart, and what it is worth to say one where another is true: (said, true, worth)."""

    classes: tuple[str, ...]
    worth: tuple[tuple[str, str, float], ...] = ()  # 0 where it is left out; empty: nobody knows

    @property
    def names(self) -> tuple[str, ...]:
        """The rows and columns of the confusion matrix: the classes, and all other names as one."""
        return (*self.classes, OTHER)

    @property
    def table(self) -> Floats | None:
        """What pairs are worth by true and predicted class, (names, names); None where nobody knows."""
        if not self.worth:
            return None
        place, table = {name: i for i, name in enumerate(self.names)}, np.zeros((len(self.names), len(self.names)))
        for said, true, value in self.worth:
            if said in place and true in place:
                table[place[true], place[said]] = value
        return table


class Confusion(NamedTuple):
    """What the cells say, as floats, a row per segment value."""

    matrix: Floats  # (rows, names, names): pairs by true and predicted class
    ranks: Floats  # (rows, 6): pairs whose true class had the best score, the second best, ..., a worse one
    losses: Averages
    worth: Floats | None = None  # (names, names) of a pair


def layout(settings: Multiclass) -> Layout:
    """The cells of such answers: names^2 + 6 counts, and the log loss."""
    assert len(settings.classes) <= CLASSES_MAX, f"{len(settings.classes)} classes, at most {CLASSES_MAX}"
    return Layout(len(settings.names) ** 2 + TOP_MAX + 1, losses.exponents(LOSS))


def pairs(settings: Multiclass, truth: Integers, predicted: Integers, scores: Floats) -> tuple[Integers, Floats]:
    """What each pair adds to the cells: the counts it raises, (n, 2), and its values, (n, 3).

    `truth` and `predicted` (n,) are places in `names`, -1 where missing; `scores` (n, classes) or (n, names), nan where
    missing. A pair without one of its classes is not in the matrix; one whose true class has no score in [0, 1] has no
    rank and no loss.
    """
    size = len(settings.names)
    assert truth.max(initial=-1) < size, "a true class beyond (other)"
    assert predicted.max(initial=-1) < size, "a predicted class beyond (other)"
    place = np.where((truth >= 0) & (predicted >= 0), truth * size + predicted, -1)
    score = _score(truth, scores)
    rank = np.minimum(_better(truth, score, scores), TOP_MAX)
    loss = -np.log(np.clip(score, LEAST, 1 - LEAST))
    return np.stack((place, np.where(np.isnan(score), -1, size**2 + rank)), axis=1), losses.columns(loss, LOSS_SCALE)


def read(settings: Multiclass, cells: Cells) -> Confusion:
    """What cells of such pairs say."""
    size = len(settings.names)
    counts = cells.counts.astype(np.float64)
    return Confusion(
        counts[:, : size**2].reshape(-1, size, size), counts[:, size**2 :], Averages.of(cells), settings.table
    )


def constant(seen: Confusion) -> Confusion:
    """What the best constant answer would have had: the most frequent label, and the classes by their frequency.

    Of its log loss only the mean is known, the entropy of the labels.
    """
    labels = seen.matrix.sum(axis=2)
    matrix = np.zeros_like(seen.matrix)
    matrix[np.arange(len(labels)), :, labels.argmax(axis=1)] = labels
    frequent = -np.sort(-labels, axis=1)
    ranks = np.zeros_like(seen.ranks)
    ranks[:, : min(TOP_MAX, frequent.shape[1])] = frequent[:, :TOP_MAX]
    ranks[:, TOP_MAX] = frequent[:, TOP_MAX:].sum(axis=1)
    n = frequent.sum(axis=1, keepdims=True)
    shares = frequent / np.where(n > 0, n, np.nan)
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=1)
    first = np.full_like(seen.losses.first, np.nan)
    first[:, 0] = entropy
    unknown = seen.losses._replace(n=np.ones_like(seen.losses.n), first=first, second=np.full_like(first, np.nan))
    return Confusion(matrix, ranks, unknown, seen.worth)


def _score(truth: Integers, scores: Floats) -> Floats:
    """The score of the true class, nan where it has none that is a probability, (n,)."""
    with_missing = np.concatenate((scores, np.full((len(scores), 1), np.nan)), axis=1)
    score = with_missing[np.arange(len(truth)), np.where(truth < scores.shape[1], truth, -1)]
    return np.where((score >= 0) & (score <= 1), score, np.nan)


def _better(truth: Integers, score: Floats, scores: Floats) -> Integers:
    """How many classes come before the true one; of equal scores the later class does, as in scikit-learn, (n,)."""
    later = np.arange(scores.shape[1]) > truth[:, None]
    before = (scores > score[:, None]) | ((scores == score[:, None]) & later)
    return np.asarray(before.sum(axis=1), np.int64)
