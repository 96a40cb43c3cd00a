"""Latencies, failures, traffic: quantiles are NumPy's to 2 %, limits those of the binomial law."""

import numpy as np
import pytest
from scipy.stats import binomtest

from detectors.codes import Floats
from detectors.performance import cells
from detectors.performance.latency import BUCKETS, GROWTH, LAYOUT, METRICS, SHORTEST, answers, measure
from detectors.performance.traffic import traffic

QUANTILES = {"latency_p50": 0.5, "latency_p95": 0.95, "latency_p99": 0.99}
LATENCIES = {
    "lognormal": lambda rng, n: np.exp(rng.normal(3, 1, n)),
    "constant": lambda _, n: np.full(n, 12.0),
    "two kinds": lambda rng, n: rng.choice([0.5, 900.0], n, p=[0.9, 0.1]) * rng.uniform(0.9, 1.1, n),
    "whole": lambda rng, n: rng.poisson(3, n) + 1.0,
}


def of(latency: Floats, failed: np.ndarray | None = None) -> cells.Cells:
    """Their cells."""
    status = np.full(len(latency), -1, np.int8) if failed is None else failed
    return cells.of(LAYOUT, *answers(latency, status), np.empty((len(latency), 0), np.int64), 1)


@pytest.mark.parametrize("kind", LATENCIES)
@pytest.mark.parametrize("n", [1, 2, 57, 100, 6_001])
def test_quantiles_are_those_of_numpy(kind: str, n: int) -> None:
    """To 2 %, where they lie between two latencies too."""
    latency = LATENCIES[kind](np.random.default_rng(n), n)
    found = measure(of(latency))
    for name, share in QUANTILES.items():
        expected = np.quantile(latency, share, method="hazen")
        assert found[name].value[0] == pytest.approx(expected, rel=GROWTH - 1), name
    assert found["latency_mean"].value[0] == pytest.approx(latency.mean(), abs=2.0**-20)


@pytest.mark.parametrize("kind", LATENCIES)
def test_limits_are_two_of_the_ordered_latencies(kind: str) -> None:
    """Those whose ranks the binomial law gives, at most one further in."""
    n = 4_000
    latency = np.sort(LATENCIES[kind](np.random.default_rng(1), n))
    found = measure(of(latency))
    for name, share in QUANTILES.items():
        k = round(share * n)
        # The exact test of a share is one of ranks: Clopper and Pearson's limits are beta quantiles as well.
        ranks = np.arange(k - 200, min(k + 201, n))
        inside = [binomtest(int(rank), n, share).pvalue > 0.05 for rank in ranks]
        low, high = ranks[inside][0], ranks[inside][-1] + 1
        for end, rank in ((found[name].low[0], low), (found[name].high[0], high)):
            near = latency[max(rank - 3, 0) : rank + 3]
            assert near[0] / GROWTH <= end <= near[-1] * GROWTH, name


def test_too_few_have_no_limit() -> None:
    """Of 100 answers none need be slower than the 99th percentile; of one nothing is known."""
    found = measure(of(np.linspace(1, 2, 100)))
    assert found["latency_p99"].high[0] == np.inf
    assert np.isfinite(found["latency_p95"].high[0])
    one = measure(of(np.array([3.0])))
    assert one["latency_p50"].low[0] == 0.0
    assert one["latency_p50"].high[0] == np.inf
    assert one["latency_p50"].value[0] == pytest.approx(3.0, rel=GROWTH - 1)


def test_absurd_latencies_stay_in_the_ends_and_unknown_ones_outside() -> None:
    """Nothing is rounded up to a quantile that nobody waited for."""
    latency = np.array([0.0, 1e-300, SHORTEST, np.inf, 1e300, np.nan, -1.0])
    counts = of(latency).counts[0]
    assert counts[0] == 3
    assert counts[BUCKETS - 1] == 2
    assert counts.sum() == 5


def test_buckets_do_not_depend_on_the_batch() -> None:
    """One at a time or all at once, and edges belong to the lower bucket."""
    latency = SHORTEST * GROWTH ** np.random.default_rng(2).integers(0, 900, 500)
    together = of(latency)
    assert together == sum((of(latency[i : i + 1]) for i in range(1, 500)), of(latency[:1]))
    assert answers(np.array([SHORTEST, SHORTEST * 1.0001]), np.full(2, -1, np.int8))[0][:, 0].tolist() == [0, 1]


def test_failures_are_counted_where_the_status_is_known() -> None:
    """Wilson's interval of their share."""
    failed = np.array([1] * 3 + [0] * 47 + [-1] * 50, np.int8)
    found = measure(of(np.ones(100), failed))["error_rate"]
    interval = binomtest(3, 50).proportion_ci(method="wilson")
    assert (found.value[0], found.low[0], found.high[0]) == pytest.approx((0.06, interval.low, interval.high))


@pytest.mark.parametrize("name", METRICS)
def test_nothing_is_known_of_no_answers(name: str) -> None:
    """No value and no warning."""
    assert np.isnan(measure(cells.empty(LAYOUT, 2))[name]).all()


def test_traffic_is_a_ratio_of_rates() -> None:
    """Against 7 usual windows; none came, none usually come."""
    found = traffic(np.array([130, 0, 5]), np.array([700, 700, 0]), np.full(3, 7.0), np.ones(3))
    assert found.value[:2].tolist() == [1.3, 0.0]
    assert found.low[0] < 1.3 < found.high[0]
    assert found.low[1] == 0.0
    assert 0 < found.high[1] < 0.1
    assert np.isnan([one[2] for one in found]).all()


@pytest.mark.parametrize("dispersion", [1.0, 5.0])
@pytest.mark.parametrize("mean", [20, 1_000])
def test_traffic_keeps_its_promise(dispersion: float, mean: int) -> None:
    """The ratio is in 93 to 97 % of the intervals, where events come in bursts too."""
    rng = np.random.default_rng(3)

    def counts(mean: float) -> np.ndarray:
        if dispersion == 1:
            return rng.poisson(mean, 2_000)
        return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, 2_000)

    found = traffic(counts(1.3 * mean), counts(7 * mean), np.full(2_000, 7.0), np.full(2_000, dispersion))
    assert 0.93 <= np.mean((found.low <= 1.3) & (found.high >= 1.3)) <= 0.97
