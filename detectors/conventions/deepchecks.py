"""deepchecks 0.19.1, feature drift: scores from 0 to 1, drifted from 0.2 on.

Of more than 100,000 rows a sample is drawn, always the same one. Columns of few different numbers are categories.

Known to be odd, and so here: Cramer's V makes the larger sample as small as the other one and rounds its counts, so
thousands of rows of a reference are thrown away and rare categories vanish; the PSI has each share at least 0.01, which
hides new categories and changes of rare ones; categories below 1 % of the reference are one.
"""

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
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
    there,
)
from detectors.conventions.shares import psi, shares

LIMIT = 0.2
SAMPLED, SEED = 100_000, 42
LEAST = 10  # values on either side
TRIMMED = 0.025  # of either tail
RARE = 0.01  # of the reference: categories below are one
FLOOR = 0.01  # of a share in the PSI
DISTINCT_SHARE, ROWS_LEAST = 0.01, 1000  # fewer different numbers than this share, of at least so many rows ...
INTEGERS_MAX, FLOATS_MAX = 30, 5  # ... and at most so many, are categories


def _sampled(values: NDArray[Any]) -> NDArray[Any]:
    if len(values) <= SAMPLED:
        return values
    chance = np.random.RandomState(SEED)
    return values[chance.choice(len(values), SAMPLED, replace=False)]


def _numbers(feature: Numbers) -> tuple[Floats, Floats]:
    sides = [there(_sampled(values)).astype(np.float64) for values in (feature.reference, feature.current)]
    filled(*sides)
    if min(map(len, sides)) < LEAST:
        raise Refused(f"it needs {LEAST} values on either side")
    return sides[0], sides[1]


def _ks(feature: Numbers) -> Score:
    return above(scipy.stats.ks_2samp(*_numbers(feature), method="asymp").statistic, LIMIT, strictly=False)


def _emd(feature: Numbers) -> Score:
    """After a fortieth of either tail is cut."""
    return above(_scaled(*map(_trimmed, _numbers(feature))), LIMIT, strictly=False)


def _emd_untrimmed(feature: Numbers) -> Score:
    return above(_scaled(*_numbers(feature)), LIMIT, strictly=False)


def _trimmed(values: Floats) -> Floats:
    low, high = np.quantile(values, [TRIMMED, 1 - TRIMMED])
    return np.asarray(values[(low <= values) & (values <= high)])


def _scaled(reference: Floats, current: Floats) -> float:
    """The Wasserstein distance in units of the range of both."""
    low, high = min(reference.min(), current.min()), max(reference.max(), current.max())
    if low == high:
        return 0.0
    return float(scipy.stats.wasserstein_distance((reference - low) / (high - low), (current - low) / (high - low)))


def _counts(feature: Categories) -> tuple[Integers, Integers]:
    """Per category; those that are rare in the reference are together, where they are not rare in both."""
    sides = [side[side >= 0] for side in map(_sampled, (feature.reference, feature.current))]
    filled(*sides)
    if min(map(len, sides)) < LEAST:
        raise Refused(f"it needs {LEAST} values on either side")
    reference, current = (np.bincount(side, minlength=len(feature.texts)) for side in sides)
    known = (reference + current) > 0
    common = known & (reference >= RARE * len(sides[0]))
    other = [int(counts[~common].sum()) for counts in (reference, current)]
    pairs = [counts[common].astype(np.int64) for counts in (reference, current)]
    if any(n > RARE * len(side) for n, side in zip(other, sides, strict=True)):
        pairs = [np.append(counts, n) for counts, n in zip(pairs, other, strict=True)]
    return pairs[0], pairs[1]


def _cramers_v(feature: Categories) -> Score:
    """Corrected for bias (Bergsma 2013), of samples made equally large."""
    reference, current = _counts(feature)
    if len(reference) == 1:
        return above(0.0, LIMIT, strictly=False)
    m, n = reference.sum(), current.sum()
    table = np.round(np.stack((reference * min(1.0, n / m), current * min(1.0, m / n))))
    table = table[:, table.any(axis=0)]
    rows, columns = table.shape
    total = table.sum()
    phi = scipy.stats.chi2_contingency(table).statistic / total
    phi = max(0.0, phi - (columns - 1) * (rows - 1) / (total - 1))
    corrected = [size - (size - 1) ** 2 / (total - 1) for size in (rows, columns)]
    least = min(corrected) - 1
    return above(np.sqrt(phi / least) if least else np.nan, LIMIT, strictly=False)


def _psi(feature: Categories) -> Score:
    return above(psi(*(np.maximum(shares(counts), FLOOR) for counts in _counts(feature))), LIMIT, strictly=False)


def _typed(feature: Feature) -> Feature:
    """Numbers of few different values are categories."""
    if isinstance(feature, Categories):
        return feature
    present = there(feature.reference)
    distinct = np.unique(present)
    whole = bool(np.isfinite(distinct).all() and (distinct == np.floor(distinct)).all())
    few = len(distinct) <= (INTEGERS_MAX if whole else FLOATS_MAX)
    if not len(present) or not few or len(distinct) >= DISTINCT_SHARE * max(len(present), ROWS_LEAST):
        return feature
    return by_value(feature)


def _chosen(feature: Feature) -> tuple[str]:
    return ("cramers_v",) if isinstance(feature, Categories) else ("ks",)


DEEPCHECKS = Convention(
    "deepchecks 0.19.1",
    {"ks": _ks, "emd": _emd, "emd_untrimmed": _emd_untrimmed},
    {"cramers_v": _cramers_v, "psi": _psi},
    _chosen,
    typed=_typed,
)
