"""What is usual is learned from windows: no false falls where traffic bursts or has a rhythm, and true ones found."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from detectors.performance.service.traffic import LEAST, Usual, fewest, interval

CHANCE = 1e-4  # a window of an hour at one false trigger a month, three lengths and five metrics


def follow(counts: np.ndarray) -> tuple[list[int], int]:
    """The windows that are surely too few, and how many others had to be judged.

    A limit is below what is expected, so that it need not be known of a window with as many.
    """
    usual, falls, known = Usual(), [], 0
    for i, n in enumerate(counts.tolist()):
        slot = i % 24
        if n <= usual.expected(slot):
            least = usual.limit(slot, CHANCE, 0.05)
            known += not np.isnan(least)
            falls += [i] * (n <= least)
        usual = usual.step(n, slot, 24)
    return falls, known


RHYTHMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "flat": np.ones_like,
    "of the day": lambda hour: np.exp(1.2 * np.sin(2 * np.pi * hour / 24)),
}


@pytest.mark.parametrize("rhythm", RHYTHMS.values(), ids=RHYTHMS)
@pytest.mark.parametrize(("spread", "memory"), [(0.0, 0.0), (0.2, 0.8), (0.5, 0.5)])
@pytest.mark.parametrize("rate", [60, 3_000])
def test_unchanged_traffic_falls_less_often_than_promised(
    rate: int, spread: float, memory: float, rhythm: Callable[[np.ndarray], np.ndarray]
) -> None:
    """Twenty months of hours, whose rate varies by itself, lognormal, with a memory: two are promised at most."""
    random, hours = np.random.default_rng(5), np.arange(24 * 30)
    falls = 0
    for _ in range(20):
        noise, steps = 0.0, random.normal(size=len(hours))
        logs = [noise := memory * noise + np.sqrt(1 - memory**2) * step for step in steps.tolist()]
        falls += len(follow(random.poisson(rate * rhythm(hours) * np.exp(spread * np.array(logs))))[0])
    assert falls <= 2


def test_a_model_that_falls_silent_is_found_at_once() -> None:
    """And a fall to a fifth, where traffic is steady."""
    random = np.random.default_rng(6)
    counts = random.poisson(300, 100)
    counts[60] = 0
    assert [60] == follow(counts)[0]
    counts[60] = 60
    assert [60] == follow(counts)[0]


def test_a_rhythm_is_known_after_a_day() -> None:
    """Offices that close at night are told once, on the first evening, and forgotten."""
    hours = np.arange(24 * 10)
    counts = np.random.default_rng(7).poisson(np.where((hours % 24 >= 8) & (hours % 24 < 18), 3_000, 0))
    falls, _ = follow(counts)
    assert {fall // 24 for fall in falls} <= {0, 1}


def test_nothing_is_said_before_there_is_enough() -> None:
    """Of windows, or of events: where none at all may be chance, none is news."""
    assert follow(np.full(LEAST, 500))[1] == 0
    assert follow(np.full(LEAST + 1, 500))[1] == 1
    assert follow(np.full(200, 3))[1] == 0
    assert follow(np.zeros(50, np.int64))[0] == []


@pytest.mark.parametrize("mean", [12.0, 300.0])
@pytest.mark.parametrize("variation", [0.0, 0.1])
def test_the_fewest_are_those_of_the_law(mean: float, variation: float) -> None:
    """SciPy's negative binomial and Poisson laws."""
    size = 1 / variation if variation else None
    law = nbinom(size, size / (size + mean)) if size else poisson(mean)
    for chance in (0.01, 1e-3):
        n = fewest(mean, variation, chance)
        if np.isnan(n):
            assert law.cdf(0) > chance
        else:
            assert law.cdf(np.floor(n)) <= chance < law.cdf(np.floor(n) + 1)


def test_the_interval_keeps_its_promise() -> None:
    """Counts outside of it have a chance of 2.5 % at most, on either side."""
    for n in (0, 1, 7, 400):
        low, high = interval(n)
        assert poisson.cdf(n, high) == pytest.approx(0.025)
        assert not n or poisson.sf(n - 1, low) == pytest.approx(0.025)
