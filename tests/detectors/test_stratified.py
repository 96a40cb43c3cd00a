"""Versions side by side, window by window: as a loop would, fair to either, and seldom wrong at any look."""

import numpy as np
import pytest

from detectors.comparison import VERDICTS, Means, compare
from detectors.performance.versions.comparable import METRICS
from detectors.stratified import Windows, side_by_side
from tests.honesty.canary import told_apart
from tests.honesty.versions import ALPHA, EQUAL, World, story

ACCURACY = METRICS["accuracy"]


def windows(right: list[int], n: list[int]) -> Windows:
    """Accuracy in some windows, (windows, 1)."""
    size = np.array(n)[:, None]
    value = np.array(right)[:, None] / np.maximum(size, 1)
    return Windows(size, value[..., None], np.sqrt(value * (1 - value) / np.maximum(size, 1))[..., None])


def drawn(seed: int, count: int, metric: str = "accuracy") -> tuple[Windows, Windows]:
    """Two versions with three rows, some windows without labels of one of them."""
    rng, k = np.random.default_rng(seed), len(METRICS[metric].parts)
    sides = []
    for _ in range(2):
        n = rng.integers(0, 40, (count, 3))
        parts = rng.dirichlet(np.ones(4), (count, 3)) if k == 4 else rng.random((count, 3, k))
        sides.append(Windows(n, np.where(n[..., None] > 0, parts, np.nan), rng.random((count, 3, k)) / 10))
    return sides[0], sides[1]


def by_loop(sides: tuple[Windows, Windows], upto: int, row: int, metric: str) -> tuple[float, float, float]:
    """The difference, its error, and the pairs."""
    known = METRICS[metric]
    there = [i for i in range(upto) if sides[0].n[i, row] and sides[1].n[i, row]]
    n, m = ([float(side.n[i, row]) for i in there] for side in sides)
    weights = [a * b / (a + b) for a, b in zip(n, m, strict=True)]
    x, y = ([side.parts[i, row] for i in there] for side in sides)
    means = [np.average(each, axis=0, weights=weights) for each in (x, y)]
    slopes = [known.slopes(mean) for mean in means]
    variances = []
    for side, mean, slope, sizes in zip(sides, means, slopes, (n, m), strict=True):
        if known.shares:
            variances.append(sum(slope**2 * mean) - sum(slope * mean) ** 2)
        else:
            squares = [(size * side.errors[i, row]) ** 2 for i, size in zip(there, sizes, strict=True)]
            variances.append(sum(slope**2 * sum(squares) / sum(size - 1 for size in sizes)))
    if sum(n) < sum(m):
        variances[0] = max(variances)
    if sum(m) < sum(n):
        variances[1] = max(variances)
    alone = sum(w**2 * (variances[0] / a + variances[1] / b) for w, a, b in zip(weights, n, m, strict=True))
    shown = sum(
        (w * (slopes[0] @ (a - means[0]) - slopes[1] @ (b - means[1]))) ** 2
        for w, a, b in zip(weights, x, y, strict=True)
    ) / (1 - sum(w**2 for w in weights) / sum(weights) ** 2)
    difference = known.value(means[0]) - known.value(means[1])
    return float(difference), float(np.sqrt(max(alone, shown)) / sum(weights)), 2 * sum(weights)


@pytest.mark.parametrize("metric", ["accuracy", "rmse", "f1", "matthews"])
def test_every_look_is_what_a_loop_over_its_windows_says(metric: str) -> None:
    """Sums that run on, slopes and all."""
    sides = drawn(4, 30, metric)
    found = side_by_side(*sides, METRICS[metric])
    for upto in (20, 25, 30):
        for row in range(3):
            difference, error, pairs = by_loop(sides, upto, row, metric)
            at = tuple(float(column[upto - 1, row]) for column in found.compared[:3])
            assert at[0] == pytest.approx(difference)
            assert at[2] - at[0] == pytest.approx(at[0] - at[1])
            of_one = Means(np.array([int(1e6)]), np.zeros(1), np.array([error**2 * 1e6 / 2]))
            reach = compare(of_one, of_one, horizon=10_000 * 1e6 / pairs).high[0]  # as long before its horizon
            assert (at[2] - at[1]) / 2 == pytest.approx(reach)


def test_one_window_is_compared_as_all_its_labels() -> None:
    """But for one of n that an unbiased variance takes."""
    found = side_by_side(windows([1_700], [2_000]), windows([1_800], [2_000]), ACCURACY).compared
    plain = compare(*(Means(np.array([2_000]), np.array([p]), np.array([p * (1 - p)])) for p in (0.85, 0.9)))
    assert found.difference[0, 0] == plain.difference[0]
    assert found.low[0, 0] == pytest.approx(plain.low[0], rel=1e-3)
    assert "worse" == VERDICTS[int(found.verdict[0, 0])]


