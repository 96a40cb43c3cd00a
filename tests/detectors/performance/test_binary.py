"""Cells of a binary classifier: every pair is counted once by decision and once by score."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.performance.cells import empty
from detectors.performance.classes.binary import Binary, edges, layout, pairs
from tests.detectors.performance.answers import N_ROWS, SETTINGS, Answers, made


def odd(seed: int, n: int) -> Answers:
    """Answers of which some have no score, no decision, or a score outside [0, 1]."""
    answers = made(seed, n)
    rng = np.random.default_rng(seed + 1)
    score = np.where(rng.random(n) < 0.2, rng.choice([np.nan, -0.5, 1.5, -np.inf, np.inf, 0.0, 1.0], n), answers.score)
    predicted = np.where(rng.random(n) < 0.2, -1, answers.predicted).astype(np.int8)
    return answers._replace(score=score, predicted=predicted)


@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(0, 60))
def test_cells_of_two_parts_are_the_cells_of_all(seed: int, n: int, m: int) -> None:
    """However the pairs were cut, and what was added can be taken away."""
    every = odd(seed, n + m)
    first, second = every.part(slice(n)).cells(), every.part(slice(n, None)).cells()
    assert first + second == every.cells()
    assert every.cells() - second == first


@given(st.integers(0, 2**32), st.integers(0, 60))
def test_row_0_is_all(seed: int, n: int) -> None:
    """The values of each field add up to it."""
    found = odd(seed, n).cells()
    for field in ([1, 2], [3, 4, 5]):
        together = sum((found.take([row]) for row in field), empty(layout(SETTINGS), 1))
        assert found.take([0]) == together


def test_every_pair_is_counted_twice() -> None:
    """Once by decision, once by score, whatever is missing."""
    answers = odd(7, 500)
    counts = answers.cells().counts[0]
    assert 500 == counts[:6].sum() == counts[6:].sum()
    assert (answers.predicted == -1).sum() == counts[0] + counts[3]
    width = SETTINGS.bins + 3
    assert np.isnan(answers.score).sum() == counts[6] + counts[6 + width]
    assert (answers.score < 0).sum() == counts[7] + counts[7 + width]
    assert (answers.score > 1).sum() == counts[5 + width] + counts[5 + 2 * width]


def test_only_probabilities_have_losses() -> None:
    """What has no score, or one outside [0, 1], is in no sum; the ends are inside."""
    score = np.array([np.nan, -1e-9, 1 + 1e-9, np.inf, 0.0, 1.0, 0.5])
    _, values = pairs(SETTINGS, score, np.zeros(7, np.int8), np.ones(7, bool))
    assert [False] * 4 + [True] * 3 == np.isfinite(values[:, 0]).tolist()
    assert [False] * 4 + [True] * 3 == np.isfinite(values[:, 2:]).any(axis=1).tolist()
    assert [1.0, 0.0, 0.25] == values[4:, 1].tolist()


def test_a_score_on_an_edge_opens_its_bin() -> None:
    """Bins are half open, the last one closed."""
    ends = edges(SETTINGS.bins)
    counted, _ = pairs(SETTINGS, ends, np.zeros(len(ends), np.int8), np.zeros(len(ends), bool))
    expected = np.minimum(np.arange(len(ends)), SETTINGS.bins - 1)
    np.testing.assert_array_equal(counted[:, 1] - 6 - 2, expected)


def test_bins_are_fine_near_both_ends() -> None:
    """As the file says: 23 of 256 below 0.001, none wider than 0.012, and the same from the other end."""
    ends = edges(Binary().bins)
    assert 23 == (ends[1:] < 0.001).sum()
    assert 0.0117 < np.diff(ends).max() < 0.012
    np.testing.assert_allclose(ends + ends[::-1], 1.0, rtol=1e-15)


def test_a_row_costs_five_kilobytes() -> None:
    """What a segment value of a pane costs."""
    found = made(1, 10).cells()
    assert 5_000 < found.nbytes / N_ROWS < 5_200
