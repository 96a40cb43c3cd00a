"""Whether features still go together as they did: from two Gram matrices, no values needed."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from detectors.codes import Floats
from detectors.multivariate.gram import Gram
from detectors.multivariate.joint import Joint
from detectors.two_sample.outcome import UNKNOWN, Outcome

EXPLAINED = 0.65  # of the variance, by the components that are kept
SMALLEST = 10  # rows of either side
NEARLY_ONE = 1 - 1e-9
NOTHING = 1e-12  # a variance that is rounding


def reconstruction(expected: Gram, observed: Gram) -> Joint:
    """The mean squared error of rows of now, rebuilt from the reference's principal components.

    Features are standardised by the reference, and as many components are kept as explain 65 % of its variance. The
    effect is by how much the error rose, and `features` (features,) are what each contributes to that: they add up.
    There is no p-value: how much the error varies depends on more than the matrices know.
    """
    features = len(expected.sums)
    nothing = Joint(UNKNOWN, np.zeros(features))
    if min(expected.n, observed.n) < SMALLEST or features < 2:  # one feature has no structure
        return nothing
    before = expected.covariance()
    scales = np.sqrt(np.maximum(np.diag(before), 0.0))
    scales = np.where(scales > np.sqrt(NOTHING), scales, 1.0)
    away = observed.means() - expected.means()
    correlation, now = (
        matrix / np.outer(scales, scales) for matrix in (before, observed.covariance() + np.outer(away, away))
    )
    values, vectors = np.linalg.eigh(correlation)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    if not values.sum() > NOTHING:
        return nothing
    kept = int(np.searchsorted(np.cumsum(values) / values.sum(), EXPLAINED * NEARLY_ONE)) + 1
    rest = np.eye(features) - vectors[:, :kept] @ vectors[:, :kept].T
    errors = [np.maximum(np.diag(rest @ matrix @ rest), 0.0) for matrix in (correlation, now)]
    rises = errors[1] - errors[0]
    return Joint(Outcome(float(errors[1].sum()), np.nan, float(rises.sum())), rises)


class Correlations(NamedTuple):
    """The outcome, by how much each correlation rose, (features, features), and the pair that moved most surely."""

    outcome: Outcome
    rises: Floats
    pair: tuple[int, int]

    @property
    def features(self) -> Floats:
        """Each feature's part of the sum of squared rises of all pairs, (features,): they add up to it."""
        return np.asarray(np.square(self.rises).sum(axis=1) / 2)


def correlations(expected: Gram, observed: Gram) -> Correlations:
    """The largest change of a correlation in standard errors (Fisher 1921), its chance among all pairs, and the change.

    The chance holds for normal features; heavier tails vary more. A feature without variance on a side has no
    correlation, and none that changes.
    """
    features = len(expected.sums)
    nothing = Correlations(UNKNOWN, np.zeros((features, features)), (0, 0))
    if min(expected.n, observed.n) < SMALLEST or features < 2:  # one feature has no pairs
        return nothing
    (before, varied), (now, varies) = _correlation(expected), _correlation(observed)
    known = np.outer(varied & varies, varied & varies) & ~np.eye(features, dtype=np.bool_)
    if not known.any():
        return nothing
    rises = np.where(known, now - before, 0.0)
    error = np.sqrt(1 / (expected.n - 3) + 1 / (observed.n - 3))
    z = np.where(known, np.arctanh(now) - np.arctanh(before), 0.0) / error
    place = int(np.abs(z).argmax())
    pair = min(divmod(place, features)), max(divmod(place, features))
    largest = float(np.abs(z[pair]))
    p = min(1.0, float(2 * ndtr(-largest)) * np.count_nonzero(known) / 2)
    return Correlations(Outcome(largest, p, float(rises[pair])), rises, pair)


def _correlation(gram: Gram) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Correlations strictly between -1 and 1, (features, features), and which features have any, (features,)."""
    covariance = gram.covariance()
    variances = np.diag(covariance)
    some = variances > NOTHING
    scales = np.sqrt(np.where(some, variances, 1.0))
    return np.clip(covariance / np.outer(scales, scales), -NEARLY_ONE, NEARLY_ONE), some