def test_who_has_the_bad_hours_is_not_worse_for_it() -> None:
    """Simpson: in good hours 0.95 of either is right, in bad ones 0.7, and the candidate has most of those."""
    candidate = windows([95, 630] * 20, [100, 900] * 20)
    incumbent = windows([855, 70] * 20, [900, 100] * 20)
    found = side_by_side(candidate, incumbent, ACCURACY)
    assert found.compared.difference[-1, 0] == pytest.approx(0)
    assert found.candidate[-1, 0] == pytest.approx(0.825)
    assert 0 == found.compared.verdict[-1, 0]
    pooled = [Means(np.array([20_000]), np.array([p]), np.array([p * (1 - p)])) for p in (0.725, 0.925)]
    assert -1 == compare(*pooled).verdict[0]


def test_windows_of_one_version_say_nothing() -> None:
    """One that went before the other came is as long ago as if it had not been."""
    found = side_by_side(
        windows([90] * 9 + [0] * 9, [100] * 9 + [0] * 9), windows([0] * 9 + [99] * 9, [0] * 9 + [100] * 9), ACCURACY
    )
    assert np.isnan(found.compared.difference).all()
    assert np.isneginf(found.compared.low).all()
    assert not found.compared.verdict.any()


def test_what_has_no_better_is_never_worse() -> None:
    """A share of yes surely differs, and nobody knows whether that is good."""
    sides = windows([500] * 30, [1_000] * 30), windows([900] * 30, [1_000] * 30)
    found = side_by_side(
        *sides, METRICS["selection_rate"]._replace(parts=("x",), slopes=np.ones_like, value=ACCURACY.value)
    ).compared
    assert found.high[-1, 0] < 0
    assert 0 == found.verdict[-1, 0]


def test_less_of_a_loss_is_better() -> None:
    """The same numbers as a loss."""
    sides = windows([500] * 30, [1_000] * 30), windows([900] * 30, [1_000] * 30)
    assert [-1, 1] == [
        int(side_by_side(*sides, METRICS[name]).compared.verdict[-1, 0]) for name in ("accuracy", "brier")
    ]


@pytest.mark.parametrize("world", EQUAL, ids=str)
def test_equal_versions_are_told_apart_as_seldom_as_promised(world: World) -> None:
    """At every window of 100; 100 runs, seed 16; `python -m tests.honesty.versions` has more."""
    assert story(world, 100, 100).missed.mean() <= ALPHA


def test_two_points_of_accuracy_are_found() -> None:
    """Half of 100 runs within 7,000 labels of either version, nine tenths within 15,000."""
    found = story(World("accuracy", 200, gap=0.02), 400, 100)
    labels = np.take_along_axis(found.labels, found.decided[None] - 1, axis=0)[0]
    assert (found.decided > 0).all()
    assert np.median(labels) < 7_000
    assert np.quantile(labels, 0.9) < 15_000


def test_a_canary_with_few_labels_is_told_apart_as_seldom_as_promised() -> None:
    """By the metrics of windows as they are measured; one that cannot be compared would be wrong. 40 runs, seed 9."""
    found = told_apart((10, 90), 120, 40, ("roc_auc", "recall", "f1", "calibration_error"))
    assert found.pop("calibration_error") > 0.9
    assert max(found.values()) <= ALPHA


def regressions(rng: np.random.Generator, n: int, spread: float = 0.5) -> Windows:
    """Mean squared errors and the labels' variance in 120 windows of 30 runs; labels have their hours."""
    label = rng.gamma(3, 1, (120, 30, n)) + 2 * np.sin(np.arange(120) / 10)[:, None, None]
    square = rng.laplace(0, spread, label.shape) ** 2
    away = (label - label.mean(axis=-1, keepdims=True)) ** 2
    means = np.stack((square.mean(axis=-1), label.var(axis=-1, ddof=1)), axis=-1)
    errors = np.stack((square.std(axis=-1), away.std(axis=-1)), axis=-1) / np.sqrt(n - 1)
    return Windows(np.full(means.shape[:2], n), means, errors)


def test_a_canary_with_few_labels_explains_as_much() -> None:
    """R2 of each window would be far too small in small ones; one that is worse is found in every run."""
    rng = np.random.default_rng(11)
    equal = side_by_side(regressions(rng, 4), regressions(rng, 36), METRICS["r2"])
    assert (equal.compared.verdict != 0).any(axis=0).mean() <= ALPHA
    assert abs(equal.candidate[-1].mean() - equal.incumbent[-1].mean()) < 0.005
    worse = side_by_side(regressions(rng, 10, 0.7), regressions(rng, 90), METRICS["r2"])
    assert (worse.compared.verdict[-1] < 0).all()
