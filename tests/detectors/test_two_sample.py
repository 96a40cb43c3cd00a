"""Tests of two samples: SciPy's and others' numbers, what chance does to them, and what bad input does not."""

import warnings
from itertools import product

import numpy as np
import pytest
from scipy import stats

from detectors.distances import DISTANCES
from detectors.two_sample import CATEGORIES, UNKNOWN, VALUES
from detectors.two_sample.permuted import RESAMPLES, mmd

EVERY_VALUE = pytest.mark.parametrize("name", VALUES)
EVERY_CATEGORY = pytest.mark.parametrize("name", CATEGORIES)
WORLDS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy": lambda rng, n: rng.standard_t(2, n),
    "integers": lambda rng, n: rng.poisson(3.0, n).astype(np.float64),
    "unit": lambda rng, n: 1e-30 * rng.normal(size=n),
}
SIZES = [(300, 200), (40, 3_000), (24, 17), (90, 90)]
ROBUST = ["ks", "cramer_von_mises", "anderson_darling", "mann_whitney", "epps_singleton", "mmd"]


def _scipy(name: str, e: np.ndarray, o: np.ndarray) -> tuple[float, float]:
    """SciPy's statistic and p-value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # p-values at the end of a table, matrices without full rank
        match name:
            case "ks":
                found = stats.ks_2samp(e, o, method="exact" if max(len(e), len(o)) <= 100 else "asymp")
            case "cramer_von_mises":
                found = stats.cramervonmises_2samp(e, o)
            case "anderson_darling":
                found = stats.anderson_ksamp([e, o], variant="midrank")
            case "mann_whitney":
                found = stats.mannwhitneyu(o, e)
            case "welch":
                found = stats.ttest_ind(o, e, equal_var=False)
            case _:
                found = stats.epps_singleton_2samp(e, o)
    return float(found.statistic), float(found.pvalue)


@pytest.mark.parametrize(
    ("name", "world", "sizes", "shift"),
    [
        case
        for case in product(VALUES, WORLDS, SIZES, [0.0, 0.4])
        if case[0] not in {"energy", "mmd"}
        and case[:2] != ("cramer_von_mises", "integers")  # SciPy's statistic grows with ties
    ],
)
def test_scipy_computes_the_same(name: str, world: str, sizes: tuple[int, int], shift: float) -> None:
    """Statistic and p-value, with ties and without, at any sizes; for Cramer and von Mises without."""
    rng = np.random.default_rng(len(world) + sum(sizes))
    e, o = (WORLDS[world](rng, n) for n in sizes)
    o += np.round(shift * np.std(e), 0 if world == "integers" else 300)
    found = VALUES[name](e, o)
    short = 1e-9 if name == "cramer_von_mises" else 1e-12  # SciPy's series ends at terms of 1e-7
    np.testing.assert_allclose(found[:2], _scipy(name, e, o), rtol=1e-7, atol=short)


@pytest.mark.parametrize("world", WORLDS)
def test_the_energy_statistic_is_szekely_and_rizzos(world: str) -> None:
    """By its definition, and by SciPy's distance; the effect is the coefficient of energy."""
    rng = np.random.default_rng(2)
    e, o = WORLDS[world](rng, 60), WORLDS[world](rng, 45)
    between, first, second = (np.abs(a[:, None] - b).mean() for a, b in ((e, o), (e, e), (o, o)))
    found = VALUES["energy"](e, o)
    np.testing.assert_allclose(60 * 45 / 105 * (2 * between - first - second), found.statistic, rtol=1e-9)
    np.testing.assert_allclose(60 * 45 / 105 * stats.energy_distance(e, o) ** 2, found.statistic, rtol=1e-9)
    np.testing.assert_allclose((2 * between - first - second) / (2 * between), found.effect, rtol=1e-9)


@pytest.mark.parametrize("columns", [1, 3])
def test_the_mean_discrepancy_is_grettons(columns: int) -> None:
    """The biased estimate with all pairs, written down as sums."""
    rng = np.random.default_rng(3)
    e, o = rng.normal(size=(30, columns)), rng.normal(size=(20, columns)) + 1
    both = np.concatenate((e, o))
    squares = np.square(both[:, None] - both).sum(axis=2)
    kernel = np.exp(-squares / (2 * np.median(squares[np.triu_indices(50, 1)])))
    known = kernel[:30, :30].mean() + kernel[30:, 30:].mean() - 2 * kernel[:30, 30:].mean()
    found = mmd(e, o)
    np.testing.assert_allclose(known, found.statistic, rtol=1e-9)
    np.testing.assert_allclose(np.sqrt(known), found.effect, rtol=1e-9)
    assert 0.05 > found.p


