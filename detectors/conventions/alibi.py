"""alibi-detect 0.13.0: tests per feature at 0.05 over the number of features (Bonferroni); KS or chi-square by default.

Values and p-values are single floats, as the tool prints them. Its windows over time, and tests of all features at once
(MMD, LSDD, classifiers), are not here.

Known to be odd, and so here: KS uses the asymptotic law however small the samples are, and a feature with one missing
value has no p-value, so that it never drifts.
"""

import numpy as np
import scipy

from detectors.conventions.by_value import by_value
from detectors.conventions.convention import Categories, Convention, Feature, Numbers, Refused, Score, filled

LEVEL = 0.05


def _score(statistic: float, p_value: float) -> Score:
    """As single floats are written; the limit comes with the number of features."""
    return Score(float(str(np.float32(statistic))), LEVEL, None, float(str(np.float32(p_value))))


def _ks(feature: Numbers) -> Score:
    filled(feature.reference, feature.current)
    if _has_nan(feature):
        return _score(np.nan, np.nan)
    found = scipy.stats.ks_2samp(feature.reference, feature.current, method="asymp")
    return _score(found.statistic, found.pvalue)


def _cvm(feature: Numbers) -> Score:
    if min(len(feature.reference), len(feature.current)) < 2:
        raise Refused("it needs two values on either side")
    if _has_nan(feature):
        return _score(np.nan, np.nan)
    found = scipy.stats.cramervonmises_2samp(feature.reference, feature.current)
    return _score(found.statistic, found.pvalue)


def _has_nan(feature: Numbers) -> bool:
    return bool(np.isnan(feature.reference).any() or np.isnan(feature.current).any())


def _chi2(feature: Categories) -> Score:
    if (feature.reference < 0).any() or (feature.current < 0).any():
        raise Refused("it takes no missing categories")
    filled(feature.reference, feature.current)
    reference, current = feature.counts()
    known = (reference + current) > 0
    found = scipy.stats.chi2_contingency(np.stack((reference[known], current[known])))
    return _score(found.statistic, found.pvalue)


def _fet(feature: Categories) -> Score:
    """One-sided: whether the second of two values became more frequent."""
    filled(*feature.present())
    reference, current = feature.counts()
    if len(reference) != 2:
        raise Refused("it is for two values")
    found = scipy.stats.fisher_exact([[current[1], reference[1]], [current[0], reference[0]]], alternative="greater")
    return Score(float(found.statistic), LEVEL, None, float(found.pvalue))


def _chosen(feature: Feature) -> tuple[str]:
    return ("chi2",) if isinstance(feature, Categories) else ("ks",)


def _levelled(score: Score, features: int) -> Score:
    """Bonferroni."""
    if score.p_value is None:
        return score
    limit = LEVEL / features
    return Score(score.value, limit, score.p_value < limit, score.p_value)


ALIBI = Convention(
    "alibi-detect 0.13.0",
    {"ks": _ks, "cvm": _cvm, "fet": lambda feature: _fet(by_value(feature))},
    {"chi2": _chi2, "fet": _fet},
    _chosen,
    levelled=_levelled,
)
