"""One p-value for each series and window: the smallest over contrasts of the reference's grid, and which one won.

Half of the level goes to scores of the rank, half to sets of cells; of many categories half to cells, half to all of
them together. With a tolerance only sets are left: "no set of values gains or loses more than this share"; and of
segments, which are too many for more than `detectors.verdict.screen` can rule out cheaply.
"""

from typing import Final

import numpy as np
from msgspec import Struct
from scipy.special import gammaincc

from detectors.codes import Bools, Floats, Integers
from detectors.distances import Counts
from detectors.rare import RARE as LEAST
from detectors.rare import merged, smaller_share, targets
from detectors.verdict import scores, shares
from detectors.verdict.few import Pairs, real, settled
from detectors.verdict.halves import either
from detectors.verdict.sets import Sets, total, trials
from detectors.verdict.spread import Spread

SMALLEST: Final = 50  # values in the smaller sample: below, few contrasts could be surely beyond chance
FEW: Final = 6  # categories: of so few, the cells say all
EVERYTHING: Final = -1  # the contrast of all cells together


class Judged(Struct, frozen=True):
    """What the contrasts say, (series,) each.

    `p` is the chance of a difference as great in any contrast, at most 1, where the distributions differ by no more
    than is tolerated; `contrast` the one that won: a score, then a set, or EVERYTHING; `up` whether it rose. `unknown`:
    too few values to say, and p is 1.
    """

    p: Floats
    contrast: Integers
    up: Bools
    unknown: Bools


def judge(  # noqa: PLR0913, PLR0917 - columns of one table
    expected: Counts,
    observed: Counts,
    on_line: Bools,
    tolerate: float | Floats,
    spread: Spread | None = None,
    sizes: Integers | None = None,
    sets_alone: bool | Bools = False,
) -> Judged:
    """Compare counts, (series, cells) each; `on_line` marks the cells on a number line, which come first.

    Without `spread`, events are assumed to be independent draws. `sizes`, (series,): how many of the cells are a
    series' own; what is behind them is empty. With `sets_alone` the whole level goes to sets.
    """
    series, cells = expected.shape
    tolerate = np.broadcast_to(np.asarray(tolerate, np.float64), (series,))[:, None]
    alone = np.broadcast_to(np.asarray(sets_alone), (series,))[:, None]
    sets = Sets.of(on_line.sum(axis=1), np.full(series, cells) if sizes is None else sizes)
    m, n = (counts.sum(axis=1, dtype=np.float64)[:, None] for counts in (expected, observed))
    numeric = on_line.any(axis=1, keepdims=True)
    x, y = sets.counts(expected), sets.counts(observed)
    rank, at = len(scores.NAMES), slice(len(scores.NAMES), None)
    contrasts = rank + x.shape[1]
    spread = Spread.independent(series, contrasts) if spread is None else spread.resized(contrasts)
    shared = shares.roots(x, y, m, n, tolerate) / np.sqrt(spread.inflation[:, at])
    scored = numeric & (tolerate == 0) & ~alone
    z = np.concatenate((np.zeros((series, rank)), shared), axis=1)
    p = spread.tail(z)
    p[:, :rank] = np.inf
    ranked = np.flatnonzero(scored)
    if len(ranked):
        of_ranked = expected[ranked], observed[ranked], on_line[ranked]
        z[ranked, :rank], p[ranked, :rank] = _scored(*of_ranked, spread.take(ranked).resized(rank))
    pairs, inflation = Pairs(x, y, m, n), spread.inflation[:, at]
    few = pairs.few() & (tolerate == 0)
    p[:, at] = settled(2 * p[:, at], shared, pairs, inflation, few)
    occupied = ((x + y) > 0).sum(axis=1, keepdims=True)
    p[:, at] *= trials(occupied, numeric) * real(p[:, at], pairs, inflation, few & ~alone)
    together = ~numeric & (occupied > FEW) & (tolerate == 0) & ~alone
    whole, many = np.full(series, np.inf), np.flatnonzero(together)
    own = np.arange(x.shape[1]) < sets.sizes[many][:, None]
    common = np.nanmedian(np.where(own, inflation[many], np.nan), axis=1)
    whole[many] = _whole(expected[many], observed[many], common)
    p = np.nan_to_num(p, nan=np.inf)  # 0 times infinity: a score of a series that has none
    contrast = _winner(p, z)
    best = np.take_along_axis(p, contrast[:, None], axis=1)[:, 0]
    up = np.take_along_axis(z, contrast[:, None], axis=1)[:, 0] > 0
    won = whole < best
    least = np.minimum(best, whole)
    least = np.where((scored | together)[:, 0], either(least), least)
    unknown = np.minimum(m, n)[:, 0] < SMALLEST
    return Judged(
        np.where(unknown, 1.0, np.minimum(least, 1.0)),
        np.where(won, EVERYTHING, contrast),
        up,
        unknown,
    )


def _winner(p: Floats, z: Floats) -> Integers:
    """The contrast with the least p-value, (series,); of several whose chance no number tells from 0, the greatest."""
    contrast: Integers = p.argmin(axis=1)
    beyond = np.flatnonzero(np.take_along_axis(p, contrast[:, None], axis=1)[:, 0] == 0)
    contrast[beyond] = np.where(p[beyond] == 0, np.abs(z[beyond]), -1.0).argmax(axis=1)
    return contrast


def _scored(expected: Counts, observed: Counts, on_line: Bools, spread: Spread) -> tuple[Floats, Floats]:
    """Roots of the scores and their p-values, (series, scores) each: as many trials as there are scores."""
    scored_by, rank = scores.scores(expected + observed, on_line), len(scores.NAMES)
    z = scores.roots(scored_by, expected, observed, spread.inflation)
    p = spread.tail(z)
    return z, p * (rank * scores.sides(scored_by, expected, observed, z, p, spread.inflation))


def _whole(expected: Counts, observed: Counts, inflation: Floats) -> Floats:
    """The p-value of the likelihood ratio over all cells, rare ones counted together, (series,).

    Williams 1976, Improved likelihood ratio tests for complete contingency tables.
    """
    target = targets(expected, observed)
    before, now = merged(expected, target), merged(observed, target)
    enough = (before + now) * smaller_share(expected, observed) >= LEAST
    before, now = before * enough, now * enough  # what is left of rare ones, its own cell has to tell
    m, n = (counts.sum(axis=1, keepdims=True) for counts in (before, now))
    both, size = before + now, np.maximum(m + n, 1)
    g = 2 * total(shares.surprise(before, both * m / size) + shares.surprise(now, both * n / size))
    freedom = np.maximum((both > 0).sum(axis=1) - 1, 1)
    m, n, size = m[:, 0], n[:, 0], size[:, 0]
    inverse = total(np.where(both > 0, 1 / np.maximum(both, 1), 0.0))
    sides = size / np.maximum(n, 1) + size / np.maximum(m, 1) - 1
    williams = 1 + sides * (size * inverse - 1) / (6 * size * freedom)
    return np.asarray(gammaincc(freedom / 2, g / (2 * williams * inflation)))
