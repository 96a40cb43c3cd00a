"""Several classes: certain labels give scikit-learn's metrics, uncertain ones an interval that holds them."""

import warnings

import numpy as np
import pytest
from sklearn import metrics

from detectors.estimation import softmax
from detectors.estimation.class_metrics import METRICS, SHARES, Seen, average, estimate, of_class, worth
from detectors.estimation.classes import UNIT, Basis, Counted, errors, expected
from stream.taught import calibrated
from tests.honesty.classes import WORLDS, Events, World, covered, events

LEVEL = 0.95
ORACLES = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "mcc": metrics.matthews_corrcoef,
    "kappa": metrics.cohen_kappa_score,
    **{
        f"{how}_{name}": lambda y, d, name=name, how=how: getattr(metrics, f"{name}_score")(y, d, average=how)
        for name in SHARES
        for how in ("macro", "weighted", "micro")
    },
}
FIVE = WORLDS["five"]


def drawn(seed: int, n: int = 3_000, world: World = FIVE, shift: float = 0.0) -> Events:
    """Events of a world."""
    return events(world, n, shift, np.random.default_rng(seed))


def basis_of(seen: Events) -> Basis:
    """What labelled events teach."""
    return Basis.of(tuple(f"{i}" for i in range(seen.scores.shape[1] - 1)), *seen)


def window_of(basis: Basis, seen: Events) -> Counted:
    """Events as one window."""
    return basis.count(seen.scores, seen.decided, np.zeros(len(seen.decided), np.int64), 1)[0]


def matrix(seen: Events) -> np.ndarray:
    """Labels by decision and class."""
    return metrics.confusion_matrix(seen.decided, seen.label, labels=range(seen.scores.shape[1])).astype(np.float64)


def test_every_metric_has_an_oracle() -> None:
    """A new metric needs one."""
    assert ORACLES.keys() == METRICS.keys()


@pytest.mark.parametrize("name", METRICS)
def test_certain_labels_give_what_scikit_learn_says(name: str) -> None:
    """A matrix of whole labels that do not vary has realised metrics."""
    seen = drawn(1)
    certain = Seen(matrix(seen), np.zeros((6, 6)))
    assert METRICS[name][0](certain).value == pytest.approx(ORACLES[name](seen.label, seen.decided), abs=1e-12)


@pytest.mark.parametrize("name", SHARES)
def test_certain_labels_give_what_scikit_learn_says_of_a_class(name: str) -> None:
    """Each of its own."""
    seen = drawn(1)
    told = [of_class(Seen(matrix(seen), np.zeros((6, 6))), SHARES[name], i).value for i in range(5)]
    assert told == pytest.approx(getattr(metrics, f"{name}_score")(seen.label, seen.decided, average=None))


def test_worth_is_the_mean_of_what_each_decision_is_worth() -> None:
    """By the pair of decision and label."""
    seen, table = drawn(1), np.random.default_rng(2).normal(0, 3, (6, 6))
    found = worth(table)(Seen(matrix(seen), np.zeros((6, 6))))
    assert found.value == pytest.approx(table[seen.decided, seen.label].mean())


