"""frouros 0.9.0: distances without a limit, on ten bins of equal width over both samples, and tests' p-values.

Known to be wrong, and so here: bins go by both samples together, so one outlier hides drift; JS and KL have nine cells
of ten edges, read from a histogram of each sample with bins of its own, so the same values give other shares on either
side; an empty cell of the PSI is the least float, so that it adds hundreds; KL is infinite beyond the reference.
"""

import sys
import warnings
from collections.abc import Callable

import numpy as np
from scipy import stats
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
    finite,
)
from detectors.conventions.shares import hellinger, jensen_shannon, psi

BINS = 10

Values = Floats | Integers


def _sides(feature: Numbers) -> tuple[Values, Values]:
    if not all(np.isfinite(side).all() for side in (feature.reference, feature.current)):
        raise Refused("it takes no missing values and no infinities")
    filled(feature.reference, feature.current)
    return finite(feature.reference), finite(feature.current)


def _binned(feature: Numbers) -> tuple[Floats, Floats]:
    """Shares of ten bins of equal width over both samples."""
    reference, current = _sides(feature)
    edges = np.histogram(np.concatenate((reference, current)), bins=BINS)[1]
    return np.histogram(reference, edges)[0] / len(reference), np.histogram(current, edges)[0] / len(current)


def _smoothed(feature: Numbers) -> tuple[Floats, Floats]:
    """Nine cells, by the distribution that each sample's own histogram stands for."""
    reference, current = _sides(feature)
    both = np.concatenate((reference, current))
    edges = np.linspace(both.min(), both.max(), BINS)
    sides = [np.diff(stats.rv_histogram(np.histogram(side, bins="auto")).cdf(edges)) for side in (reference, current)]
    return sides[0], sides[1]


def _psi(feature: Numbers) -> float:
    return psi(*(np.where(side == 0, sys.float_info.min, side) for side in _binned(feature)))


def _kl(feature: Numbers) -> float:
    expected, observed = _smoothed(feature)
    return float(np.sum(rel_entr(observed, expected)))


def _intersection(feature: Numbers) -> float:
    reference, current = _sides(feature)
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
    def of(feature: Numbers) -> Score:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # that a p-value is cut, or that values are nearly equal
            try:
                return beside(*test(*_sides(feature)), None)
            except ValueError as error:  # too few values, or all equal
                raise Refused(str(error)) from None

    return of


def _pair(found: object) -> tuple[float, float]:
    return float(found.statistic), float(found.pvalue)  # type: ignore[attr-defined]  # of any of SciPy's tests


def _chi_square(feature: Categories) -> Score:
    filled(*feature.present())
    reference, current = feature.counts()
    known = (reference + current) > 0
    found = stats.chi2_contingency(np.stack((current[known], reference[known])))
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
    "EMD": _distance(lambda feature: float(stats.wasserstein_distance(*_sides(feature)))),
    "EnergyDistance": _distance(lambda feature: float(stats.energy_distance(*_sides(feature)))),
}
_TESTS = {
    "KSTest": _test(lambda first, second: _pair(stats.ks_2samp(first, second))),
    "CVMTest": _test(lambda first, second: _pair(stats.cramervonmises_2samp(first, second))),
    "MannWhitneyUTest": _test(lambda first, second: _pair(stats.mannwhitneyu(first, second))),
    "WelchTTest": _test(lambda first, second: _pair(stats.ttest_ind(first, second, equal_var=False))),
    "AndersonDarlingTest": _test(lambda first, second: _pair(stats.anderson_ksamp([first, second]))),
}
FROUROS = Convention("frouros 0.9.0", {**_DISTANCES, **_TESTS}, {"ChiSquareTest": _chi_square}, _chosen)
