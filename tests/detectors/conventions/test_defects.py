"""What is known to be wrong with other tools is reproduced by their conventions, and is not wrong with ours."""

from collections.abc import Mapping

import numpy as np
import pytest

from detectors.conventions import ALL, CONVENTIONS, Categories, Numbers, Score
from stream.comparison.own import own
from stream.comparison.pairs import Side, paired
from stream.reference import from_columns
from tests.detectors.conventions.features import Values, feature


def said(tool: str, measure: str, reference: Values, current: Values) -> Score:
    """One measure of one feature."""
    return CONVENTIONS[tool].judge({"x": feature(reference, current)}, (measure,)).features["x"][measure]


def said_all(tool: str, reference: Values, current: Values) -> Mapping[str, Score]:
    """What a tool chooses by itself."""
    return CONVENTIONS[tool].judge({"x": feature(reference, current)}).features["x"]


def ours(reference: Values, current: Values) -> bool:
    """Our own verdict on the same."""
    sides = [Side(name, from_columns({"x": values}), None) for name, values in (("a", reference), ("b", current))]
    return own(paired(*sides)).judged.dataset.drifted


@pytest.fixture
def chance() -> np.random.Generator:
    """Seeded."""
    return np.random.default_rng(7)


@pytest.mark.parametrize(("tool", "measure"), [("evidently", "psi"), ("frouros", "PSI")])
def test_evidently_one_outlier_hides_drift(chance: np.random.Generator, tool: str, measure: str) -> None:
    """Bins of equal width over both samples collapse; ours are the reference's."""
    reference, current = chance.normal(0, 1, 5000), chance.normal(0.4, 1.2, 3000)
    far = np.append(current, 1e6)
    assert said(tool, measure, reference, current).value > 0.1
    assert said(tool, measure, reference, far).value < (0.01 if tool == "evidently" else 1.0)
    assert ours(reference, current)
    assert ours(reference, far)


def test_evidently_mannw_sees_one_direction(chance: np.random.Generator) -> None:
    """A fall of a whole deviation is p = 1."""
    reference = chance.normal(0, 1, 2000)
    assert said("evidently", "mannw", reference, reference + 1).value < 1e-9
    assert said("evidently", "mannw", reference, reference - 1).value == pytest.approx(1.0)
    assert ours(reference, reference - 1)


def test_evidently_g_test_refuses_samples_of_different_sizes(chance: np.random.Generator) -> None:
    """It says so; equal ones have a p-value."""
    texts = chance.choice(np.array(["a", "b", "c"]), 3000)
    assert "different sizes" in str(said("evidently", "g_test", texts, texts[:2000]).problem)
    assert 1.0 == said("evidently", "g_test", texts, texts).value


@pytest.mark.parametrize(
    ("tool", "measure"),
    [("evidently", "chisquare"), ("whylogs", "chi-square"), ("azure", "pearsons_chi_squared_test")],
)
def test_one_new_value_is_drift(chance: np.random.Generator, tool: str, measure: str) -> None:
    """Expected 0 times, so infinitely surprising: p = 0 for one row in 3,001."""
    texts = np.array(["a", "b", "c", "d"])
    reference, current = chance.choice(texts, 5000), chance.choice(texts, 3000)
    before, after = (said(tool, measure, reference, values) for values in (current, np.append(current, "e")))
    assert 0.05 < (before.value if before.p_value is None else before.p_value)
    assert 0.0 == (after.value if after.p_value is None else after.p_value)
    assert not ours(reference, np.append(current, "e"))


def test_scouter_drops_categories_that_are_new(chance: np.random.Generator) -> None:
    """A twentieth of all values is nowhere."""
    reference = chance.choice(np.array(["a", "b"]), 5000)
    current = np.append(reference[:2850], np.full(150, "new"))
    score = said("scouter", "psi_known_categories_only", reference, current)
    assert score.value < 0.01
    assert said("scouter", "psi", reference, current).value > 100 * score.value
    assert ours(reference, np.append(current, np.full(150, "new")))


def test_scouter_takes_the_reference_for_infinitely_large() -> None:
    """Of two equally large samples of one distribution it finds every third drifted, at a level of 0.05."""
    chance = np.random.default_rng(3)
    rates = [said("scouter", "psi_decile", *chance.normal(0, 1, (2, 1000))).drifted for _ in range(200)]
    assert 0.25 < np.mean(rates) < 0.75


def test_popmon_feeds_counts() -> None:
    """Equal shares of 100 and of 1,000 rows."""
    reference, current = (np.repeat(["a", "b"], counts) for counts in ((60, 40), (600, 400)))
    assert 2072 == round(said("popmon", "psi_as_called", reference, current).value)
    assert said("popmon", "psi", reference, current).value < 1e-9


