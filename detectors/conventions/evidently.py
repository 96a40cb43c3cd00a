"""Evidently 0.7.23: the test goes by type, distinct values and size; bins go by both samples together.

Known to be wrong, and so here: bins of equal width over both samples, so one outlier in the current one hides drift;
`mannw` sees only falls of the reference below the current values; `g_test` refuses samples of different sizes; one
value that the reference does not know is p = 0 for `chisquare`.
"""

import numpy as np
import scipy

from detectors.codes import Floats, Integers
from detectors.conventions.convention import (
    Categories,
    Convention,
    Feature,
    Numbers,
    Refused,
    Score,
    above,
    below,
)
from detectors.conventions.evidently_choice import LARGE_TEXT, PAIR, SMALL_TEXT, chosen, dataset, sides, typed
from detectors.conventions.shares import jensen_shannon, psi, shares

DISTINCT_MAX = 20  # distinct values of the reference that are counted one by one, not in bins
ZERO, TINY = 1e-4, 1e6  # what stands for an empty cell, or else the smallest share divided by the latter
PERMUTATIONS = 1000


def _counts(feature: Feature) -> tuple[Integers, Integers]:
    """How often each value occurs, ascending."""
    reference, current = sides(feature)
    values, codes = np.unique(np.concatenate((reference, current)), return_inverse=True)
    first, second = (
        np.bincount(part, minlength=len(values)) for part in (codes[: len(reference)], codes[len(reference) :])
    )
    return first.astype(np.int64), second.astype(np.int64)


def _binned(feature: Feature) -> tuple[Floats, Floats]:
    """Shares per bin of equal width (Sturges, over both samples), or per value where there are few."""
    reference, current = sides(feature)
    if isinstance(feature, Categories) or len(np.unique(reference)) <= DISTINCT_MAX:
        first, second = _counts(feature)
        return shares(first), shares(second)
    edges = np.histogram_bin_edges(np.concatenate((reference, current)), bins="sturges")
    return np.histogram(reference, edges)[0] / len(reference), np.histogram(current, edges)[0] / len(current)


def _unempty(side: Floats) -> Floats:
    least = side[side > 0].min()
    return np.where(side == 0, least / TINY if least <= ZERO else ZERO, side)


def _psi(feature: Feature) -> Score:
    return above(psi(*map(_unempty, _binned(feature))), 0.1, strictly=False)


def _kl_div(feature: Feature) -> Score:
    return above(scipy.stats.entropy(*map(_unempty, _binned(feature))), 0.1, strictly=False)


def _jensenshannon(feature: Feature) -> Score:
    return above(jensen_shannon(*_binned(feature)), 0.1, strictly=False)


def _wasserstein(feature: Numbers) -> Score:
    reference, current = sides(feature)
    norm = max(float(np.std(reference)), 0.001)
    return above(scipy.stats.wasserstein_distance(reference, current) / norm, 0.1, strictly=False)


def _hellinger(feature: Feature) -> Score:
    """Numbers are binned by their distinct values (Sturges); categories by value."""
    reference, current = sides(feature)
    if isinstance(feature, Categories):
        first, second = (shares(counts) for counts in _counts(feature))
        terms = np.sqrt(first * second)
    else:
        edges = np.histogram_bin_edges(np.unique(np.concatenate((reference, current))), bins="sturges")
        first, second = (np.histogram(side, edges, density=True)[0] for side in (reference, current))
        terms = np.sqrt(first * second) * ((edges[-1] - edges[0]) / (len(edges) - 1))
    overlap = np.cumsum(terms)[-1]  # added one by one: the difference from 1 shows the last digits
    return above(np.sqrt(1 - np.clip(overlap, 0, 1)), 0.1, strictly=False)


def _ks(feature: Numbers) -> Score:
    return below(scipy.stats.ks_2samp(*sides(feature)).pvalue, 0.05, strictly=False)


def _ed(feature: Numbers) -> Score:
    return above(scipy.stats.energy_distance(*sides(feature)), 0.1)


def _anderson(feature: Numbers) -> Score:
    """The p-value is cut to [0.001, 0.25]."""
    return below(scipy.stats.anderson_ksamp(list(sides(feature))).pvalue, 0.1)


def _cramer_von_mises(feature: Numbers) -> Score:
    reference, current = sides(feature)
    if min(len(reference), len(current)) < PAIR:
        raise Refused("it needs two values on either side")
    return below(scipy.stats.cramervonmises_2samp(reference, current).pvalue, 0.1, strictly=False)


