"""Evidence of a lasting change, pane by pane: log likelihood ratios of each contrast add up to what makes sure.

Page 1954, Continuous inspection schemes: max(0, sum + step). A series has a contrast for location and scale of the rank
in the reference, and one for each cell's share, each up and down. A step is the logarithm of how much likelier the pane
is after a shift of one standard error of a pane than at the edge of what is tolerated. The reference's own chance
pushes all steps of a series the same way: the edge is moved out by what keeps the mean over references (`_edge`).
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import xlogy

from detectors.codes import Bools, Floats, Integers
from detectors.distances import Counts
from detectors.sequential.cusum import threshold_for
from detectors.sequential.fold import Packed, Rows
from detectors.verdict import Spread, scores

RANKED = scores.NAMES[:2]
SHIFTS = 1.0, 2.0  # standard errors of a pane that scores are tried against: small changes, and sudden ones
SCORES = tuple(name for _ in SHIFTS for name in RANKED)
ALLOWANCE = 0.5  # half a standard error of a pane: steps of normal scores have it, and few alarm more often
GRAIN = 2**10  # sums are kept in 1/1024, so that a model's stay small beside its windows
MOST = 2**15 - 1
FARTHEST = 700.0  # of an exponent
PRIOR = 0.5  # of a value in a cell that the reference does not know


class Sums(Rows, frozen=True):
    """What the steps up and down have come to, (series, contrasts) each."""

    high: NDArray[np.int16]
    low: NDArray[np.int16]

    @classmethod
    def unpack(cls, packed: Sequence[Packed]) -> Self:
        """What `fold.pack` made plain."""
        return cls(*(np.frombuffer(raw, kind).reshape(shape) for kind, shape, raw in packed))


class Told(NamedTuple):
    """What a pane brought, (series,) each: the contrast nearest to its limit, its sum, and whether it is above."""

    alarms: Bools
    contrast: Integers
    up: Bools
    sums: Floats
    limits: Floats

    def of(self, series: slice) -> "Told":
        """What it brought of some of the series."""
        return Told(self.alarms[series], self.contrast[series], self.up[series], self.sums[series], self.limits[series])


class Evidence(Struct, frozen=True):
    """The detector: what the sums of scores and of cells may come to, of all series or of each, (series, 1)."""

    scores: float | Floats
    cells: float | Floats

    @classmethod
    def of(cls, every: float, ranked: int, cells: int) -> Self:
        """All series together alarm about once in `every` panes: `ranked` series of numbers, and so many cells in all.

        Half of the alarms are the scores', half the cells'.
        """
        part = 2 if ranked else 1
        lengths = (part * every * max(1, contrasts) for contrasts in (len(SCORES) * ranked, cells))
        return cls(*(min(threshold_for(length, ALLOWANCE), (MOST - 1) / GRAIN) for length in lengths))

    @classmethod
    def joined(cls, pieces: Sequence[tuple[Self, int]]) -> Self:
        """Of series one after the other: each piece is a detector, and of how many series."""
        many = [n for _, n in pieces]
        limits = ([each.scores for each, _ in pieces], [each.cells for each, _ in pieces])
        return cls(*(np.repeat(np.asarray(each), many)[:, None] for each in limits))

    def start(self, series: int, cells: int = 0) -> Sums:
        """Nothing has been seen."""
        none = np.zeros((series, len(SCORES) + cells), np.int16)
        return Sums(none, none)

    def step(self, sums: Sums, steps: tuple[Floats, Floats]) -> tuple[Sums, Told]:
        """After the `steps` of one pane. A series that alarms starts from nothing."""
        high, low = (
            np.clip(before + np.rint(step * GRAIN), 0, MOST).astype(np.int16)
            for before, step in zip((sums.high, sums.low), steps, strict=True)
        )
        limits = np.broadcast_to(self.limits(high.shape[1]), high.shape)
        both = np.maximum(high, low) / GRAIN
        contrast = (both / limits).argmax(axis=1)
        rows = np.arange(len(high))
        best, limit = both[rows, contrast], limits[rows, contrast]
        alarms = best > limit
        told = Told(alarms, contrast, (high >= low)[rows, contrast], best, limit)
        kept = ~alarms[:, None]
        return Sums(high * kept, low * kept), told

    def limits(self, contrasts: int) -> Floats:
        """Of each contrast, (contrasts,) or (series, contrasts)."""
        return np.where(np.arange(contrasts) < len(SCORES), self.scores, self.cells)

    def steps(  # noqa: PLR0913, PLR0917 - columns of one table
        self,
        expected: Counts,
        observed: Counts,
        on_line: Bools,
        tolerate: float | Floats,
        spread: Spread | None = None,
        scored: Floats | None = None,
    ) -> tuple[Floats, Floats]:
        """The steps up and down of a pane, (series, contrasts) each, of counts in cells, (series, cells).

        Those of a series without values, in the pane or in the reference, are 0. Without `spread`, events are assumed
        to be independent draws; with it, so many more of them say as much. `scored` is what
        `reference_scores` gives, where it is known already.
        """
        series, cells = expected.shape
        tolerate = np.broadcast_to(np.asarray(tolerate, np.float64), series)[:, None]
        names = len(scores.NAMES)
        spread = (spread or Spread.independent(series, names + cells)).resized(names + cells)
        scored = reference_scores(expected, on_line) if scored is None else scored
        inflation = _inflation(spread, self.scores)[:, : len(RANKED)]
        ranked = _ranked(expected, observed, on_line, tolerate, scored, self.scores, inflation)
        shared = _shared(expected, observed, tolerate, self.cells, _inflation(spread, self.cells)[:, names:])
        up, down = (np.concatenate(pair, axis=1) for pair in zip(ranked, shared, strict=True))
        return up, down


def reference_scores(expected: Counts, on_line: Bools) -> Floats:
    """The scores of a reference's cells, (series, RANKED, cells), of counts in cells, (series, cells)."""
    return scores.scores(np.where(on_line, expected, 0), on_line)[:, : len(RANKED)]


