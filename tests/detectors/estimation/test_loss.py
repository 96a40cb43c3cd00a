"""Losses of regression models: what inputs explain is estimated before labels, with its error."""

import numpy as np
import pytest
from sklearn import metrics

from detectors import grids, parts
from detectors.estimation.estimate import OPEN
from detectors.estimation.inputs import COLUMNS_MAX, Input, Rows, chosen
from detectors.estimation.loss import LOSSES, POSITIVE, ROOTS, Losses, LossModel, root
from detectors.performance.skewed import untwisted
from tests.honesty.losses import METRICS, WORLDS, Events, covered, events, grid_of, learned, summary, truth

ORACLES = {
    "mean_error": lambda label, said: (said - label).mean(),
    "mae": metrics.mean_absolute_error,
    "mse": metrics.mean_squared_error,
    "rmse": metrics.root_mean_squared_error,
}
LEVEL = 0.95


def model(world: str, seed: int, n: int = 10_000) -> tuple[grids.Grid, Losses]:
    """What a reference of a world teaches."""
    seen = events(WORLDS[world], n, 0.0, np.random.default_rng((seed, 0)))
    grid = grid_of(seen.values)
    return grid, learned(grid, seen)


def test_every_metric_has_an_oracle() -> None:
    """A new one needs one; roots are of losses."""
    assert set(ORACLES) == {*LOSSES, *ROOTS}
    assert set(ROOTS.values()) <= set(LOSSES)


@pytest.mark.parametrize("name", METRICS)
def test_mean_losses_are_what_scikit_learn_says(name: str) -> None:
    """Of labels and predictions."""
    label, said = np.random.default_rng(1).normal(0, 3, (2, 500))
    assert truth(said - label)[name] == pytest.approx(ORACLES[name](label, said))


def test_an_interval_reaches_further_up_where_large_losses_are_rare() -> None:
    """As far as Hall's transformation of the mean does, widened for its tails; and down as far as a normal law."""
    losses = np.random.default_rng(5).exponential(1.0, 60)
    found = LossModel.fit(np.ones((60, 1)), losses).estimate(np.ones(1), 0.0, 10**9, LEVEL, POSITIVE)
    left = (losses - losses.mean()) / (1 - 1 / 60) / 60
    error = float(np.sqrt((left**2).sum()))
    skewness, z = float((left**3).sum()) / error**3, 1.959964
    wide = z * (1 + skewness**2 * (z**4 + 2 * z**2 - 3) / 18)
    reach = -float(untwisted(np.array(-wide), np.array(skewness))) * error
    assert found.value[0] == pytest.approx(losses.mean())
    assert found.high[0] - found.value[0] == pytest.approx(reach, rel=1e-4)
    assert found.value[0] - found.low[0] == pytest.approx(z * error, rel=1e-4)


def test_the_chance_of_few_large_losses_leans_the_interval_too() -> None:
    """Of a window of thirty, by what is well known of its losses; symmetric ones lean nowhere."""
    rng = np.random.default_rng(6)
    skewed, even = (
        LossModel.fit(np.ones((60, 1)), each).estimate(np.ones(1), 0.0, 30, LEVEL, OPEN)
        for each in (rng.exponential(1.0, 60), np.tile([-1.0, 1.0], 30))
    )
    assert skewed.high[0] - skewed.value[0] > 1.1 * (skewed.value[0] - skewed.low[0])
    assert even.high[0] - even.value[0] == pytest.approx(even.value[0] - even.low[0], rel=1e-4)


def test_a_window_like_the_reference_loses_what_it_lost() -> None:
    """The mean of the fit is the mean of the losses, and known as well as a mean is."""
    seen = events(WORLDS["shifted"], 5_000, 0.0, np.random.default_rng(2))
    grid = grid_of(seen.values)
    found = learned(grid, seen).estimate(summary(grid, seen.values), 5_000, LEVEL)
    for name, expected in truth(seen.error).items():
        assert found[name].value[0] == pytest.approx(expected, rel=1e-4, abs=1e-4), name
    loss = np.abs(seen.error)
    assert found["mae"].shared[0] == pytest.approx(loss.std() / np.sqrt(5_000), rel=0.1)


