"""The weakest segments: found as the textbook's procedure finds them, and few of them false."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from detectors.weakest import SMALLEST, ErrorGaps, ValueGaps, weakest
from tests.honesty.weakest import ALPHA, BAD, KINDS, discoveries, window


def procedure(gaps: ErrorGaps | ValueGaps, alpha: float, tolerate: float) -> set[int]:
    """Benjamini and Hochberg's loop: the greatest i of which the i-th smallest p is at most alpha i / segments."""
    m = len(gaps.sizes)
    below = {i: {row for row, low in enumerate(gaps.least(alpha * i / m)) if low > tolerate} for i in range(1, m + 1)}
    return next((below[i] for i in range(m, 0, -1) if len(below[i]) >= i), set())


@pytest.mark.parametrize("kind", ["errors 0.1", "exponential"])
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("tolerate", [0.0, 0.05])
def test_what_is_found_is_what_the_procedure_finds(kind: str, bad: str, tolerate: float) -> None:
    """The descent ends where the loop over all numbers of discoveries does."""
    every = window(np.random.default_rng(3), 4_000, kind, BAD[bad]).gaps
    gaps = every.take(np.arange(127))  # without the crossed ones
    found = weakest(gaps, 4_000, 0.3, tolerate)
    assert procedure(gaps, 0.3, tolerate) == set(found.segments.tolist())
    assert (np.diff(found.effects) <= 0).all()
    assert (found.lows > tolerate).all()


def test_the_weakest_segment_is_named_with_its_share_and_size() -> None:
    """One of four is surely worse, and one of three pairs is too small to tell."""
    gaps = ErrorGaps.of(np.array([100, 100, 240, 2]), np.array([1_000, 1_000, 1_000, 3]), 442, 3_003)
    found = weakest(gaps, 3_003)
    assert [2] == found.segments.tolist()
    assert [1_000] == found.sizes.tolist()
    assert found.shares[0] == pytest.approx(1_000 / 3_003)
    assert found.effects[0] == pytest.approx(0.24 - 202 / 2_003)
    assert 0.08 < found.lows[0] < found.effects[0]


def test_means_are_compared_with_the_rest_of_their_window() -> None:
    """Mean and variance of the rest are NumPy's, and a limit is that of Welch's test where the smaller varies more."""
    rng = np.random.default_rng(4)
    values = np.concatenate((rng.normal(3, 2, 80), rng.normal(1, 1, 400))) + 1e6
    mine, rest = values[:80], values[80:]
    sizes, means, variances = np.array([80, 0]), np.array([mine.mean(), np.nan]), np.array([mine.var(), np.nan])
    gaps = ValueGaps.of_means(sizes, means, variances, (480, values.mean(), values.var()))
    expected = ttest_ind(mine, rest, equal_var=False).confidence_interval(0.95)
    assert gaps.values_rest[0] == pytest.approx(rest.mean(), abs=1e-9)
    assert gaps.errors_rest[0] == pytest.approx(rest.std(ddof=1) / np.sqrt(400), rel=1e-6)
    assert gaps.least(0.025)[0] == pytest.approx(expected.low, rel=1e-6)
    assert np.isnan([gaps.effects[1], gaps.least(0.025)[1]]).all()


def test_few_values_are_unknown() -> None:
    """Nothing is said of means of fewer than fifty, however far away they are."""
    sizes = np.array([SMALLEST - 1, SMALLEST])
    gaps = ValueGaps.of_means(sizes, np.array([9.0, 9.0]), np.ones(2), (1_000, 1.0, 4.0))
    assert [1] == weakest(gaps, 1_000).segments.tolist()


def test_no_segments_are_no_discovery() -> None:
    """Empty in, empty out; and the whole window has no rest to be worse than."""
    none = np.zeros(0, np.int64)
    assert (0,) == weakest(ErrorGaps.of(none, none, 0, 0), 0).segments.shape
    whole = ErrorGaps.of(np.array([30]), np.array([100]), 30, 100)
    assert [] == weakest(whole, 100).segments.tolist()


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("kind", KINDS)
def test_few_discoveries_are_false(kind: str, bad: str) -> None:
    """627 overlapping segments of 2,000 pairs; seed 13."""
    false, _ = discoveries(2_000, kind, bad, 40)
    assert false <= ALPHA
