"""What panes say of each contrast: its own inflation, held together with what the others lead to expect of it.

Sixty panes tell the variance of one contrast to a fifth. But scores carry most of what values that follow each other do
to sets: where the mean rank varies three times as much, what is below the median does nearly so. So a set is expected
to vary as its correlations with the scores say, and with how these vary together: what is far out is so by all of them.
A rare one is expected to vary as other rare ones do, on a line as what is around it.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc

from detectors.codes import Bools, Floats, Integers
from detectors.distances import Counts
from detectors.verdict.neighbours import WILD, Neighbours, blocks, lost, means
from detectors.verdict.scores import NAMES, scores
from detectors.verdict.sets import Sets

FILLED: Final = 5.0  # values of a pane: a set that holds fewer is too rare to say much of itself
SEEN: Final = 1.0  # so many: a cell that holds fewer hardly ever shows that values come together
EXPECTED: Final = 60.0  # independent squares' worth of what other contrasts lead to expect (simulated)
BLOCK: Final = 3  # panes: of 60, that leaves 20
FLOORED: Final = 10.0  # of so many times what is beyond 1 the doubt is whole: none is below, so 1 is rarely too few
RANK: Final = len(NAMES)


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
    expected = _expected(_together(pairs), related)
    limits = _limits(pairs, expected, held)
    own, fourth = pairs.inflation(limits)
    own = own * lost(own, limits)
    freedom = pairs.freedom()
    # Of Pearson's statistic, each cell's share of freedom.
    apart = np.where(cells & (held > FILLED)[:, RANK:], 1 - share[:, RANK:], 0.0)
    tests = np.pad(_whole(apart), ((0, 0), (RANK, 0)), constant_values=1.0)
    vary = _tested(own, apart)
    by_block = Neighbours.of(blocks(panes, BLOCK), weights, sets)
    among, high = by_block.typical()
    among, _ = by_block.inflation(np.maximum(WILD * np.maximum(among, 1.0), high))
    ratio = _tested(among, apart) / np.maximum(vary, 1.0)
    inflation, tails = _blended(own, expected, related, held, freedom, sets, on_line.sum(axis=1))
    return Learned(
        np.maximum(inflation, 1.0),
        np.where(held > FILLED, np.minimum(tails, _heavy(own, fourth, pairs.n_panes)), tails),
        np.asarray(chdtrc(freedom * tests, freedom * tests * vary)),
        np.asarray(fdtrc(by_block.freedom() * tests, freedom * tests, ratio)),
    )


def _related(both: Counts, weights: Floats, sets: Sets, share: Floats, variance: Floats) -> Floats:
    """The correlation of each score with each set, (series, scores, sets)."""
    of_all = both / np.maximum(both.sum(axis=1, keepdims=True), 1)
    joint = np.stack([sets.counts(of_all * weights[:, i]) for i in range(RANK)], axis=1)
    joint -= share[:, :RANK, None] * share[:, None, RANK:]
    return np.asarray(joint / np.sqrt(np.maximum(variance[:, :RANK, None] * variance[:, None, RANK:], 1e-30)))


def _together(pairs: Neighbours) -> Floats:
    """What scores vary beyond independent draws, and with each other, (series, scores, scores)."""
    typical, high = pairs.typical()
    limit = np.maximum(WILD * np.maximum(typical, 1.0), high)[:, :RANK]
    found = pairs._replace(means=pairs.means[..., :RANK], variance=pairs.variance[:, :RANK]).products(limit)
    own = np.arange(RANK)
    more = np.sqrt(lost(found[:, own, own], limit))
    found *= more[:, :, None] * more[:, None, :]
    found[:, own, own] = np.maximum(found[:, own, own], 1.0) - 1
    return found


def _limits(pairs: Neighbours, expected: Floats, held: Floats) -> Floats:
    """The square above which panes are wild, (series, contrasts)."""
    typical, high = pairs.typical()
    typical = np.maximum(typical, 1.0)
    expected = np.maximum(typical[:, RANK:], expected)
    # One event of a rare set is far from none, and so are as many as come together.
    most = np.where(held > FILLED, typical, 1.0).max(axis=1, keepdims=True)
    expected = np.where(held[:, RANK:] > FILLED, expected, np.maximum(expected, most))
    typical = np.concatenate((typical[:, :RANK], expected), axis=1)
    return np.maximum(WILD * typical * (1 + typical / np.maximum(held, 1e-9)), high)


def _expected(beyond: Floats, related: Floats) -> Floats:
    """The inflation of each set that follows from how the scores vary, (series, sets): that of their sum in it."""
    found = (beyond[..., None] * (related[:, :, None] * related[:, None, :])).sum(axis=(1, 2))
    return np.asarray(np.maximum(1 + found, 1.0))


def _blended(  # noqa: PLR0913, PLR0917 - what is known of each contrast
    own: Floats, expected: Floats, related: Floats, held: Floats, freedom: Floats, sets: Sets, on_line: Integers
) -> tuple[Floats, Floats]:
    """Inflation and degrees of freedom, (series, contrasts) each, from their own and what is expected of them."""
    scored, each_own, held = own[:, :RANK], own[:, RANK:], held[:, RANK:]
    cells = sets.end - sets.begin == 1
    filled, followed = held > FILLED, expected
    for alike in (cells, ~cells):  # of a cell, scores say less than of a cut: what both lack is not the same
        beside = np.where(filled & alike, each_own / expected, np.nan)
        beside[:, 0] = np.where((filled & alike).any(axis=1), beside[:, 0], 1.0)
        more = np.maximum(np.nanmedian(beside, axis=1), 1.0)[:, None]
        expected = np.where(alike, expected * more, expected)
    rare = np.where(cells & ~filled, held, 0.0)
    blended = (freedom * each_own + EXPECTED * expected) / (freedom + EXPECTED)
    most = np.where(cells & filled, blended, 1.0).max(axis=1)
    alike = ((each_own * rare).sum(axis=1) + FILLED * most) / (rare.sum(axis=1) + FILLED)
    expected = np.where(filled, expected, np.maximum(expected, alike[:, None]))
    around = np.where(held < SEEN, _around(blended, held >= SEEN, sets, on_line), 1.0)
    leans = around > expected
    expected = np.maximum(expected, around)
    each = freedom / (1 + expected / (2 * np.maximum(held, 1e-9)))  # a rare set's squares are all or nothing
    blended = (each * each_own + EXPECTED * expected) / (each + EXPECTED)
    doubt = (followed - 1 + (related**2).sum(axis=1)) * np.sqrt(2 / freedom) / expected
    doubt = np.where(leans, np.maximum(doubt, np.sqrt(2 / freedom)), doubt)
    error = (np.sqrt(2 * each) + EXPECTED * doubt) / (each + EXPECTED)  # relative, of one direction at worst
    tails = np.maximum(2 / error**2, each)
    vague = np.minimum(FLOORED * (1 - 1 / np.maximum(scored, 1.0)), 1.0)
    surer = freedom / np.maximum(vague, 1e-9)
    return np.concatenate((scored, blended), axis=1), np.concatenate((surer, tails), axis=1)


def _around(inflation: Floats, seen: Bools, sets: Sets, on_line: Integers) -> Floats:
    """The inflation of the smallest run around each cell of a line that is seen; 1 where none is, (series, sets).

    What lies above a cut varies as what lies below it.
    """
    found, none, line = np.ones(inflation.shape), np.iinfo(np.int64).max, on_line[:, None]
    below, above = np.where(seen, sets.end - sets.begin, none), np.where(seen & (sets.begin == 0), line - sets.end, 0)
    above = np.where(above > 0, above, none)
    for at in range(int(on_line.max(initial=0))):
        inside = np.where((sets.begin <= at) & (at < sets.end), below, np.where(sets.end <= at, above, none))
        which = inside.argmin(axis=1)[:, None]
        known = (np.take_along_axis(inside, which, axis=1) < none) & (at < line)
        found[:, at] = np.where(known, np.take_along_axis(inflation, which, axis=1), 1.0)[:, 0]
    return found


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
