"""Latencies and failures: intervals are those of the binomial law."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import binomtest

from detectors import service
from detectors.codes import Floats
from detectors.performance.measured import Measured
from detectors.performance.service.latency import METRICS, measure, read
from detectors.service import BUCKETS, NOTHING, SHORTEST, UNKNOWN, WIDTH

QUANTILES = {"latency_p50": 0.5, "latency_p95": 0.95, "latency_p99": 0.99}
LATENCIES = {
    "lognormal": lambda rng, n: np.exp(rng.normal(3, 1, n)),
    "constant": lambda _, n: np.full(n, 12.0),
    "two kinds": lambda rng, n: rng.choice([0.5, 900.0], n, p=[0.9, 0.1]) * rng.uniform(0.9, 1.1, n),
    "whole": lambda rng, n: rng.poisson(3, n) + 1.0,
}


def measured(latency: Floats, status: np.ndarray | None = None) -> dict[str, Measured]:
    """What they are."""
    says = np.full(len(latency), UNKNOWN) if status is None else status
    return measure(read([service.of(latency, says)]))


@cache
def limits(n: int, share: float) -> tuple[int, int]:
    """The ranks of a quantile's limits, by the exact test of each rank: the same whatever the latencies are."""
    k = round(share * n)
    # The exact test of a share is one of ranks: Clopper and Pearson's limits are beta quantiles as well.
    ranks = np.arange(k - 200, min(k + 201, n))
    inside = [binomtest(int(rank), n, share).pvalue > 0.05 for rank in ranks]
    return int(ranks[inside][0]), int(ranks[inside][-1]) + 1


@pytest.mark.parametrize("kind", LATENCIES)
def test_limits_are_two_of_the_ordered_latencies(kind: str) -> None:
    """Those whose ranks the binomial law gives, at most one further in."""
    n = 4_000
    latency = np.sort(LATENCIES[kind](np.random.default_rng(1), n))
    found = measured(latency)
    for name, share in QUANTILES.items():
        low, high = limits(n, share)
        for end, rank in ((found[name].low[0], low), (found[name].high[0], high)):
            near = latency[max(rank - 3, 0) : rank + 3]
            assert near[0] / (1 + WIDTH) <= end <= near[-1] * (1 + WIDTH), name


def test_too_few_have_no_limit() -> None:
    """Of 100 answers none need be slower than the 99th percentile; of one nothing is known."""
    found = measured(np.linspace(1, 2, 100))
    assert found["latency_p99"].high[0] == np.inf
    assert np.isfinite(found["latency_p95"].high[0])
    one = measured(np.array([3.0]))
    assert one["latency_p50"].low[0] == 0.0
    assert one["latency_p50"].high[0] == np.inf
    assert one["latency_p50"].value[0] == pytest.approx(3.0, rel=WIDTH)


def test_absurd_latencies_stay_in_the_ends_and_unknown_ones_outside() -> None:
    """Nothing is rounded up to a quantile that nobody waited for."""
    latency = np.array([0.0, 1e-300, SHORTEST, np.inf, 1e300, np.nan, -1.0])
    counts = service.of(latency, np.full(len(latency), UNKNOWN)).latencies
    assert counts[0] == 2  # SHORTEST is where the second begins
    assert counts[BUCKETS - 1] == 2
    assert counts.sum() == 5


def test_failures_are_counted_where_the_status_is_known() -> None:
    """Wilson's interval of their share."""
    failed = np.array([service.FAILED] * 3 + [service.GOOD] * 47 + [UNKNOWN] * 50)
    found = measured(np.ones(100), failed)["error_rate"]
    interval = binomtest(3, 50).proportion_ci(method="wilson")
    assert (found.value[0], found.low[0], found.high[0]) == pytest.approx((0.06, interval.low, interval.high))


@pytest.mark.parametrize("name", METRICS)
def test_nothing_is_known_of_no_answers(name: str) -> None:
    """No value and no warning."""
    assert np.isnan(measure(read([NOTHING, NOTHING]))[name]).all()
