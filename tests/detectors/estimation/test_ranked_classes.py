"""Top-k accuracy and log loss of several classes: labels give scikit-learn's, and expected is their mean."""

import numpy as np
import pytest
from sklearn import metrics

from detectors.estimation.class_metrics import estimate
from detectors.estimation.classes import UNIT, Basis, ranked
from detectors.estimation.ranked_classes import NAMES, moments, of_labels, rankable
from detectors.performance.classes import multiclass
from detectors.performance.classes.multiclass import TOP_MAX
from stream.taught import calibrated
from tests.detectors.estimation.test_classes import basis_of, drawn, window_of

LEVEL = 0.95


@pytest.mark.parametrize("k", range(1, 5))
def test_a_label_is_among_the_best_where_scikit_learn_says_so(k: int) -> None:
    """Of five classes; what is beyond them has no score."""
    seen = drawn(1)
    told = of_labels(seen.scores, seen.label).mean(axis=0)[k - 1]
    assert told == pytest.approx(metrics.top_k_accuracy_score(seen.label, seen.scores[:, :5], k=k, labels=range(5)))


def test_the_loss_of_labels_is_scikit_learns() -> None:
    """Natural logarithms."""
    seen = drawn(2)
    assert of_labels(seen.scores, seen.label)[:, -1].mean() == pytest.approx(
        metrics.log_loss(seen.label, seen.scores[:, :5], labels=range(5)), rel=1e-9
    )


def test_equal_scores_are_ranked_as_where_labels_are() -> None:
    """The later class comes first, and what is beyond the names is no rival of which nothing was said."""
    rng = np.random.default_rng(3)
    scores = rng.choice([0.0, 0.1, 0.3], (4_000, 5))
    scores, label = scores[scores.any(axis=1)], rng.integers(0, 5, 4_000)
    label = label[: len(scores)]
    rivals = scores.copy()
    rivals[(scores[:, 4] == 0) & (label != 4), 4] = np.nan
    settings = multiclass.Multiclass(("a", "b", "c", "d"))
    counted, _ = multiclass.pairs(settings, label, label, rivals)
    ranks = counted[:, 1] - 25
    for k in range(1, TOP_MAX + 1):
        assert of_labels(scores, label)[:, k - 1].tolist() == (ranks < k).tolist()


def test_what_is_expected_is_the_mean_over_labels() -> None:
    """And so are its square and its cube: each class, as probable as it is."""
    seen, rng = drawn(4, 200), np.random.default_rng(5)
    probability = rng.dirichlet(np.ones(6), 200)
    worth = np.stack([of_labels(seen.scores, np.full(200, label)) for label in range(6)], axis=1)
    for power, found in enumerate(moments(probability, seen.scores), 1):
        assert found == pytest.approx((probability[:, :, None] * worth**power).sum(axis=1))


def test_the_reference_itself_is_expected_to_be_worth_what_it_was() -> None:
    """But for what one more label in each block takes off."""
    seen = drawn(6, 5_000)
    basis = basis_of(seen)
    found = ranked(basis, window_of(basis, seen))[1]
    assert found == pytest.approx(of_labels(seen.scores, seen.label).mean(axis=0), abs=2e-4)


def test_errors_are_those_of_a_label_in_each_block() -> None:
    """A slow loop over the reference's blocks."""
    seen, now = drawn(7), drawn(8, 500)
    basis = basis_of(seen)
    window = window_of(basis, now)
    probability = basis.calibrator.apply(seen.scores)
    place = basis.blocks(probability, seen.decided)
    left = of_labels(seen.scores, seen.label) - moments(probability, seen.scores)[0]
    chance = shared = np.zeros(len(NAMES))
    for i, n in enumerate(window.events.tolist()):
        mine = left[place == i]
        if n and len(mine) > 40:
            assert basis.ranked[1, i] == pytest.approx(mine.var(axis=0), rel=0.5, abs=0.1)
        chance = chance + n * basis.ranked[1, i]
        shared = shared + n * n * basis.ranked[1, i] / max(1, basis.events[i])
    found = ranked(basis, window)
    assert found[2:4] == pytest.approx(np.sqrt([chance, shared]) / 500)


def test_where_some_scores_are_no_probabilities_nothing_is_said_of_ranks() -> None:
    """Nor by a basis that knows nothing of them; the confusion matrix stays."""
    seen = drawn(9, 1_000)
    basis = basis_of(seen)
    assert {"log_loss", "top_1_accuracy", "top_4_accuracy"} <= estimate(basis, window_of(basis, seen), LEVEL).keys()
    assert "top_5_accuracy" not in estimate(basis, window_of(basis, seen), LEVEL), "one of five classes is always it"
    seen.scores[3] *= 40
    assert not rankable(seen.scores)[3]
    assert not estimate(basis, window_of(basis, seen), LEVEL).keys() & {*NAMES}
    older = Basis(*(getattr(basis, name) for name in Basis.__struct_fields__[:-1]), np.empty((2, 0, 0)))
    assert not estimate(older, window_of(basis, drawn(9, 1_000)), LEVEL).keys() & {*NAMES}
    document = calibrated.document(older)
    assert "ranked" not in document, "plans are known by a hash of it"
    assert document == calibrated.document(calibrated.load(document))


def test_the_best_of_one_is_accuracy() -> None:
    """Of decisions that go by the scores, but for how well blocks know each."""
    basis, seen = basis_of(drawn(10, 10_000)), drawn(11, 2_000)
    found = estimate(basis, window_of(basis, seen), LEVEL)
    for one, other in zip(found["top_1_accuracy"], found["accuracy"], strict=True):
        assert one[0] == pytest.approx(other[0], abs=2 / UNIT + 1e-3)
