"""Estimates of binary classifiers: the labels' own metrics where they are certain, the peer's where they are not."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics

from detectors.calibration import fit
from detectors.estimation import ranking
from detectors.estimation.basis import Basis, Window, expected_losses, of_cells
from detectors.estimation.binary import METRICS, estimate
from detectors.estimation.confusion import CONFUSION, slopes
from detectors.performance.cells import Cells
from detectors.performance.cells import of as cells_of
from tests.detectors.estimation.rows import of_rows
from tests.honesty.estimation import WORLDS, covered, events, truth

# name -> what scikit-learn says of label, decision, score
ORACLES = {
    "accuracy": lambda y, d, _: metrics.accuracy_score(y, d),
    "balanced_accuracy": lambda y, d, _: metrics.balanced_accuracy_score(y, d),
    "precision": lambda y, d, _: metrics.precision_score(y, d),
    "recall": lambda y, d, _: metrics.recall_score(y, d),
    "specificity": lambda y, d, _: metrics.recall_score(~y, ~d),
    "f1": lambda y, d, _: metrics.f1_score(y, d),
    "f_half": lambda y, d, _: metrics.fbeta_score(y, d, beta=0.5),
    "f2": lambda y, d, _: metrics.fbeta_score(y, d, beta=2),
    "true_negatives": lambda y, d, _: metrics.confusion_matrix(y, d, normalize="all")[0, 0],
    "false_positives": lambda y, d, _: metrics.confusion_matrix(y, d, normalize="all")[0, 1],
    "false_negatives": lambda y, d, _: metrics.confusion_matrix(y, d, normalize="all")[1, 0],
    "true_positives": lambda y, d, _: metrics.confusion_matrix(y, d, normalize="all")[1, 1],
    "matthews": lambda y, d, _: metrics.matthews_corrcoef(y, d),
    "kappa": lambda y, d, _: metrics.cohen_kappa_score(y, d),
    "roc_auc": lambda y, _, s: metrics.roc_auc_score(y, s),
    "average_precision": lambda y, _, s: metrics.average_precision_score(y, s),
    "log_loss": lambda y, _, s: metrics.log_loss(y, s),
    "brier": lambda y, _, s: metrics.brier_score_loss(y, s),
}


def basis(n: int = 5_000, name: str = "same", seed: int = 1) -> Basis:
    """The basis of a world."""
    seen = events(WORLDS[name], n, 0.0, np.random.default_rng(seed))
    return Basis.of(seen.score, seen.label, seed)


def cells(mine: Basis, score: np.ndarray, decided: np.ndarray) -> Cells:
    """The cells of events."""
    return cells_of(mine.layout, *mine.pairs(score, decided), np.empty((len(score), 0), np.int64), 1)


def test_every_metric_has_an_oracle() -> None:
    """A new metric needs one."""
    assert set(ORACLES) == set(METRICS)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("seed", range(5))
def test_certain_labels_give_what_scikit_learn_says(name: str, seed: int) -> None:
    """A window whose probabilities are 0 and 1 has realised metrics."""
    seen = events(WORLDS["better"], 300, 0.6, np.random.default_rng(seed))
    assert truth(basis(), seen)[name] == pytest.approx(ORACLES[name](seen.label, seen.decided, seen.score), abs=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_slopes_are_derivatives(name: str) -> None:
    """Each says by how much the metric rises with the probability of one event; log odds and scores are held."""
    mine = basis()
    seen = events(WORLDS["same"], 40, 0.0, np.random.default_rng(3))
    window = of_rows(mine, seen.score, seen.decided)
    metric, _ = METRICS[name]
    slope = (window.counts * metric(window).slope).sum(axis=(0, 1))
    for i in range(40):
        ends = []
        for step in (1e-5, -1e-5):
            moved = window.probability + step * (np.arange(40) == i)
            losses = expected_losses(window.scores, moved).mean(axis=0, keepdims=True)
            ends.append(metric(window._replace(probability=moved, losses=losses)).value[0])
        assert slope[i] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_bends_are_what_labels_add_on_average(name: str) -> None:
    """The mean over drawn labels is above or below the metric of the mean labels by the bend."""
    seen = events(WORLDS["same"], 50, 0.0, np.random.default_rng(4))
    probability = of_rows(basis(), seen.score, seen.decided).probability
    metric = getattr(ranking, name)
    labels = np.random.default_rng(5).random((20_000, 50)) < probability
    drawn = metric(np.ones(labels.shape), labels.astype(np.float64)).value
    value, _, bend = metric(np.ones((1, 50)), probability)
    assert abs(bend[0]) > 4 * np.std(drawn) / np.sqrt(len(drawn))
    assert np.mean(drawn) - value[0] == pytest.approx(bend[0], abs=0.25 * abs(bend[0]))


@pytest.mark.parametrize(("name", "bound"), [("same", 5e-4), ("rare", 2e-3), ("calibrated", 1e-3)])
@pytest.mark.parametrize("shift", [0.0, 0.6])
def test_cells_say_what_rows_say(name: str, bound: float, shift: float) -> None:
    """Nearly: a bin has one probability, but for scores on lines between steps, and for trusted ones."""
    mine = basis(10_000, name)
    seen = events(WORLDS[name], 5_000, shift, np.random.default_rng(6))
    rows = estimate(mine, of_rows(mine, seen.score, seen.decided), 0.95, (0.1, -0.2, -0.5, 0.3))
    binned = estimate(mine, of_cells(mine, cells(mine, seen.score, seen.decided)), 0.95, (0.1, -0.2, -0.5, 0.3))
    assert "worth" in rows
    for metric, one in rows.items():
        assert one.value[0] == pytest.approx(binned[metric].value[0], abs=bound), metric
        assert one.error[0] == pytest.approx(binned[metric].error[0], rel=0.05), metric


def test_panes_add_up_to_their_window() -> None:
    """Bit for bit, and an event without a score adds nothing."""
    mine = basis()
    seen = events(WORLDS["same"], 700, 0.0, np.random.default_rng(7))
    score = np.concatenate((seen.score, [np.nan, np.inf]))
    decided = np.concatenate((seen.decided, [True, False]))
    first, second = cells(mine, score[:300], decided[:300]), cells(mine, score[300:], decided[300:])
    assert first + second == cells(mine, seen.score, seen.decided)
    one, other = (of_rows(mine, *both) for both in ((score, decided), (seen.score, seen.decided)))
    np.testing.assert_array_equal(one.counts, other.counts)


def test_nothing_is_estimated_of_no_events() -> None:
    """No number, no interval, no warning."""
    mine = basis()
    for window in (of_rows(mine, np.empty(0), np.empty(0, np.bool_)), of_cells(mine, cells(mine, *np.empty((2, 0))))):
        for name, one in estimate(mine, window, 0.95).items():
            assert np.isnan([one.value, one.low, one.high]).all(), name


@pytest.mark.parametrize("n", [1, 2, 60])
def test_small_or_constant_references_are_no_error(n: int) -> None:
    """One event, one class, one score: what little is known gives a number."""
    rng = np.random.default_rng(8)
    for score in (np.full(n, 0.5), rng.random(n)):
        for label in (np.ones(n, np.bool_), rng.random(n) < 0.5):
            mine = Basis.of(score, label, 0)
            found = estimate(mine, of_rows(mine, rng.random(20), rng.random(20) < 0.5), 0.95)
            assert 0 <= found["accuracy"].value[0] <= 1


def test_decay_by_shifted_inputs_is_found_before_labels() -> None:
    """Inputs move to where the model knows little; no estimate fell below what it may be before, all do afterwards."""
    world = WORLDS["calibrated"]
    mine = basis(10_000, "calibrated")
    reference = truth(mine, events(world, 10_000, 0.0, np.random.default_rng(9)))["accuracy"]
    highs = []
    for hour in range(12):
        rng = np.random.default_rng((10, hour))
        x = rng.normal(0.0, 1.0, 1_000) if hour < 6 else rng.normal(0.3, 0.3, 1_000)
        score = expit(world.score[0] * x + world.score[1])
        window = of_cells(mine, cells(mine, score, score >= world.least))
        highs.append(float(estimate(mine, window, 0.95)["accuracy"].high[0]))
    assert [False] * 6 + [True] * 6 == [high < reference for high in highs]


def test_intervals_hold_what_they_promise() -> None:
    """A short version of `tests.honesty.estimation`: within four deviations of 0.95."""
    runs = 100
    for key, share in covered(WORLDS["better"], range(runs), (1_000,)).items():
        assert abs(share - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs), key


def test_steps_flatter_and_the_value_does_not() -> None:
    """Isotonic probabilities are too far apart, so the plain AUC is too high on average; the corrected one is not."""
    world, off = WORLDS["same"], []
    for seed in range(200):
        seen = events(world, 1_000, 0.0, np.random.default_rng((11, seed)))
        mine = Basis.calibrated(seen.score, seen.label, fit(seen.score, seen.label))
        score = np.sort(events(world, 2_000, 0.0, np.random.default_rng((12, seed))).score)
        window = of_rows(mine, score, score >= 0.5)
        odds = (np.log(score / (1 - score)) - world.score[1]) / world.score[0]
        known = window._replace(probability=expit(world.label[0] * odds + world.label[1]))
        found = estimate(mine, window, 0.95)["roc_auc"]
        expected = METRICS["roc_auc"][0](known).value[0]
        off.append((found.plain[0] - expected, found.value[0] - expected, found.shared[0]))
    plain, corrected, error = np.mean(off, axis=0)
    assert plain > 0.25 * error
    assert abs(corrected) < 0.25 * error


def test_windows_have_a_row_per_segment() -> None:
    """Rows are estimated as if each were alone."""
    mine = basis()
    seen = [events(WORLDS["same"], n, shift, np.random.default_rng(n)) for n, shift in ((400, 0.0), (900, 1.0))]
    alone = [of_cells(mine, cells(mine, one.score, one.decided)) for one in seen]
    both = Window(*(np.concatenate([one[i] for one in alone]) if i in {0, 4} else alone[0][i] for i in range(6)))
    for name, one in estimate(mine, both, 0.95).items():
        for row in range(2):
            single = estimate(mine, alone[row], 0.95)[name]
            np.testing.assert_allclose([part[row] for part in one], [part[0] for part in single], rtol=1e-9)


def test_nothing_known_is_nan_without_a_warning() -> None:
    """Warnings are errors here: cells that are nan have no metric and no slope."""
    for metric in CONFUSION.values():
        assert np.isnan(slopes(metric, np.full((1, 4), np.nan), np.eye(4))).all()
        assert np.isnan(metric(*np.full(4, np.nan)))