def _ranked(  # noqa: PLR0913, PLR0917 - columns of one table
    expected: Counts,
    observed: Counts,
    on_line: Bools,
    tolerate: Floats,
    scored: Floats,
    limit: float | Floats,
    inflation: Floats,
) -> tuple[Floats, Floats]:
    """Steps of the scores: their sum in standard errors, less its cumulant: so the ratio is 1 in the mean, exactly.

    A share moved from one end to the other shifts the mean rank by that share; of the scale nothing is known there.
    """
    expected, observed = np.where(on_line, expected, 0), np.where(on_line, observed, 0)
    m, n = (np.maximum(counts.sum(axis=1, dtype=np.float64), 1.0)[:, None] for counts in (expected, observed))
    shares = expected / m
    error = np.sqrt((1 / n + 1 / m) * inflation)
    alike = n / inflation  # so many independent events say as much
    z = (observed[:, None, :] * scored).sum(axis=2) / n / error
    unit = np.sqrt(np.maximum((shares * _ranks(shares) ** 2).sum(axis=1, keepdims=True), 1e-300))
    known = (expected.sum(axis=1) > 0) & (observed.sum(axis=1) > 0)
    known = known[:, None] & (np.abs(scored).max(axis=2) > 0) & ((tolerate == 0) | (np.arange(len(RANKED)) == 0))
    found: tuple[list[Floats], list[Floats]] = [], []
    for shift in SHIFTS:
        tilted = np.exp(np.clip(shift * scored / np.sqrt(alike)[..., None], -FARTHEST, FARTHEST))
        edge = _edge(n, m, limit / shift) + tolerate / unit / error
        for sign, each, steps in zip((1, -1), (tilted, 1 / tilted), found, strict=True):
            cumulant = alike * np.log(np.maximum((shares[:, None, :] * each).sum(axis=2), 1e-300))
            steps.append(np.where(known, shift * (sign * z - edge) - cumulant, 0.0))
    up, down = (np.concatenate(steps, axis=1) for steps in found)
    return up, down


def _ranks(shares: Floats) -> Floats:
    """The middle rank of each cell, 0 in the middle of the reference, (series, cells)."""
    return np.asarray(np.cumsum(shares, axis=1) - shares / 2 - 0.5)


def _shared(
    expected: Counts, observed: Counts, tolerate: Floats, limit: float | Floats, inflation: Floats
) -> tuple[Floats, Floats]:
    """Steps of the cells: binomial counts at the edge, and one standard error of a pane beyond it."""
    m, n = (counts.sum(axis=1, dtype=np.float64)[:, None] for counts in (expected, observed))
    # What panes hardly ever saw taught nothing: no cell varies less than half of those that they saw.
    seen = np.sort(np.where(expected > 0, inflation, np.inf), axis=1)
    half = np.maximum((expected > 0).sum(axis=1, keepdims=True) - 1, 0) // 2
    usual = np.take_along_axis(seen, half, axis=1)
    inflation = np.maximum(inflation, np.where(np.isfinite(usual), usual, 1.0))
    share = (expected + PRIOR) / (m + 2 * PRIOR)
    size = np.maximum(n, 1.0) / inflation
    edge = tolerate + _edge(np.maximum(n, 1.0), np.maximum(m, 1.0), limit) * np.sqrt(share * (1 - share) / size)
    known = (n > 0) & (m > 0)
    found = []
    for sign in (1, -1):
        before = share + sign * edge
        inside = known & (before > 0) & (before < 1)
        before = np.where(inside, before, 0.5)
        after = before + sign * np.sqrt(before * (1 - before) / size)
        after = np.clip(after, before / 2, (1 + before) / 2)  # of few values an error is wider than what there is
        ratio = xlogy(observed, after / before) + xlogy(n - observed, (1 - after) / (1 - before))
        found.append(np.where(inside, ratio / inflation, 0.0))
    return found[0], found[1]


def _inflation(spread: Spread, limit: float | Floats) -> Floats:
    """What panes taught, and what they may be wrong by.

    The variance of an inflation with so many degrees of freedom is 2 / freedom of its square. An error makes alarms
    exp(limit * error) times as frequent, in the mean exp(limit^2 / freedom): that much more keeps the mean.
    """
    return np.where(spread.inflation > 1, spread.inflation * (1 + limit / spread.freedom), 1.0)


def _edge(n: Floats, m: Floats, limit: float | Floats) -> Floats:
    """By how many standard errors of a pane the edge is moved out for the reference's own chance.

    That chance is normal with variance rho = n / (n + m) in a pane's units; a shift of b makes alarms exp(2 b limit)
    times as frequent, in the mean exp(2 rho limit^2): with the edge moved out by rho limit as frequent as without.
    """
    return n / (n + m) * limit
