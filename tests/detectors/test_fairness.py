"""Fairness: the numbers are fairlearn's on the same rows, and small groups do not cry wolf."""

import fairlearn.metrics as oracle
import numpy as np
import pytest
from sklearn.metrics import precision_score

from detectors.fairness import DIFFERENCES, RATES, RATIOS, fairness
from tests.honesty.fairness import ALPHA, SIZES, power, selected, wolves


def _precision_gap(truth: np.ndarray, told: np.ndarray, *, sensitive_features: np.ndarray) -> float:
    """The widest gap in precision, for which fairlearn has no name."""
    return oracle.MetricFrame(
        metrics=precision_score, y_true=truth, y_pred=told, sensitive_features=sensitive_features
    ).difference()


GAPS = {
    "demographic_parity_difference": oracle.demographic_parity_difference,
    "demographic_parity_ratio": oracle.demographic_parity_ratio,
    "equal_opportunity_difference": oracle.equal_opportunity_difference,
    "equalized_odds_difference": oracle.equalized_odds_difference,
    "equalized_odds_ratio": oracle.equalized_odds_ratio,
    "predictive_parity_difference": _precision_gap,
}
BY_GROUP = {
    "selection_rate": oracle.selection_rate,
    "true_positive_rate": oracle.true_positive_rate,
    "false_positive_rate": oracle.false_positive_rate,
    "precision": precision_score,
}


def rows(seed: int, groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels, predictions and groups of some rows, each group with its own rates, and their counts."""
    rng = np.random.default_rng(seed)
    n = 300 * groups
    group = rng.integers(0, groups, n)
    truth = rng.random(n) < 0.4
    told = rng.random(n) < np.where(truth, rng.uniform(0.5, 0.9, groups)[group], rng.uniform(0.05, 0.4, groups)[group])
    counts = np.array(
        [[(truth[group == i] == t)[told[group == i] == p].sum() for t, p in ((1, 1), (0, 1), (1, 0), (0, 0))]
         for i in range(groups)]
    )  # fmt: skip
    return truth.astype(int), told.astype(int), group, counts


def test_every_measure_and_rate_has_an_oracle() -> None:
    """What is added to the tables is compared."""
    assert DIFFERENCES.keys() | RATIOS.keys() == GAPS.keys()
    assert RATES.keys() == BY_GROUP.keys()


@pytest.mark.parametrize("groups", [2, 3, 7])
@pytest.mark.parametrize("name", GAPS)
def test_gaps_are_fairlearns(name: str, groups: int) -> None:
    """On the same rows, and the interval has the value."""
    truth, told, group, counts = rows(groups, groups)
    gap = fairness(counts).gaps[name]
    assert gap.value == pytest.approx(GAPS[name](truth, told, sensitive_features=group), abs=1e-12)
    assert gap.low < gap.value < gap.high


@pytest.mark.parametrize("name", BY_GROUP)
def test_rates_are_fairlearns(name: str) -> None:
    """Per group, with limits around them."""
    truth, told, group, counts = rows(5, 4)
    found = fairness(counts)
    frame = oracle.MetricFrame(metrics=BY_GROUP[name], y_true=truth, y_pred=told, sensitive_features=group)
    np.testing.assert_allclose(frame.by_group.to_numpy(), found.rates[name], atol=1e-12)
    assert (found.lows[name] < found.rates[name]).all()
    assert (found.rates[name] < found.highs[name]).all()


def test_without_labels_there_is_the_selection_rate() -> None:
    """The same numbers from fewer counts, and no measure that needs labels."""
    *_, counts = rows(1, 3)
    full, bare = fairness(counts), fairness(selected(counts))
    assert {"demographic_parity_difference", "demographic_parity_ratio"} == bare.gaps.keys()
    for name, gap in bare.gaps.items():
        assert full.gaps[name].value == gap.value
        assert full.gaps[name].low <= gap.low  # one rate, not four, has to share the chance of an error


def test_a_gap_is_found_and_named() -> None:
    """Selection at 0.95 and 0.70: the groups, the four-fifths rule, and what is tolerated."""
    counts = np.array([[950, 50], [700, 300], [940, 60]])
    gaps = fairness(counts).gaps
    difference, ratio = gaps["demographic_parity_difference"], gaps["demographic_parity_ratio"]
    assert ("found", 1, 0) == (difference.verdict, difference.lower, difference.upper)
    assert ("found", 1, 0) == (ratio.verdict, ratio.lower, ratio.upper)
    assert ratio.high < 0.8
    assert "within" == fairness(counts, tolerate=0.3).gaps["demographic_parity_difference"].verdict
    assert "unknown" == fairness(counts, tolerate=0.25).gaps["demographic_parity_difference"].verdict
    assert "within" == fairness(counts, ratio_least=0.65).gaps["demographic_parity_ratio"].verdict


def test_a_group_without_a_rate_is_left_out() -> None:
    """No positives in group 1, nobody at all in group 2: the others are compared, or nothing is."""
    counts = np.array([[40, 10, 10, 40], [0, 10, 0, 40], [0, 0, 0, 0], [20, 10, 30, 40]])
    found = fairness(counts)
    assert np.isnan(found.rates["true_positive_rate"]).tolist() == [False, True, True, False]
    opportunity = found.gaps["equal_opportunity_difference"]
    assert (pytest.approx(0.4), 3, 0) == (opportunity.value, opportunity.lower, opportunity.upper)
    alone = fairness(counts[1:3]).gaps["equal_opportunity_difference"]
    assert np.isnan(alone.value)
    assert ("unknown", -1, -1) == (alone.verdict, alone.lower, alone.upper)


def test_nobody_selected_is_no_gap() -> None:
    """Of nothing by nothing there is no ratio, and no verdict but that it is unknown."""
    gap = fairness(np.array([[0, 50], [0, 70]])).gaps["demographic_parity_ratio"]
    assert np.isnan(gap.value)
    assert ("unknown", 0.0, 1.0) == (gap.verdict, gap.low, gap.high)


@pytest.mark.parametrize("name", SIZES)
def test_equal_groups_cry_wolf_as_seldom_as_promised(name: str) -> None:
    """In any measure, with labels and without; seed 11."""
    assert max(wolves(SIZES[name], (0.5, 0.8, 0.2), 300)) <= ALPHA


def test_a_gap_is_found_at_modest_sizes() -> None:
    """0.95 against 0.70, 50 in each group, seed 12: of two groups in nine runs of ten, of five in eight."""
    two, five = power(50, 300)
    assert two > 0.9
    assert five > 0.8
