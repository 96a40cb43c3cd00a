"""How fast and how reliable a service answers: latencies in buckets, answers that failed, and how many there were.

Buckets grow by 2 %, so a quantile is right to 2 %, whatever the latencies are (Masson, Rim and Lee 2019, DDSketch: a
fast and fully-mergeable quantile sketch with relative-error guarantees; here with a fixed number of buckets).
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from detectors.codes import Floats, Integers
from detectors.performance import skewed
from detectors.performance.cells import Cells, Layout
from detectors.performance.measured import Measured, deviations, wilson

BUCKETS = 1_024  # 8 kB a row
GROWTH = 1.02
SHORTEST = 0.01  # ms: what is shorter is in the first bucket; what is longer than 1.7 hours, in the last
# Latencies are compared with edges: logarithms would depend on how many are taken at a time.
EDGES = SHORTEST * GROWTH ** np.arange(BUCKETS - 1)
LOWER = np.concatenate(([SHORTEST / GROWTH], EDGES))
MIDDLES = LOWER * (1 + GROWTH) / 2
GOOD, FAILED = BUCKETS, BUCKETS + 1
QUANTUM = -20  # of a mean latency, in ms: clamped beyond 17 minutes
HALVINGS = 40  # of an interval of ranks, to one part in 10^12

LAYOUT = Layout(BUCKETS + 2, np.array([QUANTUM], np.int64))


class Service(NamedTuple):
    """What the cells say, as floats, a row per segment value."""

    latencies: Floats  # (rows, BUCKETS)
    statuses: Floats  # (rows, 2): answers that were good, that failed
    mean: Floats  # (rows,): the mean latency in ms


def answers(latency: Floats, failed: NDArray[np.int8]) -> tuple[Integers, Floats]:
    """What each answer adds to the cells: the counts it raises, (n, 2), and its values, (n, 1).

    `latency` in ms, nan or negative: not known; `failed` 1, 0, or -1: not known; (n,) each.
    """
    known = latency >= 0
    bucket = np.where(known, np.searchsorted(EDGES, latency, side="left"), -1)
    status = np.where(failed >= 0, failed.astype(np.int64) + GOOD, -1)
    return np.stack((bucket, status), axis=1).astype(np.int64), np.where(known, latency, np.nan)[:, None]


def measure(cells: Cells, level: float = 0.95) -> dict[str, Measured]:
    """Every metric of METRICS, (rows,) each: latencies in ms; nan where undefined."""
    service = read(cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: metric(service, level) for name, metric in METRICS.items()}


def read(cells: Cells) -> Service:
    """What cells of such answers say."""
    counts = cells.counts.astype(np.float64)
    return Service(counts[:, :BUCKETS], counts[:, BUCKETS:], cells.read().mean[:, 0])


def quantile(service: Service, level: float, share: float) -> Measured:
    """The latency that this share of the answers stays below.

    The interval is between two of the ordered latencies, whatever their distribution: of which ranks, the binomial law
    says; between ranks goes a straight line (Hutson 1999, Calculating nonparametric confidence intervals for quantiles
    using fractional order statistics). Where there are too few for a limit it is 0, or infinite.
    """
    n = service.latencies.sum(axis=1)
    tail = (1 - level) / 2
    ranks = _rank(n, share, 1 - tail), _rank(n, share, tail)
    ordered = _Ordered(service.latencies)
    value = ordered.at(np.clip(share * n + 0.5, 1, n))
    low = np.where(ranks[0] < 1, 0.0, ordered.at(np.clip(ranks[0], 1, n)))
    high = np.where(ranks[1] > n, np.inf, ordered.at(np.clip(ranks[1], 1, n)))
    ends = [np.where(n > 0, end, np.nan) for end in (value, (high - low) / (2 * deviations(level)), low, high)]
    return Measured(*ends)


def mean_latency(service: Service, level: float) -> Measured:
    """The mean, exactly; the skewness that its interval must know comes from the buckets."""
    n = service.latencies.sum(axis=1)
    shares = service.latencies / np.where(n > 0, n, np.nan)[:, None]
    first = (shares * MIDDLES).sum(axis=1)
    around = MIDDLES / first[:, None]  # sums, not products of matrices: of those a row depends on the others
    shape = [(shares * np.prod([around] * power, axis=0)).sum(axis=1) for power in (1, 2, 3, 4)]
    found = skewed.mean(skewed.Moments(n, *shape), level)
    low, high = (service.mean + first * (end - 1) for end in found[2:])
    return Measured(service.mean, first * found.error, np.maximum(low, 0.0), high)


def error_rate(service: Service, level: float) -> Measured:
    """The share of answers that failed, of those whose status is known."""
    n, failed = service.statuses.sum(axis=1), service.statuses[:, 1]
    value = failed / np.where(n > 0, n, np.nan)
    return Measured(value, np.sqrt(value * (1 - value) / n), *wilson(failed, n, level))


METRICS: dict[str, Callable[[Service, float], Measured]] = {
    "latency_p50": partial(quantile, share=0.5),
    "latency_p95": partial(quantile, share=0.95),
    "latency_p99": partial(quantile, share=0.99),
    "latency_mean": mean_latency,
    "error_rate": error_rate,
}


class _Ordered:
    """Latencies in their order, each as far into its bucket as it stands among those in it."""

    def __init__(self, counts: Floats) -> None:
        self.counts = counts
        self.running = np.cumsum(counts, axis=1)

    def at(self, rank: Floats) -> Floats:
        """The latency of a rank from 1 on, between two where it is not whole, (rows,)."""
        whole = np.floor(rank)
        lower, upper = self._at(whole), self._at(np.minimum(whole + 1, self.running[:, -1]))
        return np.asarray(lower + (rank - whole) * (upper - lower))

    def _at(self, rank: Floats) -> Floats:
        """The latency of a whole rank.

        Inside a bucket the density is a line as steep as its neighbours say, so s f^2 / 2 + (1 - s / 2) f is the share.
        """
        bucket = np.minimum((self.running < rank[:, None]).sum(axis=1), BUCKETS - 1)
        rows = np.arange(len(bucket))
        mine = self.counts[rows, bucket]
        before, after = (self.counts[rows, np.clip(bucket + step, 0, BUCKETS - 1)] for step in (-1, 1))
        slope = np.clip((after - before) / (2 * mine), -2, 2)
        share = (rank - 0.5 - self.running[rows, bucket] + mine) / mine
        flat = 1 - slope / 2
        into = 2 * share / (flat + np.sqrt(np.maximum(flat**2 + 2 * slope * share, 0.0)))
        return np.asarray(LOWER[bucket] * GROWTH**into)


def _rank(n: Floats, share: float, chance: float) -> Floats:
    """The rank, between 0 and n + 1, whose latency is with this chance below the true quantile, (rows,).

    Of n uniform numbers the one of rank r has the law Beta(r, n + 1 - r).
    """
    low, high = np.zeros_like(n), n + 1
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = betainc(middle, n + 1 - middle, share) > chance
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return low
