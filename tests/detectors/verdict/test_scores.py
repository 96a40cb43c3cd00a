"""Scores are orthogonal, see what they are named after, and their tails are right where a normal one is not."""

import numpy as np
import pytest
from scipy.stats import binom, norm

from detectors.verdict.scores import NAMES, roots, scores

EVEN = np.full((1, 20), 1_000)
LINE = np.ones((1, 20), np.bool_)


def test_scores_have_mean_0_variance_1_and_are_blind_to_each_other() -> None:
    """Under the shares of the reference."""
    expected = np.random.default_rng(3).integers(1, 400, (1, 20))
    (found,) = scores(expected, np.arange(20)[None] < 17)
    share = np.where(np.arange(20) < 17, expected[0], 0) / expected[0, :17].sum()
    assert np.allclose(found * share @ found.T, np.eye(4), atol=1e-9)
    assert np.allclose(found @ share, 0, atol=1e-9)
    assert not found[:, 17:].any(), "what is off the line has no rank"


def test_a_line_of_two_cells_has_one_score_and_categories_none() -> None:
    """There is nothing of a higher degree to see."""
    found = scores(np.array([[10, 20, 5], [10, 20, 5]]), np.array([[True, True, False], [False] * 3]))
    assert [bool(np.abs(score).max()) for score in found[0]] == [True, False, False, False]
    assert not found[1].any()


@pytest.mark.parametrize(("name", "weights"), [("location", np.arange(20.0)), ("scale", (np.arange(20) - 9.5) ** 2)])
def test_a_score_rises_with_what_it_is_named_after(name: str, weights: np.ndarray) -> None:
    """Weights that grow along the line, or with the distance from its middle."""
    observed = np.round(100 * (1 + weights / weights.max()))[None].astype(np.int64)
    (z,) = roots(scores(EVEN, LINE), EVEN, observed)
    assert NAMES[int(np.abs(z).argmax())] == name
    assert z[NAMES.index(name)] > 3


def test_the_tail_of_a_rare_far_cell_is_that_of_a_binomial_not_of_a_normal() -> None:
    """Fourteen where three are expected: a normal tail is a thousand times too small."""
    expected, n, far = np.array([[990_000, 10_000]]), 300, 14  # 3 of 300 are expected beyond
    z = roots(scores(expected, np.ones((1, 2), np.bool_)), expected, np.array([[n - far, far]]))[0, 0]
    exact = binom.sf(far - 1, n, 0.01)
    plain = norm.sf((far - 3) / np.sqrt(n * 0.01 * 0.99))
    assert norm.sf(z) == pytest.approx(exact, rel=0.6)
    assert plain < exact / 1_000
