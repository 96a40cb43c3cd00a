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
from scipy.special import ndtr, stdtr

from detectors import coupling
from detectors.codes import Floats, Integers
from detectors.distances import Counts
from detectors.verdict.learning import learned
from detectors.verdict.sets import Sets

PANES_MIN = 60  # below, nothing is learned: a promise would be a guess
DOUBT = 0.05  # of panes that are independent draws, so many are taken for others
TOGETHER = 16  # series learned at once: bounds what that holds in memory
NORMAL = np.inf  # degrees of freedom
PACKED = np.dtype("<f4")  # what is learned is rounded to it, so that a restart judges to the same last bit


class Spread(Struct, frozen=True):
    """Variance beside that of independent draws, 1 or more, and degrees of freedom of the tail, (series, contrasts).

    Contrasts are the scores, then the sets. `panes` is how many taught it; of 0, independence is assumed. `slow`,
    (series,): blocks of three panes surely vary more than panes, and nothing is promised of windows longer than a pane,
    nor beside a reference that is far from them in time.
    """

    inflation: Floats
    freedom: Floats
    panes: int
    slow: NDArray[np.bool_]
    pairs: coupling.Spread | None = None  # of pairs of features, where such are watched

    @classmethod
    def independent(cls, series: int, contrasts: int) -> Self:
        """Nothing learned."""
        shape = series, contrasts
        return cls(np.ones(shape), np.full(shape, NORMAL), 0, np.zeros(series, np.bool_))

    @classmethod
    def learn(cls, panes: Counts, on_line: NDArray[np.bool_], sizes: Integers | None = None) -> Self:
        """Of the counts of panes that follow each other, (panes, series, cells), at least PANES_MIN of them.

        `sizes`, (series,): how many of the cells are a series' own. Panes may differ in size, and empty ones say
        nothing. What is learned of panes holds of windows of any length as long as a series is not `slow`. Where no
        series surely varies more than independent draws do, none does: what 60 panes teach is vague, and the tail for
        that would keep a tenth of the promise.
        """
        assert len(panes) >= PANES_MIN, len(panes)
        sets = Sets.of(on_line.sum(axis=1), np.full(len(on_line), panes.shape[2]) if sizes is None else sizes)
        slices = [slice(i, i + TOGETHER) for i in range(0, panes.shape[1], TOGETHER)]
        found = [learned(panes[:, at], on_line[at], Sets(*(each[at] for each in sets))) for at in slices]
        inflation, freedom, vary, slow = (np.concatenate(each) for each in zip(*found, strict=True))
        if not (vary < DOUBT / vary.size).any():
            inflation, freedom = np.ones(inflation.shape), np.full(freedom.shape, NORMAL)
        inflation, freedom = (each.astype(PACKED).astype(np.float64) for each in (inflation, freedom))
        return cls(inflation, freedom, len(panes), np.asarray((slow < DOUBT / slow.size).any(axis=1)))

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
        parts = () if plain else (_packed(self.inflation), _packed(self.freedom), np.packbits(self.slow).tobytes())
        pairs = () if self.pairs is None else (_packed(self.pairs.inflation), _packed(self.pairs.freedom))
        return msgpack.encode((self.panes, self.inflation.shape, parts, *([pairs] if pairs else [])))

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """What `pack` gave, to the last bit."""
        panes, shape, parts, *more = msgpack.decode(packed)
        pairs = coupling.Spread(*(np.frombuffer(each, PACKED).astype(np.float64) for each in more[0])) if more else None
        if not parts:
            return replace(cls.independent(*shape), panes=panes, pairs=pairs)
        inflation, freedom = (np.frombuffer(each, PACKED).astype(np.float64).reshape(shape) for each in parts[:2])
        slow = np.unpackbits(np.frombuffer(parts[2], np.uint8), count=shape[0]).astype(np.bool_)
        return cls(inflation, freedom, panes, slow, pairs)

    def tail(self, root: Floats) -> Floats:
        """The chance of a root, inflation taken off, as far from 0 on the same side, (series, contrasts)."""
        away = -np.abs(root)
        tail = np.asarray(ndtr(away))
        heavy = np.nonzero(~np.isinf(self.freedom))  # most have learned none, and this tail costs ten normal ones
        tail[heavy] = stdtr(self.freedom[heavy], away[heavy])
        return tail


def _packed(numbers: Floats) -> bytes:
    """As float32, little end first."""
    return numbers.astype(PACKED).tobytes()
