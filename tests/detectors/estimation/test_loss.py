"""Losses of regression models: what inputs explain is estimated before labels, with its error."""

import numpy as np
import pytest
from sklearn import metrics

from detectors.estimation.loss import LOSSES, ROOTS, Inputs, LossModel, root
from tests.honesty.learned import CELLS, FEATURES, WIDTHS, cells, covered, inputs, regression

ORACLES = {
    "mae": metrics.mean_absolute_error,
    "mse": metrics.mean_squared_error,
    "mape": metrics.mean_absolute_percentage_error,
    "msle": metrics.mean_squared_log_error,
}
LEVEL = 0.95


def model(seed: int, n: int = 10_000) -> LossModel:
    """A model of a reference."""
    x, loss, _ = regression(n, 0.0, np.random.default_rng((seed, 0)))
    return LossModel.fit(cells(x), WIDTHS, x, loss)


def test_every_loss_has_an_oracle() -> None:
    """A new one needs one; roots are of losses."""
    assert set(ORACLES) == set(LOSSES)
    assert set(ROOTS.values()) <= set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_mean_losses_are_what_scikit_learn_says(name: str) -> None:
    """Of positive labels; what is undefined is nan."""
    rng = np.random.default_rng(1)
    label, predicted = rng.uniform(0.1, 4, (2, 500))
    assert LOSSES[name](label, predicted).mean() == pytest.approx(ORACLES[name](label, predicted))
    undefined = LOSSES[name](np.array([0.0, -2.0]), np.array([1.0, 1.0]))
    assert {"mape": [True, False], "msle": [False, True]}.get(name, [False, False]) == np.isnan(undefined).tolist()


def test_a_window_like_the_reference_loses_what_it_lost() -> None:
    """The mean of the fit is the mean of the losses, but for what the ridge takes off."""
    x, loss, _ = regression(5_000, 0.0, np.random.default_rng(2))
    found = LossModel.fit(cells(x), WIDTHS, x, loss).estimate(inputs(x), LEVEL)
    assert found.value[0] == pytest.approx(loss.mean(), rel=1e-6)
    assert found.shared[0] == pytest.approx(loss.std() / np.sqrt(5_000), rel=0.1)


@pytest.mark.parametrize("shift", [-1.0, 0.7])
def test_nine_tenths_of_a_shift_are_explained(shift: float) -> None:
    """Without labels; the reference's mean would know nothing of it."""
    x, _, expected = regression(200_000, shift, np.random.default_rng(3))
    found = np.mean([model(seed).estimate(inputs(x), LEVEL).value[0] for seed in range(4)])
    unexplained = regression(200_000, 0.0, np.random.default_rng(4))[2].mean() - expected.mean()
    assert abs(found - expected.mean()) < 0.1 * abs(unexplained)


@pytest.mark.parametrize("world", ["losses", "losses shifted"])
def test_intervals_hold_what_they_promise(world: str) -> None:
    """A short version of `tests.honesty.learned`: within four deviations of 0.95."""
    runs = 30
    for name, shares in covered(world, range(runs), (1_000,)).items():
        assert abs(shares[1_000] - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs), name


def test_what_was_never_seen_is_unknown() -> None:
    """A window in a cell without reference has an error as large as losses vary."""
    x, loss, _ = regression(5_000, 0.0, np.random.default_rng(5))
    there = cells(np.minimum(x, 1.0))  # nothing in the last cell
    mine = LossModel.fit(there, WIDTHS, np.empty((5_000, 0)), loss)
    none = np.empty((1, 0))
    strange = np.tile(np.eye(CELLS, dtype=np.int64)[-1] * 1_000, FEATURES)[None]
    found = mine.estimate(Inputs(np.array([1_000]), strange, none.astype(np.int64), none, none), LEVEL)
    assert found.shared[0] > 0.9 * loss.std()


def test_values_that_are_missing_are_no_values() -> None:
    """They neither move nor break the fit; a window of none has no number."""
    x, loss, _ = regression(2_000, 0.0, np.random.default_rng(6))
    x[::7, 1] = np.nan
    loss[::50] = np.nan
    mine = LossModel.fit(cells(np.nan_to_num(x)), WIDTHS, x, loss)
    none = np.full((1, FEATURES), np.nan)
    zeros = np.zeros((1, FEATURES), np.int64)
    empty = Inputs(np.array([0]), np.zeros((1, FEATURES * CELLS), np.int64), zeros, none, none)
    assert np.isnan(mine.estimate(empty, LEVEL).value[0])
    missing = empty._replace(n=np.array([10]), counts=np.tile(10 * np.eye(CELLS, dtype=np.int64)[3], FEATURES)[None])
    assert np.isfinite(mine.estimate(missing, LEVEL).value[0])


def test_the_root_has_the_interval_of_the_mean() -> None:
    """Ends are roots of ends, errors follow the delta method."""
    found = model(7).estimate(inputs(regression(500, 0.0, np.random.default_rng(8))[0]), LEVEL)
    rooted = root(found)
    assert rooted.value**2 == pytest.approx(found.value)
    assert rooted.low**2 == pytest.approx(found.low)
    assert 2 * rooted.value * rooted.error == pytest.approx(found.error)
