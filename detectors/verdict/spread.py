"""How much more panes vary than independent draws would, learned from the panes of a reference.

Values that follow each other, and users with many events, vary more; not all contrasts alike: of an autoregressive
series with coefficient 0.5 the location varies 2.9 times as much, a cell 1.1 times. So each contrast has its own
inflation, and its own tail.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from msgspec import Struct, msgpack
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, stdtr

from detectors.codes import Floats, Integers
from detectors.distances import Counts
from detectors.verdict.scores import scores
from detectors.verdict.sets import Sets, total

PANES_MIN = 60  # below, nothing is learned: a promise would be a guess
DOUBT = 0.05  # of panes that are independent draws, so many are taken for others
FILLED = 5
SHRUNK = 10  # panes' worth of what the contrasts of a series have in common
NORMAL = np.inf  # degrees of freedom
PACKED = np.dtype("<f4")  # what is learned is rounded to it, so that a restart judges to the same last bit


class Spread(Struct, frozen=True):
    """Variance beside that of independent draws, 1 or more, and degrees of freedom of the tail, (series, contrasts).

    Contrasts are the scores, then the sets. `panes` is how many taught it; of 0, independence is assumed. `slow`,
    (series,): surely more varies between the panes of a series than within them.
    """

    inflation: Floats
    freedom: Floats
    panes: int
    slow: NDArray[np.bool_]

    @classmethod
    def independent(cls, series: int, contrasts: int) -> Self:
        """Nothing learned."""
        shape = series, contrasts
        return cls(np.ones(shape), np.full(shape, NORMAL), 0, np.zeros(series, np.bool_))

    @classmethod
    def learn(cls, panes: Counts, on_line: NDArray[np.bool_], sizes: Integers | None = None) -> Self:
        """Of the counts of panes that follow each other, (panes, series, cells), at least PANES_MIN of them.

        `sizes`, (series,): how many of the cells are a series' own.

        Each should be as long as the windows that are judged, or as long as leaves enough of them. Where no series
        surely varies more than independent draws do, none does: what 60 panes teach is vague, and a tail for that would
        keep a tenth of the promise.
        """
        assert len(panes) >= PANES_MIN, len(panes)
        both = panes.sum(axis=0)
        weights = scores(both, on_line)
        sets = Sets.of(on_line.sum(axis=1), np.full(len(on_line), panes.shape[2]) if sizes is None else sizes)
        means = np.stack([_means(pane, weights, sets) for pane in panes])
        n = panes.sum(axis=2, dtype=np.float64)[..., None]
        overall = _means(both, weights, sets)
        squares = total(both[:, None, :] * weights**2) / np.maximum(both.sum(axis=1), 1)[:, None]
        squares = np.concatenate((squares, overall[:, weights.shape[1] :]), axis=1)  # an indicator is its own square
        variance = np.maximum(squares - overall**2, 1e-300)
        away = np.where(n > 0, (means - overall) * np.sqrt(n / variance), 0.0)
        if not _vary(away, both, weights.shape[1]):
            return replace(cls.independent(*away.shape[1:]), panes=len(panes))
        inflation, freedom = (each.astype(PACKED).astype(np.float64) for each in _inflated(away, weights.shape[1]))
        return cls(inflation, freedom, len(panes), np.zeros(away.shape[1], np.bool_))

    @classmethod
    def joined(cls, pieces: Sequence[tuple[Self | None, int]]) -> Self | None:
        """Of series one after the other: each piece is what was learned, or None, and of how many series."""
        if all(one is None for one, _ in pieces):
            return None
        contrasts = max(one.inflation.shape[1] for one, _ in pieces if one is not None)
        joined = cls.independent(sum(n for _, n in pieces), contrasts)
        first = 0
        for one, n in pieces:
            if one is not None:
                at = slice(first, first + n), slice(one.inflation.shape[1])
                joined.inflation[at], joined.freedom[at], joined.slow[at[0]] = one.inflation, one.freedom, one.slow
            first += n
        return joined

    def resized(self, contrasts: int) -> Self:
        """With so many contrasts: a series has fewer than another, and nothing is at those behind its own."""
        inflation, freedom = (
            np.pad(each[:, :contrasts], ((0, 0), (0, max(0, contrasts - each.shape[1]))), constant_values=fill)
            for each, fill in ((self.inflation, 1.0), (self.freedom, NORMAL))
        )
        return replace(self, inflation=inflation, freedom=freedom)

    def take(self, series: Integers) -> Self:
        """Of these series."""
        return replace(self, inflation=self.inflation[series], freedom=self.freedom[series], slow=self.slow[series])

    def pack(self) -> bytes:
        """What was learned as bytes, the same for the same: eight a contrast, or none where all is independent."""
        plain = not self.slow.any() and bool((self.inflation == 1).all() and np.isinf(self.freedom).all())
        learned = () if plain else (_packed(self.inflation), _packed(self.freedom), np.packbits(self.slow).tobytes())
        return msgpack.encode((self.panes, self.inflation.shape, learned))

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """What `pack` gave, to the last bit."""
        panes, shape, learned = msgpack.decode(packed, type=tuple[int, tuple[int, int], tuple[bytes, ...]])
        if not learned:
            return replace(cls.independent(*shape), panes=panes)
        inflation, freedom = (np.frombuffer(each, PACKED).astype(np.float64).reshape(shape) for each in learned[:2])
        slow = np.unpackbits(np.frombuffer(learned[2], np.uint8), count=shape[0]).astype(np.bool_)
        return cls(inflation, freedom, panes, slow)

    def tail(self, root: Floats) -> Floats:
        """The chance of a root, inflation taken off, as far from 0 on the same side, (series, contrasts)."""
        away, normal = -np.abs(root), np.isinf(self.freedom)
        return np.asarray(np.where(normal, ndtr(away), stdtr(np.where(normal, 1.0, self.freedom), away)))


def _packed(numbers: Floats) -> bytes:
    """As float32, little end first."""
    return numbers.astype(PACKED).tobytes()


def _means(counts: Counts, weights: Floats, sets: Sets) -> Floats:
    """The mean of each contrast, (series, contrasts)."""
    n = np.maximum(counts.sum(axis=1, dtype=np.float64), 1.0)[:, None]
    scored = total(counts[:, None, :] * weights)
    return np.asarray(np.concatenate((scored, sets.counts(counts)), axis=1) / n)


def _vary(away: Floats, both: Counts, n_scores: int) -> bool:
    """Whether any series surely varies more than independent draws, at the level DOUBT over all of them together.

    Tried are each score, and Pearson's statistic over the cells that hold FILLED values of a pane or more.
    """
    panes, series = away.shape[:2]
    n = np.maximum(both.sum(axis=1, keepdims=True), 1)
    share = both / n
    filled = (both >= FILLED * panes) & (both < n)
    sums = (away**2).sum(axis=0)
    pearson = (sums[:, n_scores : n_scores + both.shape[1]] * (1 - share) * filled).sum(axis=1)
    freedom = np.maximum((filled * (1 - share)).sum(axis=1), 1e-9) * (panes - 1)
    tails = np.concatenate((chdtrc(panes - 1, sums[:, :n_scores]), chdtrc(freedom, pearson)[:, None]), axis=1)
    return bool((tails < DOUBT / (series * (n_scores + 1))).any())


def _inflated(away: Floats, n_scores: int) -> tuple[Floats, Floats]:
    """Inflation and degrees of freedom of standardised deviations, (panes, series, contrasts)."""
    panes = len(away)
    square, fourth = (away**2).mean(axis=0), (away**4).mean(axis=0)
    factor = square * panes / (panes - 1)
    sets = factor[:, n_scores:]
    seen = np.where((sets > 0).any(axis=1, keepdims=True), sets, 1.0)  # a constant has no spread at all
    common = np.nanmedian(np.where(seen > 0, seen, np.nan), axis=1, keepdims=True)
    factor[:, n_scores:] = (sets * panes + SHRUNK * common) / (panes + SHRUNK)
    excess = np.where(square > 0, fourth / np.where(square > 0, square, 1.0) ** 2, 3.0) - 3 - 2 * np.sqrt(24 / panes)
    heavy = np.where(excess > 0, 4 + 6 / np.where(excess > 0, excess, 1.0), np.inf)
    return np.maximum(1.0, factor), np.minimum(heavy, panes - 1.0)
