"""Each class beside all others is what scikit-learn says of it, and so are the averages."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as oracle

from detectors.performance import cells
from detectors.performance.cells import Cells
from detectors.performance.classes.binary import edges
from detectors.performance.classes.multiclass import Multiclass, layout, pairs, read
from detectors.performance.classes.one_vs_rest import (
    AVERAGES,
    DECIDED,
    LAYOUT,
    ROWS,
    SCORED,
    SETTINGS,
    Apart,
    baselines,
    bounds,
    measure,
    of,
)
from detectors.performance.classes.ranked import Ranked
from tests.detectors.performance.answers import ORACLES, Answers, groups

K = 4
CLASSES = Multiclass(tuple("abcd"))
RANKED = ("roc_auc", "average_precision")
Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]  # true classes, predicted ones, scores


def made(seed: int, n: int) -> Pairs:
    """Scores that know something; a label in ten is of no class that is known. No two are equal."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(K + 1, n, p=[0.5, 0.2, 0.15, 0.05, 0.1])
    odds = rng.normal(0, 1, (n, K)) + 1.5 * (truth[:, None] == np.arange(K))
    scores = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    return truth, np.where(rng.random(n) < 0.1, K, scores.argmax(axis=1)), scores


def matrix(told: Pairs) -> np.ndarray:
    """Their confusion."""
    counted, values = pairs(CLASSES, *told)
    return read(CLASSES, cells.of(layout(CLASSES), counted, values, np.empty((len(counted), 0), np.int64), 1)).matrix


def found(told: Pairs) -> Apart:
    """All metrics."""
    return measure(matrix(told), of(told[0], told[2]), K)


def one(told: Pairs, k: int) -> Answers:
    """A class as a binary model."""
    truth, said, scores = told
    return Answers(scores[:, k], (said == k).astype(np.int8), truth == k, np.zeros((len(truth), 0), np.int64))


@pytest.mark.parametrize("name", [*DECIDED, "log_loss", "brier"])
def test_each_class_is_a_model_of_two(name: str) -> None:
    """Decisions exactly, losses within their quantum; whoever is of no class is not of this one."""
    told = made(1, 600)
    expected = [ORACLES[DECIDED.get(name, name)](one(told, k)) for k in range(K)]
    np.testing.assert_allclose(found(told).each[name].value[0], expected, rtol=1e-12, atol=2.0**-34)


@pytest.mark.parametrize("name", ["reliability", "resolution", "calibration_error"])
def test_calibration_is_that_of_its_groups(name: str) -> None:
    """The same as of two classes: the mean score of a group beside its rate."""
    told = made(2, 600)
    expected = [ORACLES[name](one(told, k)) for k in range(K)]
    assert all(len(groups(one(told, k))) > 5 for k in range(K))
    np.testing.assert_allclose(found(told).each[name].value[0], expected, rtol=1e-9)


@pytest.mark.parametrize("name", RANKED)
def test_what_ranks_scores_is_within_its_bound(name: str) -> None:
    """Of each class, of averages, and of all scores of all classes."""
    told = made(3, 900)
    truth, _, scores = told
    said, off = found(told), bounds(of(truth, scores), K)
    score = {"roc_auc": oracle.roc_auc_score, "average_precision": oracle.average_precision_score}[name]
    labels = truth[:, None] == np.arange(K)
    each = np.array([score(labels[:, k], scores[:, k]) for k in range(K)])
    assert (np.abs(said.each[name].value[0] - each) <= off.each[name].value[0] + 1e-12).all()
    assert (off.each[name].value[0] < 0.1).all()
    shares = labels.sum(axis=0) / labels.sum()
    averages = {"macro": each.mean(), "weighted": (shares * each).sum(), "micro": score(labels.ravel(), scores.ravel())}
    for average, expected in averages.items():
        value, bound = (both.averages[f"{average}_{name}"].value[0] for both in (said, off))
        assert abs(value - expected) <= bound + 1e-12, average
        assert expected == pytest.approx(score(labels, scores, average=average)), "scikit-learn's own average"


def test_few_pairs_are_ranked_exactly() -> None:
    """By the scores themselves, of which two are often equal."""
    truth, said, scores = made(4, 500)
    told = truth, said, np.round(scores, 2)
    labels = truth[:, None] == np.arange(K)
    kept = Ranked.of(np.ones(500, np.int8), truth, told[2], np.zeros((500, 1), np.int64)).of_columns(SETTINGS.top)
    exact = {name: getattr(kept, name)[None, :-1] for name in RANKED}
    exact |= {f"micro_{name}": getattr(kept, name)[-1:] for name in RANKED}
    shown = measure(matrix(told), of(truth, told[2]), K, exact=exact)
    for name, score in zip(RANKED, (oracle.roc_auc_score, oracle.average_precision_score), strict=True):
        assert shown.each[name].value[0] == pytest.approx(score(labels, told[2], average=None), abs=1e-14)
        for average in ("macro", "weighted", "micro"):
            expected = score(labels, told[2], average=average)
            assert shown.averages[f"{average}_{name}"].value[0] == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("name", ["log_loss", "brier", "calibration_error"])
