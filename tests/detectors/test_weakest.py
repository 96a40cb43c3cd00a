"""The weakest segments: found as the textbook's procedure finds them, and few of them false."""

import numpy as np
import pytest

from detectors.weakest import ErrorGaps, weakest
from tests.honesty.weakest import ALPHA, BAD, KINDS, discoveries, window


def procedure(gaps: ErrorGaps, alpha: float, tolerate: float) -> set[int]:
    """Benjamini and Hochberg's loop: the greatest i of which the i-th smallest p is at most alpha i / segments."""
    m = len(gaps.sizes)
    below = {i: {row for row, low in enumerate(gaps.least(alpha * i / m)) if low > tolerate} for i in range(1, m + 1)}
    return next((below[i] for i in range(m, 0, -1) if len(below[i]) >= i), set())


@pytest.mark.parametrize("kind", KINDS)
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