@pytest.mark.parametrize("name", [*METRICS, "worth", "recall:2", "precision:0", "f1:4"])
def test_slopes_are_derivatives(name: str) -> None:
    """By how much a metric rises where labels of one decision move from a class to another."""
    cells = matrix(drawn(3))[:5, :5] + 1.0
    kind, _, i = name.partition(":")
    metric = worth(np.arange(25.0).reshape(5, 5)) if name == "worth" else METRICS[name][0] if not i else None
    told = (lambda seen: of_class(seen, SHARES[kind], int(i))) if metric is None else metric
    slopes = told(Seen(cells, np.zeros((5, 5)))).slopes
    for decision, one, other in ((0, 0, 1), (2, 4, 2), (3, 0, 4), (4, 4, 2)):
        ends = []
        for step in (1e-4, -1e-4):
            moved = cells.copy()
            moved[decision, one] += step
            moved[decision, other] -= step
            ends.append(told(Seen(moved, np.zeros((5, 5)))).value)
        assert slopes[decision, one] - slopes[decision, other] == pytest.approx((ends[0] - ends[1]) / 2e-4, abs=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", SHARES)
def test_averages_gain_what_bending_gives(name: str, weighted: bool) -> None:
    """Beside a hundred thousand drawn windows of few labels, each decision's drawn apart."""
    rng, draws, share = np.random.default_rng(4), 100_000, SHARES[name]
    n, chances = np.array([30, 20, 12]), np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]])
    cells = np.stack([rng.multinomial(count, chance, draws) for count, chance in zip(n, chances, strict=True)], axis=1)
    hits, labels, answers = np.einsum("dii->di", cells), cells.sum(axis=1), cells.sum(axis=2)
    each = share.times * hits / (share.labels * labels + share.answers * answers)
    drawn_means = (each * labels).sum(axis=1) / n.sum() if weighted else each.mean(axis=1)
    seen = Seen(n[:, None] * chances, n[:, None] * chances * (1 - chances))
    told = average(seen, share, weighted=weighted)
    off, error = drawn_means.mean() - told.value, drawn_means.std() / np.sqrt(draws)
    assert off == pytest.approx(told.gain, abs=4 * error + 0.15 * abs(told.gain))
    assert told.more >= 0
    varied = n[:, None, None] * np.array([np.diag(one) - np.outer(one, one) for one in chances])
    linear = np.einsum("di,dij,dj->", told.slopes, varied, told.slopes)
    assert linear + told.more == pytest.approx(drawn_means.var(), rel=0.06)


def test_a_window_is_the_sum_of_its_panes() -> None:
    """Bit for bit, in whatever order, whoever came together."""
    basis, seen = basis_of(drawn(5)), drawn(6, 997)
    pane = np.random.default_rng(7).integers(0, 5, 997)
    whole = window_of(basis, seen)
    parts = basis.count(seen.scores, seen.decided, pane, 6)
    alone = [window_of(basis, Events(*(column[pane == i] for column in seen))) for i in range(6)]
    for some in (parts, alone[::-1]):
        total = sum(some[1:], some[0])
        assert np.array_equal(total.events, whole.events)
        assert np.array_equal(total.sums, whole.sums)


def test_what_is_expected_is_the_sum_of_probabilities_and_what_labels_add() -> None:
    """Event by event, a slow loop."""
    basis, seen = basis_of(drawn(8, 2_000)), drawn(9, 300)
    plain, corrected = expected(basis, window_of(basis, seen))
    probability = basis.calibrator.apply(seen.scores)
    slow, more = np.zeros((6, 6)), np.zeros((6, 6))
    for i, one in enumerate(seen.decided.tolist()):
        edges = basis.edges[basis.first[one] - one : basis.first[one + 1] - one - 1]
        block = basis.first[one] + sum(probability[i, one] >= edge for edge in edges)
        slow[one] += probability[i]
        more[one] += probability[i] + basis.more[block]
    assert plain == pytest.approx(slow, abs=300 / UNIT)
    assert corrected == pytest.approx(np.maximum(more, 0), abs=300 / UNIT)


def test_the_reference_itself_is_expected_to_be_as_it_was() -> None:
    """Where blocks are of fifty labels: but for what one more label in each of them takes off."""
    seen = drawn(10, 5_000)
    basis = basis_of(seen)
    assert expected(basis, window_of(basis, seen))[1] == pytest.approx(matrix(seen), abs=0.5)


def test_errors_are_those_of_a_label_in_each_block() -> None:
    """Of one linear metric, written out."""
    basis, seen = basis_of(drawn(11)), drawn(12, 500)
    window, slopes = window_of(basis, seen), np.random.default_rng(13).normal(0, 1, (6, 6))
    chance = shared = 0.0
    for i, n in enumerate(window.events.tolist()):
        along = slopes[basis.decision[i]]
        variance = along @ basis.covariance[i] @ along
        chance += n * variance
        shared += n * n * variance / max(1, basis.events[i])
    assert errors(basis, window, slopes) == pytest.approx((np.sqrt(chance), np.sqrt(shared)))


def test_scores_that_are_too_sure_are_seen_through() -> None:
    """The slope takes back what made them so; then it is as if they had been right."""
    right, sure = (drawn(14, 20_000, FIVE._replace(sure=power)) for power in (1.0, 1.25))
    one, other = (softmax.fit(seen.scores[:, :5], seen.label) for seen in (right, sure))
    assert one.slope == pytest.approx(1.0, abs=0.05)
    assert other.slope == pytest.approx(one.slope / 1.25, rel=2e-3)
    assert one.biases - one.biases[0] == pytest.approx(np.zeros(5), abs=0.15)
    assert one.apply(right.scores[:9, :5]) == pytest.approx(other.apply(sure.scores[:9, :5]), abs=1e-3)


