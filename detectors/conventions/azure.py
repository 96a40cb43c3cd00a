"""Azure Machine Learning model monitoring: the measures of its data drift signal, by the component's published source.

Limits are those of the default signal; other measures have none. The Jensen-Shannon distance and the PSI of
numbers are not here: their bins are not established, and the published code of the former cannot run.

Known to be odd, and so here: shares of the PSI have one event more in each cell and do not sum to 1; a category that
the baseline does not know is p = 0 for the chi-square test; a missing category is a category of its own.
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
    filled,
    there,
)
from detectors.conventions.shares import jensen_shannon, psi, shares

LIMIT = 0.1
KS_MOST = 10_000  # rows, from which on the tool refuses the test


def _wasserstein(feature: Numbers) -> Score:
    """In units of the baseline's standard deviation, with n - 1, at least 0.001."""
    reference, current = there(feature.reference), there(feature.current)
    filled(reference, current)
    if len(reference) < 2:
        raise Refused("the reference has one value, and so no standard deviation")
    norm = max(float(np.std(reference, ddof=1)), 0.001)
    return above(scipy.stats.wasserstein_distance(reference, current) / norm, LIMIT)


def _ks(feature: Numbers) -> Score:
    if max(len(feature.reference), len(feature.current)) >= KS_MOST:
        raise Refused(f"it refuses samples of {KS_MOST:,} rows or more")
    reference, current = there(feature.reference), there(feature.current)
    filled(reference, current)
    return Score(float(scipy.stats.ks_2samp(reference, current).pvalue), None, None)


def _counts(feature: Categories) -> tuple[Integers, Integers]:
    """Per category, missing ones last."""
    missing = [int((side < 0).sum()) for side in (feature.reference, feature.current)]
    filled(feature.reference, feature.current)
    pairs = [np.append(counts, n) for counts, n in zip(feature.counts(), missing, strict=True)]
    known = (pairs[0] + pairs[1]) > 0
    return pairs[0][known], pairs[1][known]


def _jensen_shannon(feature: Categories) -> Score:
    reference, current = map(shares, _counts(feature))
    return above(jensen_shannon(reference, current, 2), LIMIT)


def _psi(feature: Categories) -> Score:
    return above(psi(*map(_one_more, _counts(feature))), None)


def _one_more(counts: Integers) -> Floats:
    return np.asarray((counts + 1) / counts.sum(), np.float64)


def _chi_squared(feature: Categories) -> Score:
    reference, current = _counts(feature)
    expected = reference * (current.sum() / reference.sum())
    statistic = np.sum((current - expected) ** 2 / expected)
    return Score(float(scipy.stats.chi2.sf(statistic, len(current) - 1)), None, None)


def _chosen(feature: Feature) -> tuple[str]:
    return ("jensen_shannon_distance",) if isinstance(feature, Categories) else ("normalized_wasserstein_distance",)


AZURE = Convention(
    "Azure Machine Learning",
    {"normalized_wasserstein_distance": _wasserstein, "two_sample_kolmogorov_smirnov_test": _ks},
    {
        "jensen_shannon_distance": _jensen_shannon,
        "population_stability_index": _psi,
        "pearsons_chi_squared_test": _chi_squared,
    },
    _chosen,
)
