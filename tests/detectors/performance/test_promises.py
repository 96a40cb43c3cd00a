"""Intervals cover the truth as often as they say: the short version of `tests.honesty.kinds`."""

import pytest
from scipy.stats import binom

from tests.honesty.kinds import PROMISED, WORLDS, covered, truth

RUNS = 500


@pytest.mark.parametrize("name", ["five uneven classes", "t5 errors", "good lists", "web"])
def test_intervals_of_300_keep_their_promise(name: str) -> None:
    """The bounds are those that a coverage inside the promise leaves once in 10,000 times."""
    world = WORLDS[name]
    found = covered(world, truth(world, 500_000), 300, RUNS)
    low, high = binom.ppf(1e-4, RUNS, PROMISED[0]) / RUNS, binom.isf(1e-4, RUNS, PROMISED[1]) / RUNS
    assert {metric: share for metric, share in found.items() if not low <= share <= high} == {}
