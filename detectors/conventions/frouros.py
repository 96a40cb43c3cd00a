"""frouros 0.9.0: distances without a limit, on ten bins of equal width over both samples, and tests' p-values.

Known to be wrong, and so here: bins go by both samples together, so one outlier hides drift; JS and KL have nine cells
of ten edges, read from a histogram of each sample with bins of its own, so the same values give other shares on either
side; `KuiperTest` has the statistic of KS, not Kuiper's; an empty cell of the PSI is the least float, so that it adds
hundreds; KL is infinite beyond the reference.
"""

import sys
from collections.abc import Callable

import numpy as np
import scipy
from scipy.special import comb, factorial, rel_entr

from detectors.codes import Floats, Integers
from detectors.conventions.convention import (
    Categories,
    Convention,
    Feature,
    Numbers,
    Refused,
    Score,
    above,
    beside,
    filled,
)
from detectors.conventions.shares import hellinger, jensen_shannon, psi

BINS = 10
BINS_MAX = 50_000_000  # 400 MB

SERIES = 18.82  # beyond, terms of Kuiper's series are below the least double
Values = Floats | Integers


def _sides(feature: Numbers) -> tuple[Values, Values]:
    """As they are: one missing value, and most of what is computed of them is nan."""
    filled(feature.reference, feature.current)
    return feature.reference, feature.current


def _ranged(feature: Numbers) -> tuple[Values, Values]:
    if not all(np.isfinite(side).all() for side in (feature.reference, feature.current)):
        raise Refused("it makes no bins of missing values and infinities")
    return _sides(feature)


def _binned(feature: Numbers) -> tuple[Floats, Floats]:
    """Shares of ten bins of equal width over both samples."""
    reference, current = _ranged(feature)
    edges = np.histogram(np.concatenate((reference, current)), bins=BINS)[1]
    return np.histogram(reference, edges)[0] / len(reference), np.histogram(current, edges)[0] / len(current)


def _smoothed(feature: Numbers) -> tuple[Floats, Floats]:
    """Nine cells, by the distribution that each sample's own histogram stands for."""
    reference, current = _ranged(feature)
    both = np.concatenate((reference, current))
    edges = np.linspace(both.min(), both.max(), BINS)
    sides = [
        np.diff(scipy.stats.rv_histogram(np.histogram(side, _automatic(side))).cdf(edges))
        for side in (reference, current)
    ]
    return sides[0], sides[1]


def _automatic(side: Values) -> int:
    """How many bins NumPy's `auto` made before 2.3, which the tool is bound to: Freedman-Diaconis or Sturges."""
    reach = float(side.max()) - float(side.min())
    sturges = reach / (np.log2(len(side)) + 1)
    quartiles = np.percentile(side, [75, 25])
    freedman = 2.0 * float(quartiles[0] - quartiles[1]) / len(side) ** (1 / 3)
    width = min(freedman, sturges) if freedman else sturges
    if not width:
        return 1
    bins = reach / (max(width, 1.0) if side.dtype.kind == "i" else width)
    if bins > BINS_MAX:
        raise Refused("it makes more bins than memory holds")
    return int(np.ceil(bins))


def _psi(feature: Numbers) -> float:
    return psi(*(np.where(side == 0, sys.float_info.min, side) for side in _binned(feature)))


def _kl(feature: Numbers) -> float:
    expected, observed = _smoothed(feature)
    return float(np.sum(rel_entr(observed, expected)))


def _intersection(feature: Numbers) -> float:
    reference, current = _ranged(feature)
    reach = min(reference.min(), current.min()), max(reference.max(), current.max())
    first, second = (np.histogram(side, BINS, reach)[0] / len(side) for side in (reference, current))
    return float(1 - np.sum(np.minimum(first, second)))


def _bhattacharyya(feature: Numbers) -> float:
    """One less the coefficient, without the logarithm that the name promises."""
    expected, observed = _binned(feature)
    return float(1 - np.sum(np.sqrt(expected * observed)))


def _distance(measure: Callable[[Numbers], float]) -> Callable[[Numbers], Score]:
    return lambda feature: above(measure(feature), None)


def _test(test: Callable[..., tuple[float, float]]) -> Callable[[Numbers], Score]:
    return lambda feature: beside(*test(*_sides(feature)), None)


