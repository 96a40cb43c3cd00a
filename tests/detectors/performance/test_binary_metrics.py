"""Metrics of a binary classifier: they are scikit-learn's, and nobody's where there is nothing to say."""

import numpy as np
import pytest

from detectors.performance.classes import reliability
from detectors.performance.classes.baselines import baseline, of_scores
from detectors.performance.classes.binary import Binary
from detectors.performance.classes.binary_metrics import METRICS, measure
from tests.detectors.performance.answers import N_ROWS, ORACLES, Answers, groups, made, one_per_bin

COUNTED = 1e-13  # relative rounding of what is made of counts
SUMMED = {"log_loss": 2.0**-35, "brier": 2.0**-40}  # half a quantum, and rounding
RANKED = ("roc_auc", "average_precision", "lift")  # they lose the order of scores that share a bin
EXCESS = ("reliability", "resolution", "calibration_error")  # intervals without what chance adds to the value


def test_every_metric_has_an_oracle() -> None:
    """An entry without one would be untested."""
    assert ORACLES.keys() == METRICS.keys()


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_what_scikit_learn_says(name: str) -> None:
    """For all pairs and for each segment value; within half a quantum where values are summed."""
    answers = one_per_bin(3) if name in RANKED else made(3, 3_000)
    found = METRICS[name].measure(answers.seen(), 0.95).value
    expected = [ORACLES[name](answers.of_row(row)) for row in range(N_ROWS)]
    np.testing.assert_allclose(found, expected, rtol=COUNTED, atol=SUMMED.get(name, 2.0**-39))


@pytest.mark.parametrize("name", ["log_loss", "brier"])
def test_certain_scores_have_the_losses_of_scikit_learn(name: str) -> None:
    """Scores of exactly 0 and 1, half of them wrong: none is clamped."""
    answers = made(5, 400, lambda rng: rng.integers(0, 2, 400).astype(float))
    found = METRICS[name].measure(answers.seen(), 0.95).value
    expected = [ORACLES[name](answers.of_row(row)) for row in range(N_ROWS)]
    np.testing.assert_allclose(found, expected, rtol=COUNTED, atol=SUMMED[name])


