"""How fast and how reliable a service answers: quantiles and mean of its latencies, and the share that failed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.special import bdtrik

from detectors.codes import Floats
from detectors.performance import skewed
from detectors.performance.measured import Measured, deviations, wilson
from detectors.service import BUCKETS, EDGES, QUANTUM, WIDTH, Service

LOWER = np.concatenate(([EDGES[0] / (1 + WIDTH)], EDGES))  # of each bucket; the ends are as wide as others
WIDTHS = np.append(np.diff(LOWER), LOWER[-1] * WIDTH)
MIDDLES = LOWER + WIDTHS / 2


class Seen(NamedTuple):
    """What services' parts say, as floats, a row per part."""

    latencies: Floats  # (rows, BUCKETS)
    good: Floats  # (rows,): answers
    failed: Floats  # (rows,)
    mean: Floats  # (rows,): the mean latency in ms


def read(parts: Sequence[Service]) -> Seen:
    """What these parts say."""
    latencies = np.array([part.latencies for part in parts], np.float64).reshape(len(parts), BUCKETS)
    good, failed, total = (
        np.array([getattr(part, name) for part in parts], np.float64) for name in ("good", "failed", "total")
    )
    n = latencies.sum(axis=1)
    return Seen(latencies, good, failed, total * QUANTUM / np.where(n > 0, n, np.nan))


def measure(seen: Seen, level: float = 0.95) -> dict[str, Measured]:
    """Every metric of METRICS, (rows,) each: latencies in ms; nan where undefined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: metric(seen, level) for name, metric in METRICS.items()}


def values(seen: Seen) -> dict[str, Floats]:
    """Every metric of METRICS without its interval, which takes most of the time, (rows,) each."""
    n, ordered, answers = seen.latencies.sum(axis=1), Ordered(seen.latencies), seen.good + seen.failed
    quantiles = {name: np.where(n > 0, ordered.at(rank_of(n, share)), np.nan) for name, share in SHARES.items()}
    return {**quantiles, "latency_mean": seen.mean, "error_rate": seen.failed / np.where(answers > 0, answers, np.nan)}


def quantile(seen: Seen, level: float, share: float) -> Measured:
    """The latency that this share of the answers stays below, in the bucket where it is.

    The interval is between two of the ordered latencies, whatever their distribution: of which ranks, the binomial law
    says; between ranks goes a straight line (Hutson 1999, Calculating nonparametric confidence intervals for quantiles
    using fractional order statistics). Where there are too few for a limit it is 0, or infinite.
    """
    n = seen.latencies.sum(axis=1)
    tail = (1 - level) / 2
    ranks = _rank(n, share, 1 - tail), _rank(n, share, tail)
    ordered = Ordered(seen.latencies)
    value = ordered.at(rank_of(n, share))
    low = np.where(ranks[0] <= 1, 0.0, ordered.at(np.clip(ranks[0], 1, n)))
    high = np.where(ranks[1] > n, np.inf, ordered.at(np.clip(ranks[1], 1, n)))
    ends = [np.where(n > 0, end, np.nan) for end in (value, (high - low) / (2 * deviations(level)), low, high)]
    return Measured(*ends)


def rank_of(n: Floats, share: float) -> Floats:
    """The rank of a quantile among n ordered numbers, from 1 on, (rows,)."""
    return np.clip(share * n + 0.5, 1, n)


def mean_latency(seen: Seen, level: float) -> Measured:
    """The mean, exactly; the skewness that its interval must know comes from the buckets."""
    n = seen.latencies.sum(axis=1)
    shares = seen.latencies / np.where(n > 0, n, np.nan)[:, None]
    first = (shares * MIDDLES).sum(axis=1)
    around = MIDDLES / first[:, None]  # sums, not products of matrices: of those a row depends on the others
    shape = [(shares * np.prod([around] * power, axis=0)).sum(axis=1) for power in (1, 2, 3, 4)]
    found = skewed.mean(skewed.Moments(n, *shape), level)
    low, high = (seen.mean + first * (end - 1) for end in found[2:])
    return Measured(seen.mean, first * found.error, np.maximum(low, 0.0), high)


def error_rate(seen: Seen, level: float) -> Measured:
    """The share of answers that failed, of those whose status is known."""
    n, failed = seen.good + seen.failed, seen.failed
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
        """The latency of a rank from 1 on, between two where it is not whole, (rows,); nan where there is none."""
        whole = np.floor(rank)
        with np.errstate(divide="ignore", invalid="ignore"):
            lower, upper = self._at(np.stack([whole, np.minimum(whole + 1, self.running[:, -1])]))
            return np.asarray(lower + (rank - whole) * (upper - lower))

    def _at(self, rank: Floats) -> Floats:
        """The latencies of whole ranks, (ranks, rows).

        Inside a bucket the density is a line as steep as its neighbours say, so s f^2 / 2 + (1 - s / 2) f is the share.
        """
        bucket = np.minimum((self.running < rank[..., None]).sum(axis=-1), BUCKETS - 1)
        rows = np.arange(len(self.counts))
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
