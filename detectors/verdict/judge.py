"""One p-value for each series and window: the smallest over contrasts of the reference's grid, and which one won.

Half of the level goes to scores of the rank, half to sets of cells; of many categories half to cells, half to all of
them together. With a tolerance only sets are left: "no set of values gains or loses more than this share".
"""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import gammaincc

from detectors.codes import Floats, Integers
from detectors.distances import Counts
from detectors.rare import merged, targets
from detectors.significance import SMALLEST
from detectors.verdict import scores, shares
from detectors.verdict.sets import Sets, total
from detectors.verdict.spread import Spread

Bools = NDArray[np.bool_]

DISTINCT: Final = 0.72  # of the sets on a number line, which overlap, so many count as separate trials (simulated)
FEW: Final = 6  # categories: of so few, the cells say all
RARE, CANDIDATE, CALM = 0.02, 0.01, 1.2  # where tails of a root are not right: share, p, and inflation
EVERYTHING: Final = -1  # the contrast of all cells together


class Judged(Struct, frozen=True):
    """What the contrasts say, (series,) each.

    `p` is the chance of a difference as great in any contrast, at most 1, where the distributions differ by no more
    than is tolerated; `contrast` the one that won: a score, then a set, or EVERYTHING; `up` whether it rose. `unknown`:
    too few values to say.
    """

    p: Floats
    contrast: Integers
    up: Bools
    unknown: Bools


def judge(
    expected: Counts, observed: Counts, on_line: Bools, tolerate: float | Floats, spread: Spread | None = None
) -> Judged:
    """Compare counts, (series, cells) each; `on_line` marks the cells on a number line, which come first.

    Without `spread`, events are assumed to be independent draws.
    """
    series, cells = expected.shape
    tolerate = np.broadcast_to(np.asarray(tolerate, np.float64), (series,))[:, None]
    sets = Sets.of(on_line.sum(axis=1), cells)
    m, n = (counts.sum(axis=1, dtype=np.float64)[:, None] for counts in (expected, observed))
    numeric = on_line.any(axis=1, keepdims=True)
    x, y = sets.counts(expected), sets.counts(observed)
    rank, at = len(scores.NAMES), slice(len(scores.NAMES), None)
    spread = spread or Spread.independent(series, rank + x.shape[1])
    ranked = scores.roots(scores.scores(expected, on_line), expected, observed, spread.inflation[:, :rank])
    shared = shares.roots(x, y, m, n, tolerate) / np.sqrt(spread.inflation[:, at])
    z = np.concatenate((np.where(tolerate > 0, 0.0, ranked), shared), axis=1)
    p = 2 * spread.tail(z)
    rows, which = np.nonzero((tolerate == 0) & ((x + y) < RARE * (m + n)) & (p[:, at] < CANDIDATE))
    each = spread.inflation[rows, rank + which]  # so many draws say as much as one independent one
    few = shares.exact(x[rows, which] / each, y[rows, which] / each, m[rows, 0] / each, n[rows, 0] / each)
    p[rows, rank + which] = np.where(each < CALM, few, np.maximum(few, p[rows, rank + which]))
    p[:, :rank] *= np.where(numeric & (tolerate == 0), 2 * rank, np.inf)
    occupied = ((x + y) > 0).sum(axis=1, keepdims=True)
    trials = np.maximum(np.where(numeric, DISTINCT * occupied, np.where(occupied == 2, 1, occupied)), 1.0)
    together = ~numeric & (occupied > FEW) & (tolerate == 0)
    p[:, at] *= trials * np.where(numeric & (tolerate == 0) | together, 2.0, 1.0)
    whole = np.where(together[:, 0], 2 * _whole(expected, observed, spread), np.inf)
    p = np.nan_to_num(p, nan=np.inf)  # 0 times infinity: a score of a series that has none
    contrast = p.argmin(axis=1)
    best = np.take_along_axis(p, contrast[:, None], axis=1)[:, 0]
    up = np.take_along_axis(z, contrast[:, None], axis=1)[:, 0] > 0
    unknown = np.minimum(m, n)[:, 0] < SMALLEST
    won = whole < best
    return Judged(
        np.where(unknown, 1.0, np.minimum(np.minimum(best, whole), 1.0)),
        np.where(won, EVERYTHING, contrast),
        up,
        unknown,
    )


def _whole(expected: Counts, observed: Counts, spread: Spread) -> Floats:
    """The p-value of the likelihood ratio over all cells, rare ones counted together, (series,).

    Williams 1976, Improved likelihood ratio tests for complete contingency tables.
    """
    target = targets(expected, observed)
    before, now = merged(expected, target), merged(observed, target)
    m, n = (counts.sum(axis=1, keepdims=True) for counts in (before, now))
    both, size = before + now, np.maximum(m + n, 1)
    g = 2 * total(shares.surprise(before, both * m / size) + shares.surprise(now, both * n / size))
    freedom = np.maximum((both > 0).sum(axis=1) - 1, 1)
    m, n, size = m[:, 0], n[:, 0], size[:, 0]
    inverse = total(np.where(both > 0, 1 / np.maximum(both, 1), 0.0))
    sides = size / np.maximum(n, 1) + size / np.maximum(m, 1) - 1
    williams = 1 + sides * (size * inverse - 1) / (6 * size * freedom)
    common = np.median(spread.inflation[:, len(scores.NAMES) :], axis=1)
    return np.asarray(gammaincc(freedom / 2, g / (2 * williams * common)))
