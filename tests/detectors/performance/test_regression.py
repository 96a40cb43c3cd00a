"""Regression: every metric is scikit-learn's to the quantum, and what was clamped or left out is told."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as oracle

from detectors.codes import Floats, Integers
from detectors.performance import cells, regression
from detectors.performance.regression import QUANTUM, Regression, layout, pairs, settings_of
from detectors.performance.regression_metrics import METRICS, baseline, measure, of_quantile

QUANTILES = (0.1, 0.5, 0.9)
NAMES = (*METRICS, *map(of_quantile, QUANTILES))
Judged = tuple[Floats, Floats, Floats]  # labels, predictions, predicted quantiles

ORACLES: dict[str, Callable[[Floats, Floats, Floats], float]] = {
    "mean_error": lambda y, p, _: float(np.mean(p - y)),
    "mae": lambda y, p, _: oracle.mean_absolute_error(y, p),
    "mse": lambda y, p, _: oracle.mean_squared_error(y, p),
    "rmse": lambda y, p, _: oracle.root_mean_squared_error(y, p),
    "rmsle": lambda y, p, _: oracle.root_mean_squared_log_error(y, p),
    "mape": lambda y, p, _: oracle.mean_absolute_percentage_error(y, p),
    "smape": lambda y, p, _: float(np.mean(2 * np.abs(p - y) / (np.abs(p) + np.abs(y)))),
    "r2": lambda y, p, _: oracle.r2_score(y, p),
    "label_variance": lambda y, _, __: float(np.var(y, ddof=1)),
    "interval_coverage": lambda y, _, q: float(np.mean((q[:, 0] <= y) & (y <= q[:, -1]))),
    "interval_width": lambda _, __, q: float(np.mean(q[:, -1] - q[:, 0])),
    "pinball": lambda y, _, q: float(np.mean([pinball(y, q, i) for i in range(len(QUANTILES))])),
    "pinball_p10": lambda y, _, q: pinball(y, q, 0),
    "pinball_p50": lambda y, _, q: pinball(y, q, 1),
    "pinball_p90": lambda y, _, q: pinball(y, q, 2),
}
IN_UNITS = {
    "mean_error",
    "mae",
    "mse",
    "rmse",
    "interval_width",
    "pinball",
    "pinball_p10",
    "pinball_p50",
    "pinball_p90",
}


def pinball(label: Floats, quantiles: Floats, i: int) -> float:
    """That of one quantile."""
    return float(oracle.mean_pinball_loss(label, quantiles[:, i], alpha=QUANTILES[i]))


def judged(seed: int, n: int, unit: float = 1.0, start: float = 0.0) -> Judged:
    """Pairs whose labels are positive, with errors of a tenth."""
    rng = np.random.default_rng(seed)
    label = unit * (start + rng.gamma(3, 1, n))
    spread = 0.1 * unit
    predicted = np.maximum(label + rng.normal(0.3 * spread, spread, n), 0.0)
    quantiles = predicted[:, None] + spread * np.array([-1.3, 0, 1.3])
    return label, predicted, quantiles


def of(settings: Regression, data: Judged, segments: Integers | None = None, n_rows: int = 1) -> cells.Cells:
    """Their cells."""
    rows = np.empty((len(data[0]), 0), np.int64) if segments is None else segments
    return cells.of(layout(settings), *pairs(settings, *data), rows, n_rows)


def test_every_metric_has_an_oracle() -> None:
    """No entry of the tables is left untested."""
    assert set(NAMES) == set(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize(("unit", "start"), [(1.0, 0.0), (1e-9, 0.0), (1e12, 0.0), (1.0, 1e6)])
def test_metrics_are_those_of_scikit_learn(name: str, unit: float, start: float) -> None:
    """Within a quantum of 2^-30 of the labels' spread, in any unit and far from 0, of each segment too."""
    data = judged(1, 3_000, unit, start)
    settings = settings_of(data[0], data[1], QUANTILES)
    segments = np.random.default_rng(2).integers(1, 3, (3_000, 1))
    found = measure(settings, of(settings, data, segments, 3))[name]
    quantum = 2.0 ** (QUANTUM + (settings.scale if name in IN_UNITS else 0))
    size = unit if name == "mse" else 1.0  # an error times its quantum
    if name == "label_variance":  # a label's distance, twice
        quantum = 2.0 ** (QUANTUM + 1 + 2 * settings.scale)
    for row in range(3):
        mine = [column[segments[:, 0] == row] if row else column for column in data]
        expected = ORACLES[name](*mine)
        assert found.value[row] == pytest.approx(expected, rel=1e-11, abs=quantum * size)