def test_frouros_an_empty_cell_is_hundreds(chance: np.random.Generator) -> None:
    """The least float stands for it."""
    reference = chance.uniform(0, 1, 1000)
    assert said("frouros", "PSI", reference, np.append(reference[reference < 0.9], 0.95)).value < 1
    assert said("frouros", "PSI", reference, reference[reference < 0.9]).value > 50


def test_deepchecks_hides_a_new_category(chance: np.random.Generator) -> None:
    """Each share is at least 0.01 there, so one of 0.04 that is new adds only four hundredths."""
    reference = chance.choice(np.array(["a", "b"]), 5000)
    current = np.append(reference[:2880], np.full(120, "new"))
    assert said("deepchecks", "psi", reference, current).drifted is False
    assert said("evidently", "psi", reference, current).drifted is True
    assert ours(reference, np.append(current, np.full(150, "new")))


def test_nannyml_alerts_on_undrifted_windows() -> None:
    """Three deviations of ten chunks of the reference itself: far more than 0.135 % of windows."""
    chance = np.random.default_rng(1)
    pairs = [(chance.normal(0, 1, 2000), chance.normal(0, 1, 200)) for _ in range(400)]
    rate = np.mean([said("nannyml", "jensen_shannon", *pair).drifted for pair in pairs])
    assert 0.03 < rate < 0.1


def test_nannyml_chi2_ignores_its_limit(chance: np.random.Generator) -> None:
    """What decides is p < 0.05; there is no limit to set."""
    texts = chance.choice(np.array(["a", "b"]), 3000)
    score = said("nannyml", "chi2", texts[:2000], texts[2000:])
    assert score.limit is None
    assert score.drifted == (score.p_value < 0.05)


def test_tfdv_counts_equal_infinities_as_drift(chance: np.random.Generator) -> None:
    """They never match, though both samples have a tenth of them."""
    values = np.append(chance.normal(0, 1, 900), np.full(100, np.inf))
    assert said("tfdv", "jensen_shannon_divergence", values, values).value == pytest.approx(0.1)
    assert not ours(values, values)


def test_alibi_a_missing_value_blinds_a_feature(chance: np.random.Generator) -> None:
    """Its p-value is nan, which is below no limit."""
    reference, current = chance.normal(0, 1, 1000), chance.normal(5, 1, 1000)
    assert said("alibi", "ks", reference, current).drifted
    current[0] = np.nan
    score = said("alibi", "ks", reference, current)
    assert np.isnan(score.p_value)
    assert score.drifted is False
    assert ours(reference, current)


def test_sagemaker_subtracts_what_few_samples_explain(chance: np.random.Generator) -> None:
    """So that of small files even great gaps are nothing."""
    reference, current = chance.normal(0, 1, 100), chance.normal(0.5, 1, 100)
    simple, robust = (said("sagemaker", name, reference, current) for name in ("linf_simple", "linf_robust"))
    assert simple.value - 1.8 * np.sqrt(200 / 10_000) == pytest.approx(robust.value)
    assert (True, False) == (simple.drifted, robust.drifted)


def test_a_share_of_features_decides_for_evidently(chance: np.random.Generator) -> None:
    """Half of them: one broken feature of three is no drift of the whole."""
    values = chance.normal(0, 1, 3000)
    still, broken = Numbers(values[:2000], values[2000:]), Numbers(values[:2000], values[2000:] + 9)
    whole = CONVENTIONS["evidently"].judge({"a": broken, "b": still, "c": still}).dataset
    assert (False, ("a",)) == (whole.drifted, whole.drifted_features)
    assert CONVENTIONS["evidently"].judge({"a": broken, "b": still}).dataset.drifted
    assert CONVENTIONS["nannyml"].judge({"a": broken, "b": still, "c": still}).dataset.drifted


def test_alibi_divides_its_level_by_the_features(chance: np.random.Generator) -> None:
    """Bonferroni."""
    values = chance.normal(0, 1, 3000)
    features = {name: Numbers(values[:2000], values[2000:]) for name in "abcd"}
    assert {0.0125} == {found["ks"].limit for found in CONVENTIONS["alibi"].judge(features).features.values()}


