"""The order of attributions: scikit-learn's numbers, and what each feature takes off."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import ndcg_score

from detectors.attribution import ndcg, ndcg_at_most, ndcg_cells

ATTRIBUTIONS = arrays(np.float64, (3, 6), elements=st.integers(0, 4).map(float) | st.floats(1e-6, 1e6))
ROW = arrays(np.float64, 5, elements=st.integers(0, 4).map(float) | st.floats(1e-6, 1e6))


@given(expected=ATTRIBUTIONS, observed=ATTRIBUTIONS)
def test_it_is_scikit_learns(expected: np.ndarray, observed: np.ndarray) -> None:
    """Row by row, ties included; where the reference has no attribution at all it is undefined, not 0."""
    for before, now, found in zip(expected, observed, ndcg(expected, observed), strict=True):
        if before.any():
            np.testing.assert_allclose(ndcg_score([before], [now]), found, rtol=1e-9)
        else:
            assert np.isnan(found)


@given(expected=ATTRIBUTIONS, observed=ATTRIBUTIONS)
def test_features_say_what_they_take_off(expected: np.ndarray, observed: np.ndarray) -> None:
    """They add up to what is missing to 1."""
    by_feature = ndcg_cells(expected + 1, observed)
    assert (3, 6) == by_feature.shape
    np.testing.assert_allclose(1 - ndcg(expected + 1, observed), by_feature.sum(axis=1), atol=1e-12)


def test_the_feature_that_fell_behind_is_named() -> None:
    """The first two changed places: one took off what it lost, the other gave back what it won."""
    by_feature = ndcg_cells(np.array([4.0, 2.0, 1.0]), np.array([0.2, -0.4, 0.1]))
    best = 4 + 2 / np.log2(3) + 0.5
    lost = 1 - 1 / np.log2(3)
    np.testing.assert_allclose(np.array([4 * lost, -2 * lost, 0.0]) / best, by_feature, atol=1e-12)


@given(expected=ROW, observed=ROW, margin=ROW, inside=arrays(np.float64, (20, 5), elements=st.floats(-1, 1)))
def test_no_order_within_the_margins_agrees_better(
    expected: np.ndarray, observed: np.ndarray, margin: np.ndarray, inside: np.ndarray
) -> None:
    """Whatever values they hold; and those of the best order do where it is one of them."""
    most = ndcg_at_most(expected, observed, margin)
    agreed = ndcg(np.tile(expected, (20, 1)), np.abs(observed + inside * margin))
    assert not (agreed > most + 1e-12).any()
    assert most <= 1


def test_without_chance_it_is_the_agreement_itself() -> None:
    """And with enough of it, or without a reference, nothing is known to be worse."""
    before, now = np.array([4.0, 2.0, 1.0, 0.5]), np.array([0.2, -0.4, 0.1, 0.3])
    np.testing.assert_allclose(ndcg_at_most(before, now, np.zeros(4)), ndcg(before, now), rtol=1e-12)
    assert 1 == ndcg_at_most(before, now, np.full(4, 0.2)) == ndcg_at_most(0 * before, now, np.zeros(4))
    assert ndcg(before, now) < ndcg_at_most(before, now, np.full(4, 0.06)) < 1
    assert 1 == ndcg_at_most(before, now, np.array([0, np.inf, 0, 0]))


def test_small_windows_do_not_cry_wolf() -> None:
    """Of log-normal attributions one window of fifty in twenty is below 0.9 by chance, and none is surely."""
    dice, sizes, n = np.random.default_rng(1), 0.7 ** np.arange(10), 50
    low = surely = 0
    for _ in range(300):
        before, now = (dice.lognormal(0, 1.5, (rows, 10)) * sizes for rows in (1_000, n))
        error = np.hypot(before.std(axis=0) / 1_000**0.5, now.std(axis=0) / n**0.5)
        low += ndcg(before.mean(axis=0), now.mean(axis=0)) < 0.9
        surely += ndcg_at_most(before.mean(axis=0), now.mean(axis=0), 3 * error) < 0.9
    assert low > 10
    assert surely == 0
