"""Several classes: every metric is scikit-learn's, what is undefined is nan, and a perfect model is not certain."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from sklearn import metrics as oracle

from detectors.codes import Floats, Integers
from detectors.performance import cells
from detectors.performance.classes.multiclass import LOSS, OTHER, Multiclass, layout, pairs
from detectors.performance.classes.multiclass_metrics import METRICS, PER_CLASS, baseline, measure

CLASSES = ("cat", "dog", "eel", "fox", "gnu", "hen", "ibis")
SAID = {(0, 0): 1.0, (1, 1): 2.0, (1, 0): -4.0, (0, 7): -0.5, (7, 2): 3.0}  # what is worth what: said, true
SETTINGS = Multiclass(
    CLASSES, tuple(((*CLASSES, OTHER)[i], (*CLASSES, OTHER)[j], each) for (i, j), each in SAID.items())
)
K = len(SETTINGS.classes)
Judged = tuple[Integers, Integers, Floats]  # true classes, predicted ones, scores
EVERY = range(K + 1)


def averaged(metric: Callable[..., float], average: str | None) -> Callable[..., float]:
    """The metric of all classes that are defined."""
    return lambda y, p, _: metric(y, p, labels=EVERY, average=average, zero_division=np.nan)


def top(k: int) -> Callable[..., float]:
    """Top-k accuracy of the pairs whose true class has a score."""
    return lambda y, _, s: oracle.top_k_accuracy_score(y[y < K], s[y < K], k=k, labels=range(K))


def f_beta(beta: float) -> Callable[..., float]:
    """F-beta as scikit-learn's other scores are called."""
    return partial(oracle.fbeta_score, beta=beta)


def specificities(y: Integers, p: Integers) -> Floats:
    """How many of the pairs of other classes each was not given to."""
    return np.array([np.mean(p[y != k] != k) for k in EVERY])


def shares(y: Integers) -> Floats:
    """How often each class is the label."""
    return np.array([np.mean(y == k) for k in EVERY])


ORACLES: dict[str, Callable[..., float]] = {
    "accuracy": lambda y, p, _: oracle.accuracy_score(y, p),
    "balanced_accuracy": lambda y, p, _: oracle.balanced_accuracy_score(y, p),
    "mcc": lambda y, p, _: oracle.matthews_corrcoef(y, p),
    "kappa": lambda y, p, _: oracle.cohen_kappa_score(y, p),
    "log_loss": lambda y, _, s: oracle.log_loss(y[y < K], y_proba=s[y < K], labels=range(K)),
    "worth": lambda y, p, _: np.mean([SAID.get((said, true), 0.0) for true, said in zip(y, p, strict=True)]),
    **{f"top_{k}_accuracy": top(k) for k in range(1, 6)},
    **{
        f"{average}_{name}": averaged(getattr(oracle, f"{name}_score"), average)
        for average in ("macro", "weighted", "micro")
        for name in ("precision", "recall", "f1")
    },
    **{
        f"{average}_{name}": averaged(f_beta(beta), average)
        for average in ("macro", "weighted")
        for name, beta in (("f_half", 0.5), ("f2", 2.0))
    },
    "macro_specificity": lambda y, p, _: specificities(y, p)[[k for k in EVERY if k in y or k in p]].mean(),
    "weighted_specificity": lambda y, p, _: (specificities(y, p) * shares(y)).sum(),
}
ORACLES_PER_CLASS: dict[str, Callable[..., Floats]] = {
    **{name: averaged(getattr(oracle, f"{name}_score"), None) for name in ("precision", "recall", "f1")},
    "specificity": lambda y, p, _: specificities(y, p),
    "prevalence": lambda y, _, __: shares(y),
}


def judged(seed: int, n: int, shares: list[float] | None = None) -> Judged:
    """Pairs of a model that is right about two times in three; scores are of sixteenths, so that some are equal."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(K + 1, n, p=shares)
    scores = rng.dirichlet(np.ones(K), n)
    known = truth < K
    scores[known, truth[known]] += rng.choice([0, 1], known.sum(), p=[0.4, 0.6])
    scores = np.round(scores / scores.sum(axis=1, keepdims=True) * 16) / 16
    scores[:, 0] += 1 - scores.sum(axis=1)
    scores = np.abs(scores)
    scores /= scores.sum(axis=1, keepdims=True)
    predicted = np.where(rng.random(n) < 0.05, K, scores.argmax(axis=1))
    return truth, predicted, scores


def of(judged: Judged, segments: Integers | None = None, n_rows: int = 1) -> cells.Cells:
    """Their cells."""
    rows = np.empty((len(judged[0]), 0), np.int64) if segments is None else segments
    return cells.of(layout(SETTINGS), *pairs(SETTINGS, *judged), rows, n_rows)


def test_every_metric_has_an_oracle() -> None:
    """No entry of the tables is left untested."""
    assert set(METRICS) == set(ORACLES)
    assert set(PER_CLASS) == set(ORACLES_PER_CLASS)


@pytest.mark.parametrize("name", [*ORACLES, *ORACLES_PER_CLASS])
@pytest.mark.parametrize("rare", [False, True])
def test_metrics_are_those_of_scikit_learn(name: str, rare: bool) -> None:
    """Of all pairs and of each segment's; where classes are rare, some are never seen or never predicted."""
    frequent = [0.6, 0.3, 0.09, 0.01, 0.0, 0.0, 0.0, 0.0] if rare else None
    data = judged(3, 400, frequent)
    data[1][data[1] == (6 if rare else -1)] = 0  # never predicted, and never a label
    segments = np.random.default_rng(4).integers(1, 3, (400, 1))
    found = measure(SETTINGS, of(data, segments, 3))[name]
    for row in range(3):
        mine = [column[segments[:, 0] == row] if row else column for column in data]
        if name == "balanced_accuracy" and rare:
            present = np.unique(mine[0])  # scikit-learn warns of predicted classes that are no label
            expected = np.mean([np.mean(mine[1][mine[0] == k] == k) for k in present])
        else:
            expected = (ORACLES | ORACLES_PER_CLASS)[name](*mine)
        tolerance = 2.0 ** (LOSS - 1) if name == "log_loss" else 1e-14
        np.testing.assert_allclose(found.value[row], expected, rtol=1e-13, atol=tolerance)


