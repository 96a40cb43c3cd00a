"""How fast and how reliable a service answers: quantiles and mean of its latencies, and the share that failed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from scipy.special import bdtrik

from detectors.codes import Floats
from detectors.performance import skewed
from detectors.performance.measured import Measured, deviations, wilson
from detectors.service import BUCKETS, EDGES, QUANTUM, WIDTH, Service

LOWER = np.concatenate(([EDGES[0] / (1 + WIDTH)], EDGES))  # of each bucket; the ends are as wide as others
WIDTHS = np.append(np.diff(LOWER), LOWER[-1] * WIDTH)
MIDDLES = LOWER + WIDTHS / 2


@dataclass(frozen=True)
class Seen:
    """What services' parts say, as floats, a row per part."""

    latencies: Floats  # (rows, BUCKETS)
    good: Floats  # (rows,): answers
    failed: Floats  # (rows,)
    mean: Floats  # (rows,): the mean latency in ms

    @cached_property
    def ordered(self) -> "Ordered":
        """The latencies in their order, which several metrics ask for."""
        return Ordered(self.latencies)

    @cached_property
    def n(self) -> Floats:
        """How many latencies are known, (rows,)."""
        return np.asarray(self.latencies.sum(axis=1))

    @cached_property
    def answers(self) -> Floats:
        """How many statuses are known, (rows,)."""
        return self.good + self.failed


def read(parts: Sequence[Service]) -> Seen:
    """What these parts say."""
    numbers = np.array([part.numbers for part in parts], np.int64).reshape(len(parts), BUCKETS + 3)
    latencies = numbers[:, :BUCKETS].astype(np.float64)
    good, failed, total = numbers[:, BUCKETS:].T.astype(np.float64)
    n = latencies.sum(axis=1)
    return Seen(latencies, good, failed, total * QUANTUM / np.where(n > 0, n, np.nan))


