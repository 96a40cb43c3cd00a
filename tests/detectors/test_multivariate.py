"""Several features at once: oracles, the law of sums, what chance does, and the features that are named."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from detectors.multivariate.classifier import area, domain_classifier, fit
from detectors.multivariate.discrepancy import FREQUENCIES, random_features
from detectors.multivariate.gram import Gram
from detectors.multivariate.joint import Joint, Standard
from detectors.multivariate.structure import Correlations, correlations, reconstruction

VALUES = arrays(np.float64, st.tuples(st.integers(0, 30), st.just(3)), elements=st.floats(width=64))
UNIT = Standard(np.zeros(4), np.ones(4))
Test = Callable[[np.ndarray, np.ndarray], Joint | Correlations]


def by_gram(test: Callable[[Gram, Gram], Joint | Correlations]) -> Test:
    """A test of matrices as one of rows, measured by the first ones."""

    def told(expected: np.ndarray, observed: np.ndarray) -> Joint | Correlations:
        standard = Standard.of(expected)
        return test(Gram.of(expected, standard), Gram.of(observed, standard))

    return told


TESTS: dict[str, Test] = {
    "domain_classifier": domain_classifier,
    "random_features": random_features,
    "reconstruction": by_gram(reconstruction),
    "correlations": by_gram(correlations),
}
EVERY = pytest.mark.parametrize("name", TESTS)


def world(seed: int, n: int, rho: float = 0.8, shift: float = 0.0, features: int = 4) -> np.ndarray:
    """Normal rows; the first two features go together, the third is shifted."""
    rows = np.random.default_rng(seed).normal(size=(n, features))
    rows[:, 1] = rho * rows[:, 0] + np.sqrt(1 - rho**2) * rows[:, 1]
    rows[:, 2] += shift
    return rows


@given(VALUES, VALUES, st.integers(1, 3))
def test_sums_of_products_add_up_exactly(first: np.ndarray, second: np.ndarray, cut: int) -> None:
    """Whatever the values are, and however they are cut; nothing overflows."""
    standard = Standard.of(np.concatenate((first, second)))
    whole = Gram.of(np.concatenate((first, second)), standard)
    assert whole == Gram.of(first, standard) + Gram.of(second, standard)
    assert whole == Gram.of(second[:cut], standard) + (Gram.of(first, standard) + Gram.of(second[cut:], standard))
    assert np.isfinite(whole.covariance()).all()


def test_covariances_are_numpys() -> None:
    """To a fraction of a part of the scale."""
    rows = world(1, 5_000)
    gram = Gram.of(rows, UNIT)
    np.testing.assert_allclose(rows.mean(axis=0), gram.means(), atol=1e-5)
    np.testing.assert_allclose(np.cov(rows.T, bias=True), gram.covariance(), atol=1e-4)


def test_the_reconstruction_error_is_scikit_learns() -> None:
    """Rows rebuilt by its PCA of the standardised reference."""
    expected, observed = world(1, 4_000), world(2, 1_000, rho=0.0, shift=0.5)
    found = reconstruction(Gram.of(expected, UNIT), Gram.of(observed, UNIT))
    centre, scale = expected.mean(axis=0), expected.std(axis=0)
    pca = PCA(n_components=0.65, svd_solver="full").fit((expected - centre) / scale)
    errors = []
    for side in (expected, observed):
        rows = (side - centre) / scale
        errors.append(np.square(rows - pca.inverse_transform(pca.transform(rows))).sum(axis=1).mean())
    np.testing.assert_allclose(errors[1], found.outcome.statistic, rtol=1e-3)
    np.testing.assert_allclose(errors[1] - errors[0], found.outcome.effect, rtol=1e-2)
    np.testing.assert_allclose(found.outcome.effect, found.features.sum(), rtol=1e-12)


def test_changes_of_correlation_are_fishers() -> None:
    """With NumPy's correlations, and the pair that was changed."""
    expected, observed = world(1, 2_000), world(2, 500, rho=0.2)
    found = correlations(Gram.of(expected, UNIT), Gram.of(observed, UNIT))
    before, now = (np.corrcoef(side.T)[0, 1] for side in (expected, observed))
    z = (np.arctanh(now) - np.arctanh(before)) / np.sqrt(1 / 1_997 + 1 / 497)
    np.testing.assert_allclose((abs(z), now - before), (found.outcome.statistic, found.outcome.effect), rtol=1e-3)
    assert (0, 1) == found.pair
    assert found.outcome.p <= 1e-9
    np.testing.assert_allclose(np.square(found.rises).sum() / 2, found.features.sum(), rtol=1e-12)


def test_the_regression_is_scikit_learns() -> None:
    """The same coefficients, with the same penalty."""
    rows = np.concatenate((world(1, 300), world(2, 200, shift=0.5)))
    of_now = np.arange(500) >= 300
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=1_000).fit(rows, of_now)
    known = np.append(model.intercept_, model.coef_)
    np.testing.assert_allclose(known, fit(rows, of_now), rtol=1e-4, atol=1e-6)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2))
