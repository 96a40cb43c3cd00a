"""Scores of pairs themselves, as long as there are few: what ranks them is exact then, where bins lose an order.

Law: `of(a) + of(b)` says the same as `of(a ++ b)`, in whatever order. How many were added never falls, not even where a
pair is taken back; so whether there are few does not depend on when somebody looked.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from detectors.codes import Bools, Floats, Integers

PAIRS_MAX = 5_000  # with one score each: 100 KB, and 2 ms to rank
SCORES_MAX = 50_000  # of pairs with several each, float32: 200 KB


class Exact(NamedTuple):
    """Areas, precisions and lifts by the scores themselves, nan where undefined; (keys,) each."""

    roc_auc: Floats
    average_precision: Floats
    lift: Floats


class Keyed(NamedTuple):
    """Scores, whether they came true, and -1 where that was taken back, by what they are ranked among; (n,) each."""

    key: Integers
    score: Floats
    positive: Bools
    change: Integers


@dataclass(frozen=True, eq=False)
class Ranked:
    """Pairs: the column of scores that came true, -1 where none did; nothing is kept of too many.

    Scores of several classes may be float32, as they waited. `rows` are those of the whole and of segments that a pair
    is in; `change` is -1 where it was taken back.
    """

    added: int
    change: Integers  # (kept,)
    truth: Integers  # (kept,)
    scores: Floats  # (kept, columns)
    rows: Integers  # (kept, 1 + fields)

    @classmethod
    def of(cls, change: Integers, truth: Integers, scores: Floats, rows: Integers) -> Self:
        """These pairs, and how many of them were added."""
        added = int((change > 0).sum())
        few = slice(None) if added <= most(scores.shape[1]) else slice(0)
        return cls(
            added, change[few].astype(np.int8), truth[few].astype(np.int16), scores[few], rows[few].astype(np.int32)
        )

    @property
    def complete(self) -> bool:
        """Whether all pairs are here."""
        return self.added <= most(self.scores.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(each.nbytes for each in (self.change, self.truth, self.scores, self.rows))

    def __add__(self, other: "Ranked") -> "Ranked":
        added = self.added + other.added
        few = slice(None) if added <= most(self.scores.shape[1]) else slice(0)
        both = zip(
            (self.change, self.truth, self.scores, self.rows),
            (other.change, other.truth, other.scores, other.rows),
            strict=True,
        )
        return Ranked(added, *(np.concatenate(pair)[few] for pair in both))

    def of_rows(self, rows: Integers, top: float) -> Exact:
        """Of each of these rows, (rows,), by the first column of scores."""
        return ranked(self.keyed(rows), len(rows), top)

    def keyed(self, rows: Integers) -> Keyed:
        """The pairs of these rows, each with the place of its row among them."""
        place = np.full(max(int(self.rows.max(initial=0)), int(rows.max(initial=0))) + 1, -1)
        place[rows] = np.arange(len(rows))
        key = place[self.rows]
        pair, field = np.nonzero(key >= 0)
        return Keyed(key[pair, field], self.scores[pair, 0], self.truth[pair] == 0, self.change[pair])

    def of_columns(self, top: float) -> Exact:
        """Of each column of scores, all pairs; and of all columns as if they were one, which comes last."""
        n, columns = self.scores.shape
        positive = (self.truth[:, None] == np.arange(columns)).ravel()
        key = np.tile(np.arange(columns), n)
        told = Keyed(key, self.scores.ravel(), positive, np.repeat(self.change, columns))
        each = ranked(told, columns, top)
        pooled = ranked(told._replace(key=np.zeros_like(key)), 1, top)
        return Exact(*(np.concatenate(both) for both in zip(each, pooled, strict=True)))


def few(change: Integers, columns: int) -> bool:
    """Whether so many pairs with so many scores each are kept."""
    return int((change > 0).sum()) <= most(columns)


def most(columns: int) -> int:
    """How many pairs with so many scores are few."""
    return min(PAIRS_MAX, SCORES_MAX // max(columns, 1))


def ranked(told: Keyed, n_keys: int, top: float) -> Exact:
    """What ranks the scores of each key: whole numbers, until they are divided.

    Equal scores are tied for the area, and one threshold for the precision, as in scikit-learn; of those at the border
    of the `top` share as many of either label are among the top as among them. A score that is nan is none.
    """
    key, score, positive, change = told
    known = ~np.isnan(score)
    order = np.flatnonzero(known)[np.lexsort((score[known], key[known]))]
    key, score, weight = key[order], score[order], change[order].astype(np.int64)
    another = (key[1:] != key[:-1]) | (score[1:] != score[:-1])
    begins = np.flatnonzero(np.concatenate((np.ones(min(len(score), 1), np.bool_), another)))
    if not len(begins):
        return Exact(*(np.full(n_keys, np.nan) for _ in Exact._fields))
    hit = positive[order].astype(np.int64)
    p, m = (np.add.reduceat(each, begins) for each in (weight * hit, weight))
    at = key[begins]
    hits, all_of = (np.bincount(at, each, n_keys).astype(np.int64) for each in (p, m))
    misses = all_of - hits
    below, worse = (np.cumsum(each) - each for each in (m, m - p))
    first = np.searchsorted(at, np.arange(n_keys))  # of a key without scores any other; it is undefined anyway
    first = np.minimum(first, len(at) - 1)
    below, worse = below - below[first][at], worse - worse[first][at]
    reached = all_of[at] - below  # this threshold and better ones
    right = reached - (misses[at] - worse)
    with np.errstate(divide="ignore", invalid="ignore"):
        area = np.bincount(at, p * (2 * worse + m - p), n_keys) / (2 * hits * misses)
        precision = np.bincount(at, np.where(reached > 0, p * right / reached, 0.0), n_keys) / hits
        inside = np.where(m > 0, np.clip((top * all_of[at] - (reached - m)) / m, 0.0, 1.0), 0.0)
        lift = np.bincount(at, p * inside, n_keys) / hits / top
    return Exact(area, precision, lift)
