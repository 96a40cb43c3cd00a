"""Importance: the reference weighted like the window loses what the window will, and says how far that reaches."""

import numpy as np
import pytest
from sklearn import metrics

from detectors.importance import METRICS, Weights, estimate_mean, rake
from tests.honesty.learned import FINE, covered, decisions

ORACLES = {
    "accuracy": lambda y, d, _, w: metrics.accuracy_score(y, d, sample_weight=w),
    "balanced_accuracy": lambda y, d, _, w: metrics.balanced_accuracy_score(y, d, sample_weight=w),
    "precision": lambda y, d, _, w: metrics.precision_score(y, d, sample_weight=w),
    "recall": lambda y, d, _, w: metrics.recall_score(y, d, sample_weight=w),
    "specificity": lambda y, d, _, w: metrics.recall_score(~y, ~d, sample_weight=w),
    "f1": lambda y, d, _, w: metrics.f1_score(y, d, sample_weight=w),
    "mcc": lambda y, d, _, w: metrics.matthews_corrcoef(y, d, sample_weight=w),
    "kappa": lambda y, d, _, w: metrics.cohen_kappa_score(y, d, sample_weight=w),
    "roc_auc": lambda y, _, s, w: metrics.roc_auc_score(y, s, sample_weight=w),
}


def counts(cells: np.ndarray) -> np.ndarray:
    """Of all columns, side by side."""
    return np.concatenate([np.bincount(column, minlength=FINE) for column in cells.T])


def raked(cells: np.ndarray, window: np.ndarray) -> Weights:
    """The weights for a window."""
    return rake(cells, np.full(cells.shape[1], FINE), counts(window))


def test_one_column_is_weighted_by_the_ratio_of_shares() -> None:
    """Exactly."""
    cells = np.array([[0], [0], [0], [1]])
    found = rake(cells, np.array([3]), np.array([10, 30, 0]))
    np.testing.assert_allclose(found.weights, [1 / 12, 1 / 12, 1 / 12, 3 / 4])
    assert found.effective == pytest.approx(1 / (3 / 144 + 9 / 16))
    assert found.covered == 1.0


def test_all_columns_have_the_shares_of_the_window() -> None:
    """Both at once, and an undrifted window costs next to nothing."""
    rng = np.random.default_rng(1)
    cells, _ = decisions(3_000, (0, 0), rng)
    window, _ = decisions(2_000, (0.5, -0.3), rng)
    found = raked(cells, window)
    for mine, its in zip(cells.T, window.T, strict=True):
        np.testing.assert_allclose(np.bincount(mine, found.weights, FINE), np.bincount(its) / 2_000, atol=1e-8)
    assert found.effective < 2_500
    assert raked(cells, cells).effective == pytest.approx(3_000)


def test_what_the_reference_never_saw_is_told() -> None:
    """It cannot be weighted."""
    found = rake(np.array([[0], [1]]), np.array([3]), np.array([6, 2, 2]))
    assert found.covered == pytest.approx(0.8)
    np.testing.assert_allclose(found.weights, [0.75, 0.25])


def test_every_metric_has_an_oracle() -> None:
    """A new metric needs one."""
    assert set(ORACLES) == set(METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_weighted_metrics_are_what_scikit_learn_says(name: str) -> None:
    """With its sample weights, equal scores included; and influences are derivatives that weigh up to nothing."""
    rng = np.random.default_rng(2)
    _, rows = decisions(300, (0, 0), rng)
    weights = rng.dirichlet(np.ones(300))
    value, influence = METRICS[name][0](rows, weights)
    assert value == pytest.approx(ORACLES[name](rows.label, rows.decided, rows.score, weights))
    assert weights @ influence == pytest.approx(0, abs=1e-12)
    for i in range(0, 300, 50):
        moved = (weights + 1e-7 * (np.arange(300) == i)) / (1 + 1e-7)
        assert METRICS[name][0](rows, moved)[0] - value == pytest.approx(1e-7 * influence[i], abs=1e-11)


def test_a_mean_is_weighted_likewise() -> None:
    """A loss of each event, such as a squared error."""
    cells, rows = decisions(4_000, (0.0, 0.0), np.random.default_rng(3))
    weights = raked(cells, cells[:500])
    found = estimate_mean((rows.score - rows.label) ** 2, weights, 500, 0.95)
    oracle = metrics.brier_score_loss(rows.label, rows.score, sample_weight=weights.weights)
    assert found.value[0] == pytest.approx(oracle)


def test_intervals_hold_what_they_promise() -> None:
    """A short version of `tests.honesty.learned`: within four deviations of 0.95."""
    runs = 60
    for name, shares in covered("weights shifted", range(runs), (1_000,)).items():
        assert abs(shares[1_000] - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs), name
