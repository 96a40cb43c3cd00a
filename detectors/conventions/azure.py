"""Azure Machine Learning model monitoring: the measures of its data drift signal, by the component's published source.

That is azureml-assets, `data_drift_signal_monitor` 0.3.56. Limits are those of the SDK's default signal; other measures
have none. It stores values as single floats, these are doubles.

Known to be odd, and so here: a row with a missing value in any column is left out of every column; bins are of equal
width over both samples, so one outlier hides drift; a category that the baseline does not know is p = 0 for the
chi-square test; integers of few different values among many rows are categories.
"""

from collections.abc import Mapping

import numpy as np
import scipy
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.conventions.azure_bins import binned
from detectors.conventions.by_value import by_value
from detectors.conventions.convention import (
    Categories,
    Convention,
    Feature,
    Numbers,
    Refused,
    Score,
    above,
    filled,
)
from detectors.conventions.shares import jensen_shannon, psi, shares

LIMIT = 0.1
KS_MOST = 10_000  # rows, from which on the tool refuses the test
FEW = 0.05  # different integers per row of the baseline, below which they are categories
NORM_LEAST = 0.001


def _wasserstein(feature: Numbers) -> Score:
    """In units of the baseline's standard deviation, with n - 1, at least 0.001."""
    reference, current = feature.reference, feature.current
    filled(reference, current)
    deviation = float(np.std(reference, ddof=1)) if len(reference) > 1 else 0.0
    return above(scipy.stats.wasserstein_distance(reference, current) / max(deviation, NORM_LEAST), LIMIT)


def _ks(feature: Numbers) -> Score:
    if max(len(feature.reference), len(feature.current)) >= KS_MOST:
        raise Refused(f"it refuses samples of {KS_MOST:,} rows or more")
    filled(feature.reference, feature.current)
    return Score(float(scipy.stats.ks_2samp(feature.reference, feature.current).pvalue), None, None)


def _counts(feature: Feature) -> tuple[Integers, Integers]:
    """Per bin of numbers, or per category."""
    filled(feature.reference, feature.current)
    if isinstance(feature, Numbers):
        return binned(feature.reference, feature.current)
    reference, current = feature.counts()
    known = (reference + current) > 0
    return reference[known], current[known]


def _jensen_shannon(feature: Feature) -> Score:
    reference, current = map(shares, _counts(feature))
    return above(jensen_shannon(reference, current, 2), LIMIT if isinstance(feature, Categories) else None)


def _psi(feature: Feature) -> Score:
    """One event more in each cell, of which the number of all rows knows, whether they are in a bin or not."""
    rows = len(feature.reference), len(feature.current)
    sides = [_one_more(counts, n) for counts, n in zip(_counts(feature), rows, strict=True)]
    return above(psi(sides[0], sides[1]), None)


def _one_more(counts: Integers, rows: int) -> Floats:
    return np.asarray((counts + 1) / (rows + len(counts)), np.float64)


def _chi_squared(feature: Categories) -> Score:
    reference, current = _counts(feature)
    expected = reference * (current.sum() / reference.sum())
    statistic = np.sum((current - expected) ** 2 / expected)
    return Score(float(scipy.stats.chi2.sf(statistic, len(current) - 1)), None, None)


def _chosen(feature: Feature) -> tuple[str]:
    return ("jensen_shannon_distance",) if isinstance(feature, Categories) else ("normalized_wasserstein_distance",)


def _complete(features: Mapping[str, Feature]) -> Mapping[str, Feature]:
    """Rows that have a value in every column; the types of columns go by all rows."""
    typed = {name: _typed(feature) for name, feature in features.items()}
    kept = [
        np.logical_and.reduce([_there(feature, getattr(feature, side)) for feature in features.values()])
        for side in ("reference", "current")
    ]
    return {name: _rows(feature, kept[0], kept[1]) for name, feature in typed.items()}


def _typed(feature: Feature) -> Feature:
    if isinstance(feature, Categories) or feature.reference.dtype.kind != "i" or not len(feature.reference):
        return feature
    few = len(np.unique(feature.reference)) / len(feature.reference) < FEW
    return by_value(feature) if few else feature


def _there(feature: Feature, side: Floats | Integers) -> NDArray[np.bool_]:
    return np.asarray(side >= 0 if isinstance(feature, Categories) else ~np.isnan(side))


def _rows(feature: Feature, reference: NDArray[np.bool_], current: NDArray[np.bool_]) -> Feature:
    if isinstance(feature, Numbers):
        return Numbers(feature.reference[reference], feature.current[current])
    return Categories(feature.reference[reference], feature.current[current], feature.texts, feature.of)


_BINNED = {"jensen_shannon_distance": _jensen_shannon, "population_stability_index": _psi}
AZURE = Convention(
    "Azure Machine Learning",
    {
        "normalized_wasserstein_distance": _wasserstein,
        **_BINNED,
        "two_sample_kolmogorov_smirnov_test": _ks,
    },
    {**_BINNED, "pearsons_chi_squared_test": _chi_squared},
    _chosen,
    table=_complete,
)
