"""How good a ranking model is: means over queries of what its first places are worth, with intervals."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats
from detectors.performance.cells import Cells
from detectors.performance.measured import Measured, wilson
from detectors.performance.ranking import BARREN, VALUES, Ranked, Ranking, read

Metric = Callable[[Ranked, float], Measured]


def mrr(seen: Ranked, level: float) -> Measured:
    """The mean of one over the place of the first relevant answer, (rows,)."""
    return _mean(seen, level, 0)


def at_cuts(seen: Ranked, level: float, name: str) -> Measured:
    """The mean of one of VALUES, (rows, cuts)."""
    return _mean(seen, level, np.arange(len(seen.settings.cuts)) * len(VALUES) + 1 + VALUES.index(name))


def hit_rate(seen: Ranked, level: float) -> Measured:
    """The share of queries with something relevant before the cut, (rows, cuts)."""
    return _share(seen.hits, seen.queries.sum(axis=1, keepdims=True), level)


def barren(seen: Ranked, level: float) -> Measured:
    """The share of queries without anything relevant in their list, (rows,)."""
    return _share(seen.queries[:, BARREN], seen.queries.sum(axis=1), level)


METRICS: dict[str, Metric] = {"mrr": mrr, "barren": barren}
PER_CUT: dict[str, Metric] = {
    **{name: partial(at_cuts, name=name) for name in VALUES},
    "hit_rate": hit_rate,
}


def measure(settings: Ranking, cells: Cells, level: float = 0.95) -> dict[str, Measured]:
    """Every metric of METRICS, (rows,) each, and of PER_CUT, (rows, cuts) each; nan where undefined."""
    seen = read(settings, cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: metric(seen, level) for name, metric in (METRICS | PER_CUT).items()}


def _mean(seen: Ranked, level: float, column: int | NDArray[np.int64]) -> Measured:
    """The mean of values between 0 and 1, with the interval of a binomial share that has the same error.

    Values of 0 and 1 make it Wilson's. Of equal ones nothing is known of the rest but that they are shares.
    """
    n, value, deviation = seen.n[:, column], seen.mean[:, column], seen.deviation[:, column]
    error = deviation / np.sqrt(n - 1)
    n_like = np.where(error > 0, value * (1 - value) / error**2 * n / (n - 1), n)
    return Measured(value, np.where(n > 1, error, np.nan), *wilson(value * n_like, n_like, level))


def _share(part: Floats, n: Floats, level: float) -> Measured:
    """A binomial share."""
    value = part / np.where(n > 0, n, np.nan)
    return Measured(value, np.sqrt(value * (1 - value) / n), *wilson(part, np.broadcast_to(n, part.shape), level))