@pytest.mark.parametrize("name", METRICS)
def test_a_row_is_measured_alone(name: str) -> None:
    """Other rows change nothing."""
    answers = made(4, 700)
    together = METRICS[name].measure(answers.seen(), 0.9)
    for row in range(N_ROWS):
        one = answers.of_row(row)
        alone = METRICS[name].measure(one._replace(rows=np.ones_like(one.rows) * [1, 3]).seen(), 0.9)
        for mine, other in zip(alone, together, strict=True):
            np.testing.assert_allclose(mine[0], other[row], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_an_interval_is_around_its_value(name: str) -> None:
    """Ends in order, within the metric's range, the value between them; a higher level is wider."""
    metric = METRICS[name]
    for answers in (made(8, 40), made(9, 4_000), one_per_bin(2, 30)):
        wide, narrow = (metric.measure(answers.seen(), level) for level in (0.99, 0.8))
        for value, error, low, high in zip(*wide, strict=True):
            if not np.isnan(low):
                assert metric.least <= low <= high <= metric.greatest
                assert error >= 0
                assert name in EXCESS or low <= value <= high
        assert (narrow.high - narrow.low <= wide.high - wide.low).sum() == (~np.isnan(wide.low)).sum()


SILENT = {
    "nothing": (lambda pairs: pairs.part(slice(0)), set()),
    "no positives": (
        lambda pairs: pairs.part(~pairs.label),
        set(METRICS) - {"recall", "balanced_accuracy", "matthews", *RANKED},
    ),
    "no negatives": (
        lambda pairs: pairs.part(pairs.label),
        set(METRICS) - {"specificity", "balanced_accuracy", "matthews", "roc_auc"},
    ),
    "no yes": (
        lambda pairs: pairs._replace(predicted=np.zeros_like(pairs.predicted)),
        set(METRICS) - {"precision", "matthews"},
    ),
    "no decisions": (
        lambda pairs: pairs._replace(predicted=np.full_like(pairs.predicted, -1)),
        set(list(METRICS)[list(METRICS).index("roc_auc") :]),
    ),
    "no scores": (
        lambda pairs: pairs._replace(score=np.full_like(pairs.score, np.nan)),
        set(list(METRICS)[: list(METRICS).index("roc_auc")]),
    ),
}


@pytest.mark.parametrize("case", SILENT)
def test_what_is_undefined_is_nan(case: str) -> None:
    """Value and interval together, without a warning; everything else has both."""
    change, defined = SILENT[case]
    found = measure(change(made(6, 300)).seen())
    assert defined == {name for name, one in found.items() if not np.isnan(one.value[0])}
    assert all(np.isnan(one.value[0]) == np.isnan(one.low[0]) == np.isnan(one.high[0]) for one in found.values())


def test_a_worth_needs_a_table() -> None:
    """Without one nothing is worth anything known; with the same for all, everything is worth that, surely."""
    answers = made(6, 300)
    assert np.isnan(np.stack(METRICS["worth"].measure(answers.seen(Binary()), 0.95))).all()
    same = METRICS["worth"].measure(answers.seen(Binary(worth=(3.0,) * 4)), 0.95)
    np.testing.assert_allclose(np.stack(same)[[0, 2, 3]], 3.0)


def test_the_parts_add_up_to_the_brier_score() -> None:
    """Exactly as Stephenson and others found, though each is measured on its own."""
    found = {name: one.value for name, one in measure(made(12, 2_000).seen()).items()}
    whole = found["reliability"] - found["resolution"] + found["uncertainty"] + found["within_groups"]
    np.testing.assert_allclose(whole, found["brier"], rtol=1e-12)


def test_the_curve_is_that_of_a_plain_loop() -> None:
    """Mean score, rate and number of each group that has pairs; nan for the others."""
    answers = made(13, 500)
    found = reliability.curve(answers.seen(), 0.95)
    there = found.n[0] > 0
    expected = [(g.score.mean(), g.label.mean(), len(g.label)) for g in groups(answers)]
    np.testing.assert_allclose(np.stack((found.score[0], found.rate[0], found.n[0]))[:, there], np.transpose(expected))
    assert np.isnan(np.stack((found.score, found.rate, found.low, found.high))[:, 0, ~there]).all()
    assert ((found.low <= found.rate) & (found.rate <= found.high))[0, there].all()


def best_constant(name: str, answers: Answers) -> float:
    """The oracle's value of the better constant answer."""
    n = len(answers.label)
    score = np.full(n, answers.label.mean())
    both = [ORACLES[name](answers._replace(score=score, predicted=np.full(n, yes, np.int8))) for yes in (0, 1)]
    return np.nanmax(both) if METRICS[name].better > 0 else np.nanmin(both)


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.better and name != "lift"])
def test_the_baseline_is_the_best_constant_answer(name: str) -> None:
    """By scikit-learn, for every row: the better constant decision, the prevalence as the score."""
    answers = made(14, 500)
    expected = [best_constant(name, answers.of_row(row)) for row in range(N_ROWS)]
    np.testing.assert_allclose(baseline(METRICS[name], answers.seen()), expected, rtol=1e-12, atol=1e-12)


def test_what_the_prevalence_has_as_a_score_is_known_at_once() -> None:
    """The same as by measuring it, for every row, of few pairs too."""
    for n in (500, 5, 0):
        seen = made(15, n).seen()
        for name, values in of_scores(seen).items():
            np.testing.assert_allclose(values, baseline(METRICS[name], seen), rtol=1e-12, atol=1e-12)


def test_no_constant_lifts() -> None:
    """Whatever the top share is, a constant finds as many positives in it as anywhere."""
    np.testing.assert_allclose(baseline(METRICS["lift"], made(14, 500).seen()), 1.0)


def test_what_has_no_better_has_no_baseline() -> None:
    """Nor has what is undefined."""
    answers = made(14, 500)
    assert np.isnan(baseline(METRICS["selection_rate"], answers.seen())).all()
    assert np.isnan(baseline(METRICS["recall"], answers.part(~answers.label).seen())).all()