def test_the_area_is_scikit_learns(rows: list[tuple[int, bool]]) -> None:
    """Ties included."""
    scores, positive = np.array([score for score, _ in rows], np.float64), np.array([side for _, side in rows])
    if 0 < positive.sum() < len(positive):
        np.testing.assert_allclose(roc_auc_score(positive, scores), area(scores, positive), rtol=1e-12)


def test_random_features_come_near_the_kernel() -> None:
    """The squared discrepancy of all pairs, with a kernel as wide as theirs: within five standard errors."""
    expected, observed = world(1, 300), world(2, 300, shift=1.0)
    both = np.concatenate((expected, observed))
    rows = Standard.of(both).measure(both)
    squares = np.square(rows[:, None] - rows).sum(axis=2)
    kernel = np.exp(-squares / (2 * np.median(squares[np.triu_indices(600, 1)])))
    known = kernel[:300, :300].mean() + kernel[300:, 300:].mean() - 2 * kernel[:300, 300:].mean()
    found = random_features(expected, observed).outcome.statistic
    assert abs(known - found) < 5 * known / np.sqrt(FREQUENCIES)


@pytest.mark.parametrize("name", ["domain_classifier", "random_features", "correlations"])
def test_chance_is_rarely_a_small_p(name: str) -> None:
    """Of 60 pairs of samples of one world, 5 % are at most 0.05: at most 10 of them, at 0.999."""
    p = [TESTS[name](world(2 * i, 150), world(2 * i + 1, 100)).outcome.p for i in range(60)]
    assert np.count_nonzero(np.array(p) <= 0.05) <= 10


@pytest.mark.parametrize(
    ("name", "rho", "shift", "moved"),
    [
        ("domain_classifier", 0.8, 1.0, {2}),
        ("random_features", 0.8, 1.0, {2}),
        ("reconstruction", 0.0, 0.0, {0, 1}),
        ("correlations", 0.0, 0.0, {0, 1}),
        ("random_features", -0.8, 0.0, {0, 1}),
    ],
)
def test_the_features_that_moved_are_named(name: str, rho: float, shift: float, moved: set[int]) -> None:
    """They have the greatest parts; where there is a p-value, it is small."""
    found = TESTS[name](world(1, 1_500), world(2, 1_000, rho, shift))
    assert moved == set(np.argsort(-found.features)[: len(moved)].tolist())
    assert np.isnan(found.outcome.p) or found.outcome.p <= 0.001
    assert abs(found.outcome.effect) > 0.1


def test_the_classifier_sees_spread_and_missing_values() -> None:
    """Not only means."""
    expected = world(1, 800)
    wider, holes = world(2, 800), world(3, 800)
    wider[:, 3] *= 2
    holes[::5, 1] = np.nan
    for observed, feature in ((wider, 3), (holes, 1)):
        found = domain_classifier(expected, observed)
        assert found.outcome.p <= 1e-6
        assert feature == int(found.features.argmax())


@EVERY
def test_the_order_of_rows_does_not_matter(name: str) -> None:
    """To no digit."""
    rng = np.random.default_rng(4)
    expected, observed = world(1, 200), world(2, 150, shift=0.3)
    one, other = TESTS[name](expected, observed), TESTS[name](rng.permutation(expected), rng.permutation(observed))
    np.testing.assert_array_equal(one.outcome, other.outcome)
    np.testing.assert_array_equal(one.features, other.features)


@EVERY
@pytest.mark.parametrize("odd", [1e300, -np.inf, np.nan])
def test_one_odd_row_does_not_decide(name: str, odd: float) -> None:
    """Neither does it look like a change, nor does it hide one."""
    expected, same, changed = world(1, 1_000), world(2, 1_000), world(3, 1_000, rho=-0.5, shift=1.0)
    plain, drifted = TESTS[name](expected, same).outcome, TESTS[name](expected, changed).outcome
    same[7], changed[7] = odd, odd
    assert not TESTS[name](expected, same).outcome.p <= 0.01
    assert abs(abs(TESTS[name](expected, same).outcome.effect) - abs(plain.effect)) < 0.1
    again = TESTS[name](expected, changed).outcome
    assert np.isnan(again.p) or again.p <= 0.001
    np.testing.assert_allclose(drifted.effect, again.effect, atol=0.1)


@EVERY
@pytest.mark.parametrize("observed", [np.zeros((0, 4)), np.ones((1, 4)), np.full((300, 4), np.nan), np.ones((300, 4))])
@pytest.mark.parametrize("expected", [np.zeros((0, 4)), np.full((400, 4), 7.0), world(1, 400)])
def test_nothing_breaks(name: str, expected: np.ndarray, observed: np.ndarray) -> None:
    """No rows, one, nothing but missing values, constants."""
    found = TESTS[name](expected, observed)
    assert (4,) == found.features.shape
    assert np.isfinite(found.features).all()
    few = min(len(expected), len(observed)) < 2
    assert not few or np.isnan(found.outcome.statistic)
