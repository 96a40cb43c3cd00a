"""frouros 0.9.0: distances without a limit, on ten bins of equal width over both samples, and tests' p-values.

Known to be wrong, and so here: bins go by both samples together, so one outlier hides drift; JS and KL have nine cells
of ten edges, read from a histogram of each sample with bins of its own, so the same values give other shares on either
side; an empty cell of the PSI is the least float, so that it adds hundreds; KL is infinite beyond the reference.
"""

import sys
from collections.abc import Callable

import numpy as np
import scipy
from scipy.special import rel_entr

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
    "MannWhitneyUTest": _test(lambda first, second: _pair(scipy.stats.mannwhitneyu(first, second, nan_policy="raise"))),
    "WelchTTest": _test(lambda first, second: _pair(scipy.stats.ttest_ind(first, second, equal_var=False))),
    "AndersonDarlingTest": _test(lambda first, second: _pair(scipy.stats.anderson_ksamp([first, second]))),
}
FROUROS = Convention("frouros 0.9.0", {**_DISTANCES, **_TESTS}, {"ChiSquareTest": _chi_square}, _chosen)
