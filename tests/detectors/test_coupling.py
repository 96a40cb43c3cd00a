"""Pairs of features: sums that add up, covariances of votes, and how far chance moves them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import grids, packing, parts
from detectors.coupling import Cuts, Spread, Together, known, moved, together

N = 4_000
NO_CATEGORIES = np.zeros((N, 0), np.uint16)
ALONE = np.zeros((N, 0), np.int64)


def numbers(seed: int, correlation: float, n: int = N) -> np.ndarray:
    """Three numbers, the first two of which go together; one of a hundred is missing."""
    dice = np.random.default_rng(seed)
    values = dice.normal(size=(n, 3))
    values[:, 1] = correlation * values[:, 0] + np.sqrt(1 - correlation**2) * values[:, 1]
    values[dice.random((n, 3)) < 0.01] = np.nan
    return values


VALUES = numbers(1, 0.5)
GRID = grids.build(dict(zip("abc", VALUES.T, strict=True)), {}, vocabulary=10)
COUNTED = parts.of(GRID, VALUES, NO_CATEGORIES, ALONE, 1)
CUTS = Cuts.of(GRID, COUNTED.counts[0], np.arange(3))


def summed(values: np.ndarray) -> parts.Summary:
    """Their summary, with pairs."""
    empty = NO_CATEGORIES[:1].repeat(len(values), 0), np.zeros((len(values), 0), np.int64)
    return parts.of(GRID, values, *empty, 1, CUTS)


def of(values: np.ndarray) -> Together:
    """What goes together in them."""
    summary = summed(values)
    return together(GRID, CUTS, summary.counts[0], summary.pairs)


def test_covariances_are_those_of_the_votes() -> None:
    """The slow way: a vote each, their covariance, and the variance of what one event adds to it."""
    cells = parts.placed(GRID, VALUES, NO_CATEGORIES)
    regular = GRID.regular[:, None]
    votes = np.where((cells >= CUTS.first[:, None]) & (cells < regular), 1.0, -1.0)
    assert (np.abs(votes.mean(axis=1)) < 0.05).all()
    found = of(VALUES)
    for k, (i, j) in enumerate(((0, 1), (0, 2), (1, 2))):
        each = (votes[i] - votes[i].mean()) * (votes[j] - votes[j].mean())
        np.testing.assert_allclose(found.covariance[k], each.mean(), atol=1e-12)
        np.testing.assert_allclose(found.variance[k], each.var(), atol=1e-12)
    np.testing.assert_allclose(found.correlation, [0.5, 0, 0], atol=0.06)


@given(st.lists(st.integers(0, N), max_size=4))
def test_any_split_has_the_same_sums(cuts: list[int]) -> None:
    """Added up, packed and unpacked; and what was added can be taken off."""
    whole, pieces = summed(VALUES), [summed(piece) for piece in np.split(VALUES, sorted(cuts))]
    total = pieces[0]
    for piece in pieces[1:]:
        total += piece
    assert whole == total == packing.unpack(GRID, packing.pack(total))
    assert whole == total + parts.empty(GRID, 1) == parts.empty(GRID, 1) + total
    assert pieces[0] == pieces[0] + total - total
    assert (whole.counts[0] == packing.total(GRID, packing.pack(whole))).all()


def test_what_moved_is_found_and_nothing_else() -> None:
    """The pair that parted, at any chance; of the others only that something is known."""
    before, now = of(VALUES), of(numbers(2, 0.05))
    p = moved(before, now, N, N, 0.05, None)
    assert p[0] < 1e-10
    assert (p[1:] == 1).all()
    assert known(before, now).all()
    assert (moved(before, of(numbers(3, 0.5)), N, N, 0.0, None) > 0.01).all()
    assert moved(before, of(numbers(3, 0.45)), N, N, 0.05, None)[0] == 1, "that much is tolerated"


@pytest.mark.parametrize("odd", [1e300, -1e300, np.inf, np.nan])
def test_one_odd_value_is_one_vote(odd: float) -> None:
    """Whatever it is."""
    values = numbers(4, 0.5)
    calm = of(values)
    values[7] = odd
    assert np.abs(of(values).covariance - calm.covariance).max() < 4 / N


def test_a_rare_corner_says_nothing() -> None:
    """What is nearly always the same has too few events on its other side."""
    values = numbers(5, 0.5, 300)
    values[:, 0] = np.where(np.arange(300) % 60 == 0, values[:, 0], 0.0)
    assert not known(of(VALUES), of(values))[0]


def test_chance_alone_alarms_as_often_as_promised() -> None:
    """At 1 in 20, of windows of 200 beside a reference of 2,000, in any of the pairs: about so often."""
    dice = np.random.default_rng(6)
    p = []
    for _ in range(400):
        sides = [dice.normal(size=(n, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]]) for n in (2_000, 200)]
        p.append(moved(of(sides[0]), of(sides[1]), 2_000, 200, 0.0, None).min())
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.07


def test_panes_that_vary_teach_it() -> None:
    """Those of sessions do by as much as sessions are long; independent ones not at all."""
    dice = np.random.default_rng(8)

    def taught(session: int) -> Spread:
        found = [of(numbers(int(dice.integers(1 << 30)), 0.5, 40).repeat(session, 0)) for _ in range(60)]
        return Spread.learn(
            *(np.stack([each[i] for each in found]) for i in (0, 1)), np.full(60, 40 * session), features_vary=False
        )

    assert (taught(1).inflation == 1).all()
    assert np.isinf(taught(1).freedom).all()
    assert (np.abs(taught(5).inflation - 5) < 2).all()