@pytest.mark.parametrize("name", ["energy", "mmd"])
def test_permuted_chance_is_near_that_of_scipys_permutations(name: str) -> None:
    """The same question with SciPy's chance: within four standard errors."""
    rng = np.random.default_rng(6)
    e, o = rng.normal(size=60), rng.normal(size=50) + 0.3
    found = VALUES[name](e, o)

    def statistic(a: np.ndarray, b: np.ndarray) -> float:
        return float(stats.energy_distance(a, b))

    if name == "mmd":
        both = np.concatenate((e, o))
        typical = np.median(np.square(both[:, None] - both)[np.triu_indices(110, 1)])

        def statistic(a: np.ndarray, b: np.ndarray) -> float:
            return float(
                sum(
                    sign * np.exp(-np.square(x[:, None] - y) / (2 * typical)).mean()
                    for x, y, sign in ((a, a, 1), (b, b, 1), (a, b, -2))
                )
            )

    known = stats.permutation_test((e, o), statistic, alternative="greater", n_resamples=999, rng=1).pvalue
    assert abs(known - found.p) < 4 * np.sqrt(2 * known * (1 - known) / RESAMPLES) + 1e-3


@EVERY_VALUE
def test_chance_is_rarely_a_small_p_where_values_are_tied(name: str) -> None:
    """Small counts, most of them 0: at most 10 of 60 below 0.05, at 0.999."""
    rng = np.random.default_rng(12)
    found = [VALUES[name](rng.poisson(0.7, 80), rng.poisson(0.7, 50)).p for _ in range(60)]
    assert np.count_nonzero(np.array(found) <= 0.05) <= 10


@EVERY_VALUE
def test_chance_is_rarely_a_small_p(name: str) -> None:
    """Of 100 pairs of samples of one distribution, 5 % are below 0.05: between 1 and 14 of them, at 0.99."""
    rng = np.random.default_rng(7)
    p = [VALUES[name](rng.gamma(2.0, size=80), rng.gamma(2.0, size=50)).p for _ in range(100)]
    assert 1 <= np.count_nonzero(np.array(p) <= 0.05) <= 14


@EVERY_VALUE
def test_a_change_is_seen_in_either_direction(name: str) -> None:
    """One-sided tests call a fall no change at all."""
    rng = np.random.default_rng(8)
    e, o = rng.normal(size=400), rng.normal(size=300)
    for shift in (-1.0, 1.0):
        found = VALUES[name](e, o + shift)
        assert found.p <= 0.001
        if name in {"mann_whitney", "welch"}:
            assert np.sign(shift) == np.sign(found.effect)
    assert VALUES[name](e, o).effect < found.effect


@EVERY_VALUE
def test_the_order_of_values_does_not_matter(name: str) -> None:
    """To no digit: chance comes from what the values are."""
    rng = np.random.default_rng(9)
    e, o = rng.normal(size=700), rng.normal(size=600)
    assert VALUES[name](e, o) == VALUES[name](rng.permutation(e), rng.permutation(o))


@EVERY_VALUE
@pytest.mark.parametrize(
    ("expected", "observed"),
    [([], []), ([], [1.0, 2.0, 3.0]), ([1.0], [2.0]), ([np.nan] * 9, [1.0] * 9), ([1.0, 2.0, 3.0], [np.inf, np.nan])],
)
def test_too_little_is_unknown(name: str, expected: list[float], observed: list[float]) -> None:
    """Nothing, one row, or no finite value on a side."""
    np.testing.assert_array_equal(UNKNOWN, VALUES[name](np.array(expected), np.array(observed)))


@EVERY_VALUE
@pytest.mark.parametrize("value", [0.0, 7.5, -1e300, 5e-324])
def test_a_constant_that_stays_is_no_change(name: str, value: float) -> None:
    """Neither an error nor a division by zero."""
    found = VALUES[name](np.full(40, value), np.full(30, value))
    assert (1.0, 0.0) == (found.p, found.effect)


@EVERY_VALUE
def test_a_constant_that_changes_is_one(name: str) -> None:
    """Where the test can say anything: half of all values are one."""
    found = VALUES[name](np.full(40, 1.0), np.full(30, 2.0))
    assert np.isnan(found.p) or found.p <= 0.001


@EVERY_VALUE
@pytest.mark.parametrize("odd", [1e300, -1e300, 1.7976931348623157e308, np.inf, np.nan])
def test_one_odd_value_is_no_drift(name: str, odd: float) -> None:
    """Of a thousand: no test calls it one, and tests of ranks or bounded functions go on seeing what they saw."""
    rng = np.random.default_rng(10)
    e, o = rng.normal(size=1_000), rng.normal(size=1_000)
    assert VALUES[name](e, np.append(o, odd)).p > 0.05
    if name in ROBUST or not np.isfinite(odd):
        assert VALUES[name](e, np.append(o + 0.5, odd)).p <= 0.001
        assert VALUES[name](np.append(e, odd), o + 0.5).p <= 0.001


@EVERY_CATEGORY
def test_every_test_of_categories_knows_yes_and_no(name: str) -> None:
    """A share of a half that became three quarters, and one that stayed."""
    changed = CATEGORIES[name](np.array([200, 200]), np.array([50, 150]))
    assert changed.p <= 0.001
    assert changed.effect > 0.02
    same = CATEGORIES[name](np.array([200, 200]), np.array([100, 100]))
    np.testing.assert_allclose(1.0, same.p, atol=1e-12)
    np.testing.assert_allclose(0.0, same.effect, atol=1e-12)