def _es(feature: Numbers) -> Score:
    reference, current = sides(feature)
    if scipy.stats.iqr(np.concatenate((reference, current))) == 0:
        raise Refused("the interquartile range of both samples together is 0")
    return below(scipy.stats.epps_singleton_2samp(reference, current).pvalue, 0.05)


def _mannw(feature: Numbers) -> Score:
    return below(scipy.stats.mannwhitneyu(*sides(feature), alternative="less").pvalue, 0.05)


def _t_test(feature: Numbers) -> Score:
    return below(scipy.stats.ttest_ind(*sides(feature)).pvalue, 0.05)


def _chisquare(feature: Feature) -> Score:
    """A value that only the current sample has is expected 0 times: infinitely surprising."""
    reference, current = _counts(feature)
    expected = reference * (current.sum() / reference.sum())
    statistic = np.sum((current - expected) ** 2 / expected)
    return below(scipy.stats.chi2.sf(statistic, len(current) - 1), 0.05)


def _z(feature: Feature) -> Score:
    """Of the share of all values but the first."""
    reference, current = _counts(feature)
    if len(reference) == 1:
        return below(1.0, 0.05)
    m, n = reference.sum(), current.sum()
    p, q = 1 - reference[0] / m, 1 - current[0] / n
    pooled = (p * m + q * n) / (m + n)
    z = (p - q) / np.sqrt(pooled * (1 - pooled) * (1 / m + 1 / n))
    return below(2 * (1 - scipy.stats.norm.cdf(abs(z))), 0.05)


def _g_test(feature: Feature) -> Score:
    """Without making the sums equal: for samples of one size only."""
    reference, current = _counts(feature)
    if not np.isclose(reference.sum(), current.sum(), rtol=np.sqrt(np.finfo(np.float64).eps), atol=0):
        raise Refused("the samples are of different sizes, which its chi-square refuses")
    return below(scipy.stats.power_divergence(current, reference, lambda_="log-likelihood").pvalue, 0.1)


def _fisher_exact(feature: Feature) -> Score:
    reference, current = _counts(feature)
    if len(reference) > PAIR:
        raise Refused("it is for two values")
    if reference.sum() != current.sum():
        raise Refused("the samples are of different sizes")
    table = np.zeros((2, 2), np.int64)
    table[:, : len(reference)] = current, reference
    return below(scipy.stats.fisher_exact(table).pvalue, 0.1)


def _tvd(feature: Feature) -> Score:
    """By 1,000 permutations, always the same ones."""
    first, second = _counts(feature)
    m, n = int(first.sum()), int(second.sum())
    both = np.unique(np.concatenate(sides(feature)), return_inverse=True)[1]  # rows in their order
    total = first + second
    chance = np.random.RandomState(0)
    observed = _variation(first, second)
    hits = 0
    for _ in range(PERMUTATIONS):
        drawn = np.bincount(both[chance.permutation(m + n)[:m]], minlength=len(total))
        hits += observed <= _variation(drawn, total - drawn)
    return below(hits / PERMUTATIONS, 0.1)


def _variation(first: Integers, second: Integers) -> float:
    return float(0.5 * np.sum(np.abs(first / first.sum() - second / second.sum())))


_BOTH = {"psi": _psi, "jensenshannon": _jensenshannon, "kl_div": _kl_div, "hellinger": _hellinger}
_LIKE_CATEGORIES = {"chisquare": _chisquare, "z": _z}  # chosen for numbers of few values too
_NUMERIC = {
    "wasserstein": _wasserstein,
    "ks": _ks,
    "ed": _ed,
    "anderson": _anderson,
    "cramer_von_mises": _cramer_von_mises,
    "es": _es,
    "mannw": _mannw,
    "t_test": _t_test,
}
EVIDENTLY = Convention(
    "Evidently 0.7.23",
    {**_BOTH, **_NUMERIC, **_LIKE_CATEGORIES},
    {**_BOTH, **_LIKE_CATEGORIES, "g_test": _g_test, "fisher_exact": _fisher_exact, "TVD": _tvd},
    chosen,
    dataset,
    typed,
    unasked=frozenset(_LIKE_CATEGORIES),
    absent=dict.fromkeys((SMALL_TEXT, LARGE_TEXT), "texts that hardly repeat, which it gives to a classifier"),
)
