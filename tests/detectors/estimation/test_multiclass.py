"""Many classes: certain labels give scikit-learn's metrics, uncertain ones an interval that holds them."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics

from detectors.calibration import TRUSTED
from detectors.estimation.multiclass import METRICS, Basis, Window, estimate
from tests.honesty.learned import CLASSES, classified, covered

ORACLES = {
    "accuracy": lambda y, d, _: metrics.accuracy_score(y, d),
    "macro_f1": lambda y, d, _: metrics.f1_score(y, d, average="macro"),
    "macro_roc_auc": lambda y, _, s: metrics.roc_auc_score(y, s, multi_class="ovr", average="macro"),
}


def test_every_metric_has_an_oracle() -> None:
    """A new metric needs one."""
    assert set(ORACLES) == set(METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_certain_labels_give_what_scikit_learn_says(name: str) -> None:
    """A window whose probabilities are 0 and 1 has realised metrics."""
    scores, decided, label = classified(500, 0.0, np.random.default_rng(1))
    window = Window(np.eye(CLASSES)[label], decided, scores)
    assert METRICS[name](window)[0] == pytest.approx(ORACLES[name](label, decided, scores))


@pytest.mark.parametrize("name", METRICS)
def test_slopes_are_derivatives(name: str) -> None:
    """By how much each probability raises the metric."""
    scores, decided, _ = classified(12, 0.0, np.random.default_rng(2))
    probability = softmax(scores, axis=1)
    slope = METRICS[name](Window(probability, decided, scores))[1]
    for i, k in np.ndindex(12, CLASSES):
        ends = []
        for step in (1e-5, -1e-5):
            moved = probability.copy()
            moved[i, k] += step
            ends.append(METRICS[name](Window(moved, decided, scores))[0])
        assert slope[i, k] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-7)


def test_rows_are_calibrated_and_sum_to_one() -> None:
    """Every class by its own calibrator, which changes what is expected."""
    scores, decided, label = classified(4_000, 0.0, np.random.default_rng(3))
    basis = Basis.of(scores, decided, label, 0)
    assert all(calibrator.learned for calibrator in basis.calibrators)
    own = np.stack([one.apply(scores[:, k]) for k, one in enumerate(basis.calibrators)], axis=1)
    plain = estimate(basis, scores, decided, 0.95)["accuracy"].plain[0]
    right = own[np.arange(4_000), decided] / own.sum(axis=1)
    assert plain == pytest.approx(right.mean())
    assert plain == pytest.approx((decided == label).mean(), abs=0.02)
    assert TRUSTED.apply(scores).max(axis=1).mean() > plain + 0.05


def test_intervals_hold_what_they_promise() -> None:
    """A short version of `tests.honesty.learned`: within four deviations of 0.95."""
    runs = 40
    for name, shares in covered("classes shifted", range(runs), (1_000,)).items():
        assert abs(shares[1_000] - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs), name
