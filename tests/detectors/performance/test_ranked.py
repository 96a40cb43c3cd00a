"""Scores themselves: what ranks them is scikit-learn's, whatever came when, as long as there are few."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from detectors.performance.classes.discrimination import bounds, roc_auc
from detectors.performance.classes.ranked import PAIRS_MAX, SCORES_MAX, Ranked, few, most
from tests.detectors.performance.answers import N_ROWS, Answers, lift, made
from tests.detectors.performance.test_discrimination import area_bound, precision_bounds, scores

TOP = 0.1
EVERY = np.arange(N_ROWS)


def kept(told: Answers, change: int = 1) -> Ranked:
    """Pairs, or pairs that are taken back."""
    n = len(told.score)
    rows = np.concatenate((np.zeros((n, 1), np.int64), told.rows), axis=1)
    return Ranked.of(np.full(n, change), np.where(told.label, 0, -1), told.score[:, None], rows)


def tied(seed: int, n: int) -> Answers:
    """Of a hundred scores each comes often."""
    told = made(seed, n)
    return told._replace(score=np.round(told.score, 2))


def test_values_are_those_of_scikit_learn_in_every_row() -> None:
    """Of all pairs and of each segment's, many of them with equal scores."""
    told = tied(1, 1_000)
    found = kept(told).of_rows(EVERY, TOP)
    for row in EVERY.tolist():
        mine = told.of_row(row)
        assert found.roc_auc[row] == pytest.approx(roc_auc_score(mine.label, mine.score), abs=1e-14)
        assert found.average_precision[row] == pytest.approx(average_precision_score(mine.label, mine.score), abs=1e-14)
    some = kept(told).of_rows(np.array([4, 2]), TOP)
    assert (some.roc_auc == found.roc_auc[[4, 2]]).all()


def test_the_lift_is_that_of_the_top_scores() -> None:
    """Where none are equal."""
    told = made(2, 333)
    assert kept(told).of_rows(EVERY[:1], TOP).lift[0] == pytest.approx(lift(told))


def test_what_is_said_does_not_depend_on_order_or_parts() -> None:
    """To the last bit; also where pairs are taken back."""
    told, wrong = tied(3, 400), tied(4, 50)
    whole = kept(told).of_rows(EVERY, TOP)
    order = np.random.default_rng(5).permutation(400)
    parts = kept(wrong) + kept(told.part(order[:150])) + kept(wrong, -1) + kept(told.part(order[150:]))
    for first, second in zip(whole, parts.of_rows(EVERY, TOP), strict=True):
        assert first.tobytes() == second.tobytes()


def test_of_too_many_nothing_is_kept_and_they_stay_too_many() -> None:
    """However they came, and though some were taken back."""
    told = made(6, PAIRS_MAX + 1)
    first, last = told.part(slice(PAIRS_MAX)), told.part(slice(PAIRS_MAX, None))
    assert kept(first).complete
    for one in (kept(told), kept(first) + kept(last), kept(last) + kept(first), kept(told) + kept(last, -1)):
        assert not one.complete
        assert 0 == len(one.scores)
        assert one.nbytes == 0
    assert (kept(first) + kept(last, -1)).complete
    assert (PAIRS_MAX, SCORES_MAX // 50) == (most(1), most(50))
    assert few(np.ones(most(50)), 50)
    assert not few(np.ones(most(50) + 1), 50)


def test_each_column_is_ranked_and_all_together() -> None:
    """Of three classes, one of which never came true; a score that is missing is none."""
    rng = np.random.default_rng(7)
    table, truth = rng.random((300, 3)), rng.choice([0, 1, 3], 300)
    table[:30, 0] = np.nan
    found = Ranked.of(np.ones(300), truth, table, np.zeros((300, 1))).of_columns(TOP)
    labels = truth[:, None] == np.arange(3)
    assert found.roc_auc[0] == pytest.approx(roc_auc_score(labels[30:, 0], table[30:, 0]))
    assert np.isnan(found.roc_auc[2])
    assert np.isnan(found.average_precision[2])
    known = ~np.isnan(table)
    assert found.roc_auc[3] == pytest.approx(roc_auc_score(labels[known], table[known]))


def test_nothing_is_known_of_no_pairs() -> None:
    """No warning either."""
    nothing = kept(made(8, 0)).of_rows(EVERY, TOP)
    assert all(np.isnan(each).all() for each in nothing)
    assert all(np.isnan(each).all() for each in kept(made(8, 0)).of_columns(TOP))


def test_the_bounds_are_those_that_bins_give() -> None:
    """Of the area and the precision by hand; of all three none is passed by the scores themselves."""
    rng = np.random.default_rng(9)
    for seed in range(60):
        n = int(rng.integers(2, 120))
        told = Answers(scores(seed, n), np.zeros(n, np.int8), rng.random(n) < 0.4, np.ones((n, 2), np.int64) * [1, 3])
        if 0 < told.label.sum() < n:
            seen = told.seen()
            off, exact = bounds(seen), kept(told).of_rows(EVERY[:1], TOP)
            assert off["roc_auc"][0] == pytest.approx(area_bound(seen))
            low, high = precision_bounds(seen)
            assert off["average_precision"][0] >= (high - low) / 2 - 1e-12
            for name, value in zip(exact._fields, exact, strict=True):
                from detectors.performance.classes.binary_metrics import METRICS

                binned = METRICS[name].measure(seen, 0.95).value[0]
                assert abs(binned - value[0]) <= off[name][0] + 1e-12, (name, seed)


def test_an_exact_value_moves_its_interval() -> None:
    """And stays in the range of its metric; what is not known exactly stays as it was."""
    from detectors.performance.classes import binary_metrics

    told = tied(10, 200)
    seen = told.seen()
    exact = kept(told).of_rows(EVERY, TOP)
    unknown = np.where(EVERY == 3, np.nan, exact.roc_auc)
    shown = binary_metrics.measure(seen, names=("roc_auc",), exact={"roc_auc": unknown})["roc_auc"]
    binned = roc_auc(seen, 0.95)
    assert (shown.value[EVERY != 3] == exact.roc_auc[EVERY != 3]).all()
    assert (shown.low <= shown.value).all()
    assert (shown.value <= shown.high).all()
    assert (shown.high <= 1).all()
    assert [each[3] for each in shown] == [each[3] for each in binned]
