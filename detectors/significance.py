"""Limits that know the sample size: how far apart two samples of one distribution lie, and what is beyond that.

The null model is two independent multinomial samples. psi, and eight times the Jensen-Shannon divergence in nats, times
the effective size n m / (n + m), are then nearly a chi-square with as many degrees of freedom as cells less one. What
small cells change in its first three moments is added, and a gamma law with these moments gives the limit.
"""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaln, kolmogi, rel_entr

from detectors.budgets import alpha_for
from detectors.codes import Floats
from detectors.distances import DISTANCES, PRIOR, Counts, jensen_shannon, kolmogorov_smirnov, psi_cells
from detectors.rare import merged, shared_out, smaller_share, targets
from detectors.tolerance import tolerated

__all__ = ["JUDGED", "SMALLEST", "Judgement", "alpha_for", "judge"]

Bools = NDArray[np.bool_]

SMALLEST = 50  # values in the smaller sample: below, fewer than ten cells are left, and no distance means much
UNORDERED = ("psi", "jensen_shannon")  # distances that know no order: all cells count, rare ones together
JUDGED = (*UNORDERED, "kolmogorov_smirnov")  # distances with a limit; all others are shown as what they are
TABULATED = np.geomspace(1e-4, 1e4, 200)  # a cell's mean; beyond, its moments are a chi-square's to 1e-3


class Judgement(Struct, frozen=True):
    """What the distances of each series are, and whether they are more than chance and tolerance explain."""

    values: dict[str, Floats]  # distance -> (series,), over merged rare cells; nan where it does not apply
    limits: dict[str, Floats]  # distance -> (series,)
    drifted: Bools  # (series,): a value is above its limit
    unknown: Bools  # (series,): too few values to say
    contributions: Floats  # (series, cells): to psi, rare cells sharing theirs; of what drifted, 0 elsewhere


def judge(
    expected: Counts, observed: Counts, ordered: Bools, alpha: float | Floats, tolerate: float | Floats
) -> Judgement:
    """Compare counts, (series, cells) each. `ordered` marks the cells on a number line; none of a category's are.

    Of samples whose distributions differ by so little that no set of cells gains or loses more than a share `tolerate`
    of the values, at most about a share `alpha` drifts, over all distances of a series together. Both are one number,
    or one for each series.

    A small share in a cell that the reference hardly knows is much to a distance of ratios. So where a value above its
    limit is within chance once the greatest ratios have given up what is tolerated, the limit is raised to the value.
    """
    target = targets(expected, observed)
    before, now = merged(expected, target), merged(observed, target)
    line = np.where(ordered, expected, 0), np.where(ordered, observed, 0)
    numeric = ordered.any(axis=1)
    level = np.asarray(alpha / (2.0 + numeric))  # Bonferroni over the distances that apply
    tolerate = np.broadcast_to(np.asarray(tolerate, np.float64), level.shape)
    cells, chance = psi_cells(before, now), Chance.of(before, now)
    values = {
        "psi": np.asarray(cells.sum(axis=-1)),
        "jensen_shannon": jensen_shannon(before, now),
        "kolmogorov_smirnov": np.where(numeric, kolmogorov_smirnov(*line), np.nan),
    }
    limits = {name: chance.limit(name, level, tolerate) for name in UNORDERED}
    limits["kolmogorov_smirnov"] = np.where(numeric, tolerate + kolmogi(level) / np.sqrt(_effective(*line)), np.nan)
    for name in UNORDERED:
        above = np.flatnonzero(values[name] > limits[name])
        rest = tolerated(before[above], now[above], tolerate[above])
        within = DISTANCES[name](before[above], rest) <= chance.take(above).limit(name, level[above], 0.0)
        limits[name][above[within]] = values[name][above[within]]
    unknown = np.minimum(expected.sum(axis=1), observed.sum(axis=1)) < SMALLEST
    above = np.any([values[name] > limits[name] for name in values], axis=0)
    drifted = above & ~unknown
    contributions = np.zeros(cells.shape)
    contributions[drifted] = shared_out(cells[drifted], _gaps(expected[drifted], observed[drifted]), target[drifted])
    return Judgement(values, limits, drifted, unknown, contributions)


def _gaps(expected: Counts, observed: Counts) -> Floats:
    """By how much the share of each cell rose, (series, cells)."""
    m, n = (np.maximum(counts.sum(axis=1, keepdims=True), 1) for counts in (expected, observed))
    return np.asarray(observed / n - expected / m)


