"""Answers of a ranking model that met their labels, an event per query: how good its first places are.

Every value is 0 for a query without anything relevant, as in scikit-learn. Such queries are counted, so a mean over the
others is the mean divided by their share.
"""

from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.performance.cells import Cells, Layout

LISTED_MAX = 1_000  # places of a list that are looked at
SHARE = -40  # shares are at most 1: a quantum of 2^-40, never clamped
BARREN, FRUITFUL = 0, 1  # counts: queries without anything relevant, and with; then hits for each cut
VALUES = ("ndcg", "map", "precision", "recall")  # for each cut


class Ranking(Struct, frozen=True):
    """After which places lists are judged."""

    cuts: tuple[int, ...] = (1, 3, 5, 10)


class Ranked(NamedTuple):
    """What the cells say, as floats, a row per segment value."""

    settings: Ranking
    queries: Floats  # (rows, 2): without and with something relevant
    hits: Floats  # (rows, cuts): queries with something relevant before the cut
    n: Floats  # (rows, values): queries
    mean: Floats  # (rows, values): the reciprocal rank, then VALUES for each cut
    deviation: Floats  # (rows, values): divided by n


def layout(settings: Ranking) -> Layout:
    """The cells of such answers: a count more than cuts, and the reciprocal rank and 4 values for each cut."""
    values = 1 + len(VALUES) * len(settings.cuts)
    return Layout(2 + len(settings.cuts), np.full(values, SHARE, np.int64))


def pairs(settings: Ranking, relevances: Floats, missed: Floats) -> tuple[Integers, Floats]:
    """What each query adds to the cells: the counts it raises, (n, 1 + cuts), and its values, (n, 1 + 4 cuts).

    `relevances` (n, places) are those of the answers in their order, 0 where there is none or nobody said; above 0 is
    relevant. `missed` (n, others) are those of what the list does not have, as far as somebody said, in any order.
    """
    assert relevances.shape[1] <= LISTED_MAX, f"{relevances.shape[1]} places, at most {LISTED_MAX}"
    gains, others = (np.maximum(np.nan_to_num(each), 0.0) for each in (relevances, missed))
    hit = gains > 0
    found = hit.sum(axis=1)
    total = found + (others > 0).sum(axis=1)
    best = -np.sort(-np.concatenate((gains, others), axis=1), axis=1)
    top = max(settings.cuts)
    listed, reachable = _first(gains, top), _first(best, top)
    # Sums run from place to place, and all are as wide, so that a query's do not depend on those beside it.
    running = np.cumsum(listed > 0, axis=1, dtype=np.float64)
    precisions = np.cumsum(running / np.arange(1, top + 1) * (listed > 0), axis=1)
    discounts = 1 / np.log2(np.arange(2, top + 2))
    reached, possible = np.cumsum(listed * discounts, axis=1), np.cumsum(reachable * discounts, axis=1)
    counted, values = [np.where(found > 0, FRUITFUL, BARREN)], [_reciprocal(hit)]
    for i, cut in enumerate(settings.cuts):
        at = cut - 1
        before = running[:, at]
        counted.append(np.where(before > 0, 2 + i, -1))
        values += [
            _of(reached[:, at], possible[:, at]),  # Jarvelin and Kekalainen 2002
            _of(precisions[:, at], np.minimum(total, cut)),
            before / cut,
            _of(before, total),
        ]
    return np.stack(counted, axis=1), np.stack(values, axis=1)


def read(settings: Ranking, cells: Cells) -> Ranked:
    """What cells of such queries say."""
    counts = cells.counts.astype(np.float64)
    told = cells.read()
    return Ranked(settings, counts[:, :2], counts[:, 2:], cells.finite.astype(np.float64), told.mean, told.deviation)


def _reciprocal(hit: NDArray[np.bool_]) -> Floats:
    """One over the place of the first relevant answer, (n,)."""
    first = hit.argmax(axis=1) if hit.shape[1] else np.zeros(len(hit), np.int64)
    return np.where(hit.any(axis=1), 1 / (first + 1), 0.0)


def _first(gains: Floats, n: int) -> Floats:
    """The first n places, 0 where there are not so many, (queries, n)."""
    some = gains[:, :n]
    return np.pad(some, ((0, 0), (0, n - some.shape[1])))


def _of(part: Floats, whole: Floats) -> Floats:
    """A share; 0 of nothing."""
    return np.asarray(part / np.where(whole > 0, whole, 1.0) * (whole > 0))
