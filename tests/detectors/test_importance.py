"""Importance: labelled events weighted like the window lose what the window will, and say how far that reaches."""

import numpy as np
import pytest
from sklearn import metrics

from detectors.estimation.estimate import between
from detectors.importance import COLUMNS_MAX, NOWHERE, ROWS_LEAST, ROWS_MAX, Labelled, apart, kept, learn, rake, weigh
from detectors.outcomes import KINDS, place
from tests.honesty.weighting import WIDTH, cells, counts, covered, decisions, outcome_of

ORACLES = {
    "accuracy": metrics.accuracy_score,
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "f1": metrics.f1_score,
}


def labelled(n: int = 4_000, columns: int = 2, seed: int = 1) -> Labelled:
    """Events of a world."""
    x, said, label = decisions(n, columns, 0.0, np.random.default_rng(seed))
    found = Labelled.of("decisions", cells(x), np.full(columns, WIDTH), place(said, label))
    assert found is not None
    return found


def test_one_column_is_weighted_by_the_ratio_of_shares() -> None:
    """Exactly."""
    weights, far = rake(np.array([[0, 0, 0, 1]]), [np.array([0.25, 0.75])])
    np.testing.assert_allclose(weights, [1 / 12, 1 / 12, 1 / 12, 3 / 4])
    assert far < 1e-15


def test_all_columns_have_the_shares_of_the_window() -> None:
    """Both at once."""
    known = labelled()
    x, _, _ = decisions(2_000, 2, 0.5, np.random.default_rng(2))
    groups = known.groups.reshape(2, -1)
    window = [group[column] for group, column in zip(groups, cells(x), strict=True)]
    targets = [np.bincount(each[each >= 0]) / (each >= 0).sum() for each in window]
    weights, far = rake(known.codes, targets)
    for mine, wanted in zip(known.codes, targets, strict=True):
        np.testing.assert_allclose(np.bincount(mine, weights), wanted, atol=2e-4)
    assert far < 2e-4
    assert weights.sum() == pytest.approx(1)


def test_where_nothing_is_left_all_weigh_alike_infinitely_far() -> None:
    """One column wants only the events of which the other one wants none: unlike, and no warning."""
    weights, far = rake(np.array([[0, 0, 1, 1], [0, 0, 1, 1]]), [np.array([1.0, 0.0]), np.array([0.0, 1.0])])
    assert ([0.25] * 4, np.inf) == (weights.tolist(), far)


def test_what_raking_leaves_the_effects_make_up_for() -> None:
    """Columns that say nearly the same take more rounds than there are until they have the shares of each."""
    random = np.random.default_rng(3)
    x = random.normal(0, 1, (4_096, 1)) + random.normal(0, 0.3, (4_096, 6))
    loss = 10 + x @ np.array([1.0, -1, 0, 0, 0, 0]) + random.normal(0, 0.1, 4_096)
    found = Labelled.of("errors", cells(x), np.full(6, WIDTH), loss)
    assert found is not None
    window = random.normal(0, 1, (5_000, 1)) + random.normal(0, 0.3, (5_000, 6))
    window[:, 0] += 0.2
    said = weigh(learn(found), counts(cells(window)), 5_000, 0.95).found["mae"].value[0]
    targets, weights = _targets(found, window), np.full(4_096, 1 / 4_096)
    few = rake(found.codes, targets)[0] @ loss
    for _ in range(300):
        for column, wanted in zip(found.codes, targets, strict=True):
            weights *= (wanted / np.maximum(np.bincount(column, weights, len(wanted)), 1e-12))[column]
    enough = weights @ loss
    assert abs(few - enough) > 0.03
    assert said == pytest.approx(enough, abs=0.01)


def _targets(found: Labelled, x: np.ndarray) -> list[np.ndarray]:
    window = [g[c] for g, c in zip(found.groups.reshape(len(found.widths), -1), cells(x), strict=True)]
    return [np.bincount(each[each >= 0]) / (each >= 0).sum() for each in window]