def _effective(expected: Counts, observed: Counts) -> Floats:
    """The size of one sample that, against a known distribution, varies as the two against each other, (series,)."""
    m, n = (np.maximum(counts.sum(axis=1, dtype=np.float64), 1.0) for counts in (expected, observed))
    return np.asarray(m * n / (m + n))


class Chance(NamedTuple):
    """What samples of one distribution do to the UNORDERED distances: the size and the cumulants of each, (series,).

    `excess` is by how much the first three cumulants exceed those of a chi-square, in their units.
    """

    effective: Floats
    freedom: Floats
    excess: dict[str, tuple[Floats, ...]]

    @classmethod
    def of(cls, expected: Floats, observed: Floats) -> Self:
        """Of counts in merged cells, (series, cells)."""
        both = expected + observed
        occupied = both > 0
        freedom = np.maximum(occupied.sum(axis=1) - 1.0, 1e-3)  # one cell: a limit of almost 0, above a value of 0
        # The smaller sample's cells decide; a cell with most of the values varies less than a Poisson count.
        means = both * smaller_share(expected, observed)
        weights = np.where(occupied, 1 - both / np.maximum(both.sum(axis=1, keepdims=True), 1), 0.0)
        tables = np.concatenate([excess_cumulants(name) for name in UNORDERED])
        sums = iter([(weights * table).sum(axis=1) for table in _interpolated(means, tables)])
        return cls(_effective(expected, observed), freedom, {name: tuple(islice(sums, 3)) for name in UNORDERED})

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Only these series."""
        excess = {name: tuple(one[rows] for one in three) for name, three in self.excess.items()}
        return type(self)(self.effective[rows], self.freedom[rows], excess)

    def limit(self, name: str, level: Floats, tolerate: float | Floats) -> Floats:
        """What one of the distances may be, (series,)."""
        quantile = self.quantile(name, level, tolerate)
        return quantile if name == "psi" else np.minimum(np.sqrt(quantile / (8 * np.log(2))), 1.0)

    def quantile(self, name: str, level: Floats, tolerate: float | Floats) -> Floats:
        """The upper quantile of psi, or of 8 times the divergence, of samples that differ by `tolerate`, (series,).

        A total variation of t makes psi at least 4 t^2 and the divergence t^2 / 2 (Pinsker), hence the non-centrality.
        """
        away = 4 * self.effective * np.square(tolerate)
        first, second, third = (
            unit * (self.freedom + order * away + more)
            for unit, order, more in zip((1.0, 2.0, 8.0), (1, 2, 3), self.excess[name], strict=True)
        )
        shape, scale = 4 * second**3 / third**2, third / (2 * second)
        return np.asarray(np.maximum(first + scale * (gammainccinv(shape, level) - shape), 0.0) / self.effective)


def _interpolated(means: Floats, tables: Floats) -> Iterator[Floats]:
    """Each of the tables at these means, on straight lines between the TABULATED ones."""
    means = np.clip(means, TABULATED[0], TABULATED[-1])
    steps = (np.log(means) - np.log(TABULATED[0])) * (len(TABULATED) - 1) / np.log(TABULATED[-1] / TABULATED[0])
    at = np.minimum(steps.astype(np.int64), len(TABULATED) - 2)  # spaced evenly: no search, which took most of the time
    beyond = means - TABULATED[at]
    for table in tables:
        yield table[at] + beyond * (np.diff(table) / np.diff(TABULATED))[at]


@cache
def excess_cumulants(name: str) -> Floats:
    """By how much a cell's first three cumulants exceed those of a chi-square, 1, 2 and 8, in their units, (3, means).

    The cell's count is Poisson with one of the TABULATED means, and its share is compared with a known one.
    """
    cumulants = []
    for mean in TABULATED:
        reach = 12 * np.sqrt(mean) + 40
        counts = np.arange(max(0.0, np.floor(mean - reach)), mean + reach)
        chances = np.exp(counts * np.log(mean) - mean - gammaln(counts + 1))
        terms = _terms(name, counts, mean)
        first = chances @ terms
        cumulants.append([first, chances @ (terms - first) ** 2 / 2, chances @ (terms - first) ** 3 / 8])
    return np.array(cumulants).T - 1


def _terms(name: str, counts: Floats, mean: float) -> Floats:
    """What a cell adds to a distance times the size, nearly a chi-square with one degree of freedom."""
    if name == "psi":
        ratio = (counts + PRIOR) / mean
        return np.asarray(mean * (ratio - 1) * np.log(ratio))
    ratio = counts / mean
    middle = (1 + ratio) / 2
    return np.asarray(4 * mean * (rel_entr(ratio, middle) + rel_entr(1.0, middle)))
