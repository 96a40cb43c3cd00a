"""SageMaker Model Monitor: the distance of its baseline drift check, as Deequ computes it.

Deequ takes quantiles from a sketch; these are exact. The other five checks of a data quality report (types,
completeness, columns, domains) are no distances and are not here.

Known to be odd, and so here: the correction for the sample size is subtracted by the robust method only, and a flag of
the source that promises to correct for few samples turns it off; categories have the largest gap of a share.
"""

import numpy as np
import scipy

from detectors.conventions.convention import Categories, Convention, Feature, Score, above, filled, there
from detectors.conventions.shares import l_infinity, shares

LIMIT = 0.1  # comparison_threshold, and categorical_comparison_threshold
ROBUST = 1.8  # the asymptotic limit of the two-sample KS statistic at a level of 0.003


def _distance(feature: Feature) -> tuple[float, int, int]:
    """The largest gap, and the sizes."""
    if isinstance(feature, Categories):
        first, second = feature.present()
        filled(first, second)
        return l_infinity(*map(shares, feature.counts())), len(first), len(second)
    reference, current = there(feature.reference), there(feature.current)
    filled(reference, current)
    return float(scipy.stats.ks_2samp(reference, current, method="asymp").statistic), len(reference), len(current)


def _simple(feature: Feature) -> Score:
    return above(_distance(feature)[0], LIMIT)


def _robust(feature: Feature) -> Score:
    gap, n, m = _distance(feature)
    return above(max(0.0, gap - ROBUST * float(np.sqrt((n + m) / (n * m)))), LIMIT)


def _chosen(_: Feature) -> tuple[str]:
    return ("linf_robust",)


_BOTH = {"linf_robust": _robust, "linf_simple": _simple}
SAGEMAKER = Convention("SageMaker Model Monitor", {**_BOTH}, {**_BOTH}, _chosen)