def test_macro_averages_are_means_over_the_classes(name: str) -> None:
    """As scikit-learn's of several labels at once."""
    shown = found(made(5, 300))
    assert shown.averages[f"macro_{name}"].value[0] == pytest.approx(shown.each[name].value[0].mean())


def test_cells_add_up_and_are_taken_back() -> None:
    """Bit for bit, also of scores outside [0, 1], of missing ones and of labels that say nothing."""
    truth, _, scores = made(6, 400)
    scores[:40, 1], scores[40:80, 2], scores[80:120, 3] = 1.5, -0.5, np.nan
    truth[120:140] = -1
    whole, first, second = (of(truth[part], scores[part]) for part in (slice(None), slice(150), slice(150, None)))
    assert whole == first + second
    assert whole - second == first
    order = np.random.default_rng(7).permutation(400)
    assert whole == of(truth[order], scores[order])
    assert whole == Cells.unpack(LAYOUT, K * ROWS, whole.pack())
    assert whole.counts.sum() == 380 * K - 40


def test_scores_outside_are_ranked_and_have_no_loss() -> None:
    """As of two classes."""
    truth, said, scores = made(8, 300)
    scores[:100, 0] = np.where(truth[:100] == 0, 2.0, -1.0)
    shown = found((truth, said, scores)).each
    exact = oracle.roc_auc_score(truth == 0, scores[:, 0])
    assert shown["roc_auc"].value[0, 0] == pytest.approx(exact, abs=0.02)
    assert shown["brier"].value[0, 0] == pytest.approx(oracle.brier_score_loss(truth[100:] == 0, scores[100:, 0]))


@pytest.mark.parametrize("name", [*DECIDED, *SCORED, *AVERAGES])
def test_intervals_contain_what_they_can(name: str) -> None:
    """Of few pairs and many; those of calibration are for the truth, which is below what samples show."""
    for told in (made(9, 12), made(10, 3_000)):
        shown = found(told)
        value, error, low, high = (shown.each | shown.averages)[name]
        some = ~np.isnan(value)
        assert some.any()
        assert (low[some] <= high[some]).all()
        assert (error[some & ~np.isnan(error)] >= 0).all()
        if "calibration" not in name and name not in {"reliability", "resolution"}:
            assert (low[some] <= value[some] + 1e-12).all()
            assert (value[some] <= high[some] + 1e-12).all()


def test_a_rare_class_makes_the_averages_less_sure() -> None:
    """They are as wide as if the errors of classes went together."""
    shown = found(made(11, 400))
    each, macro = shown.each["roc_auc"], shown.averages["macro_roc_auc"]
    assert macro.high[0] - macro.low[0] == pytest.approx((each.high[0] - each.low[0]).mean())
    assert each.error[0, 3] > each.error[0, 0]


def test_baselines_are_those_of_constant_answers() -> None:
    """A class' share as its score, never or always it."""
    truth, said, scores = made(12, 500)
    least = baselines(matrix((truth, said, scores)), of(truth, scores), K)
    share = np.array([(truth == k).mean() for k in range(K)])
    for name, expected in {
        "roc_auc": 0.5 + 0 * share,
        "average_precision": share,
        "brier": share * (1 - share),
    }.items():
        assert least.each[name].value[0] == pytest.approx(expected), name
    assert least.each["accuracy"].value[0] == pytest.approx(np.maximum(share, 1 - share))
    assert least.averages["macro_brier"].value[0] == pytest.approx((share * (1 - share)).mean())


def test_nothing_is_known_of_no_pairs() -> None:
    """No value, no interval, no warning."""
    nothing = measure(np.zeros((2, K + 1, K + 1)), cells.empty(LAYOUT, 2 * K * ROWS), K)
    for name, each in (nothing.each | nothing.averages).items():
        assert np.isnan(each.value).all(), name


def test_without_scores_there_are_decisions() -> None:
    """And nothing else."""
    assert set(DECIDED) == set(measure(matrix(made(13, 50)), None, K).each)


def oracle_of(name: str) -> Callable[[Answers], float]:
    """Of two classes."""
    return ORACLES[DECIDED.get(name, name)]


def test_the_lift_is_that_of_the_top_scores() -> None:
    """Where no two share a bin."""
    ends = edges(SETTINGS.bins)
    rng = np.random.default_rng(14)
    scores = rng.permutation((ends[1:] + ends[:-1]) / 2)[:, None]
    truth = np.where(rng.random(len(scores)) < scores[:, 0], 0, K)
    shown = measure(np.zeros((1, K + 1, K + 1)), of(truth, scores), 1)
    kept = Answers(scores[:, 0], np.zeros(len(scores), np.int8), truth == 0, np.zeros((len(scores), 0), np.int64))
    assert shown.each["lift"].value[0, 0] == pytest.approx(oracle_of("lift")(kept))
