"""Where a change began: the likeliest pane by a plain search, and a set that holds the true one."""

import numpy as np
import pytest
from scipy.stats import binom, norm

from detectors.onset import REFERENCE, SURE, onset, reach
from tests.honesty.onset import CHANGES, WORLDS, World, found

RNG = np.random.default_rng(8)
NOBODY = np.zeros(4, np.int64)


def panes(*shares: float, n: int = 1_000) -> np.ndarray:
    """Two cells, the first with these shares."""
    return np.array([[round(share * n), n - round(share * n)] for share in shares])


def test_the_likeliest_pane_of_a_set_is_that_of_a_search_over_binomial_samples() -> None:
    """Of panes of different sizes, without a reference: each split, both sides at their own shares."""
    for _ in range(50):
        n = RNG.integers(5, 300, 9)
        inside = RNG.binomial(n, np.where(np.arange(9) < 5, 0.2, 0.3))
        likelihoods = []
        for first in range(9):
            sides = ((inside[:first], n[:first]), (inside[first:], n[first:]))
            likelihoods.append(sum(binom.logpmf(k, m, k.sum() / max(m.sum(), 1)).sum() for k, m in sides))
        counts = np.stack((inside, n - inside), axis=1)
        found_at = onset(counts, NOBODY[:2], np.array([1.0, 0.0]))
        near = np.flatnonzero(np.array(likelihoods) >= max(likelihoods) - reach(SURE, 1))
        assert int(np.argmax(likelihoods)) == found_at.at
        assert (near[0], near[-1]) == (found_at.earliest, found_at.latest)


def test_the_likeliest_pane_of_a_score_is_that_of_a_search_over_normal_samples() -> None:
    """Every event at its own score, one variance for all."""
    score = np.array([-1.3, -0.4, 0.2, 1.7])
    for _ in range(50):
        n = RNG.integers(5, 200, 7)
        shares = ([0.25, 0.25, 0.25, 0.25], [0.2, 0.25, 0.25, 0.3])
        counts = np.stack([RNG.multinomial(size, shares[int(i >= 3)]) for i, size in enumerate(n.tolist())])
        values = [np.repeat(score, row) for row in counts]
        likelihoods = []
        for first in range(7):
            sides = [np.concatenate(side) for side in (values[:first], values[first:]) if side]
            deviation = np.sqrt(np.concatenate([side - side.mean() for side in sides]).var())
            likelihoods.append(sum(norm.logpdf(side, side.mean(), deviation).sum() for side in sides))
        assert int(np.argmax(likelihoods)) == onset(counts, NOBODY, score).at


@pytest.mark.parametrize("weights", [np.array([1.0, 0.0]), np.array([0.4, -1.1]), None])
@pytest.mark.parametrize("began", range(6))
def test_a_clear_change_is_found_in_its_pane(weights: np.ndarray | None, began: int) -> None:
    """By a set, by a score, by all cells; in the first pane where all of them are changed: there or before."""
    counts = panes(*np.where(np.arange(6) < began, 0.1, 0.6))
    assert onset(counts, np.array([10_000, 90_000]), weights) == (began, began, began)


def test_a_change_that_did_not_last_is_found_where_it_began() -> None:
    """All was well again before the window ended."""
    counts = panes(0.1, 0.1, 0.1, 0.5, 0.5, 0.1, 0.1, 0.1)
    assert 3 == onset(counts, np.array([1_000, 9_000]), np.array([1.0, 0.0])).at


def test_a_change_within_what_is_tolerated_is_not_the_beginning() -> None:
    """Panes that always differed a little from an endless reference; in the last two something happened."""
    counts = panes(0.13, 0.13, 0.13, 0.13, 0.13, 0.13, 0.13, 0.13, 0.3, 0.3)
    assert (8, 8, 8) == onset(counts, np.array([10**8, 9 * 10**8]), np.array([1.0, 0.0]))


def test_a_reference_counts_for_no_more_than_a_few_panes() -> None:
    """Twice as large a one changes nothing."""
    counts = RNG.multinomial(200, [0.1, 0.2, 0.3, 0.4], 12)
    few = np.array([10, 20, 30, 40]) * 2 * REFERENCE
    for weights in (np.array([1.0, 1.0, 0.0, 0.0]), np.array([-1.0, 0.1, 0.5, 2.0]), None):
        assert onset(counts, few, weights) == onset(counts, 1_000 * few, weights)


def test_empty_panes_are_never_the_beginning() -> None:
    """Nobody knows what happened there."""
    counts = panes(0.1, 0.1, 0.1, 0.7, 0.7)
    gaps = np.zeros((8, 2), np.int64)
    gaps[[1, 2, 4, 6, 7]] = counts
    assert (6, 6, 6) == onset(gaps, np.array([100, 900]), np.array([1.0, 0.0]))


def test_the_order_of_the_other_cells_and_empty_ones_change_nothing() -> None:
    """Cells that nobody fills may follow."""
    counts = RNG.multinomial(300, [0.1, 0.2, 0.3, 0.4], 10)
    counts[6:] += RNG.multinomial(60, [0.7, 0.1, 0.1, 0.1], 4)
    reference, score = np.array([100, 200, 300, 400]), np.array([-1.3, -0.4, 0.2, 1.7])
    wide, order = np.pad(counts, ((0, 0), (0, 5))), [2, 0, 3, 1]
    plain = onset(counts, reference, score)
    assert plain == onset(wide, np.pad(reference, (0, 5)), np.pad(score, (0, 5)))
    assert plain == onset(counts[:, order], reference[order], score[order])
    assert onset(counts, reference, None) == onset(wide, np.pad(reference, (0, 5)), None)


def test_panes_that_vary_more_leave_more_doubt() -> None:
    """As if each event stood for fewer."""
    counts = panes(0.1, 0.12, 0.1, 0.11, 0.16, 0.14, 0.17, 0.15, n=400)
    sure, unsure = (onset(counts, np.array([10, 90]), np.array([1.0, 0.0]), each) for each in (1.0, 5.0))
    assert sure.at == unsure.at
    assert unsure.latest - unsure.earliest > sure.latest - sure.earliest


def test_values_that_leave_no_doubt_break_nothing() -> None:
    """No variance is left on either side; or there is none at all."""
    score = np.array([-1.0, 0.5, 1.0])
    assert (2, 2, 2) == onset(np.array([[9, 0, 0], [9, 0, 0], [0, 0, 9]]), np.zeros(3), score)
    assert onset(np.array([[9, 0, 0], [9, 0, 0]]), np.array([9, 0, 0]), score).earliest == 0
    assert (0, 0, 0) == onset(np.array([[1, 0, 0]]), np.zeros(3), None)


@pytest.mark.parametrize("change", CHANGES[::2])
def test_the_set_holds_the_pane_of_the_change_as_often_as_it_says(change: tuple) -> None:  # type: ignore[type-arg]
    """Windows of small and uneven panes that show the change; `python -m tests.honesty.onset` has all of the table."""
    one = found(change, World(n=100, vary=1.0), 300)
    assert one.windows == 300
    assert one.held >= SURE
    assert WORLDS["permanent"].n > 100
