"""popmon 1.4.12: histograms beside an external reference's, red from seven standard errors on; each file is one batch.

`psi` is the formula as it is meant, of shares; what ends in `_as_called` is what the tool prints.

Known to be wrong, and so here: PSI and Jensen-Shannon are given counts, not shares, so they grow with the sample; one
category that the reference does not know is red; of truths those that are false are counted twice and the others
never, so they hardly ever drift; z-scores below minus seven are red too, so files that are too alike
are; the chance of a KS statistic above 6.8 is unknown instead of 0, so the strongest drift is not red.
"""

from collections.abc import Callable

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
from detectors.conventions.popmon_bins import binned
from detectors.conventions.shares import l_infinity, psi, shares

ADDED = 1e-5
RED = 7.0  # of a z-score, either way, and of a residual that is a spike
CATEGORIES = 500  # of the reference, with which it leaves a column out
ANY = 0.5  # of unknown labels
SURE, LARGE, UNKNOWN = 0.2, 0.755, 6.8116  # statistics of KS, where ROOT's series for its chance change

Counts = tuple[Integers, Integers]


def _counts(feature: Feature) -> Counts:
    """Per bin of numbers that is not empty, or per category; what is missing is a category."""
    if isinstance(feature, Numbers):
        filled(there(feature.reference), there(feature.current))
        return binned(feature.reference, feature.current)
    filled(feature.reference, feature.current)
    if len(np.unique(feature.present()[0])) >= CATEGORIES:
        raise Refused(f"it leaves out columns of {CATEGORIES} categories and more")
    missing = [bool((side < 0).any()) for side in (feature.reference, feature.current)]
    if feature.of == "truths" and missing[0] != missing[1]:
        raise Refused("one side is truths and the other is not, which it does not compare")
    sides = [np.bincount(side + 1, minlength=len(feature.texts) + 1) for side in (feature.reference, feature.current)]
    found = sides[0] + sides[1] > 0
    return sides[0][found].astype(np.int64), sides[1][found].astype(np.int64)


def _taken(feature: Feature) -> Counts:
    """The counts that it compares: of truths it takes those that are false for either value."""
    counts = _counts(feature)
    if isinstance(feature, Numbers) or feature.of != "truths" or (feature.reference < 0).any():
        return counts
    false = feature.texts.index("0") if "0" in feature.texts else len(feature.texts)
    sides = [np.full(len(counts[0]), np.count_nonzero(side == false)) for side in (feature.reference, feature.current)]
    return sides[0].astype(np.int64), sides[1].astype(np.int64)


def _of_counts(measure: Callable[[Integers, Integers], float]) -> Callable[[Feature], Score]:
    return lambda feature: above(measure(*_taken(feature)), None)


def _z_score(chance: Callable[[Integers, Integers], float]) -> Callable[[Feature], Score]:
    """Red on either side, though only large ones mean drift."""

    def score(feature: Feature) -> Score:
        value = float(-scipy.stats.norm.ppf(chance(*_taken(feature))))
        return Score(value, RED, value >= RED or value < -RED)

    return score


def _psi(reference: Integers, current: Integers) -> float:
    return psi(_added(shares(reference)), _added(shares(current)))


def _psi_as_called(reference: Integers, current: Integers) -> float:
    return psi(_added(reference), _added(current))


def _added(cells: Floats | Integers) -> Floats:
    return np.asarray(cells + ADDED, np.float64)


def _jsd_as_called(reference: Integers, current: Integers) -> float:
    middle = np.asarray(0.5 * (reference + current), np.float64)
    return 0.5 * (_divergence(reference, middle) + _divergence(current, middle))


def _divergence(counts: Integers, middle: Floats) -> float:
    p, q = _added(counts), _added(middle)
    return float(np.sum(p * np.log(p / q)))


def _largest_gap(reference: Integers, current: Integers) -> float:
    return l_infinity(shares(reference), shares(current))


def _ks(reference: Integers, current: Integers) -> float:
    """The largest gap of the cumulative shares, times the root of the sizes' harmonic half."""
    m, n = int(reference.sum()), int(current.sum())
    gap = np.abs(np.cumsum(reference) / m - np.cumsum(current) / n).max()
    return float(gap * np.sqrt(m * n / (m + n)))


def _ks_pvalue(reference: Integers, current: Integers) -> float:
    """Kolmogorov's law as ROOT has it, to its seven digits: a series for small statistics, another for large ones."""
    statistic = _ks(reference, current)
    if statistic < SURE:
        return 1.0
    odd, whole = np.array([1, 3, 5]), np.arange(1, 5)
    if statistic < LARGE:
        return float(1 - 2.50662827 * np.exp(-((odd * np.pi) ** 2) / 8 / statistic**2).sum() / statistic)
    if not statistic < UNKNOWN:
        return np.nan
    terms = np.exp(-2.0 * whole**2 * statistic**2) * np.where(whole <= max(1, round(3 / statistic)), 1, 0)
    return float(2 * (terms[::2].sum() - terms[1::2].sum()))


def _chi2(reference: Integers, current: Integers) -> float:
    """The statistic of two histograms."""
    m, n = int(reference.sum()), int(current.sum())
    terms = (n * reference - m * current).astype(np.float64) ** 2 / (reference + current)
    return float(terms.sum() / m / n)


def _chi2_norm(reference: Integers, current: Integers) -> float:
    return _chi2(reference, current) / (len(reference) - 1) if len(reference) > 1 else np.nan


def _chi2_pvalue(reference: Integers, current: Integers) -> float:
    return float(scipy.stats.chi2.sf(_chi2(reference, current), len(reference) - 1))


def _residuals(reference: Integers, current: Integers) -> Floats:
    """Of the reference's counts beside those of both samples together, in standard errors; nan of a single cell."""
    m, n = int(reference.sum()), int(current.sum())
    share = (reference + current) / (m + n)
    return np.asarray(np.abs((reference - m * share) / np.sqrt(m * share) / np.sqrt((1 - m / (m + n)) * (1 - share))))


def _largest_residual(reference: Integers, current: Integers) -> float:
    return float(_residuals(reference, current).max())


def _spikes(reference: Integers, current: Integers) -> float:
    """Not their number, as its name says, but their sum."""
    residuals = _residuals(reference, current)
    return float(residuals[residuals > RED].sum())


def _unknown_labels(feature: Categories) -> Score:
    reference, current = _counts(feature)
    return above(float(((reference == 0) & (current > 0)).any()), ANY, strictly=False)


def _chosen(feature: Feature) -> tuple[str, ...]:
    return ("psi", "chi2_zscore", "unknown_labels" if isinstance(feature, Categories) else "ks_zscore")


_BOTH = {
    "psi": _of_counts(_psi),
    "psi_as_called": _of_counts(_psi_as_called),
    "jsd_as_called": _of_counts(_jsd_as_called),
    "max_prob_diff": _of_counts(_largest_gap),
    "chi2": _of_counts(_chi2),
    "chi2_norm": _of_counts(_chi2_norm),
    "chi2_pvalue": _of_counts(_chi2_pvalue),
    "chi2_zscore": _z_score(_chi2_pvalue),
    "chi2_max_residual": _of_counts(_largest_residual),
    "chi2_spike_count": _of_counts(_spikes),
}
POPMON = Convention(
    "popmon 1.4.12",
    {
        **_BOTH,
        "ks": _of_counts(_ks),
        "ks_pvalue": _of_counts(_ks_pvalue),
        "ks_zscore": _z_score(_ks_pvalue),
    },
    {**_BOTH, "unknown_labels": _unknown_labels},
    _chosen,
)