@pytest.mark.parametrize("world", ["shifted", "rising", "falling"])
def test_nine_tenths_of_a_shift_are_explained(world: str) -> None:
    """Without labels; the reference's mean would know nothing of it."""
    now = events(WORLDS[world], 200_000, WORLDS[world].shift, np.random.default_rng(3))
    then = truth(events(WORLDS[world], 200_000, 0.0, np.random.default_rng(4)).error)
    found: dict[str, list[float]] = {"mae": [], "mse": []}
    for seed in range(4):
        grid, losses = model(world, seed)
        told = losses.estimate(summary(grid, now.values), 200_000, LEVEL)
        for name, values in found.items():
            values.append(told[name].value[0])
    expected = truth(now.error)
    for name, values in found.items():
        assert abs(np.mean(values) - expected[name]) < 0.1 * abs(then[name] - expected[name]), name


@pytest.mark.parametrize("world", ["same", "few, shifted", "many inputs"])
def test_intervals_hold_what_they_promise(world: str) -> None:
    """A short version of `tests.honesty.losses`: within four deviations of 0.95."""
    runs = 60
    for name, share in covered(WORLDS[world], range(runs), (1_000,)).items():
        assert abs(share - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs), name


def test_the_answer_has_terms_and_few_others_that_tell_nothing() -> None:
    """The first column in any case, those that tell always; never more than there is room for."""
    rng = np.random.default_rng(5)
    world, columns = WORLDS["many inputs"]._replace(inputs=12), []
    for _ in range(20):
        seen = events(world, 5_000, 0.0, rng)
        columns.append([one.column for one in learned(grid_of(seen.values), seen).inputs])
    assert all(each[0] == 0 and {1, 2} < {*each} for each in columns)
    assert max(map(len, columns)) <= COLUMNS_MAX
    assert sum(len(each) - 3 for each in columns) <= 20 * 12 * 0.05 * 2


def rows_of(grid: grids.Grid, values: np.ndarray, categories: np.ndarray) -> Rows:
    """Columns of a grid as they are learned from."""
    cells = parts.placed(grid, values, categories)
    numeric = tuple(i < len(grid.numeric) for i in range(len(cells)))
    numbers = np.full(cells.shape, np.nan)
    numbers[: len(grid.numeric)] = values.T
    return Rows(tuple(range(len(cells))), numeric, tuple(grid.widths.tolist()), cells, numbers)


def test_terms_of_a_summary_are_means_of_those_of_its_events() -> None:
    """Whatever is missing, odd, or of a category."""
    rng = np.random.default_rng(6)
    values = rng.normal(3, 2, (900, 2))
    values[::7, 1] = np.nan
    values[::11, 1] = grids.WRONG_TYPE
    names = ["a", "b", "c"]
    drawn = rng.integers(0, 3, 900)
    grid = grids.build({"x": values[:, 0], "y": values[:, 1]}, {"g": [names[i] for i in drawn]})
    categories = np.array([grid.vocabularies[0].index(names[i]) for i in drawn], np.uint16)[:, None]
    rows = rows_of(grid, values, categories)
    seen = parts.of(grid, values, categories, np.empty((900, 0), np.int64), 1)
    for i in range(3):
        one = Input.of(rows, i)
        terms, beyond = one.of_summary(seen, seen.read())
        assert terms == pytest.approx(one.of_rows(rows.cells[i], rows.values[i]).mean(axis=0), abs=1e-7)
        assert beyond == 0.0
        assert terms[: one.weights.shape[1]].sum() == pytest.approx(1.0)


