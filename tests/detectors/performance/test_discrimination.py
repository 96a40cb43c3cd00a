"""Ranking by bins: how far it may be from the ranking of the scores themselves."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from detectors.performance.classes.binary import Outcomes, edges
from detectors.performance.classes.discrimination import average_precision, roc_auc
from tests.detectors.performance.answers import N_ROWS, SETTINGS, Answers, made

SLACK = 1e-12  # rounding, no more


def scores(seed: int, n: int) -> np.ndarray:
    """Some equal, some close, some outside [0, 1]."""
    rng = np.random.default_rng(seed)
    kinds = [
        rng.random(n),
        rng.integers(0, 5, n) / 4,
        0.3 + 1e-4 * rng.random(n),
        rng.normal(0, 2, n),
        rng.random(n) ** 9,
    ]
    return np.choose(rng.integers(0, rng.integers(1, 6), n), kinds)


def area_bound(seen: Outcomes) -> float:
    """How far the area on the scores themselves may lie either way: half the share of pairs that are tied."""
    negatives, positives = seen.scores[0]
    return float((positives * negatives).sum() / (2 * positives.sum() * negatives.sum()))


def precision_bounds(seen: Outcomes) -> tuple[float, float]:
    """Between which values the average precision on the scores themselves lies.

    At worst each bin's negatives come first and its positives one by one; at best its positives first, all tied.
    """
    worst = best = hits = pairs = 0
    for negatives, positives in reversed(seen.scores[0].astype(int).T.tolist()):
        worst += sum((hits + i) / (pairs + negatives + i) for i in range(1, positives + 1))
        best += positives * (hits + positives) / max(1, pairs + positives)
        hits, pairs = hits + positives, pairs + positives + negatives
    return worst / hits, best / hits


def answers(score: np.ndarray, label: np.ndarray) -> Answers:
    """Without segments that matter."""
    return Answers(score, np.zeros(len(score), np.int8), label, np.ones((len(score), 2), np.int64) * [1, 3])


@given(st.integers(0, 2**32), st.integers(2, 120), st.floats(0.05, 0.95))
def test_the_scores_value_is_within_the_bound_of_the_bins(seed: int, n: int, rate: float) -> None:
    """For both areas, whatever ties there are."""
    score, label = scores(seed, n), np.random.default_rng(seed).random(n) < rate
    assume(0 < label.sum() < n)
    seen = answers(score, label).seen()
    area, bound = roc_auc(seen, 0.95).value[0], area_bound(seen)
    assert abs(roc_auc_score(label, score) - area) <= bound + SLACK
    low, high = precision_bounds(seen)
    assert low - SLACK <= average_precision_score(label, score) <= high + SLACK
    assert low - SLACK <= average_precision(seen, 0.95).value[0] <= high + SLACK


def test_the_area_is_that_of_the_bins_numbers() -> None:
    """Scores that share a bin are tied, nothing else is lost."""
    pairs = made(1, 5_000)
    place = np.searchsorted(edges(SETTINGS.bins)[1:-1], pairs.score, side="right")
    expected = [roc_auc_score(one.label, one.score) for one in map(pairs._replace(score=place).of_row, range(N_ROWS))]
    np.testing.assert_allclose(roc_auc(pairs.seen(), 0.95).value, expected, rtol=1e-12)


def test_skewed_scores_are_bounded_closely() -> None:
    """Two hundred of 20,000 are positive, nearly all scores below 0.1: both bounds are narrow, and hold."""
    rng = np.random.default_rng(5)
    label = rng.random(20_000) < 0.01
    score = rng.beta(np.where(label, 2.0, 0.5), 60.0)
    seen = answers(score, label).seen()
    assert area_bound(seen) < 0.01
    low, high = precision_bounds(seen)
    assert high - low < 0.025
    assert low <= average_precision_score(label, score) <= high
    shown = roc_auc(seen, 0.95).value[0], average_precision(seen, 0.95).value[0]
    assert abs(shown[0] - roc_auc_score(label, score)) < area_bound(seen) / 10
    assert abs(shown[1] - average_precision_score(label, score)) < (high - low) / 5


def test_the_average_precision_is_the_mean_over_all_orders_of_a_bin() -> None:
    """Of six pairs in one bin, one above and one below, by trying every order."""
    label = np.array([False, True, True, False, True, False, False, True])
    score = np.array([0.9, *[0.3] * 6, 0.1])
    every = [average_precision_score(label, np.array([9, *order, 0])) for order in permutations(range(1, 7))]
    assert average_precision(answers(score, label).seen(), 0.95).value[0] == pytest.approx(np.mean(every), abs=SLACK)


def test_equal_scores_count_for_more_than_in_scikit_learn() -> None:
    """It takes them at once; of a bin nobody knows whether its scores are equal. The page says by how much."""
    rng = np.random.default_rng(3)
    label = rng.random(2_000) < 0.3
    score = np.clip(rng.normal(np.where(label, 0.6, 0.4), 0.15), 0, 1)
    for steps, most in ((10, 0.045), (50, 0.0125), (1_000, 0.001)):
        few = np.round(steps * score) / steps
        more = average_precision(answers(few, label).seen(), 0.95).value[0] - average_precision_score(label, few)
        assert (most / 2 if steps < 1_000 else -most) < more < most


def test_a_perfect_ranking_is_not_certain() -> None:
    """Of 20 pairs in order the value is 1 and the interval reaches it, from about where ten hits of ten do."""
    found = roc_auc(answers(np.linspace(0.1, 0.9, 20), np.arange(20) >= 10).seen(), 0.95)
    assert 1.0 == found.value[0] == found.high[0]
    assert 0.6 < found.low[0] < 0.8