def test_evidently_takes_few_integers_for_categories() -> None:
    """So their test is that of categories; of floats it goes by the number of distinct values."""
    few = np.arange(900) % 8
    chosen = {
        name: next(iter(CONVENTIONS["evidently"].judge({"x": Numbers(values, values)}).features["x"]))
        for name, values in {"integers": few, "floats": few.astype(float), "three": few % 3, "two": few % 2.0}.items()
    }
    assert {"integers": "chisquare", "floats": "ks", "three": "chisquare", "two": "z"} == chosen
    large = np.tile(few, 2)
    assert ["jensenshannon"] == [*CONVENTIONS["evidently"].judge({"x": Numbers(large, large)}).features["x"]]
    assert isinstance(CONVENTIONS["evidently"].typed(Numbers(few, few)), Categories)


def test_evidently_seeds_nobodys_chance(chance: np.random.Generator) -> None:
    """The tool seeds NumPy's own generator for `TVD`; the same number comes of a generator of its own."""
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - it is theirs that must not move
    texts = chance.choice(np.array(["a", "b", "c"]), 900)
    assert said("evidently", "TVD", texts[:500], texts[500:]) == said("evidently", "TVD", texts[:500], texts[500:])
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_frouros_kl_is_infinite_beyond_the_reference(chance: np.random.Generator) -> None:
    """One value outside is enough."""
    reference = chance.normal(0, 1, 2000)
    assert np.inf == said("frouros", "KL", reference, np.append(reference, 30.0)).value
    assert not ours(reference, np.append(reference, 30.0))


def test_deepchecks_throws_away_the_larger_sample(chance: np.random.Generator) -> None:
    """A reference of 50,000 is made as small as a window of 300, and its counts are rounded."""
    reference = chance.choice(np.array(["a", "b", "rare"]), 50_000, p=[0.55, 0.43, 0.02])
    current = np.repeat(["a", "b", "rare"], [165, 117, 18])
    small = np.repeat(["a", "b", "rare"], [165, 129, 6])
    assert said("deepchecks", "cramers_v", reference, current).value == pytest.approx(
        said("deepchecks", "cramers_v", small, current).value, abs=0.02
    )
    assert said("deepchecks", "cramers_v", reference, current).drifted is False


def test_scouter_missing_numbers_look_like_drift(chance: np.random.Generator) -> None:
    """They are in no bin and in the number of all, though the reference has as many."""
    reference, current = chance.normal(0, 1, (2, 4000))
    reference[::4], current[::4] = np.nan, np.nan
    assert said("scouter", "psi_decile", reference, current).drifted
    assert not ours(reference, current)


def test_tfdv_and_others_count_what_is_missing_in_their_own_way(chance: np.random.Generator) -> None:
    """Equal shares of NaN are drift for TFDV, none for those that drop them."""
    values = chance.normal(0, 1, 1000)
    values[:100] = -np.float64("nan")
    assert said("evidently", "psi", values, values).value < 1e-9
    assert said("tfdv", "jensen_shannon_divergence", np.append(values[100:], [np.inf] * 100), values).value > 0.05


def test_azure_drops_rows_that_miss_anything(chance: np.random.Generator) -> None:
    """One column that nobody fills leaves nothing of all the others."""
    values, empty = chance.normal(0, 1, (2, 500)), np.full(500, np.nan)
    features = {"x": Numbers(values[0], values[1] + 9), "y": Numbers(values[1], values[0])}
    assert "x" in CONVENTIONS["azure"].judge(features).dataset.drifted_features
    features["y"] = Numbers(values[1], empty)
    blind = CONVENTIONS["azure"].judge(features)
    assert not blind.dataset.drifted
    assert "no values" in str(blind.features["x"]["normalized_wasserstein_distance"].problem)
    assert ours(values[0], values[1] + 9)


def test_azure_one_outlier_hides_drift(chance: np.random.Generator) -> None:
    """Bins of equal width over both samples, here too."""
    reference, current = chance.normal(0, 1, 5000), chance.normal(0.4, 1.2, 3000)
    assert said("azure", "population_stability_index", reference, current).value > 0.1
    assert said("azure", "population_stability_index", reference, np.append(current, 1e6)).value < 0.01


def test_azure_takes_few_integers_for_categories(chance: np.random.Generator) -> None:
    """Fewer different ones than one in twenty rows of the baseline; its KS refuses 10,000 rows."""
    reference, current = chance.integers(0, 9, 400), chance.integers(-3, 9, 300)
    chosen = [
        [*CONVENTIONS["azure"].judge({"x": Numbers(side, current)}).features["x"]]
        for side in (reference, reference[:100])
    ]
    assert [["jensen_shannon_distance"], ["normalized_wasserstein_distance"]] == chosen
    refused = said("azure", "two_sample_kolmogorov_smirnov_test", chance.normal(0, 1, 10_000), chance.normal(0, 1, 99))
    assert "refuses" in str(refused.problem)