def test_the_fit_is_the_most_likely_one() -> None:
    """No slope or bias nearby makes the labels likelier, what is known beforehand included."""
    seen = drawn(15, 800)
    found = softmax.fit(seen.scores, seen.label)

    def likelihood(moved: np.ndarray) -> float:
        chosen = softmax.Softmax(found.slope + moved[0], found.biases + moved[1:])
        known = np.log(chosen.apply(seen.scores)[np.arange(800), seen.label]).sum()
        return float(known - ((chosen.slope - 1) ** 2 + (chosen.biases**2).sum()) / 2)

    best, rng = likelihood(np.zeros(7)), np.random.default_rng(16)
    assert all(likelihood(0.01 * rng.normal(0, 1, 7)) < best for _ in range(50))


def test_few_labels_have_no_metric_of_their_own() -> None:
    """A class with less than twenty stands for nothing, and one with less than ten takes averages away."""
    cells = np.array([[80.0, 3.0, 1.0], [4.0, 30.0, 1.0], [2.0, 1.0, 5.5]])
    few = Seen(cells, np.zeros((3, 3)))
    assert np.isnan(of_class(few, SHARES["recall"], 2).value)
    assert np.isnan(average(few, SHARES["recall"], weighted=False).value)
    assert not np.isnan(average(few, SHARES["recall"], weighted=True).value)
    cells[2] = cells[:, 2] = 0.001
    assert not np.isnan(average(few, SHARES["recall"], weighted=False).value), "there is no such class"


def test_a_class_that_nobody_has_is_left_out() -> None:
    """The one beyond the names, mostly; it is no class of which all are missed."""
    seen = drawn(17, 5_000)
    found = estimate(basis_of(seen), window_of(basis_of(seen), drawn(18, 2_000)), LEVEL)
    assert found["macro_recall"].value[0] == pytest.approx(ORACLES["macro_recall"](seen.label, seen.decided), abs=0.05)
    assert {f"{name}:{i}" for name in SHARES for i in range(5)} <= found.keys()


def test_whatever_is_said_is_a_number_or_nothing() -> None:
    """Of hardly any labels, of a decision that labels know nothing of, of all classes but one impossible."""
    few = Events(np.eye(4)[[0, 0]], np.array([0, 0]), np.array([0, 1]))
    basis, other = basis_of(few), Events(np.eye(4)[[2, 3, 3]], np.array([2, 3, 3]), np.array([2, 3, 3]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seen in (few, other):
            for found in estimate(basis, window_of(basis, seen), LEVEL, np.ones((4, 4))).values():
                assert np.isfinite(found).all()
                assert found.low[0] <= found.value[0] <= found.high[0]
    assert {} == estimate(basis, window_of(basis, Events(*(column[:0] for column in few))), LEVEL)


def test_scores_are_usable_or_not() -> None:
    """No negative ones, none that is no number, and not all 0."""
    rows = np.array([[0.2, 0.8], [0.0, 0.0], [-0.1, 1.1], [np.nan, 1.0], [np.inf, 1.0], [0.0, 3.0]])
    assert [True, False, False, False, False, True] == softmax.usable(rows).tolist()


def test_a_basis_is_the_same_from_json() -> None:
    """Bit for bit."""
    basis = basis_of(drawn(19))
    document = calibrated.document(basis)
    again = calibrated.load(document)
    assert document == calibrated.document(again)
    window = window_of(basis, drawn(20, 300))
    for one, other in zip(*(estimate(each, window, LEVEL).values() for each in (basis, again)), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("world", ["five", "four, good"])
def test_intervals_hold_what_they_promise(world: str) -> None:
    """A short version of `tests.honesty.classes`: within four deviations of 0.95."""
    runs = 40
    held = covered(WORLDS[world]._replace(reference=3_000), range(runs), (1_000,))
    for name in METRICS:
        assert abs(np.mean(held[name, 1_000]) - LEVEL) < 4 * np.sqrt(LEVEL * (1 - LEVEL) / runs), name
