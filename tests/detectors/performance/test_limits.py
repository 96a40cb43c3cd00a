"""Limits of a service are broken as often as promised where nothing has changed, and surely where much has."""

import numpy as np
import pytest

from detectors import service
from detectors.performance.service.latency import SHARES, measure, rank_of, read, values
from detectors.performance.service.limits import _fewer, failures_limit, quantile_limit
from detectors.service import FAILED, GOOD, NOTHING, UNKNOWN

RUNS = 400_000


@pytest.mark.parametrize("share", SHARES.values(), ids=SHARES)
@pytest.mark.parametrize(("n", "m"), [(30, 4_096), (300, 4_096), (5_000, 1_000)])
def test_a_quantile_is_beyond_as_often_as_promised(n: int, m: int, share: float) -> None:
    """By the law of ranks, without the tolerance: at most once and a quarter as often at a chance of 0.001.

    The rank of a window's quantile among the reference has no distribution but that of ranks.
    """
    random = np.random.default_rng(1)
    rank = float(rank_of(np.array([float(n)]), share)[0])
    among = random.binomial(m, random.beta(rank, n + 1 - rank, RUNS))
    worth = (1 + share) / 2
    allowed = _fewer(np.array([(n - rank + 1) / worth]), np.array([n / (n + m)]), 0.001)[0] * worth
    assert allowed < 0 or np.mean(among >= m - allowed) < 0.00125


@pytest.mark.parametrize("kind", ["lognormal", "whole"])
def test_few_of_unchanged_windows_are_beyond(kind: str) -> None:
    """From buckets, with nothing tolerated, 2,000 references and windows at a chance of 0.01."""
    random, runs, m, n = np.random.default_rng(2), 2_000, 1_000, 300

    def part(size: int) -> service.Service:
        latency = np.exp(random.normal(3, 1, size)) if kind == "lognormal" else random.poisson(9, size) + 1.0
        return service.of(latency, np.where(random.random(size) < 0.02, FAILED, GOOD))

    references, windows = read([part(m) for _ in range(runs)]), read([part(n) for _ in range(runs)])
    sizes, found = np.full(runs, float(n)), values(windows)
    for name, share in SHARES.items():
        limit = quantile_limit(references, sizes, share, 0.01, 0.0)
        assert np.mean(found[name] > limit) < 0.016, name
    assert np.mean(found["error_rate"] > failures_limit(references, sizes, 0.01, 0.0)) < 0.016


def test_what_is_twice_as_slow_or_faulty_is_beyond() -> None:
    """At the chance that a window of an hour has."""
    random = np.random.default_rng(3)
    before = service.of(np.exp(random.normal(3, 0.4, 4_096)), np.where(random.random(4_096) < 0.01, FAILED, GOOD))
    now = service.of(2 * np.exp(random.normal(3, 0.4, 2_000)), np.where(random.random(2_000) < 0.04, FAILED, GOOD))
    found, n = measure(read([now])), np.array([2_000.0])
    for name, share in SHARES.items():
        (limit,) = quantile_limit(read([before]), n, share, 1e-4, 0.05)
        assert values(read([before]))[name][0] < limit < found[name].value[0], name
    assert failures_limit(read([before]), n, 1e-4, 0.05)[0] < found["error_rate"].value[0]


def test_more_is_allowed_to_fewer_answers_and_what_is_tolerated() -> None:
    """Of windows and of references."""
    seen = read([service.of(np.exp(np.random.default_rng(4).normal(3, 1, n)), np.full(n, GOOD)) for n in (500, 5_000)])
    few, many = (quantile_limit(seen, np.full(2, n), 0.95, 1e-3, 0.05) for n in (100.0, 10_000.0))
    assert (few > many).all()
    assert quantile_limit(seen, np.full(2, 100.0), 0.95, 1e-3, 0.5) == pytest.approx(few * 1.5 / 1.05)
    assert (
        failures_limit(seen, np.full(2, 100.0), 1e-3, 0.05)[0] > failures_limit(seen, np.full(2, 100.0), 1e-3, 0.05)[1]
    )


def test_too_few_can_not_be_sure_and_nothing_is_known_without_a_reference() -> None:
    """Of 50 answers one is beyond the 99th percentile by nature; no warning either way."""
    some = service.of(np.linspace(1, 2, 1_000), np.full(1_000, UNKNOWN))
    assert quantile_limit(read([some]), np.array([50.0]), 0.99, 1e-4, 0.05)[0] == np.inf
    for share in SHARES.values():
        assert np.isnan(quantile_limit(read([NOTHING]), np.array([50.0]), share, 1e-4, 0.05)).all()
        assert np.isnan(quantile_limit(read([some]), np.array([0.0]), share, 1e-4, 0.05)).all()
    assert np.isnan(failures_limit(read([some]), np.array([50.0]), 1e-4, 0.05)).all()


def test_a_window_is_measured_and_limited_alike_among_any_others() -> None:
    """To the last bit: which windows close together depends on the batching."""
    random, n = np.random.default_rng(5), 60
    parts = [
        service.of(random.lognormal(2, 1, size), np.where(random.random(size) < 0.1, FAILED, GOOD))
        for size in random.integers(1, 2_000, 2 * n).tolist()
    ]
    windows, references = parts[:n], parts[n:]

    def told(places: list[int]) -> list[bytes]:
        seen, against = read([windows[i] for i in places]), read([references[i] for i in places])
        sizes = seen.latencies.sum(axis=1)
        columns = [column for each in measure(seen).values() for column in each] + list(values(against).values())
        columns += [quantile_limit(against, sizes, share, 1e-4, 0.05) for share in SHARES.values()]
        columns += [failures_limit(against, sizes, 1e-4, 0.05)]
        return [row.tobytes() for row in np.stack(columns, axis=1) + 0.0]

    alone = [told([i])[0] for i in range(n)]
    for _ in range(30):
        places = random.integers(0, n, random.integers(1, 50)).tolist()
        assert [alone[i] for i in places] == told(places)
