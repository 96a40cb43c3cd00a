"""NannyML 0.13.1: distances with limits from ten chunks of the reference, three standard deviations above their mean.

CURRENT is one chunk. Known to be wrong, and so here: the limit is learned from few chunks that the reference itself
consists of, so that an undrifted window alerts far more often than three standard deviations promise; Wasserstein of
10,000 references or more counts one value too many beyond the reference's range; Jensen-Shannon and chi-square alert
whatever the number of features.
"""

from collections.abc import Callable, Iterator

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
    beside,
    filled,
    there,
)
from detectors.conventions.shares import hellinger, jensen_shannon

CHUNKS = 10
DEVIATIONS = 3.0
BINNED = 10_000  # values of the reference from which on KS and Wasserstein are of as many bins of equal width
P_LIMIT = 0.05

Values = Floats | Integers
Distance = Callable[[Values], float]  # of a chunk, from the reference


def _chunks(values: Values) -> Iterator[Values]:
    """Ten chunks by the order of the rows, and what is left over as an eleventh."""
    size = len(values) // CHUNKS
    if not size:
        raise Refused(f"the reference has fewer than {CHUNKS} rows, its number of chunks")
    yield from (values[first : first + size] for first in range(0, len(values), size))


def _judged(values: Values, current: Values, distance: Distance, most: float = np.inf) -> Score:
    """The distance of the current values, beside a limit from those of the reference's chunks; nan for empty chunks."""
    found = np.array([distance(chunk) for chunk in _chunks(values)])
    limit = float(min(np.nanmean(found) + np.nanstd(found) * DEVIATIONS, most))
    return above(distance(current), limit)


def _numbers(feature: Numbers, fit: Callable[[Values], Distance], most: float = np.inf) -> Score:
    """Missing values are dropped from each chunk, after the rows were cut."""
    reference = there(feature.reference)
    filled(reference, there(feature.current))
    fitted = fit(reference)

    def distance(chunk: Values) -> float:
        chunk = there(chunk)
        return fitted(chunk) if len(chunk) else np.nan

    return _judged(feature.reference, feature.current, distance, most)


def _categories(feature: Categories, measure: Callable[[Integers, Integers], float]) -> Score:
    n = len(feature.texts)
    expected, _ = feature.counts()
    filled(*feature.present())

    def distance(chunk: Values) -> float:
        counts = np.bincount(chunk[chunk >= 0].astype(np.int64), minlength=n)
        return measure(expected, counts) if counts.any() else np.nan

    return _judged(feature.reference, feature.current, distance)


def _leftover(expected: Floats, observed: Floats) -> tuple[Floats, Floats]:
    """What has no bin in the reference is one more, of which the reference has nothing."""
    left = 1 - np.sum(observed)  # rounding too: as the tool does
    return (np.append(expected, 0), np.append(observed, left)) if left > 0 else (expected, observed)


def _on_bins(measure: Callable[[Floats, Floats], float]) -> Callable[[Values], Distance]:
    """Bins by Doane's rule on the reference alone."""

    def fit(reference: Values) -> Distance:
        edges = np.histogram_bin_edges(reference.astype(np.float64), bins="doane")
        expected = np.histogram(reference, edges)[0] / len(reference)
        return lambda chunk: measure(*_leftover(expected, np.histogram(chunk, edges)[0] / len(chunk)))

    return fit


def _on_known(measure: Callable[[Floats, Floats], float]) -> Callable[[Integers, Integers], float]:
    """The reference's categories; all others are one."""

    def of(expected: Integers, observed: Integers) -> float:
        known = expected > 0
        shares = expected[known] / expected.sum(), observed[known] / observed.sum()
        return measure(*_leftover(*shares))

    return of


def _base_2(expected: Floats, observed: Floats) -> float:
    return jensen_shannon(expected, observed, 2)


def _kolmogorov_smirnov(reference: Values) -> Distance:
    """The statistic, of 10,000 values or more on 10,000 bins of equal width."""
    if len(reference) < BINNED:
        return lambda chunk: float(scipy.stats.ks_2samp(reference, chunk).statistic)
    edges = np.linspace(reference.min(), reference.max(), BINNED + 1)
    expected = np.cumsum(np.histogram(reference, edges)[0] / len(reference))

    def distance(chunk: Values) -> float:
        below = np.sum(chunk < edges[0]) / len(chunk)
        observed = below + np.cumsum(np.histogram(chunk, edges)[0] / len(chunk))
        return float(np.max(np.abs(expected - observed)))

    return distance


def _wasserstein(reference: Values) -> Distance:
    """In the feature's unit; of 10,000 values or more on 10,000 bins, and exactly beyond the range."""
    if len(reference) < BINNED:
        return lambda chunk: float(scipy.stats.wasserstein_distance(reference, chunk))
    counts, edges = np.histogram(reference, bins=BINNED)
    expected, width = np.cumsum(counts / len(reference)), edges[1] - edges[0]

    def distance(chunk: Values) -> float:
        less, more = chunk[chunk < edges[0]], chunk[chunk > edges[-1]]
        left, right = (0 if not len(side) else (len(side) + 1) / len(chunk) for side in (less, more))
        x, y = _steps(np.append(less, edges[0]))
        beyond = np.sum(y[:-1] * np.diff(x)) * left
        x, y = _steps(np.append(edges[-1], more))
        beyond += np.sum((1 - y)[:-1] * np.diff(x)) * right
        observed = np.cumsum(np.histogram(chunk, edges)[0] / len(chunk)) + left
        return float(np.sum(np.abs(expected - observed) * width) + beyond)

    return distance


def _steps(values: Floats) -> tuple[Floats, Floats]:
    """Distinct values, and the share up to each."""
    x, counts = np.unique(values, return_counts=True)
    return x, np.cumsum(counts) / len(values)


def _l_infinity(expected: Integers, observed: Integers) -> float:
    return float(np.abs(expected / expected.sum() - observed / observed.sum()).max())


def _chi2(feature: Categories) -> Score:
    """The statistic; what alerts is its p-value, whatever limit is set."""
    filled(*feature.present())
    table = np.stack(feature.counts())
    found = scipy.stats.chi2_contingency(table[:, table.any(axis=0)])
    score = beside(found.statistic, found.pvalue, P_LIMIT)
    return Score(score.value, None, score.drifted, score.p_value)


def _chosen(_: Feature) -> tuple[str]:
    return ("jensen_shannon",)


NANNYML = Convention(
    "NannyML 0.13.1",
    {
        "jensen_shannon": lambda feature: _numbers(feature, _on_bins(_base_2)),
        "kolmogorov_smirnov": lambda feature: _numbers(feature, _kolmogorov_smirnov, 1.0),
        "wasserstein": lambda feature: _numbers(feature, _wasserstein),
        "hellinger": lambda feature: _numbers(feature, _on_bins(hellinger)),
    },
    {
        "jensen_shannon": lambda feature: _categories(feature, _on_known(_base_2)),
        "hellinger": lambda feature: _categories(feature, _on_known(hellinger)),
        "l_infinity": lambda feature: _categories(feature, _l_infinity),
        "chi2": _chi2,
    },
    _chosen,
)
