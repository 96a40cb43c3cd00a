"""Metrics of cells side by side: as a loop would, with the slopes that they have, and seldom wrong at any look."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    fbeta_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)

from detectors.performance.classes import binary
from detectors.performance.expression import parsed
from detectors.performance.versions.influence import ENOUGH
from detectors.performance.versions.tallied import TALLIED, average_precision, expressed
from detectors.tallies import Tallies, by_tallies
from tests.honesty.tallies import EQUAL, METRICS, World, story


def matrices(seed: int, windows: int, classes: int) -> Tallies:
    """Two versions' confusion matrices by window, some of them empty."""
    rng = np.random.default_rng(seed)
    chance = rng.dirichlet(np.ones(classes**2) / 2 + 5 * np.eye(classes).ravel(), windows)
    sizes = rng.integers(0, 60, (2, windows))
    return Tallies(*(np.stack([rng.multinomial(n, p) for n, p in zip(size, chance, strict=True)]) for size in sizes))


@pytest.mark.parametrize("seed", range(3))
def test_the_slopes_of_average_precision_are_its_differences(seed: int) -> None:
    """A little more in each bin that has labels, also the highest one, and where some have one kind only."""
    rng = np.random.default_rng(seed)
    shares = rng.random((2, 2, 9))
    shares[0, :, -1], shares[1, 0, 2], shares[1, :, 5] = 0, 0, 0
    shares /= shares.sum(axis=(1, 2), keepdims=True)
    slopes = average_precision(shares)[1]
    for row, label, place in np.argwhere(shares > 0).tolist():
        more, less = shares.copy(), shares.copy()
        more[row, label, place] += 1e-6
        less[row, label, place] -= 1e-6
        rise = (average_precision(more)[0] - average_precision(less)[0])[row] / 2e-6
        assert rise == pytest.approx(slopes[row, label, place], abs=1e-5)


