"""How much days differ, learned from the same slots of many days: then a new day differs from them as much, too.

Each day has a level of its own, whatever is compared: a variance between days beside that of draws (a random effect;
DerSimonian and Laird 1986, Meta-analysis in clinical trials). One window of seven days hardly shows it, but days show
it in all of their slots: by squares within slots, and by what the slots of a day have in common. A handful of days
tells it roughly: for that the tail is heavier.
"""

from typing import Final, NamedTuple, Self

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.special import chdtrc

from detectors.codes import Floats, Integers
from detectors.distances import Counts
from detectors.verdict.neighbours import TINY, means
from detectors.verdict.scores import NAMES, scores
from detectors.verdict.sets import Sets, total
from detectors.verdict.spread import NORMAL, PANES_MIN, TOGETHER, Spread

DOUBT: Final = 0.02  # of series whose days are alike, so many are taken for others
FILLED: Final = 5.0  # values of a window: a set that holds fewer is too rare to say much of itself
RANK: Final = len(NAMES)


class Days(Struct, frozen=True):
    """What days taught. `differ`: days of a series surely differ, (series,); of others nothing is added.

    `excess`: the variance of a day's level beside that of one value, (series, contrasts); `scored`: that of the scores,
    and with each other, (series, scores, scores). `freedom`: how many squares of days that comes from, (series,), and
    `squares` how many of windows; `windows`: of how many windows.
    """

    differ: NDArray[np.bool_]
    excess: Floats
    scored: Floats
    freedom: Floats
    squares: Floats
    windows: int

    @classmethod
    def learn(cls, windows: Counts, on_line: NDArray[np.bool_], sizes: Integers) -> Self | None:
        """Of counts, (days, slots, series, cells), where empty windows say nothing; None of fewer than PANES_MIN.

        `on_line` and `sizes` as `judge` has them.
        """
        filled = int(np.asarray(windows.any(axis=(2, 3))).sum())
        if filled < PANES_MIN:
            return None
        sets = Sets.of(on_line.sum(axis=1), sizes)
        slices = [slice(i, i + TOGETHER) for i in range(0, len(on_line), TOGETHER)]
        found = [_learned(windows[:, :, at], on_line[at], Sets(*(each[at] for each in sets))) for at in slices]
        joined = _Learned(*(np.concatenate(each) for each in zip(*found, strict=True)))
        return cls(**joined._asdict(), windows=filled)

    def spread(self, before: Counts, n: Integers, on_line: NDArray[np.bool_], sizes: Integers) -> Spread:
        """How a window of `n` values, (series,), varies beside these, (windows, series, cells), each of another day.

        What draws make of their difference has variance 1 / n + 1 / m, and what days make of it adds that of two
        levels, one being a mean of those before.
        """
        if not self.differ.any():
            return replace(Spread.independent(*self.excess.shape), panes=self.windows)
        both, each = before.sum(axis=0), before.sum(axis=2, dtype=np.float64)
        m, n = np.maximum(each.sum(axis=0), 1.0), np.maximum(n, 1)
        worth = (1 + (each**2).sum(axis=0) / m**2) / (1 / n + 1 / m)
        excess = self.excess.copy()
        sets = Sets.of(on_line.sum(axis=1), sizes)
        related = _related(both, on_line, sets)
        followed = (related * (self.scored @ related)).sum(axis=1)  # of a set, what follows from the scores
        excess[:, RANK:] = np.maximum(excess[:, RANK:], followed)
        inflation = 1 + np.where(self.differ, worth, 0.0)[:, None] * excess
        part = 1 - 1 / inflation
        # Satterthwaite 1946: variance that days tell, beside what windows tell of draws.
        freedom = 1 / (1 / self.squares[:, None] + part**2 / self.freedom[:, None])
        freedom = np.where(inflation > 1, freedom, NORMAL)
        return Spread(inflation, freedom, self.windows, np.zeros(len(inflation), np.bool_))


class _Learned(NamedTuple):
    """What `Days` has of some series."""

    differ: NDArray[np.bool_]
    excess: Floats
    scored: Floats
    freedom: Floats
    squares: Floats


def _learned(windows: Counts, on_line: NDArray[np.bool_], sets: Sets) -> _Learned:
    days, slots, series, cells = windows.shape
    repeated = Sets(*(np.concatenate([each] * slots) for each in sets))
    gaps = _Gaps.of(windows.reshape(days, slots * series, cells), np.tile(on_line, (slots, 1)), repeated)
    n, gap = gaps.n.reshape(days, slots, series), gaps.gap.reshape(days, slots, series, -1)
    share, known = gaps.share.reshape(slots, series, -1), gaps.known.reshape(slots, series, -1)
    among, by_day = _among(n, gap, known), _by_day(n, gap, known)
    seen = np.asarray(known.any(axis=0))[:, RANK:] & (sets.end - sets.begin == 1)
    apart = np.where(seen, 1 - share.mean(axis=0)[:, RANK:], 0.0)  # of Pearson's statistic, each cell's part
    p = np.concatenate([_chances(each, apart) for each in (among, by_day)], axis=1)
    excess = np.maximum(np.maximum(among.excess(), by_day.excess()), 0.0)
    # Of categories, one that is too rare to tell varies as all do in the mean.
    whole = (total(excess[:, RANK:] * apart) / np.maximum(total(apart), TINY))[:, None]
    excess[:, RANK:] = np.maximum(excess[:, RANK:], np.where(on_line.any(axis=1, keepdims=True), 0.0, whole))
    common = (among.trace() <= by_day.trace())[:, None, None]
    scored = np.where(common, by_day.excess_of_scores(), among.excess_of_scores())
    freedom = np.maximum(np.asarray(n.any(axis=1)).sum(axis=0) - 1.0, 1.0)
    squares = np.maximum((n > 0).sum(axis=0) - 1.0, 0.0).sum(axis=0)
    return _Learned((p <= DOUBT / p.shape[1]).any(axis=1), excess, scored, freedom, np.maximum(squares, 1.0))