def _pair(found: object) -> tuple[float, float]:
    return float(found.statistic), float(found.pvalue)  # type: ignore[attr-defined]  # of any of SciPy's tests


def _kuiper(first: Values, second: Values) -> tuple[float, float]:
    """Kuiper's law of a statistic that is Kolmogorov and Smirnov's, so its chances are far too large."""
    gap = np.float64(_pair(scipy.stats.ks_2samp(first, second))[0])
    n = len(first) * len(second) / (len(first) + len(second))
    return float(gap), _kuiper_tail(gap, n)


def _kuiper_tail(gap: np.float64, n: float) -> float:
    """The chance of a greater statistic in n steps: Stephens 1965 at both ends, else Kuiper's series of 1960."""
    if gap < 2 / n:
        return float(1 - factorial(n) * (gap - 1 / n) ** (n - 1))
    if gap < 3 / n:
        half = (1 - n * gap) / 2
        root = np.sqrt(half**2 - (n * gap - 2) ** 2 / 2)
        low, high = root - half, -half - root
        between = (high ** (n - 1) * (1 - low) - low ** (n - 1) * (1 - high)) / (high - low)
        try:
            return float(1 - factorial(n - 1) * between / n ** (n - 2))
        except OverflowError:
            raise Refused("its numbers overflow, and it fails") from None
    if (n % 2 == 0 and gap > 1 / 2) or (n % 2 == 1 and gap > (n - 1) / (2 * n)):
        t = np.arange(np.floor(n * (1 - gap)) + 1)
        y, rest = gap + t / n, 3 - 2 / n
        many, few = comb(n, t), (1 - gap - t / n) ** (n - t - 1)
        terms = y**3 * n - y**2 * t * rest + y * t * (t - 1) * rest / n - t * (t - 1) * (t - 2) / n**2
        return float((y ** (t - 3) * terms * np.where(few == 0, 0.0, many) * few).sum())
    z = gap * np.sqrt(n)
    squares = (np.arange(1, SERIES / z) * z) ** 2
    fall = np.exp(-2 * squares)
    return float((2 * (4 * squares - 1) * fall).sum() - 8 * gap / 3 * (squares / z**2 * (4 * squares - 3) * fall).sum())


def _chi_square(feature: Categories) -> Score:
    """What is missing is a category."""
    filled(feature.reference, feature.current)
    sides = [np.bincount(side + 1, minlength=len(feature.texts) + 1) for side in (feature.current, feature.reference)]
    table = np.stack(sides)
    found = scipy.stats.chi2_contingency(table[:, table.any(axis=0)])
    return beside(found.statistic, found.pvalue, None)


def _chosen(feature: Feature) -> tuple[str, ...]:
    """It chooses nothing: all distances, or the one test for categories."""
    return ("ChiSquareTest",) if isinstance(feature, Categories) else tuple(_DISTANCES)


_DISTANCES = {
    "PSI": _distance(_psi),
    "JS": _distance(lambda feature: jensen_shannon(*_smoothed(feature))),
    "KL": _distance(_kl),
    "HellingerDistance": _distance(lambda feature: hellinger(*_binned(feature))),
    "HINormalizedComplement": _distance(_intersection),
    "BhattacharyyaDistance": _distance(_bhattacharyya),
    "EMD": _distance(lambda feature: float(scipy.stats.wasserstein_distance(*_sides(feature)))),
    "EnergyDistance": _distance(lambda feature: float(scipy.stats.energy_distance(*_sides(feature)))),
}
_TESTS = {
    "KSTest": _test(lambda first, second: _pair(scipy.stats.ks_2samp(first, second))),
    "CVMTest": _test(lambda first, second: _pair(scipy.stats.cramervonmises_2samp(first, second))),
    "KuiperTest": lambda feature: beside(*_kuiper(*_sides(feature)), None),
    "MannWhitneyUTest": _test(lambda first, second: _pair(scipy.stats.mannwhitneyu(first, second, nan_policy="raise"))),
    "WelchTTest": _test(lambda first, second: _pair(scipy.stats.ttest_ind(first, second, equal_var=False))),
    "AndersonDarlingTest": _test(lambda first, second: _pair(scipy.stats.anderson_ksamp([first, second]))),
}
FROUROS = Convention("frouros 0.9.0", {**_DISTANCES, **_TESTS}, {"ChiSquareTest": _chi_square}, _chosen)