def test_values_are_those_of_scikit_learn_where_all_windows_weigh_alike() -> None:
    """One window: its labels themselves. Scores are as fine as their bins."""
    rng = np.random.default_rng(3)
    n, k = 4_000, 4
    true = rng.integers(0, k, n)
    said = np.where(rng.random(n) < 0.7, true, rng.integers(0, k, n))
    cells = np.bincount(true * k + said, minlength=k * k)[None]
    expected = {
        "macro_precision": precision_score(true, said, average="macro"),
        "macro_recall": recall_score(true, said, average="macro"),
        "macro_f1": f1_score(true, said, average="macro"),
        "weighted_precision": precision_score(true, said, average="weighted"),
        "weighted_f1": f1_score(true, said, average="weighted"),
        "mcc": matthews_corrcoef(true, said),
        "macro_f2": fbeta_score(true, said, beta=2, average="macro"),
        "weighted_f_half": fbeta_score(true, said, beta=0.5, average="weighted"),
        "macro_specificity": np.mean([np.mean(said[true != k] != k) for k in range(k)]),
    }
    for name, value in expected.items():
        assert by_tallies(Tallies(cells, cells), TALLIED[name], np.array([0])).candidate[0] == pytest.approx(value)
    label, edges = rng.random(n) < 0.3, binary.edges(256)
    score = rng.beta(np.where(label, 3, 2), np.where(label, 2, 3))
    place = np.searchsorted(edges[1:-1], score, side="right") + 1
    bins = np.stack([np.bincount(place[label == one], minlength=258) for one in (False, True)]).reshape(1, -1)
    found = by_tallies(Tallies(bins, bins), TALLIED["average_precision"], np.array([0])).incumbent[0]
    assert found == pytest.approx(average_precision_score(label, score), abs=2e-3)
    order = np.argsort(-score)
    top = by_tallies(Tallies(bins, bins), TALLIED["lift"], np.array([0])).incumbent[0]
    assert top == pytest.approx(label[order[: n // 10]].mean() / label.mean(), abs=0.02)


@pytest.mark.parametrize("name", [name for name, each in METRICS.items() if each.cells == "matrix"])
def test_intervals_are_those_of_a_loop_over_windows(name: str) -> None:
    """The weighted mean of shares, and the greater of two variances of its influence."""
    sides = matrices(7, 12, 3)
    metric = METRICS[name]
    (difference, low, high, _) = by_tallies(sides, metric, np.array([11])).compared
    n, m = (side.sum(axis=1) for side in sides)
    there = [i for i in range(12) if n[i] and m[i]]
    weights = {i: n[i] * m[i] / (n[i] + m[i]) for i in there}
    total = sum(weights.values())
    means = [sum(weights[i] * side[i] / side[i].sum() for i in there) / total for side in sides]
    worth = [total**2 / sum(weights[i] ** 2 / size[i] for i in there) for size in (n, m)]
    found = metric.of(np.stack([mean * size for mean, size in zip(means, worth, strict=True)]))
    of_one = [(g**2 * p).sum() - (g * p).sum() ** 2 for g, p in zip(found.slopes, found.shares, strict=True)]
    of_one[int(np.argmin([n[there].sum(), m[there].sum()]))] = max(of_one)
    alone = sum(weights[i] ** 2 * (of_one[0] / n[i] + of_one[1] / m[i]) for i in there)
    centre = found.slopes[0] @ means[0] - found.slopes[1] @ means[1]
    told = {i: found.slopes[0] @ sides[0][i] / n[i] - found.slopes[1] @ sides[1][i] / m[i] for i in there}
    shown = sum((weights[i] * (told[i] - centre)) ** 2 for i in there)
    shown /= 1 - sum(weights[i] ** 2 for i in there) / total**2
    time = 2 * total * (6 + np.log(7)) / 10_000  # alpha is exp(-3)
    reach = np.sqrt(max(alone, shown)) / total * np.sqrt((1 + 1 / time) * (np.log1p(time) + 6))
    (again, low_3, high_3, _) = by_tallies(sides, metric, np.array([11]), alpha=float(np.exp(-3))).compared
    assert [again[0] - reach, again[0] + reach] == pytest.approx([low_3[0], high_3[0]])
    assert low[0] > low_3[0], "less sure is narrower"
    assert high[0] - difference[0] == pytest.approx(difference[0] - low[0])


@pytest.mark.parametrize("name", ["lift", "reliability"])
def test_influences_are_slopes_of_the_value(name: str) -> None:
    """By a label more, or less, in each bin that has many."""
    rng = np.random.default_rng(4)
    counts = rng.integers(40, 90, (2, 2 * 258)).astype(np.float64) * 1e3
    if name == "lift":  # where the top begins its density is smoothed
        counts = np.repeat([[60e3, 40e3], [80e3, 20e3]], 258, axis=1)
    counts[:, [0, 257, 258, 515]] = 0.0
    found = TALLIED[name].of(counts)
    total = counts.sum(axis=1)
    centred = found.slopes - (found.slopes * found.shares).sum(axis=1, keepdims=True)
    for cell in (20, 100, 200, 250, 300, 400, 500):
        step = np.zeros_like(counts)
        step[:, cell] = 100.0
        rise = (TALLIED[name].of(counts + step).value - TALLIED[name].of(counts - step).value) / 200.0 * total
        assert rise == pytest.approx(centred[:, cell], rel=0.01, abs=1e-3), cell


def test_the_reliability_of_honest_scores_is_none_on_average() -> None:
    """Of few labels, where what samples show is much more; scores that are off by a tenth are off by its square."""
    rng = np.random.default_rng(5)
    middles = (binary.edges(256)[1:] + binary.edges(256)[:-1]) / 2
    shown, shifted, spread = [], [], []
    for _ in range(400):
        place = rng.integers(0, 256, (2, 400))
        sides = []
        for one, chance in zip(place, (middles, np.clip(middles + 0.1, 0, 1)), strict=True):
            label = rng.random(400) < chance[one]
            sides.append(np.concatenate([np.bincount(one[label == each], minlength=256) for each in (False, True)]))
        found = TALLIED["reliability"].of(np.array(sides, np.float64))
        shown.append(found.value[0])
        shifted.append(found.value[1])
        slopes = (found.slopes**2 * found.shares).sum(axis=1) - (found.slopes * found.shares).sum(axis=1) ** 2
        spread.append(slopes / 400 + found.more)
    error = np.std(shown) / 20
    assert abs(np.mean(shown)) < 3 * error
    width = np.diff(binary.edges(256))
    rate = np.clip(middles + 0.1, 0, 1)
    assert width.sum() == pytest.approx(1.0)
    expected = np.mean((rate - middles).reshape(16, 16).mean(axis=1) ** 2)
    assert np.mean(shifted) == pytest.approx(expected, abs=3 * np.std(shifted) / 20)
    for values, variances in zip((shown, shifted), np.array(spread).T, strict=True):
        assert 0.8 < np.mean(variances) / np.var(values) < 4, (
            "what chance adds to distances makes it too great, not small"
        )


def test_an_expression_of_a_metric_is_compared_by_the_chain_rule() -> None:
    """Its value, its slopes, and which way it is better."""
    rng = np.random.default_rng(6)
    counts = rng.integers(100, 200, (2, 516)).astype(np.float64)
    base = TALLIED["average_precision"]
    own = expressed(parsed("1 - average_precision * average_precision", {"average_precision"}), base, -1)
    found, below = own.of(counts), base.of(counts)
    assert ("scores", -1) == (own.cells, own.better)
    np.testing.assert_allclose(found.value, 1 - below.value**2)
    np.testing.assert_allclose(found.slopes, -2 * below.value[:, None] * below.slopes)


def test_a_look_knows_nothing_of_later_windows() -> None:
    """The same of all windows up to it."""
    sides, metric = matrices(8, 20, 3), TALLIED["macro_f1"]
    every = by_tallies(sides, metric, np.arange(20)).compared
    for look in (9, 19):
        alone = by_tallies(Tallies(*(side[: look + 1] for side in sides)), metric, np.array([look])).compared
        assert [column[look] for column in every] == [column[0] for column in alone]


def test_of_rare_classes_and_few_positives_nothing_is_said() -> None:
    """A class of which one version has too few labels is in no average; without any there is none."""
    cells = np.array([[500, 30, 0, 30, 500, 0, 3, 0, ENOUGH - 4]])
    found = by_tallies(Tallies(cells, cells), TALLIED["macro_recall"], np.array([0]))
    assert found.candidate[0] == pytest.approx(500 / 530)
    few = np.zeros((1, 2, 258), np.int64)
    few[0, 0, 5], few[0, 1, 9] = 900, ENOUGH - 1
    said = by_tallies(Tallies(few.reshape(1, -1), few.reshape(1, -1)), TALLIED["average_precision"], np.array([0]))
    assert np.isnan(said.compared.difference[0])
    assert (0, -np.inf) == (said.compared.verdict[0], said.compared.low[0])


def test_equal_versions_are_seldom_told_apart_and_others_are() -> None:
    """A few runs of those that `python -m tests.honesty.tallies` counts."""
    equal = [story(EQUAL[i], 40, (5, i)) for i in (1, 3, 5, 8)]
    assert sum(one.claimed for each in equal for one in each.values()) <= 1
    worse = story(World(400, (0.5, 0.5), positives=0.2, gap=0.4), 40, (6, 1))
    assert worse["average_precision"].claimed