def test_fiddler_says_where_its_bins_are_unknown(chance: np.random.Generator) -> None:
    """Ten between the least and the greatest value of the reference; beyond them nothing is published."""
    reference = chance.uniform(0, 1, 2000)
    assert said("fiddler", "psi", reference, reference[200:600]).problem is None
    beyond = said("fiddler", "psi", reference, np.append(reference[200:600], [-1.0, 2.0, 3.0]))
    assert beyond.value > 0
    assert "3 values" in str(beyond.problem)


def test_popmon_counts_what_is_false_twice() -> None:
    """And what is true never, so it sees no difference but that of the sizes."""
    truths = Categories(np.repeat([0, 1], [220, 80]), np.repeat([0, 1], [107, 93]), ("0", "1"), "truths")
    scores = CONVENTIONS["popmon"].judge({"x": truths}, (ALL,)).features["x"]
    assert (0.0, 0.0) == (scores["chi2"].value, scores["max_prob_diff"].value)
    assert pytest.approx(162.90049803847563) == scores["psi_as_called"].value  # as the tool prints
    assert said("popmon", "chi2", np.repeat(["f", "t"], [220, 80]), np.repeat(["f", "t"], [107, 93])).value > 10


def test_popmon_does_not_compare_integers_with_floats(chance: np.random.Generator) -> None:
    """One missing value turns a column of integers into floats; what is left of the histogram is empty."""
    reference, current = chance.integers(0, 9, 300), chance.integers(0, 9, 200).astype(np.float64)
    assert "does not compare" in str(said("popmon", "psi", reference, current).problem)


def test_whylogs_takes_truths_for_numbers() -> None:
    """So that KS judges them, beside which chi-square can be asked for."""
    truths = Categories(np.repeat([0, 1, -1], [70, 30, 9]), np.repeat([0, 1], [50, 50]), ("0", "1"), "truths")
    whylogs = CONVENTIONS["whylogs"]
    assert ["ks"] == [*whylogs.judge({"x": truths}).features["x"]]
    assert pytest.approx(0.2) == whylogs.judge({"x": truths}).features["x"]["ks"].value
    assert {"ks", "hellinger", "chi-square"} == whylogs.judge({"x": truths}, (ALL,)).features["x"].keys()


def test_evidently_gives_texts_to_a_classifier(chance: np.random.Generator) -> None:
    """Which is not here: where most current values differ there is no verdict; a test that is named has a value."""
    texts = np.array([f"text {i}" for i in chance.integers(0, 60, 400)])
    chosen = [said_all("evidently", texts[:m], texts[-40:]) for m in (40, 300)]
    assert [["perc_text_content_drift"], ["perc_text_content_drift"]] == [[*each] for each in chosen]
    assert [None, None] == [each["perc_text_content_drift"].drifted for each in chosen]
    assert 0.0 == said("evidently", "chisquare", texts[:40], texts[-40:]).value


def test_scouter_is_told_that_nothing_is_there(chance: np.random.Generator) -> None:
    """All shares are then 0, and so is the number of values that its limit goes by."""
    score = said("scouter", "psi_decile", chance.normal(0, 1, 1000), np.full(400, np.nan))
    assert pytest.approx(20.72326583794641) == score.value  # as the tool prints
    assert (None, None) == (score.limit, score.drifted)


def test_popmon_finds_files_too_alike(chance: np.random.Generator) -> None:
    """A z-score below minus seven is red as one above seven is; the largest KS statistics have none."""
    reference = chance.normal(0, 1, 3000)
    same = said("popmon", "ks_zscore", reference, reference)
    assert (-np.inf, True) == (same.value, same.drifted)
    far = said("popmon", "ks_zscore", reference, reference + 2)
    assert np.isnan(far.value)
    assert far.drifted is False
    assert not ours(reference, reference)


def test_fiddler_differs_from_the_book(chance: np.random.Generator) -> None:
    """One event more in each bin, in the sum too."""
    texts = chance.choice(np.array(["a", "b", "c"]), 300, p=[0.5, 0.49, 0.01])
    first, second = texts[:200], np.append(texts[200:], ["d", "d"])
    assert 0 < said("fiddler", "psi", first, second).value < said("evidently", "psi", first, second).value


def test_vertex_says_nothing_of_small_drift_and_tfdv_nothing_at_all(chance: np.random.Generator) -> None:
    """Its limit of 0.3 is one of a divergence: four deviations' worth of shift are below it."""
    reference, current = chance.normal(0, 1, 4000), chance.normal(1.0, 1, 4000)
    assert said("vertex", "jensen_shannon_divergence", reference, current).drifted is False
    assert said("tfdv", "jensen_shannon_divergence", reference, current).drifted is None
    assert ours(reference, current)
