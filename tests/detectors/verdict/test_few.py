"""Chances of few values against SciPy's, and how often they are attained against a sum over all counts."""

import numpy as np
import pytest
from scipy.special import ndtr, stdtr
from scipy.stats import binom, hypergeom

from detectors.verdict.few import Pairs, attained, real, settled

CASES = [(0, 3), (3, 0), (10, 4), (0, 0), (50, 1), (2, 9), (30, 20)]


def _pairs(x: float, y: float, m: float, n: float) -> Pairs:
    return Pairs(*(np.array([each], np.float64) for each in (x, y, m, n)))


@pytest.mark.parametrize(("x", "y"), CASES)
def test_chances_of_rare_values_are_those_of_a_binomial_of_what_both_have(x: int, y: int) -> None:
    """Twice the smaller tail, at most 1."""
    (found,) = _pairs(x, y, 1e9, 2e8).exact()
    tails = binom.sf(y - 1, x + y, 1 / 6), binom.cdf(y, x + y, 1 / 6)
    assert found == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-5)


@pytest.mark.parametrize(("x", "y"), CASES)
@pytest.mark.parametrize(("m", "n"), [(1_000, 200), (400, 50), (200, 200), (100, 1_000)])
def test_chances_are_nearly_those_of_draws_from_both_samples(x: int, y: int, m: int, n: int) -> None:
    """To a quarter, where they are not below 1e-6; and those of what a set lacks are the same."""
    (found,) = _pairs(x, y, m, n).exact()
    tails = hypergeom.sf(y - 1, m + n, x + y, n), hypergeom.cdf(y, m + n, x + y, n)
    wanted = min(1.0, 2 * min(tails))
    assert found == pytest.approx(wanted, rel=1 / 4) or wanted < 1e-6
    assert _pairs(m - x, n - y, m, n).exact() == found


@pytest.mark.parametrize("p", [0.04, 1e-3, 1e-6])
@pytest.mark.parametrize("each", [1.0, 1.1])
def test_what_is_attained_is_the_chance_of_all_counts_that_are_as_far_out(p: float, each: float) -> None:
    """Counted one by one, of counts that may be 1, 2, 5, ... in both samples."""
    for both in (1, 2, 5, 17, 60, 140):
        m, n = 900.0, 300.0
        now = np.arange(both + 1.0)
        pairs = Pairs(both - now, now, np.full(both + 1, m), np.full(both + 1, n))
        exact = pairs.exact(each)
        upper = now > both * n / (m + n)
        sides = [exact[(exact <= p) & side].max(initial=0.0) / 2 for side in (upper, ~upper)]
        (found,) = attained(*(np.array([float(of)]) for of in (p, both, m, n, each)))
        assert found == pytest.approx(sum(sides), rel=1e-9, abs=1e-300)


def test_sets_of_many_values_count_fully_and_those_that_cannot_be_far_out_do_not() -> None:
    """One of 500 values beside three that hold one or two, of which none can have its p-value."""
    pairs = Pairs(np.array([[5_000.0, 1, 0, 2]]), np.array([[500.0, 0, 1, 0]]), np.array([[1e5]]), np.array([[1e4]]))
    p, ones = np.array([[1e-4, 0.9, 0.4, 1.0]]), np.ones((1, 4))
    assert real(p, pairs, ones, pairs.few())[0, 0] == 0.25
    assert real(p, pairs, ones, np.zeros((1, 4), np.bool_))[0, 0] == 1


def test_what_is_known_badly_widens_a_counted_chance_as_it_widens_a_root() -> None:
    """The same root by a normal tail, and by one of 20 degrees of freedom; where values come together, the greater."""
    pairs, few, root = _pairs(30, 9, 1_000, 100), np.ones((1, 1), np.bool_), np.array([[3.1]])
    pairs = Pairs(*(each[None] for each in pairs))
    sure, vague = 2 * ndtr(-root), 2 * stdtr(20, -root)
    calm, wild = np.array([[1.1]]), np.array([[1.5]])
    widened = settled(sure, root, pairs, calm, few) * vague / sure
    assert settled(vague, root, pairs, calm, few)[0, 0] == pytest.approx(widened[0, 0])
    assert settled(vague, root, pairs, wild, few)[0, 0] == max(pairs.exact(wild)[0, 0], vague[0, 0])
    assert settled(sure, root, pairs, np.ones((1, 1)), few)[0, 0] == pairs.exact()[0, 0]
