"""Versions side by side: the intervals are the paper's, and looking at every batch finds no difference that is none."""

import numpy as np
import pytest

from detectors.comparison import START, VERDICTS, Comparison, Means, compare
from tests.honesty.comparison import ALPHA, EQUAL, ROLLOUTS, SKEWED, rare, story


def versions(n: int, first: float, second: float, deviation: float = 1.0) -> tuple[Means, Means]:
    """Two versions with as many pairs."""
    size, variance = np.array([n]), np.array([deviation**2])
    return Means(size, np.array([first]), variance), Means(size, np.array([second]), variance)


def verdict(found: Comparison) -> str:
    """The word."""
    return VERDICTS[int(found.verdict[0])]


@pytest.mark.parametrize("n", [100, 3_000, 10_000, 10**6])
@pytest.mark.parametrize("alpha", [0.05, 1e-4])
def test_equal_sizes_have_the_interval_of_the_paper(n: int, alpha: float) -> None:
    """Theorem 2.2 of the differences of n pairs, whose variance is the sum of both."""
    found = compare(*versions(n, 1.5, 1.0, 3.0), horizon=10_000, alpha=alpha)
    sigma, rho2 = np.sqrt(18.0), (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / 10_000
    radius = sigma * np.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * np.log(np.sqrt(n * rho2 + 1) / alpha))
    assert found.low[0] == pytest.approx(0.5 - radius)
    assert found.high[0] == pytest.approx(0.5 + radius)


def test_the_interval_is_nearly_narrowest_at_its_horizon() -> None:
    """No other horizon makes it narrower there by more than a hundredth."""
    others = [np.ptp(compare(*versions(5_000, 0.0, 0.0), horizon=h)[1:3]) for h in np.geomspace(50, 500_000, 81)]
    assert np.ptp(compare(*versions(5_000, 0.0, 0.0), horizon=5_000)[1:3]) < 1.01 * min(others)


def test_a_verdict_knows_which_way_is_good_and_how_much_matters() -> None:
    """The same numbers as accuracies, as losses, and beside a margin."""
    pair = versions(50_000, 1.1, 1.0)
    assert "better" == verdict(compare(*pair))
    assert "worse" == verdict(compare(*pair, greater_is_better=False))
    assert "worse" == verdict(compare(*pair[::-1]))
    assert "better" == verdict(compare(*pair[::-1], greater_is_better=False))
    assert "not yet known" == verdict(compare(*pair, margin=0.09))
    assert "not yet known" == verdict(compare(*versions(50_000, 1.01, 1.0)))


def test_nothing_is_said_at_the_start() -> None:
    """Few pairs, none at all, or values that never vary: everything is possible."""
    for pair in (versions(START - 1, 9.0, 1.0), versions(0, np.nan, np.nan), versions(10**6, 1.0, 0.0, 0.0)):
        found = compare(*pair)
        assert (-np.inf, np.inf) == (found.low[0], found.high[0])
        assert "not yet known" == verdict(found)


def test_a_canary_without_an_error_yet_is_no_better() -> None:
    """Of 100 pairs at an error rate of 0.02, 13 in 100 see none, with no variance of their own."""
    canary = Means(np.array([100]), np.array([0.0]), np.array([0.0]))
    rest = Means(np.array([10**6]), np.array([0.02]), np.array([0.0196]))
    assert "not yet known" == verdict(compare(canary, rest, greater_is_better=False))


def test_rows_do_not_affect_each_other() -> None:
    """Many metrics at once, as one at a time."""
    rng = np.random.default_rng(5)
    sides = [Means(rng.integers(0, 500, 9), rng.normal(0, 1, 9), rng.random(9)) for _ in range(2)]
    better = rng.random(9) < 0.5
    whole = compare(*sides, greater_is_better=better)
    for i in range(9):
        alone = compare(
            *(Means(*(column[i : i + 1] for column in side)) for side in sides), greater_is_better=better[i]
        )
        for mine, every in zip(alone, whole, strict=True):
            np.testing.assert_array_equal(mine, every[i : i + 1])


@pytest.mark.parametrize("rollout", ROLLOUTS)
@pytest.mark.parametrize("name", EQUAL)
def test_equal_versions_are_told_apart_as_seldom_as_promised(name: str, rollout: str) -> None:
    """A thousand looks, 400 runs, seed 14; of halves by a hundred, up to 10^5 pairs each."""
    assert story(EQUAL[name], EQUAL[name], ROLLOUTS[rollout], 0.0, 400).missed.mean() <= ALPHA


@pytest.mark.parametrize("name", SKEWED)
def test_equal_skewed_losses_are_told_apart_as_seldom_as_promised(name: str) -> None:
    """Looked at after every ten pairs up to 3,000; 100 runs, seed 14."""
    rollout = ROLLOUTS["halves, by 10"]._replace(looks=300)
    assert story(SKEWED[name], SKEWED[name], rollout, 0.0, 100, horizon=1_000).missed.mean() <= ALPHA


def test_a_worse_version_is_found() -> None:
    """Error rates of 0.12 and 0.10, looked at after every hundred pairs: all 200 runs, half of them within 5,000."""
    found = story(
        lambda *a: rare(0.12, *a), lambda *a: rare(0.10, *a), ROLLOUTS["halves, by 100"]._replace(looks=600), 0.02, 200
    )
    assert (found.decided > 0).all()
    assert np.median(found.decided) <= 50