def test_what_lies_beyond_the_reference_is_unknown() -> None:
    """A window there has an error as large as losses vary; so has one of a category that nobody has seen."""
    rng = np.random.default_rng(7)
    values, loss = rng.normal(0, 1, (5_000, 1)), rng.exponential(1, 5_000)
    grid = grids.build({"x": values[:, 0]}, {"g": ["a", "b"]})
    known = np.zeros((5_000, 1), np.uint16)
    losses = Losses.of(rows_of(grid, values, known), loss)
    far = parts.of(grid, np.full((100, 1), 50.0), known[:100], np.empty((100, 0), np.int64), 1)
    assert losses.estimate(far, 100, LEVEL)["mae"].shared[0] > 0.9 * loss.std()
    both = rows_of(grid, values, known)
    unseen = Losses.of(Rows((1,), *(each[1:] for each in both[1:])), loss)  # type: ignore[arg-type]  # the other column
    odd = parts.of(grid, values[:100], known[:100] + 2, np.empty((100, 0), np.int64), 1)
    assert unseen.estimate(odd, 100, LEVEL)["mae"].shared[0] > 0.9 * loss.std()


def test_one_value_out_of_range_moves_no_estimate_far() -> None:
    """Sums clamp it, and the error says the rest."""
    grid, losses = model("shifted", 8)
    seen = events(WORLDS["shifted"], 1_000, 0.0, np.random.default_rng(9))
    plain = losses.estimate(summary(grid, seen.values), 1_000, LEVEL)["mae"]
    seen.values[0, :] = 1e300
    odd = losses.estimate(summary(grid, seen.values), 1_000, LEVEL)["mae"]
    assert abs(odd.value[0] - plain.value[0]) < 2 * odd.error[0]


def test_a_grid_much_wider_than_the_labelled_events_overflows_nothing() -> None:
    """The one great value has no label, and a window is full of such."""
    rng = np.random.default_rng(16)
    values = rng.normal(0, 1, (2_000, 1))
    grid = grid_of(np.append(values, [[1e300]], axis=0))
    losses = learned(grid, Events(values, rng.normal(0, 1, 2_000)))
    assert losses.inputs[0].scale > 0
    found = losses.estimate(summary(grid, np.full((50, 1), -1e300)), 50, LEVEL)
    assert all(np.isfinite(each.low[0]) and np.isfinite(each.high[0]) for each in found.values())


def test_columns_without_values_or_with_one_only_tell_nothing() -> None:
    """Neither breaks the fit."""
    rng = np.random.default_rng(10)
    values = np.column_stack((np.full(1_500, 7.0), np.full(1_500, np.nan), rng.standard_cauchy(1_500)))
    grid = grid_of(values)
    losses = learned(grid, Events(values, rng.normal(0, 1, 1_500)))
    found = losses.estimate(summary(grid, values[:500]), 500, LEVEL)
    assert all(np.isfinite(each.low[0]) and np.isfinite(each.high[0]) for each in found.values())
    assert all(not one.scale for one in losses.inputs)


def test_an_answer_without_errors_is_expected_to_have_none() -> None:
    """And its root is unknown, of nothing."""
    rng = np.random.default_rng(11)
    values = rng.normal(0, 1, (1_200, 2))
    grid = grid_of(values)
    found = learned(grid, Events(values, np.zeros(1_200))).estimate(summary(grid, values), 1_200, LEVEL)
    assert found["mae"].value[0] == 0.0
    assert np.isnan(found["rmse"].value[0])


def test_the_root_has_the_interval_of_the_mean() -> None:
    """Ends are roots of ends, errors follow the delta method."""
    grid, losses = model("same", 12)
    seen = events(WORLDS["same"], 500, 0.0, np.random.default_rng(13))
    found = losses.estimate(summary(grid, seen.values), 500, LEVEL)["mse"]
    rooted = root(found)
    assert rooted.value**2 == pytest.approx(found.value)
    assert rooted.low**2 == pytest.approx(found.low)
    assert 2 * rooted.value * rooted.error == pytest.approx(found.error)


def test_the_column_that_tells_most_comes_first_after_the_answer() -> None:
    """By ranks of losses: a few great ones decide nothing."""
    rng = np.random.default_rng(14)
    values = rng.normal(0, 1, (3_000, 4))
    loss = np.exp(0.3 * values[:, 2] + 1.0 * values[:, 3] + rng.standard_cauchy(3_000).clip(-30, 30))
    rows = rows_of(grid_of(values), values, np.empty((3_000, 0), np.uint16))
    places = [Input.of(rows, i).place for i in range(4)]
    assert [0, 3, 2] == chosen(rows, places, loss)[:3]
