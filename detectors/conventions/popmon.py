"""popmon: what it says of categories, red beyond seven standard errors; the PSI as its formula is meant, and as called.

Known to be wrong, and so `psi_as_called`: it is given counts, not shares, so it grows with the sample. One category
that the reference does not know is `unknown_labels`, which is red.
"""

import numpy as np
import scipy

from detectors.codes import Floats, Integers
from detectors.conventions.convention import Categories, Convention, Feature, Numbers, Refused, Score, above, filled
from detectors.conventions.shares import l_infinity, psi, shares

ADDED = 1e-5
RED = 7.0  # of a z-score, and of a residual that is a spike
ANY = 0.5  # of unknown labels


def _counts(feature: Categories) -> tuple[Integers, Integers]:
    filled(*feature.present())
    return feature.counts()


def _psi(feature: Categories) -> Score:
    return above(psi(*(shares(counts) + ADDED for counts in _counts(feature))), None)


def _psi_as_called(feature: Categories) -> Score:
    return above(psi(*(counts.astype(np.float64) + ADDED for counts in _counts(feature))), None)


def _largest_gap(feature: Categories) -> Score:
    return above(l_infinity(*map(shares, _counts(feature))), None)


def _chi2(feature: Categories) -> tuple[float, float]:
    """The statistic of two histograms, and its chance."""
    first, second = _counts(feature)
    found, (m, n) = first + second > 0, (first.sum(), second.sum())
    terms = (n * first[found] - m * second[found]).astype(np.float64) ** 2 / (first + second)[found]
    statistic = float(terms.sum() / m / n)
    return statistic, float(scipy.stats.chi2.sf(statistic, int(found.sum()) - 1))


def _chi2_zscore(feature: Categories) -> Score:
    return above(float(-scipy.stats.norm.ppf(_chi2(feature)[1])), RED)


def _residuals(feature: Categories) -> Floats:
    """Of the reference's counts beside those of both samples together, in standard errors."""
    first, second = _counts(feature)
    found, (m, n) = first + second > 0, (first.sum(), second.sum())
    share = ((first + second) / (m + n))[found]
    if (share == 1).any():
        raise Refused("there is one category, and so no residual")
    off = (first[found] - m * share) / np.sqrt(m * share)
    return np.asarray(np.abs(off / np.sqrt((1 - m / (m + n)) * (1 - share))))


def _spikes(feature: Categories) -> Score:
    """Not their number, as its name says, but their sum."""
    residuals = _residuals(feature)
    return above(float(residuals[residuals > RED].sum()), None)


def _unknown_labels(feature: Categories) -> Score:
    reference, current = _counts(feature)
    return above(float(((reference == 0) & (current > 0)).any()), ANY)


def _of_numbers(_: Numbers) -> Score:
    raise Refused("how popmon bins numbers is not reproduced")


def _chosen(feature: Feature) -> tuple[str, ...]:
    return ("psi", "chi2_zscore", "unknown_labels") if isinstance(feature, Categories) else ("psi",)


POPMON = Convention(
    "popmon",
    {"psi": _of_numbers},
    {
        "psi": _psi,
        "psi_as_called": _psi_as_called,
        "max_prob_diff": _largest_gap,
        "chi2": lambda feature: above(_chi2(feature)[0], None),
        "chi2_zscore": _chi2_zscore,
        "chi2_max_residual": lambda feature: above(float(_residuals(feature).max()), None),
        "chi2_spike_count": _spikes,
        "unknown_labels": _unknown_labels,
    },
    _chosen,
)
