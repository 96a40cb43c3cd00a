"""Limits of performance: chance seldom crosses them, a real fall does."""

import numpy as np
import pytest
from scipy.stats import binom

from detectors.performance.binary import Outcomes
from detectors.performance.binary_metrics import METRICS
from detectors.performance.limits import limit
from detectors.performance.measured import Measured
from tests.honesty.binary_worlds import drawn, outcomes, sample

LIMITED = [name for name, metric in METRICS.items() if metric.better and metric.limited]
LEVEL = 0.99
RUNS = 2_000


@pytest.fixture(scope="module")
def samples() -> tuple[Outcomes, Outcomes]:
    """A reference of 10,000 pairs and a window of 400, of one world in each run."""
    rng = np.random.default_rng(11)
    world = drawn(rng, RUNS)
    return outcomes(sample(rng, world, 10_000), world.yes), outcomes(sample(rng, world, 400), world.yes)


@pytest.mark.parametrize("name", LIMITED)
def test_chance_is_beyond_a_limit_as_often_as_promised(name: str, samples: tuple[Outcomes, Outcomes]) -> None:
    """Between two fifths of the level and one and a half times as often.

    The bounds are those that a rate inside this range leaves once in 10,000 times.
    """
    metric = METRICS[name]
    reference, found = (metric.measure(seen, 0.95) for seen in samples)
    before, now = (metric.size(seen) for seen in samples)
    beyond = metric.better * (limit(metric, reference, (before, now), LEVEL, 0.0) - found.value) > 0
    least, most = binom.ppf(1e-4, RUNS, 0.4 * (1 - LEVEL)), binom.isf(1e-4, RUNS, 1.5 * (1 - LEVEL))
    assert least <= beyond.sum() <= most


@pytest.mark.parametrize(("name", "value", "fallen"), [("accuracy", 0.9, 0.72), ("roc_auc", 0.9, 0.75)])
def test_a_real_fall_is_beyond_the_limit(name: str, value: float, fallen: float) -> None:
    """With 200 pairs, a twentieth tolerated and one false finding in a thousand."""
    reference = Measured(*(np.array([one]) for one in (value, np.sqrt(value * (1 - value) / 10_000), value, value)))
    found = limit(METRICS[name], reference, (np.array([10_000.0]), np.array([200.0])), 0.999, 0.05)
    assert fallen < found[0] < 0.95 * value


@pytest.mark.parametrize("name", LIMITED)
def test_more_pairs_and_less_tolerance_are_closer_limits(name: str) -> None:
    """A limit comes nearer with the window's size, up to what is tolerated."""
    reference = Measured(*(np.full(4, one) for one in (0.8, 0.01, 0.78, 0.82)))
    n = np.array([10.0, 100.0, 10_000.0, 1e12])
    metric = METRICS[name]
    strict, lax = (limit(metric, reference, (np.full(4, 1e4), n), 0.999, share) for share in (0.0, 0.1))
    assert (np.diff(strict) * metric.better >= 0).all()
    assert ((strict - lax) * metric.better > 0)[1:].all()


def test_a_limit_of_everything_or_nothing_is_a_number() -> None:
    """A reference without a mistake leaves room for chance; without pairs there is no limit."""
    sure = Measured(*(np.array([one, one, np.nan]) for one in (1.0, 0.0, 1.0, 1.0)))
    sizes = np.array([100.0, 100.0, 0.0]), np.array([50.0, 0.0, 50.0])
    found = limit(METRICS["recall"], sure, sizes, 0.999, 0.0)
    assert 0.8 < found[0] < 1.0
    assert np.isnan(found[1:]).all()


def test_what_chance_makes_great_has_no_limit() -> None:
    """Values that depend on the sample size, and those that are neither good nor bad."""
    reference = Measured(*(np.full(1, 0.1) for _ in range(4)))
    for name in METRICS.keys() - set(LIMITED):
        found = limit(METRICS[name], reference, (np.array([1e4]), np.array([1e3])), 0.999, 0.05)
        assert np.isnan(found).all(), name
