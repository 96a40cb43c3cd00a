"""Calibration: what scikit-learn fits is fitted, and only where it is better than the scores themselves."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from detectors.calibration import GROUPS, TRUSTED, better, calibration_error, fit, held_out, starts

SEED = 20_261_121


def world(n: int, slope: float, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose log odds are to be multiplied by a slope, and labels."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1, n)
    return expit(odds), rng.random(n) < expit(slope * odds)


@pytest.mark.parametrize("n", [1, 2, 17, 3_000])
@pytest.mark.parametrize("decimals", [1, 2, 16])
def test_a_calibrator_is_what_scikit_learn_says(n: int, decimals: int) -> None:
    """On its own scores, between them and beyond them; equal scores have one probability."""
    score, label = world(n, 1.7)
    score = score.round(decimals)
    asked = np.concatenate((score, np.linspace(-0.5, 1.5, 501)))
    oracle = IsotonicRegression(out_of_bounds="clip").fit(score, label.astype(float))
    np.testing.assert_allclose(fit(score, label).apply(asked), oracle.predict(asked), atol=1e-12)


def test_what_is_no_score_has_no_probability() -> None:
    """Nan stays nan, learned or trusted."""
    for calibrator in (fit(*world(100, 1.0)), TRUSTED):
        assert np.isnan(calibrator.apply(np.array([np.nan, 0.5]))).tolist() == [True, False]


def test_steps_begin_where_probabilities_rise() -> None:
    """Every start is a knot, and from one to the next before it all is one probability."""
    calibrator = fit(*world(2_000, 1.0))
    first = starts(calibrator)
    assert np.isin(first, calibrator.scores).all()
    assert len(np.unique(calibrator.probabilities)) == len(first)
    assert (np.diff(calibrator.apply(first)) > 0).all()


def test_the_calibration_error_is_that_of_a_plain_loop() -> None:
    """Groups of equally many, weighted by their size."""
    score, label = world(1_003, 0.5)
    order = np.argsort(score)
    groups = [order[1_003 * k // GROUPS : 1_003 * (k + 1) // GROUPS] for k in range(GROUPS)]
    expected = sum(len(rows) * abs(label[rows].mean() - score[rows].mean()) for rows in groups) / 1_003
    assert calibration_error(score, label) == pytest.approx(expected)


def test_wrong_scores_are_calibrated() -> None:
    """Scores that say too little are never trusted."""
    assert [True] * 10 == [better(*world(10_000, 1.5, seed), seed).learned for seed in range(10)]


def test_right_scores_are_seldom_calibrated() -> None:
    """Where calibration can gain nothing, it mostly loses."""
    learned = [better(*world(2_000, 1.0, seed), seed).learned for seed in range(20)]
    assert sum(learned) <= 8


def test_scores_that_are_no_probabilities_are_calibrated() -> None:
    """Margins cannot be trusted; nor can one class be split."""
    score, label = world(500, 1.0)
    assert better(score - 0.5, label, 0).learned
    assert better(score, np.ones(500, np.bool_), 0).probabilities.tolist() == [1.0, 1.0]


def test_splits_hold_out_a_tenth_of_either_label() -> None:
    """The same ones for the same seed, and others for another."""
    label = np.arange(1_000) < 55
    splits = held_out(label, 3)
    assert {(6, 94)} == {(int((held & label).sum()), int((held & ~label).sum())) for held in splits}
    np.testing.assert_array_equal(splits, held_out(label, 3))
    assert not np.array_equal(splits, held_out(label, 4))
