"""Metrics of cells side by side: as a loop would, with the slopes that they have, and seldom wrong at any look."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, matthews_corrcoef, precision_score, recall_score

from detectors.performance import binary
from detectors.performance.tallied import ENOUGH, OF_CLASSES, TALLIED, average_precision
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
    }
    for name, value in expected.items():
        assert by_tallies(Tallies(cells, cells), TALLIED[name], np.array([0])).candidate[0] == pytest.approx(value)
    label, edges = rng.random(n) < 0.3, binary.edges(256)
    score = rng.beta(np.where(label, 3, 2), np.where(label, 2, 3))
    place = np.searchsorted(edges[1:-1], score, side="right") + 1
    bins = np.stack([np.bincount(place[label == one], minlength=258) for one in (False, True)]).reshape(1, -1)
    found = by_tallies(Tallies(bins, bins), TALLIED["average_precision"], np.array([0])).incumbent[0]
    assert found == pytest.approx(average_precision_score(label, score), abs=2e-3)


@pytest.mark.parametrize("name", sorted(TALLIED.keys() - {"average_precision"} | OF_CLASSES.keys()))
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