def test_means_have_the_intervals_that_were_derived() -> None:
    """Hall's transform of the studentised mean, of values that are at hand, by its polynomial: both ends solve it."""
    data = judged(4, 400)
    settings = settings_of(*data[:2], QUANTILES)
    found = measure(settings, of(settings, data))
    errors = data[1] - data[0]
    for name, loss in {"mean_error": errors, "mae": np.abs(errors), "mse": errors**2}.items():
        n, spread = len(loss), loss.std()
        skewness = np.mean((loss - loss.mean()) ** 3) / spread**3
        kurtosis = np.mean((loss - loss.mean()) ** 4) / spread**4 - 3
        z = 1.959963984540054
        q2 = z * (kurtosis / 12 * (z**2 - 3) - skewness**2 / 18 * (z**4 + 2 * z**2 - 3) - (z**2 + 3) / 4)
        a = skewness / np.sqrt(n)
        for end, goal in ((found[name].low[0], z - q2 / n), (found[name].high[0], q2 / n - z)):
            t = (loss.mean() - end) / (spread / np.sqrt(n - 1))
            assert t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6 == pytest.approx(goal, abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_intervals_contain_their_values(name: str) -> None:
    """After few pairs, after many, and without any error."""
    exact = judged(5, 50)[0]
    bands = np.repeat(exact[:, None], 3, axis=1)
    for data in (judged(5, 3), judged(5, 5_000), (exact, exact, bands)):
        settings = settings_of(data[0], None, QUANTILES)
        value, error, low, high = (one[0] for one in measure(settings, of(settings, data))[name])
        assert (low <= value).all()
        assert (value <= high).all()
        assert (error >= 0).all()


def test_nothing_is_known_of_no_pairs_and_little_of_one() -> None:
    """No value and no warning; of one pair the value alone, and no R2."""
    settings = Regression(quantiles=QUANTILES)
    nothing = cells.empty(layout(settings), 2)
    for found in measure(settings, nothing).values():
        assert np.isnan(found).all()
    for value in baseline(settings, nothing).values():
        assert np.isnan(value).all()
    one = measure(settings, of(settings, judged(6, 1)))
    assert np.isfinite(one["mse"].value[0])
    assert np.isnan([one["mse"].low[0], one["mse"].error[0], one["r2"].value[0]]).all()


def test_labels_that_do_not_vary_have_no_r2() -> None:
    """There is nothing to explain."""
    label = np.full(20, 5.0)
    data = label, label + np.linspace(-1, 1, 20), np.full((20, 3), np.nan)
    settings = settings_of(label, None, QUANTILES)
    found = measure(settings, of(settings, data))
    assert np.isnan(found["r2"]).all()
    for name in ("interval_coverage", "interval_width", "pinball", "pinball_p10"):
        assert np.isnan(found[name]).all()
    assert found["mae"].value[0] == pytest.approx(np.abs(np.linspace(-1, 1, 20)).mean())


def test_one_absurd_answer_owns_nothing() -> None:
    """It is clamped, and what has no number is in no metric."""
    label, predicted, quantiles = judged(7, 100)
    settings = settings_of(label, predicted, QUANTILES)
    predicted[0], predicted[1] = 1e300, np.nan
    cellular = of(settings, (label, predicted, quantiles))
    clamp = 2.0 ** (10 + settings.scale)
    kept = np.delete(np.abs(predicted - label), [0, 1])
    assert measure(settings, cellular)["mae"].value[0] == pytest.approx((kept.sum() + clamp) / 99)


@pytest.mark.parametrize("unit", [1e-300, 1e250])
def test_extreme_units_are_survived(unit: float) -> None:
    """They are clamped or rounded to nothing, but not our crash."""
    data = judged(11, 50, unit)
    settings = settings_of(*data[:2], QUANTILES)
    cellular = of(settings, data)
    assert set(measure(settings, cellular)) == set(NAMES)


def test_infinite_numbers_are_left_out_with_their_powers() -> None:
    """All that is measured is that of the other pairs."""
    data = judged(10, 40)
    settings = settings_of(*data[:2], QUANTILES)
    expected = measure(settings, of(settings, tuple(column[2:] for column in data)))
    data[0][0], data[1][1], data[2][:2] = np.inf, -np.inf, np.nan
    for name, found in measure(settings, of(settings, data)).items():
        np.testing.assert_array_equal(found, expected[name], err_msg=name)


def test_the_reference_is_not_clamped() -> None:
    """Neither a label far from the others, nor the error of an answer of 0 to it."""
    label = np.append(np.random.default_rng(8).normal(0, 1, 10_000), 1e9)
    settings = settings_of(label)
    nothing = np.full((len(label), 3), np.nan)
    read = regression.read(settings, of(settings, (label, np.zeros(len(label)), nothing[:, :0])))
    assert not read.averages.clamped[0, [regression.ERROR, regression.LABEL]].any()


def test_the_baseline_is_the_best_constant_answer() -> None:
    """The mean of the labels for squares, the reference's median for absolute errors."""
    label, predicted, quantiles = judged(9, 1_000)
    settings = settings_of(label, predicted, QUANTILES)
    found = baseline(settings, of(settings, (label, predicted, quantiles)))
    mean = np.full(1_000, label.mean())
    for name in ("mean_error", "mse", "rmse", "r2"):
        assert found[name][0] == pytest.approx(ORACLES[name](label, mean, quantiles), abs=1e-9)
    assert found["mae"][0] == pytest.approx(np.abs(label - np.median(label)).mean())
    assert np.isnan(found["mape"][0])
    assert found["interval_coverage"][0] == pytest.approx(0.8)


def test_quantiles_that_are_not_all_there_count_as_far_as_they_go() -> None:
    """Each has its own loss; mean and interval need all that they are made of. Ends that cross hold nothing."""
    label = np.array([1.0, 2.0, 3.0, 4.0])
    quantiles = np.array([[0, 1, 2], [np.nan, 2, 3], [4, 3, 2], [3, np.nan, 6.0]])
    settings = settings_of(label, None, QUANTILES)
    found = {name: one.value[0] for name, one in measure(settings, of(settings, (label, label, quantiles))).items()}
    assert found["interval_coverage"] == pytest.approx(2 / 3)
    assert found["interval_width"] == pytest.approx((2 + 0 + 3) / 3)
    losses = np.maximum(
        np.array(QUANTILES) * (label[:, None] - quantiles), (np.array(QUANTILES) - 1) * (label[:, None] - quantiles)
    )
    assert found["pinball"] == pytest.approx(losses[[0, 2]].mean())
    assert [found[of_quantile(each)] for each in QUANTILES] == pytest.approx(np.nanmean(losses, axis=0))


def test_one_quantile_makes_no_interval() -> None:
    """It has a loss."""
    label, predicted, quantiles = judged(12, 100)
    settings = settings_of(label, predicted, (0.975,))
    found = measure(settings, of(settings, (label, predicted, quantiles[:, 2:])))
    assert found["pinball_p97_5"].value[0] == found["pinball"].value[0] > 0
    assert np.isnan([found["interval_coverage"].value[0], found["interval_width"].value[0]]).all()