class _Gaps(NamedTuple):
    """How far windows are from their slot's mean, in deviations of one value, (days, slots and series, contrasts).

    `n`: values of each window; `share`: what a set holds; `known`: which contrasts are frequent enough.
    """

    n: Floats
    gap: Floats
    share: Floats
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, windows: Counts, line: NDArray[np.bool_], sets: Sets) -> Self:
        """Of counts, (days, slots and series, cells)."""
        both, n = windows.sum(axis=0), windows.sum(axis=2, dtype=np.float64)
        weights = scores(both, line)
        share, variance = _moments(both, weights, sets)
        each = np.stack([means(day, weights, sets) for day in windows])
        gap = np.where(n[..., None] > 0, (each - share) / np.sqrt(variance), 0.0)
        typical = n.sum(axis=0) / np.maximum((n > 0).sum(axis=0), 1)
        known = variance * typical[:, None] >= np.where(np.arange(share.shape[1]) < RANK, TINY * 10, FILLED)
        return cls(n, np.where(known, gap, 0.0), share, known)


class _Squares(NamedTuple):
    """Sums of squares of contrasts, (series, contrasts), what draws make of them, and what a unit of excess adds.

    `products`: those of two scores, (series, scores, scores).
    """

    found: Floats
    expected: Floats
    worth: Floats
    products: Floats

    def excess(self) -> Floats:
        """The variance between days, (series, contrasts); below 0 where chance made days alike."""
        return (self.found - self.expected) / np.maximum(self.worth, TINY)

    def excess_of_scores(self) -> Floats:
        """The same of scores, with each other, (series, scores, scores); none below 0."""
        found, at = self.products / np.maximum(self.worth[:, :RANK, None], TINY), np.arange(RANK)
        found[:, at, at] = np.maximum(self.excess()[:, :RANK], 0.0)
        return found

    def trace(self) -> Floats:
        """All of the scores' variance, (series,)."""
        return np.asarray(np.maximum(self.excess()[:, :RANK], 0.0).sum(axis=1))


def _among(n: Floats, gap: Floats, known: NDArray[np.bool_]) -> _Squares:
    """Squares within slots: of n, (days, slots, series), and gaps, (days, slots, series, contrasts)."""
    both = n.sum(axis=0)
    worth = both - (n**2).sum(axis=0) / np.maximum(both, 1)
    freedom = np.maximum((n > 0).sum(axis=0) - 1, 0)
    scored = gap[..., :RANK]
    return _Squares(
        (n[..., None] * gap**2).sum(axis=(0, 1)),
        np.where(known, freedom[..., None], 0.0).sum(axis=0),
        np.where(known, worth[..., None], 0.0).sum(axis=0),
        np.asarray(np.einsum("kse,ksei,ksej->eij", n, scored, scored)),
    )


def _by_day(n: Floats, gap: Floats, known: NDArray[np.bool_]) -> _Squares:
    """Squares of what all slots of a day have in common; arguments as of `_among`."""
    each = np.where(known, n[..., None], 0.0).sum(axis=1)  # (days, series, contrasts)
    common = (n[..., None] * gap).sum(axis=1) / np.sqrt(np.maximum(each, 1.0))
    both = each.sum(axis=0)
    scored = common[..., :RANK]
    return _Squares(
        (common**2).sum(axis=0),
        np.maximum((each > 0).sum(axis=0) - 1.0, 0.0),
        both - (each**2).sum(axis=0) / np.maximum(both, 1),
        np.asarray(np.einsum("kei,kej->eij", scored, scored)),
    )


def _chances(squares: _Squares, apart: Floats) -> Floats:
    """The chance of so great squares of draws, (series, tests): of each score, and of all cells together."""
    found, freedom = (
        np.concatenate((each[:, :RANK], total(each[:, RANK:] * apart)[:, None]), axis=1)
        for each in (squares.found, squares.expected)
    )
    p: Floats = np.where(freedom > TINY, chdtrc(np.maximum(freedom, TINY), found), 1.0)
    return p


def _moments(both: Counts, weights: Floats, sets: Sets) -> tuple[Floats, Floats]:
    """The mean of each contrast over all values, and its variance of one, (series, contrasts)."""
    mean = means(both, weights, sets)
    squares = total(both[:, None, :] * weights**2) / np.maximum(both.sum(axis=1), 1)[:, None]
    squares = np.concatenate((squares, mean[:, RANK:]), axis=1)  # an indicator is its own square
    return mean, np.maximum(squares - mean**2, TINY)


def _related(both: Counts, on_line: NDArray[np.bool_], sets: Sets) -> Floats:
    """The correlation of each score with each set, (series, scores, sets)."""
    weights = scores(both, on_line)
    mean, variance = _moments(both, weights, sets)
    of_all = both / np.maximum(both.sum(axis=1, keepdims=True), 1)
    joint = np.stack([sets.counts(of_all * weights[:, i]) for i in range(RANK)], axis=1)
    joint -= mean[:, :RANK, None] * mean[:, None, RANK:]
    return np.asarray(joint / np.sqrt(np.maximum(variance[:, :RANK, None] * variance[:, None, RANK:], 1e-30)))
