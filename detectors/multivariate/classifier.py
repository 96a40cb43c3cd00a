"""Whether a classifier can tell rows of now from rows of the reference.

A logistic regression on each feature's value, its square, and whether it is missing: so it sees changes of place, of
spread and of missing values, in any mixture of features. It is judged on rows that it was not fitted to.
"""

import numpy as np
import scipy
from scipy.special import expit, ndtr

from detectors.codes import Floats, Integers
from detectors.multivariate.joint import Joint, Standard
from detectors.two_sample.outcome import UNKNOWN, Outcome
from detectors.two_sample.permuted import chance

FOLDS = 5
SMALLEST = 20  # rows of either side: four in a fold
RIDGE = 1.0  # as one row's worth of doubt per coefficient of a standardised column
STEPS = 25
CLOSE = 1e-10


def domain_classifier(expected: Floats, observed: Floats) -> Joint:
    """The area under its curve, 0.5 where nothing can be told apart to 1; the effect is 2 AUC - 1, -1 to 1.

    Rows are (n, features), nan where missing. The p-value is that of Mann and Whitney's U over the folds, one-sided.
    `features` are what each adds to the mean gap of log odds between the sides: they add up to it.
    """
    features = expected.shape[1]
    m, n = len(expected), len(observed)
    if min(m, n) < SMALLEST or features == 0:
        return Joint(UNKNOWN, np.zeros(features))
    both, of_now = np.concatenate((expected, observed)), np.arange(m + n) >= m
    measured = np.concatenate((Standard.of(both).measure(both) / 2, ~np.isfinite(both)), axis=1)
    order = np.lexsort((of_now, *measured.T))  # so that nothing depends on the order of rows, no rounding either
    columns, of = _columns(measured[order])
    of_now = of_now[order]
    fold = _folds(columns, of_now)
    scores = np.empty(m + n)
    for i in range(FOLDS):
        held = fold == i
        scores[held] = columns[held] @ fit(columns[~held], of_now[~held])[1:]
    areas = np.array([area(scores[fold == i], of_now[fold == i]) for i in range(FOLDS)])
    sizes = np.array([(np.count_nonzero(of_now[fold == i]), np.count_nonzero(fold == i)) for i in range(FOLDS)])
    positive, whole = sizes[:, 0], sizes[:, 1]
    variance = ((whole + 1) / (12 * positive * (whole - positive))).sum() / FOLDS**2
    auc = float(areas.mean())
    p = float(ndtr(-(auc - 0.5) / np.sqrt(variance)))
    gaps = fit(columns, of_now)[1:] * (columns[of_now].mean(axis=0) - columns[~of_now].mean(axis=0))
    return Joint(Outcome(auc, p, 2 * auc - 1), np.bincount(of, gaps, features).astype(np.float64))


def fit(columns: Floats, of_now: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    """Coefficients of a logistic regression, the intercept first: by reweighted least squares, with a ridge.

    Green 1984, Iteratively reweighted least squares. The intercept bears no penalty.
    """
    rows = np.column_stack((np.ones(len(columns)), columns))
    penalty = RIDGE * np.append(0.0, np.ones(columns.shape[1]))
    beta = np.zeros(rows.shape[1])
    share = of_now.mean()
    beta[0] = np.log(share / (1 - share))
    for _ in range(STEPS):
        chances = expit(rows @ beta)
        weights = np.maximum(chances * (1 - chances), 1e-12)
        gradient = rows.T @ (of_now - chances) - penalty * beta
        step = np.linalg.solve(rows.T * weights @ rows + np.diag(penalty), gradient)
        # No log odds jump by more than 4: no overshooting.
        beta += step / max(1.0, float(np.abs(rows @ step).max()) / 4)
        if np.abs(step).max() < CLOSE:
            break
    return beta


def area(scores: Floats, positive: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """The area under the ROC curve, ties a half each. Both classes must be there."""
    n = int(np.count_nonzero(positive))
    above = scipy.stats.rankdata(scores)[positive].sum() - n * (n + 1) / 2
    return float(above / (n * (len(scores) - n)))


def _columns(measured: Floats) -> tuple[Floats, Integers]:
    """Standardised columns of rows, and the feature each is of; those without variance are left out.

    `measured`: distances from the centre and then whether each is missing, (n, 2 features).
    """
    features = measured.shape[1] // 2
    columns = np.concatenate((measured, np.square(measured[:, :features])), axis=1)
    spread = columns.std(axis=0)
    some = spread > CLOSE
    of = np.tile(np.arange(features), 3)[some]
    return np.asarray((columns[:, some] - columns[:, some].mean(axis=0)) / spread[some]), of


def _folds(columns: Floats, of_now: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Integers:
    """The fold of each row: as many of each side in all, by chance that follows from the rows."""
    rng, fold = chance(columns, of_now), np.empty(len(of_now), np.int64)
    for side in (False, True):
        rows = np.flatnonzero(of_now == side)
        fold[rows] = rng.permutation(len(rows)) % FOLDS
    return fold