@pytest.mark.parametrize("name", ["chi_square", "g"])
@pytest.mark.parametrize("seed", range(4))
def test_scipy_computes_the_same_of_categories(name: str, seed: int) -> None:
    """Sizes may differ, and a category may be new or gone; the effect of chi_square is SciPy's association, too."""
    rng = np.random.default_rng(seed)
    table = np.array([rng.multinomial(n, rng.dirichlet(np.ones(7))) for n in (900, 70)])
    table[0, 3], table[1, 5] = 0, 0
    table = np.insert(table, 2, 0, axis=1)
    kept = table[:, table.any(axis=0)]
    known = stats.chi2_contingency(kept, correction=False, lambda_="log-likelihood" if name == "g" else None)
    found = CATEGORIES[name](*table)
    np.testing.assert_allclose((known.statistic, known.pvalue), found[:2], rtol=1e-9, atol=1e-300)
    if name == "chi_square":
        np.testing.assert_allclose(stats.contingency.association(kept, "cramer"), found.effect, rtol=1e-9)


@pytest.mark.parametrize(("e", "o"), [([30, 20], [5, 9]), ([3, 0], [0, 3]), ([1000, 1], [1000, 9])])
def test_two_categories_equal_scipy_and_the_closed_form(e: list[int], o: list[int]) -> None:
    """Fisher's test is SciPy's; z squared is Pearson's statistic, and their p-values are one."""
    expected, observed = np.array(e), np.array(o)
    known = stats.fisher_exact([[o[1], o[0]], [e[1], e[0]]])
    np.testing.assert_allclose((known.statistic, known.pvalue), CATEGORIES["fisher"](expected, observed)[:2], rtol=1e-9)
    z, chi_square = (CATEGORIES[name](expected, observed) for name in ("z_proportion", "chi_square"))
    np.testing.assert_allclose((z.statistic**2, z.p), chi_square[:2], rtol=1e-9)
    rise = o[1] / sum(o) - e[1] / sum(e)
    np.testing.assert_allclose(rise, z.effect, rtol=1e-12)


def test_cramers_v_is_bergsmas() -> None:
    """Worked out by hand: 60 events, chi-square 20 / 3, two categories."""
    columns = rows = 2 - 1 / 59
    known = np.sqrt((20 / 3 / 60 - 1 / 59) / (min(columns, rows) - 1))
    np.testing.assert_allclose(
        known, CATEGORIES["cramers_v"](np.array([10, 20]), np.array([20, 10])).effect, rtol=1e-12
    )


def test_total_variation_is_right_where_all_categories_are_rare() -> None:
    """200 categories of 400 events a side: chi-square's law is wrong there; counted chance is not."""
    rng = np.random.default_rng(11)
    shares = rng.dirichlet(np.ones(200))
    p = [CATEGORIES["total_variation"](*(rng.multinomial(400, shares) for _ in range(2))).p for _ in range(40)]
    assert np.count_nonzero(np.array(p) <= 0.05) <= 8
    table = rng.multinomial(400, shares), rng.multinomial(300, shares[::-1])
    found = CATEGORIES["total_variation"](*table)
    assert 1 / (1 + RESAMPLES) == found.p
    np.testing.assert_allclose(DISTANCES["total_variation"](*table), found.effect, rtol=1e-12)


@EVERY_CATEGORY
def test_one_new_value_is_no_drift(name: str) -> None:
    """Of 3,001: elsewhere its expected count is 0, and the p-value with it."""
    expected = np.array([1800, 1200, 0])
    before, after = (CATEGORIES[name](expected, np.array([1790, 1210, new])) for new in (0, 1))
    assert before.p > 0.05
    assert np.isnan(after.p) or after.p > 0.05


@EVERY_CATEGORY
@pytest.mark.parametrize("table", [([], []), ([0, 0], [3, 1]), ([5, 2], [0, 0])])
def test_no_events_are_unknown(name: str, table: tuple[list[int], list[int]]) -> None:
    """On either side."""
    expected, observed = (np.array(side, np.int64) for side in table)
    np.testing.assert_array_equal(UNKNOWN, CATEGORIES[name](expected, observed))


@EVERY_CATEGORY
def test_one_category_is_no_change(name: str) -> None:
    """A constant, at any size, one event included."""
    for n in (1, 500):
        found = CATEGORIES[name](np.array([0, 900]), np.array([0, n]))
        assert found.p == 1.0
        assert found.effect == 0.0


@pytest.mark.parametrize("name", ["fisher", "z_proportion"])
def test_more_than_two_categories_are_not_for_them(name: str) -> None:
    """Unknown, not an error; one that nobody has does not count."""
    np.testing.assert_array_equal(UNKNOWN, CATEGORIES[name](np.array([5, 3, 2]), np.array([5, 3, 2])))
    padded, plain = ([5, 0, 3], [2, 0, 9]), ([5, 3], [2, 9])
    both = [CATEGORIES[name](*(np.array(side) for side in table)) for table in (padded, plain)]
    assert both[0] == both[1]