@pytest.mark.parametrize("name", [*METRICS, *PER_CLASS])
def test_intervals_contain_their_values(name: str) -> None:
    """After few pairs and after many, in a perfect model and in a hopeless one."""
    truth, _, scores = judged(5, 60)
    perfect = np.eye(K + 1)[truth][:, :K]
    for data in (judged(5, 3), judged(6, 5_000), (truth, truth, perfect), (truth, (truth + 1) % K, scores)):
        value, _, low, high = (np.atleast_1d(one[0]) for one in measure(SETTINGS, of(data))[name])
        some = ~np.isnan(value)
        assert some.any() or name == "log_loss"
        assert (low[some] <= value[some] + 1e-12).all()
        assert (value[some] <= high[some] + 1e-12).all()
        assert np.isnan(low[~some]).all()


def test_nothing_is_known_of_no_pairs() -> None:
    """Neither a value nor an interval, and no warning; nor is there a best constant answer."""
    nothing = cells.empty(layout(SETTINGS), 2)
    for name, found in measure(SETTINGS, nothing).items():
        assert np.isnan(found).all(), name
    for name, value in baseline(SETTINGS, nothing).items():
        assert np.isnan(value).all(), name


def test_all_other_names_may_have_a_score() -> None:
    """Then they are one class more, with ranks and losses of its own."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, K + 1, 300)
    scores = rng.dirichlet(np.ones(K + 1), 300)
    found = measure(SETTINGS, of((truth, truth, scores)))
    assert found["log_loss"].value[0] == pytest.approx(oracle.log_loss(truth, scores), abs=1e-9)
    for k in (1, 3, 5):
        expected = oracle.top_k_accuracy_score(truth, scores, k=k, labels=EVERY)
        assert found[f"top_{k}_accuracy"].value[0] == pytest.approx(expected)


def test_a_perfect_model_is_not_certain() -> None:
    """After 50 pairs without a mistake the accuracy may be below 0.95, and so may every average."""
    truth = np.arange(50) % K
    found = measure(SETTINGS, of((truth, truth, np.eye(K)[truth])))
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "weighted_precision", "mcc", "kappa"):
        assert found[name].value[0] == pytest.approx(1.0)
        assert found[name].low[0] < 0.95, name
        assert found[name].error[0] > 0.0 or name == "accuracy"


def test_classes_and_scores_may_be_missing() -> None:
    """What is missing is in no metric that needs it."""
    truth, predicted, scores = judged(7, 200)
    scores[:50] = np.nan
    predicted[25:75] = -1
    found = measure(SETTINGS, of((truth, predicted, scores)))
    both = predicted >= 0
    assert found["accuracy"].value[0] == pytest.approx(np.mean(truth[both] == predicted[both]))
    assert found["top_2_accuracy"].value[0] == pytest.approx(top(2)(truth[50:], None, scores[50:]))
    unscored = measure(SETTINGS, of((truth, predicted, np.full_like(scores, np.nan))))
    assert np.isnan(unscored["log_loss"]).all()
    assert np.isnan(unscored["top_1_accuracy"]).all()


def test_names_beyond_the_vocabulary_are_one_class() -> None:
    """It stands last."""
    assert SETTINGS.names[-1] == OTHER
    truth = np.array([K, K, 0])
    found = measure(SETTINGS, of((truth, np.array([K, 0, 0]), np.full((3, K), np.nan))))
    assert found["recall"].value[0, K] == pytest.approx(0.5)


def test_the_baseline_is_the_best_constant_answer() -> None:
    """The most frequent label; the frequencies themselves as scores."""
    truth, predicted, scores = judged(8, 500, [0.5, 0.2, 0.1, 0.1, 0.05, 0.03, 0.02, 0.0])
    found = baseline(SETTINGS, of((truth, predicted, scores)))
    frequencies = np.bincount(truth, minlength=K) / 500
    constant = np.zeros(500, np.int64), np.tile(frequencies, (500, 1))
    for name in METRICS:
        if name not in {
            "worth",
            "mcc",
            "kappa",
            "balanced_accuracy",
            "macro_recall",
            "macro_precision",
            "weighted_precision",
        }:
            assert found[name][0] == pytest.approx(ORACLES[name](truth, *constant)), name
    assert found["balanced_accuracy"][0] == pytest.approx(1 / 7)
    assert found["worth"][0] == pytest.approx(
        max(ORACLES["worth"](truth, np.full(500, each), scores) for each in EVERY)
    )
    assert found["kappa"][0] == 0.0
    assert np.isnan(found["mcc"][0])  # a constant has no correlation