def test_without_a_shift_it_is_what_scikit_learn_says_of_the_labelled_events() -> None:
    """Of the same inputs weights are equal, and effects leave nothing."""
    x, said, label = decisions(2_000, 3, 0.0, np.random.default_rng(4))
    found = Labelled.of("decisions", cells(x), np.full(3, WIDTH), place(said, label))
    assert found is not None
    opinion = weigh(learn(found), counts(cells(x)), 2_000, 0.95)
    assert opinion.effective == pytest.approx(2_000)
    assert {name: one.value[0] for name, one in opinion.found.items()} == {
        name: pytest.approx(oracle(label, said)) for name, oracle in ORACLES.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_are_derivatives(kind: str) -> None:
    """Of every metric in every mean."""
    means = np.array([0.4, 0.1, 0.2, 0.3])[: KINDS[kind].outcomes(np.ones(1)).shape[1]]
    for metric, _ in KINDS[kind].metrics.values():
        value, slope = metric(means)
        for i, each in enumerate(slope):
            moved = metric(means + 1e-7 * (np.arange(len(means)) == i))[0]
            assert moved - value == pytest.approx(1e-7 * each, abs=1e-12)


def test_what_the_labelled_events_never_saw_is_told() -> None:
    """A little of it is left out; more is no estimate."""
    known = learn(labelled())
    window = counts(cells(decisions(1_000, 2, 0.0, np.random.default_rng(5))[0]))
    beyond = np.flatnonzero(known.labelled.groups[WIDTH:] == NOWHERE)[-1] + WIDTH
    window[beyond] += 15
    said = weigh(known, window, 1_000, 0.95)
    assert said.covered == pytest.approx(1_000 / 1_015)
    assert said.found
    window[beyond] += 15
    said = weigh(known, window, 1_000, 0.95)
    assert (said.found, said.column, said.why) == ({}, 1, "unknown")


def test_few_events_that_count_for_all_are_no_estimate() -> None:
    """The window is where the labelled events have almost nothing."""
    said = weigh(learn(labelled()), counts(cells(decisions(1_000, 2, 2.3, np.random.default_rng(6))[0])), 1_000, 0.95)
    assert said.found == {}
    assert said.why in {"unlike", "unknown"}


def test_so_many_are_kept_and_no_more() -> None:
    """Every k-th of many, of fewer with many columns; none of too few, or of too many columns."""
    assert len(range(100_000)[kept(100_000, 24)]) <= ROWS_MAX
    assert len(range(100_000)[kept(100_000, 64)]) <= 2_048
    assert len(range(900)[kept(900, 2)]) == 900
    assert len(range(0)[kept(0, 0)]) == 0
    for n, columns in ((ROWS_LEAST - 1, 2), (ROWS_LEAST, 0), (ROWS_LEAST, COLUMNS_MAX + 1)):
        codes = np.zeros((columns, n), np.int64)
        assert Labelled.of("answers", codes, np.full(columns, WIDTH), np.ones(n)) is None


def test_two_opinions_are_apart_where_chance_cannot_be_the_reason() -> None:
    """Chance that only one of them has counts, and what both have does not."""
    one, values = np.array([0.01]), (np.array([0.8]), np.array([0.8]))
    first = between(values, (one, one), 0.95)
    for away, differ in ((0.04, False), (0.05, True)):
        moved = (values[0] - away, values[1] - away)
        assert apart(first, between(moved, (one, one), 0.95)) == differ
        assert not apart(first, between(moved, (3 * one, one), 0.95))


def test_an_empty_outcome_has_no_metric() -> None:
    """Without a positive there is no recall."""
    x, said, _ = decisions(2_000, 2, 0.0, np.random.default_rng(7))
    found = Labelled.of("decisions", cells(x), np.full(2, WIDTH), place(said, np.zeros(2_000, np.bool_)))
    assert found is not None
    opinion = weigh(learn(found), counts(cells(x)), 100, 0.95)
    assert np.isnan(opinion.found["recall"].value[0])
    assert opinion.found["accuracy"].value[0] == pytest.approx(1 - said.mean())


@pytest.mark.parametrize("world", ["decisions shifted", "errors shifted"])
def test_intervals_hold_what_they_promise(world: str) -> None:
    """A short version of `tests.honesty.weighting`: within four deviations of 0.95."""
    runs = 60
    for name, shares in covered(world, range(runs), (1_000,)).items():
        assert abs(shares[1_000] - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs), name


def test_outcomes_are_those_of_the_window() -> None:
    """What the honesty runs take for the truth is what scikit-learn does."""
    _, said, label = decisions(500, 2, 0.0, np.random.default_rng(8))
    truth = outcome_of("decisions", place(said, label))
    assert truth == {name: pytest.approx(oracle(label, said)) for name, oracle in ORACLES.items()}
