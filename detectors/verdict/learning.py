"""What panes say of each contrast: its own inflation, held together with what the others lead to expect of it.

Sixty panes tell the variance of one contrast to a fifth. But scores carry most of what values that follow each other do
to sets: where the mean rank varies three times as much, what is below the median does nearly so. So a set is expected
to vary as its correlations with the scores say, and a rare one as other rare ones do.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc

from detectors.codes import Floats
from detectors.distances import Counts
from detectors.verdict.neighbours import WILD, Neighbours, blocks, means
from detectors.verdict.scores import NAMES, scores
from detectors.verdict.sets import Sets

FILLED: Final = 5.0  # values of a pane: a set that holds fewer is too rare to say much of itself
EXPECTED: Final = 60.0  # independent squares' worth of what other contrasts lead to expect (simulated)
BLOCK: Final = 3  # panes: of 60, that leaves 20
FLOORED: Final = 10.0  # of so many times what is beyond 1 the doubt is whole: none is below, so 1 is rarely too few
RANK: Final = len(NAMES)

Bools = NDArray[np.bool_]


class Learned(NamedTuple):
    """Inflation and degrees of freedom, (series, contrasts), and p-values, (series, tests): each score, and all cells.

    `vary` are of varying no more than independent draws, `slow` of blocks of panes varying no more than panes.
    """

    inflation: Floats
    freedom: Floats
    vary: Floats
    slow: Floats


def learned(panes: Counts, on_line: Bools, sets: Sets) -> Learned:
    """Of counts of panes that follow each other, (panes, series, cells)."""
    both, cells = panes.sum(axis=0), sets.end - sets.begin == 1
    weights = scores(both, on_line)
    pairs, share = Neighbours.of(panes, weights, sets), means(both, weights, sets)
    related = _related(both, weights, sets, share, pairs.variance)
    held = both.sum(axis=1, keepdims=True) / np.maximum(pairs.n_panes, 1)[:, None] * pairs.variance
    held[:, :RANK] = np.inf
    own, fourth = pairs.inflation(_limits(pairs, related, held))
    freedom = pairs.freedom()
    # Of Pearson's statistic, each cell's share of freedom.
    apart = np.where(cells & (held > FILLED)[:, RANK:], 1 - share[:, RANK:], 0.0)
    tests = np.pad(_whole(apart), ((0, 0), (RANK, 0)), constant_values=1.0)
    vary = _tested(own, apart)
    by_block = Neighbours.of(blocks(panes, BLOCK), weights, sets)
    among, high = by_block.typical()
    among, _ = by_block.inflation(np.maximum(WILD * np.maximum(among, 1.0), high))
    ratio = _tested(among, apart) / np.maximum(vary, 1.0)
    inflation, tails = _blended(own, related, held, freedom, cells)
    return Learned(
        np.maximum(inflation, 1.0),
        np.where(held > FILLED, np.minimum(tails, _heavy(own, fourth, pairs.n_panes)), tails),
        np.asarray(chdtrc(freedom * tests, freedom * tests * vary)),
        np.asarray(fdtrc(by_block.freedom() * tests, freedom * tests, ratio)),
    )


def _related(both: Counts, weights: Floats, sets: Sets, share: Floats, variance: Floats) -> Floats:
    """The squared correlation of each score with each set, (series, scores, sets)."""
    of_all = both / np.maximum(both.sum(axis=1, keepdims=True), 1)
    joint = np.stack([sets.counts(of_all * weights[:, i]) for i in range(RANK)], axis=1)
    joint -= share[:, :RANK, None] * share[:, None, RANK:]
    return np.asarray(joint**2 / np.maximum(variance[:, :RANK, None] * variance[:, None, RANK:], 1e-30))


def _limits(pairs: Neighbours, related: Floats, held: Floats) -> Floats:
    """The square above which panes are wild, (series, contrasts)."""
    typical, high = pairs.typical()
    typical = np.maximum(typical, 1.0)
    only = pairs._replace(means=pairs.means[..., :RANK], variance=pairs.variance[:, :RANK])
    scored, _ = only.inflation(np.maximum(WILD * typical, high)[:, :RANK])
    expected = np.maximum(typical[:, RANK:], _expected(scored, related))
    # One event of a rare set is far from none, and so are as many as come together.
    most = np.where(held > FILLED, typical, 1.0).max(axis=1, keepdims=True)
    expected = np.where(held[:, RANK:] > FILLED, expected, np.maximum(expected, most))
    typical = np.concatenate((typical[:, :RANK], expected), axis=1)
    return np.maximum(WILD * typical * (1 + typical / np.maximum(held, 1e-9)), high)


def _expected(own: Floats, related: Floats) -> Floats:
    """The inflation of each set that follows from that of the scores, (series, sets)."""
    beyond = np.maximum(own[:, :RANK], 1.0) - 1
    return np.asarray(1 + (beyond[..., None] * related).sum(axis=1))


def _blended(own: Floats, related: Floats, held: Floats, freedom: Floats, cells: Bools) -> tuple[Floats, Floats]:
    """Inflation and degrees of freedom, (series, contrasts) each, from their own and what is expected of them."""
    scored, sets, held = own[:, :RANK], own[:, RANK:], held[:, RANK:]
    expected, filled = _expected(own, related), held > FILLED
    for alike in (cells, ~cells):  # of a cell, scores say less than of a cut: what both lack is not the same
        beside = np.where(filled & alike, sets / expected, np.nan)
        beside[:, 0] = np.where((filled & alike).any(axis=1), beside[:, 0], 1.0)
        more = np.maximum(np.nanmedian(beside, axis=1), 1.0)[:, None]
        expected = np.where(alike, expected * more, expected)
    rare = np.where(cells & ~filled, held, 0.0)
    blended = (freedom * sets + EXPECTED * expected) / (freedom + EXPECTED)
    most = np.where(cells & filled, blended, 1.0).max(axis=1)
    alike = ((sets * rare).sum(axis=1) + FILLED * most) / (rare.sum(axis=1) + FILLED)
    expected = np.where(filled, expected, np.maximum(expected, alike[:, None]))
    each = freedom / (1 + expected / (2 * np.maximum(held, 1e-9)))  # a rare set's squares are all or nothing
    blended = (each * sets + EXPECTED * expected) / (each + EXPECTED)
    doubt = np.sqrt(((np.maximum(scored, 1.0)[..., None] * related) ** 2).sum(axis=1) * 2 / freedom) / expected
    error = (np.sqrt(2 * each) + EXPECTED * doubt) / (each + EXPECTED)  # relative, of one direction at worst
    tails = np.maximum(2 / error**2, each)
    vague = np.minimum(FLOORED * (1 - 1 / np.maximum(scored, 1.0)), 1.0)
    surer = freedom / np.maximum(vague, 1e-9)
    return np.concatenate((scored, blended), axis=1), np.concatenate((surer, tails), axis=1)


def _heavy(own: Floats, fourth: Floats, n_panes: NDArray[np.int64]) -> Floats:
    """The degrees of freedom of which deviations are as heavy in the tails as these surely are, (series, contrasts)."""
    n = np.maximum(n_panes, 1)[:, None]
    excess = 2 * (fourth / np.maximum(own**2, 1e-30) - 3 - 2 * np.sqrt(24 / n))  # a difference has half of it
    return np.asarray(np.where(excess > 0, 4 + 6 / np.maximum(excess, 1e-9), np.inf))


def _whole(apart: Floats) -> Floats:
    """How many independent cells there are, (series, 1); next to none, and nothing is told."""
    return np.asarray(np.maximum(apart.sum(axis=1, keepdims=True), 1e-9))


def _tested(own: Floats, apart: Floats) -> Floats:
    """The inflation of each score, and of the cells together, (series, tests)."""
    together = (own[:, RANK:] * apart).sum(axis=1, keepdims=True) / _whole(apart)
    return np.concatenate((own[:, :RANK], together), axis=1)