def measure(seen: Seen, level: float = 0.95) -> dict[str, Measured]:
    """Every metric of METRICS, (rows,) each: latencies in ms; nan where undefined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: metric(seen, level) for name, metric in METRICS.items()}


def values(seen: Seen) -> dict[str, Floats]:
    """Every metric of METRICS without its interval, which takes most of the time, (rows,) each."""
    ranks = np.array([rank_of(seen.n, share) for share in SHARES.values()])
    quantiles = np.where(seen.n > 0, seen.ordered.at(ranks), np.nan)
    error_rate = seen.failed / np.where(seen.answers > 0, seen.answers, np.nan)
    return {**dict(zip(SHARES, quantiles, strict=True)), "latency_mean": seen.mean, "error_rate": error_rate}


def quantile(seen: Seen, level: float, share: float) -> Measured:
    """The latency that this share of the answers stays below, in the bucket where it is.

    The interval is between two of the ordered latencies, whatever their distribution: of which ranks, the binomial law
    says; between ranks goes a straight line (Hutson 1999, Calculating nonparametric confidence intervals for quantiles
    using fractional order statistics). Where there are too few for a limit it is 0, or infinite.
    """
    n, tail = seen.n, (1 - level) / 2
    first, last = _rank(n, share, 1 - tail), _rank(n, share, tail)
    value, low, high = seen.ordered.at(np.array([rank_of(n, share), np.clip(first, 1, n), np.clip(last, 1, n)]))
    low, high = np.where(first <= 1, 0.0, low), np.where(last > n, np.inf, high)
    ends = [np.where(n > 0, end, np.nan) for end in (value, (high - low) / (2 * deviations(level)), low, high)]
    return Measured(*ends)


def rank_of(n: Floats, share: float) -> Floats:
    """The rank of a quantile among n ordered numbers, from 1 on, (rows,)."""
    return np.clip(share * n + 0.5, 1, n)


def mean_latency(seen: Seen, level: float) -> Measured:
    """The mean, exactly; the skewness that its interval must know comes from the buckets."""
    n = seen.n
    filled = np.flatnonzero(seen.latencies.sum(axis=0))
    some = slice(filled[0], filled[-1] + 1) if len(filled) else slice(1)
    shares = seen.latencies[:, some] / np.where(n > 0, n, np.nan)[:, None]
    every = np.zeros(seen.latencies.shape)  # NumPy adds in pairs: the empty ends keep each number in its place

    def mean(power: Floats) -> Floats:
        np.multiply(shares, power, out=every[:, some])
        return np.asarray(every.sum(axis=1))

    first = mean(MIDDLES[some])
    around = power = MIDDLES[some] / first[:, None]  # sums, not products of matrices: a row depends on others there
    shape = [mean(power)]
    for _ in range(3):
        power = power * around
        shape.append(mean(power))
    found = skewed.mean(skewed.Moments(n, *shape), level)
    low, high = (seen.mean + first * (end - 1) for end in found[2:])
    return Measured(seen.mean, first * found.error, np.maximum(low, 0.0), high)


def error_rate(seen: Seen, level: float) -> Measured:
    """The share of answers that failed, of those whose status is known."""
    n, failed = seen.answers, seen.failed
    value = failed / np.where(n > 0, n, np.nan)
    return Measured(value, np.sqrt(value * (1 - value) / n), *wilson(failed, n, level))


SHARES = {"latency_p50": 0.5, "latency_p95": 0.95, "latency_p99": 0.99}
METRICS: dict[str, Callable[[Seen, float], Measured]] = {
    **{name: partial(quantile, share=share) for name, share in SHARES.items()},
    "latency_mean": mean_latency,
    "error_rate": error_rate,
}


class Ordered:
    """Latencies in their order, each as far into its bucket as it stands among those in it."""

    def __init__(self, counts: Floats) -> None:
        self.counts = counts
        self.running = np.cumsum(counts, axis=1)

    def at(self, rank: Floats) -> Floats:
        """The latency of ranks from 1 on, between two where one is not whole, (..., rows); nan where there is none."""
        whole = np.floor(rank)
        with np.errstate(divide="ignore", invalid="ignore"):
            lower, upper = self._at(np.stack([whole, np.minimum(whole + 1, self.running[:, -1])]))
            return np.asarray(lower + (rank - whole) * (upper - lower))

    def _at(self, rank: Floats) -> Floats:
        """The latencies of whole ranks, (..., rows).

        Inside a bucket the density is a line as steep as its neighbours say, so s f^2 / 2 + (1 - s / 2) f is the share.
        """
        rows = np.arange(len(self.counts))
        # A search in each row reads ten of a thousand buckets.
        found = [running.searchsorted(rank[..., row]) for row, running in enumerate(self.running)]
        bucket = np.minimum(np.stack(found, axis=-1), BUCKETS - 1)
        mine = self.counts[rows, bucket]
        sides = np.maximum(bucket - 1, 0), np.minimum(bucket + 1, BUCKETS - 1)
        before, after = (self.counts[rows, side] * WIDTHS[bucket] / WIDTHS[side] for side in sides)
        slope = np.clip((after - before) / (2 * mine), -2, 2)
        share = (rank - 0.5 - self.running[rows, bucket] + mine) / mine
        flat = 1 - slope / 2
        into = 2 * share / (flat + np.sqrt(np.maximum(flat**2 + 2 * slope * share, 0.0)))
        return np.asarray(LOWER[bucket] + WIDTHS[bucket] * into)


def _rank(n: Floats, share: float, chance: float) -> Floats:
    """The rank, between 1 and n + 1, whose latency is with this chance below the true quantile, (rows,).

    Of n uniform numbers the one of rank r is below a share as often as a binomial count of n reaches r. Where even the
    least is not below it so often, 1.
    """
    return np.asarray(1 + bdtrik(1 - chance, n, share))
